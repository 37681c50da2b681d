"""aiobotocore on uvloop, 2 processes: segments are scanned side by side, batches written likewise.

usage: aiobotocore_copy.py SOURCE TARGET --endpoint URL
"""

import asyncio
import multiprocessing
import random
import sys

import boto3
import uvloop
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from target import arguments, prepare

PROCESSES = 2
SEGMENTS = 8
WRITERS = 16
BATCH = 25
PAUSE_MAX_SECONDS = 5


async def write(client, table, items):
    """Puts the items and returns how many; what comes back unprocessed is sent again."""
    requests = [{"PutRequest": {"Item": item}} for item in items]
    pause = 0.05
    while True:
        reply = await client.batch_write_item(RequestItems={table: requests})
        requests = reply["UnprocessedItems"].get(table, [])
        if not requests:
            return len(items)
        await asyncio.sleep(random.uniform(0, pause))
        pause = min(2 * pause, PAUSE_MAX_SECONDS)


async def scan(client, options, segment, batches):
    """Puts one segment's items into the queue, in batches; returns how many there were."""
    pages = client.get_paginator("scan").paginate(
        TableName=options.source, Segment=segment, TotalSegments=SEGMENTS)
    read = 0
    rest = []
    async for page in pages:
        read += len(page["Items"])
        items = rest + page["Items"]
        whole = len(items) - len(items) % BATCH
        for start in range(0, whole, BATCH):
            await batches.put(items[start:start + BATCH])
        rest = items[whole:]
    if rest:
        await batches.put(rest)
    return read


async def write_all(client, options, batches):
    written = 0
    while (items := await batches.get()) is not None:
        written += await write(client, options.target, items)
    return written


async def copy_segments(options, segments):
    config = AioConfig(
        max_pool_connections=WRITERS + SEGMENTS, parameter_validation=False,
        retries={"mode": "standard", "max_attempts": 10})
    batches = asyncio.Queue(2 * WRITERS)
    async with get_session().create_client(
            "dynamodb", endpoint_url=options.endpoint, config=config) as client:
        async def scan_all():
            counts = await asyncio.gather(
                *(scan(client, options, segment, batches) for segment in segments))
            for _ in range(WRITERS):
                await batches.put(None)
            return sum(counts)

        read, *written = await asyncio.gather(
            scan_all(), *(write_all(client, options, batches) for _ in range(WRITERS)))
    return read, sum(written)


def run(options, segments):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(copy_segments(options, segments))


def main():
    options = arguments("Copies a table with aiobotocore and uvloop in 2 processes.")
    prepare(boto3.client("dynamodb", endpoint_url=options.endpoint), options.source, options.target)
    shares = [range(first, SEGMENTS, PROCESSES) for first in range(PROCESSES)]
    with multiprocessing.Pool(PROCESSES) as pool:
        counts = pool.starmap(run, [(options, share) for share in shares])
        pool.close()
        pool.join()
    read, written = (sum(count) for count in zip(*counts))
    if read != written:
        sys.exit(f"{read} items were read and {written} written")
    print(written)


if __name__ == "__main__":
    main()
