"""A dynaferry server of one's own, its meter, and DynamoDB calls without any SDK."""

import http.client
import json
import os
import subprocess
import tempfile
import time

BINARY = os.environ.get("DYNAFERRY_BINARY", ".build/release/dynaferry")
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


class Server:
    """Runs `dynaferry serve` with these arguments, on a free port, while it is in use."""

    def __init__(self, *arguments):
        command = [BINARY, "serve", "--port", "0", "--capacity", "model", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.address = self.url.removeprefix("http://")
        self.jobs = tempfile.TemporaryDirectory(prefix="jobs-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def connect(self):
        return http.client.HTTPConnection(self.address)

    def meter(self, connection):
        connection.request("GET", "/_meter")
        return json.loads(connection.getresponse().read())

    def call(self, connection, operation, body):
        """Returns the status and the reply."""
        headers = {
            "X-Amz-Target": "DynamoDB_20120810." + operation,
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": AUTHORIZATION,
        }
        connection.request("POST", "/", json.dumps(body), headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())

    def create_like(self, source, name, write_units=None, index_units=None):
        """Creates a table with the keys of `source`: provisioned, or on demand without units; with
        an index over the partition key when that has units."""
        connection = self.connect()
        _, described = self.call(connection, "DescribeTable", {"TableName": source})
        table = described["Table"]
        body = {"TableName": name, "KeySchema": table["KeySchema"]}
        body["AttributeDefinitions"] = table["AttributeDefinitions"]
        throughput = {"ReadCapacityUnits": 1000, "WriteCapacityUnits": write_units}
        if write_units:
            body["ProvisionedThroughput"] = throughput
        else:
            body["BillingMode"] = "PAY_PER_REQUEST"
        if index_units:
            index = {"IndexName": "all", "Projection": {"ProjectionType": "ALL"}}
            index["KeySchema"] = [{**table["KeySchema"][0], "KeyType": "HASH"}]
            index["ProvisionedThroughput"] = {**throughput, "WriteCapacityUnits": index_units}
            body["GlobalSecondaryIndexes"] = [index]
        status, reply = self.call(connection, "CreateTable", body)
        assert status == 200, reply
        while True:
            _, described = self.call(connection, "DescribeTable", {"TableName": name})
            indexes = described["Table"].get("GlobalSecondaryIndexes", [])
            states = [described["Table"]["TableStatus"]] + [i["IndexStatus"] for i in indexes]
            if set(states) == {"ACTIVE"}:
                return
            time.sleep(0.1)

    def start_copy(self, source, target, *options):
        environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": "us-east-1",
        }
        command = [BINARY, "copy", source, target, "--endpoint", self.url]
        command += ["--state-dir", self.jobs.name, *options]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
