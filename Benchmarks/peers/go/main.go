// Copies a DynamoDB table with aws-sdk-go-v2: one goroutine a segment scans, and writers take
// batches of 25 from a channel. Unprocessed items are sent again after a growing pause.
//
// usage: copy SOURCE TARGET --endpoint URL
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	segments  = 4
	writers   = 8
	batchSize = 25
	pauseMax  = 5 * time.Second
)

type copier struct {
	client         *dynamodb.Client
	source, target string
	read, written  int64
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: copy SOURCE TARGET --endpoint URL")
	}
	options := flag.NewFlagSet("copy", flag.ExitOnError)
	endpoint := options.String("endpoint", "", "address of the server")
	options.Parse(os.Args[3:])
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, err := connect(ctx, *endpoint)
	if err != nil {
		log.Fatal(err)
	}
	c := &copier{client: client, source: os.Args[1], target: os.Args[2]}
	if err := c.prepare(ctx); err != nil {
		log.Fatal(err)
	}
	if err := c.run(ctx, cancel); err != nil {
		log.Fatal(err)
	}
	if c.read != c.written {
		log.Fatalf("%d items were read and %d written", c.read, c.written)
	}
	fmt.Println(c.written)
}

// ownBody gives net/http a body that nobody else closes. The SDK closes its own as soon as a reply
// begins, which from a server as near as loopback may be before net/http has looked for its end:
// it would take that for an error and close the connection, in the midst of the reply.
type ownBody struct {
	client *awshttp.BuildableClient
}

func (o ownBody) Do(request *http.Request) (*http.Response, error) {
	if request.Body != nil {
		content, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request = request.WithContext(request.Context())
		request.Body = io.NopCloser(bytes.NewReader(content))
	}
	return o.client.Do(request)
}

// connect keeps a connection for each goroutine; the SDK's default is ten for a host.
func connect(ctx context.Context, endpoint string) (*dynamodb.Client, error) {
	transport := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = segments + writers
	})
	settings, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(ownBody{transport}))
	if err != nil {
		return nil, err
	}
	return dynamodb.NewFromConfig(settings, func(o *dynamodb.Options) {
		if endpoint != "" {
			o.EndpointResolver = dynamodb.EndpointResolverFromURL(endpoint)
		}
	}), nil
}

// prepare creates the target with the source's keys when there is none.
func (c *copier) prepare(ctx context.Context) error {
	name := dynamodb.DescribeTableInput{TableName: &c.target}
	_, err := c.client.DescribeTable(ctx, &name)
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		return err
	}
	found, err := c.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &c.source})
	if err != nil {
		return err
	}
	// Only the attributes of the table's own keys: its indexes are not made.
	var attributes []types.AttributeDefinition
	for _, key := range found.Table.KeySchema {
		for _, attribute := range found.Table.AttributeDefinitions {
			if *attribute.AttributeName == *key.AttributeName {
				attributes = append(attributes, attribute)
			}
		}
	}
	_, err = c.client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &c.target, KeySchema: found.Table.KeySchema, AttributeDefinitions: attributes,
		BillingMode: types.BillingModePayPerRequest,
	})
	if err != nil {
		return err
	}
	return dynamodb.NewTableExistsWaiter(c.client).Wait(ctx, &name, time.Minute,
		func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 100 * time.Millisecond })
}

// run returns the first error, having stopped all goroutines.
func (c *copier) run(ctx context.Context, cancel context.CancelFunc) error {
	var scanning, writing sync.WaitGroup
	var once sync.Once
	var failure error
	fail := func(err error) {
		if err != nil {
			once.Do(func() { failure = err })
			cancel()
		}
	}
	batches := make(chan []types.WriteRequest, 2*writers)
	for i := 0; i < writers; i++ {
		writing.Add(1)
		go func() {
			defer writing.Done()
			for batch := range batches {
				fail(c.write(ctx, batch))
			}
		}()
	}
	for i := 0; i < segments; i++ {
		scanning.Add(1)
		go func(segment int32) {
			defer scanning.Done()
			fail(c.scan(ctx, segment, batches))
		}(int32(i))
	}
	scanning.Wait()
	close(batches)
	writing.Wait()
	return failure
}

func (c *copier) scan(
	ctx context.Context, segment int32, batches chan<- []types.WriteRequest,
) error {
	pages := dynamodb.NewScanPaginator(c.client, &dynamodb.ScanInput{
		TableName: &c.source, Segment: aws.Int32(segment), TotalSegments: aws.Int32(segments),
	})
	batch := make([]types.WriteRequest, 0, batchSize)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		atomic.AddInt64(&c.read, int64(len(page.Items)))
		for _, item := range page.Items {
			put := &types.PutRequest{Item: item}
			batch = append(batch, types.WriteRequest{PutRequest: put})
			if len(batch) == batchSize {
				batches <- batch
				batch = make([]types.WriteRequest, 0, batchSize)
			}
		}
	}
	if len(batch) > 0 {
		batches <- batch
	}
	return nil
}

func (c *copier) write(ctx context.Context, batch []types.WriteRequest) error {
	pause := 50 * time.Millisecond
	for {
		reply, err := c.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{c.target: batch},
		})
		if err != nil {
			return err
		}
		left := reply.UnprocessedItems[c.target]
		atomic.AddInt64(&c.written, int64(len(batch)-len(left)))
		if len(left) == 0 {
			return nil
		}
		batch = left
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(rand.Int63n(int64(pause)))):
		}
		if pause *= 2; pause > pauseMax {
			pause = pauseMax
		}
	}
}
