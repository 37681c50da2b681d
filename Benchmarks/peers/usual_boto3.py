"""The usual script: one paginator on Scan, and batch_writer of the resource API.

usage: usual_boto3.py SOURCE TARGET --endpoint URL
"""

import decimal

import boto3
from boto3.dynamodb.types import DYNAMODB_CONTEXT

from target import arguments, prepare

# Without this, boto3 fails on 9E+125 as the service spells it: it takes the zeros behind the 38th
# digit for digits that are lost. Digits that are lost stay an error.
DYNAMODB_CONTEXT.traps[decimal.Rounded] = False


def main():
    options = arguments("Copies a table with boto3's resource API.")
    dynamodb = boto3.resource("dynamodb", endpoint_url=options.endpoint)
    prepare(dynamodb.meta.client, options.source, options.target)
    pages = dynamodb.meta.client.get_paginator("scan").paginate(TableName=options.source)
    count = 0
    # Unprocessed items are sent again by batch_writer, which ends when there are none left.
    with dynamodb.Table(options.target).batch_writer() as batch:
        for page in pages:
            for item in page["Items"]:
                batch.put_item(Item=item)
                count += 1
    print(count)


if __name__ == "__main__":
    main()
