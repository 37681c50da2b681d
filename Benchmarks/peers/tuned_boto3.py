"""boto3 as fast as it gets: the low-level client, 2 processes of 4 threads, a segment a thread.

usage: tuned_boto3.py SOURCE TARGET --endpoint URL

Items stay in DynamoDB's own form, so nothing is converted to Python's types and back; parameters
are not checked on this side.
"""

import concurrent.futures
import multiprocessing
import random
import sys
import time

import boto3
from botocore.config import Config

from target import arguments, prepare

PROCESSES = 2
THREADS = 4
SEGMENTS = PROCESSES * THREADS
BATCH = 25
PAUSE_MAX_SECONDS = 5


def connect(options):
    return boto3.client(
        "dynamodb", endpoint_url=options.endpoint,
        config=Config(
            max_pool_connections=THREADS, parameter_validation=False,
            retries={"mode": "standard", "max_attempts": 10}))


def write(client, table, items):
    """Puts the items and returns how many; what comes back unprocessed is sent again."""
    requests = [{"PutRequest": {"Item": item}} for item in items]
    pause = 0.05
    while True:
        reply = client.batch_write_item(RequestItems={table: requests})
        requests = reply["UnprocessedItems"].get(table, [])
        if not requests:
            return len(items)
        time.sleep(random.uniform(0, pause))
        pause = min(2 * pause, PAUSE_MAX_SECONDS)


def copy_segment(client, options, segment):
    """Copies one segment; returns how many items were read and how many written."""
    pages = client.get_paginator("scan").paginate(
        TableName=options.source, Segment=segment, TotalSegments=SEGMENTS)
    read = written = 0
    rest = []
    for page in pages:
        read += len(page["Items"])
        items = rest + page["Items"]
        whole = len(items) - len(items) % BATCH
        for start in range(0, whole, BATCH):
            written += write(client, options.target, items[start:start + BATCH])
        rest = items[whole:]
    if rest:
        written += write(client, options.target, rest)
    return read, written


def copy_segments(options, segments):
    client = connect(options)
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda segment: copy_segment(client, options, segment), segments))


def main():
    options = arguments("Copies a table with boto3 in 2 processes of 4 threads.")
    prepare(connect(options), options.source, options.target)
    shares = [range(first, SEGMENTS, PROCESSES) for first in range(PROCESSES)]
    with multiprocessing.Pool(PROCESSES) as pool:
        counts = pool.starmap(copy_segments, [(options, share) for share in shares])
        pool.close()
        pool.join()
    read, written = (sum(count) for count in zip(*(count for part in counts for count in part)))
    if read != written:
        sys.exit(f"{read} items were read and {written} written")
    print(written)


if __name__ == "__main__":
    main()
