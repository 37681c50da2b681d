"""What others do with tables and exports, by boto3.

    files.py fill ENDPOINT TABLE COUNT [FORM]   makes a table of items of all types; plain: without
                                                a map of odd names, which moto can't give back;
                                                simple: of numbers and plain texts, which is all
                                                that moto can import
    files.py same ENDPOINT TABLE ENDPOINT TABLE compares two tables, item by item
    files.py load ENDPOINT BUCKET PREFIX TABLE  has the server import what lies below a prefix
    files.py dump ENDPOINT TABLE BUCKET         has the server export a table; prints the prefix

Any fault ends it with a message.
"""

import sys
import time
from decimal import Decimal

import boto3
from boto3.dynamodb.types import TypeSerializer

KEYS = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"}],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def client(service, endpoint):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test")


def item(number):
    text = "".join(chr(code) for code in (9, 10, 34, 92, 0xE9, 0x20AC, 0x1F600))
    return {
        "pk": f"key {number // 4}", "sk": number % 4, "text": text + "x" * (number % 90),
        "empty": "", "big": Decimal("-1.2345678901234567890123456789012345678E+100"),
        "digits": Decimal("9" * 38), "small": Decimal("1E-130"), "yes": True, "no": None,
        "bytes": bytes(range(number % 256)), "none": b"",
        "texts": {"a", text}, "numbers": {Decimal(1), Decimal("2.5")},
        "blobs": {b"\x00\x01", b"\xff"}, "list": [1, "two", [b"3", {"four": []}]],
        "map": {"a.b": {"c": {"": "empty name"}}}, "é": "composed", "e\u0301": "decomposed",
    }


def scan(endpoint, table):
    pages = client("dynamodb", endpoint).get_paginator("scan").paginate(TableName=table)
    return {
        (found["pk"]["S"], found["sk"]["N"]): typed({"M": found})
        for page in pages for found in page["Items"]}


def typed(value):
    """A value whose sets have no order, and numbers no spelling."""
    (kind, inner), = value.items()
    if kind == "N":
        inner = Decimal(inner)
    elif kind == "NS":
        inner = sorted(map(Decimal, inner))
    elif kind in ("SS", "BS"):
        inner = sorted(inner)
    elif kind == "L":
        inner = [typed(element) for element in inner]
    elif kind == "M":
        inner = {name: typed(element) for name, element in inner.items()}
    return kind, inner


def fill(endpoint, table, count, form=""):
    dynamodb = client("dynamodb", endpoint)
    dynamodb.create_table(TableName=table, **KEYS)
    dynamodb.get_waiter("table_exists").wait(TableName=table)
    serializer = TypeSerializer()
    items = [item(number) for number in range(int(count))]
    if form == "plain":
        items = [found | {"map": {"a": {"b": number}}} for number, found in enumerate(items)]
    if form == "simple":
        items = [{"pk": found["pk"], "sk": found["sk"], "n": number, "text": "x" * (number % 50 + 1)}
                 for number, found in enumerate(items)]
    puts = [{"PutRequest": {"Item": serializer.serialize(found)["M"]}} for found in items]
    for start in range(0, len(puts), 25):
        reply = dynamodb.batch_write_item(RequestItems={table: puts[start:start + 25]})
        assert not reply["UnprocessedItems"]


def same(endpoint, table, other_endpoint, other_table):
    one, other = scan(endpoint, table), scan(other_endpoint, other_table)
    assert one.keys() == other.keys(), f"{len(one)} and {len(other)} items"
    for key, value in one.items():
        assert value == other[key], f"{key}: {value} and {other[key]}"
    print(len(one))


def load(endpoint, bucket, prefix, table):
    dynamodb = client("dynamodb", endpoint)
    arn = dynamodb.import_table(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": prefix},
        InputFormat="DYNAMODB_JSON", InputCompressionType="GZIP",
        TableCreationParameters={"TableName": table, **KEYS},
    )["ImportTableDescription"]["ImportArn"]
    for _ in range(200):
        found = dynamodb.describe_import(ImportArn=arn)["ImportTableDescription"]
        if found["ImportStatus"] not in ("IN_PROGRESS",):
            break
        time.sleep(0.1)
    assert found["ImportStatus"] == "COMPLETED", found


def dump(endpoint, table, bucket):
    dynamodb = client("dynamodb", endpoint)
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    export = dynamodb.export_table_to_point_in_time(
        TableArn=arn, S3Bucket=bucket, S3Prefix="theirs")["ExportDescription"]["ExportArn"]
    for _ in range(200):
        found = dynamodb.describe_export(ExportArn=export)["ExportDescription"]
        if found["ExportStatus"] != "IN_PROGRESS":
            break
        time.sleep(0.1)
    assert found["ExportStatus"] == "COMPLETED", found


if __name__ == "__main__":
    {"fill": fill, "same": same, "load": load, "dump": dump}[sys.argv[1]](*sys.argv[2:])
