#!/usr/bin/env python3
"""Drives every operation of the embedded server with boto3 and checks what comes back.

usage: boto3_against_serve.py --endpoint URL [--faulty-endpoint URL]

The server at --endpoint must answer faithfully; --faulty-endpoint, if given, is a server started
with faults that boto3's retries can overcome and with the same --fill.
Exits 0 when all holds, 1 with the first thing that does not.
"""

import argparse
import concurrent.futures
import decimal
import json
import sys
import time
import urllib.request
import uuid

import boto3
import botocore.exceptions
from botocore.config import Config


def client(endpoint, attempts=1):
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        config=Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=32,
            read_timeout=30,
        ),
    )


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(actual, expected, what):
    check(actual == expected, f"{what}: got {actual!r}, wanted {expected!r}")


def refused(call, code, fragment, **arguments):
    """The call must fail with this code and a message that has this fragment."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        got = error.response["Error"]
        equal(got["Code"], code, f"code of {got['Message']!r}")
        check(fragment in got["Message"], f"{fragment!r} is not in {got['Message']!r}")
        equal(error.response["ResponseMetadata"]["HTTPStatusCode"], 400, "status")
        return error.response
    raise AssertionError(f"{call.__name__} was not refused: wanted {code}")


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def simple_table(dynamo, name, **extra):
    request = dict(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    request.update(extra)
    reply = dynamo.create_table(**request)["TableDescription"]
    equal(reply["TableStatus"], "CREATING", "status right after creation")
    wait(dynamo, name)
    return name


def wait(dynamo, name):
    dynamo.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100}
    )


def settle(dynamo, name):
    """Waits until the table and each of its indexes is ACTIVE; returns its description."""
    for _ in range(200):
        table = dynamo.describe_table(TableName=name)["Table"]
        indexes = table.get("GlobalSecondaryIndexes", [])
        if all(s == "ACTIVE" for s in [table["TableStatus"]] + [i["IndexStatus"] for i in indexes]):
            return table
        time.sleep(0.02)
    raise AssertionError(f"{name} does not come to rest")


def key(number, pk="a"):
    return {"pk": {"S": pk}, "sk": {"N": str(number)}}


EVERYTHING = {
    "pk": {"S": "every/thing"},
    "sk": {"N": "1"},
    "string": {"S": 'quote " slash / back \\ \n\t\u0000\u001f é 漢字 😀'},
    "empty": {"S": ""},
    "number": {"N": "-12345678901234567890123456789012345678"},
    "fraction": {"N": "0.00000000000000000000000000000000000001"},
    "binary": {"B": bytes(range(256))},
    "nothing": {"B": b""},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "null": {"NULL": True},
    "strings": {"SS": ["b", "a", ""]},
    "numbers": {"NS": ["2", "1", "-0.5"]},
    "binaries": {"BS": [b"\x00", b"\xff\xfe"]},
    "list": {"L": [{"S": "x"}, {"L": []}, {"M": {}}, {"N": "7"}]},
    "map": {"M": {"a": {"M": {"b": {"L": [{"NULL": True}]}}}, "": {"S": "unnamed"}}},
    "na\"me \\ 😀": {"S": "name"},
}


def same_item(actual, expected):
    def shape(value):
        (kind, content), = value.items()
        if kind in ("SS", "BS"):
            return kind, frozenset(content)
        if kind == "NS":
            return kind, frozenset(decimal.Decimal(n) for n in content)
        if kind == "N":
            return kind, decimal.Decimal(content)
        if kind == "L":
            return kind, tuple(shape(element) for element in content)
        if kind == "M":
            return kind, frozenset((name, shape(element)) for name, element in content.items())
        return kind, content

    return shape({"M": actual}) == shape({"M": expected})


# Tables


def check_tables(dynamo):
    name = unique("tables")
    simple_table(dynamo, name)
    table = dynamo.describe_table(TableName=name)["Table"]
    equal(table["TableStatus"], "ACTIVE", "status")
    equal(table["TableArn"], f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}", "ARN")
    uuid.UUID(table["TableId"])
    equal(table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST", "billing")
    equal(table["ProvisionedThroughput"]["WriteCapacityUnits"], 0, "provisioned units")
    equal(dynamo.describe_table(TableName=table["TableArn"])["Table"]["TableName"], name, "by ARN")
    refused(
        dynamo.create_table, "ResourceInUseException", f"Table already exists: {name}",
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    refused(
        dynamo.describe_table, "ResourceNotFoundException",
        "Requested resource not found: Table: none-such not found", TableName="none-such",
    )

    dynamo.update_table(
        TableName=name, BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 8},
    )
    wait(dynamo, name)
    table = dynamo.describe_table(TableName=name)["Table"]
    equal(table["ProvisionedThroughput"]["ReadCapacityUnits"], 7, "updated units")
    equal(table["BillingModeSummary"]["BillingMode"], "PROVISIONED", "updated billing")
    refused(
        dynamo.update_table, "ValidationException", "will not change",
        TableName=name,
        ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 8},
    )
    dynamo.update_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50},
    )
    wait(dynamo, name)
    table = dynamo.describe_table(TableName=name)["Table"]
    equal(table["OnDemandThroughput"]["MaxWriteRequestUnits"], 50, "maximum")

    others = sorted(unique("zlist") for _ in range(3))
    for other in others:
        simple_table(dynamo, other)
    names = [n for page in dynamo.get_paginator("list_tables").paginate(
        PaginationConfig={"PageSize": 2}) for n in page["TableNames"]]
    equal([n for n in names if n in others], others, "names by pages")
    equal(names, sorted(names), "order of names")
    for other in others + [name]:
        reply = dynamo.delete_table(TableName=other)["TableDescription"]
        equal(reply["TableStatus"], "DELETING", "status while deleting")
    for other in others + [name]:
        dynamo.get_waiter("table_not_exists").wait(
            TableName=other, WaiterConfig={"Delay": 0.05, "MaxAttempts": 100}
        )
    refused(dynamo.delete_table, "ResourceNotFoundException", "not found", TableName=name)


def check_definitions(dynamo):
    def create(fragment, code="ValidationException", **changes):
        request = dict(
            TableName=unique("bad"),
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "N"},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        request.update(changes)
        refused(dynamo.create_table, code, fragment, **request)

    create("exactly match number of attributes", KeySchema=[
        {"AttributeName": "pk", "KeyType": "HASH"}])
    create("not a HASH key type", KeySchema=[
        {"AttributeName": "pk", "KeyType": "RANGE"}, {"AttributeName": "sk", "KeyType": "HASH"}])
    create("not defined in AttributeDefinitions", KeySchema=[
        {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "zk", "KeyType": "RANGE"}])
    create("have the same name", KeySchema=[
        {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}])
    create("Neither ReadCapacityUnits nor", ProvisionedThroughput={
        "ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    create("must both be specified", BillingMode="PROVISIONED")
    create("length greater than or equal to 3", TableName="ab")
    create("regular expression pattern", TableName="no spaces")
    create("UpdateViewType is required", StreamSpecification={"StreamEnabled": True})
    index = {
        "IndexName": "by-sk", "Projection": {"ProjectionType": "ALL"},
        "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
    }
    create("Duplicate index name", GlobalSecondaryIndexes=[index, index])
    create("is empty", GlobalSecondaryIndexes=[])
    create("same leading hash key", LocalSecondaryIndexes=[dict(index, KeySchema=[
        {"AttributeName": "sk", "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}])])
    create("NonKeyAttributes is specified", GlobalSecondaryIndexes=[dict(index, Projection={
        "ProjectionType": "ALL", "NonKeyAttributes": ["x"]})])


# Items


def check_items(dynamo):
    name = simple_table(dynamo, unique("items"))
    equal(dynamo.put_item(TableName=name, Item=EVERYTHING).get("Attributes"), None, "old values")
    equal(dynamo.get_item(TableName=name, Key=key(2)).get("Item"), None, "a missing item")
    got = dynamo.get_item(TableName=name, Key=key("1.0", "every/thing"), ConsistentRead=True)
    check(same_item(got["Item"], EVERYTHING), f"item came back as {got['Item']!r}")

    spellings = {"00042": "42", "1.0": "1", "1.5E2": "150", "-0": "0", "+3": "3", ".123": "0.123",
                 "1e+5": "100000", "0e100": "0", "1E125": "1" + "0" * 125}
    for given, stored in spellings.items():
        dynamo.put_item(TableName=name, Item={**key(1), "n": {"N": given}})
        equal(dynamo.get_item(TableName=name, Key=key(1))["Item"]["n"]["N"], stored, given)

    old = dynamo.put_item(
        TableName=name, Item={**key(1), "v": {"S": "new"}}, ReturnValues="ALL_OLD",
        ReturnConsumedCapacity="INDEXES")
    equal(old["Attributes"]["n"]["N"], "1" + "0" * 125, "old values")
    equal(old["ConsumedCapacity"]["CapacityUnits"], 1.0, "write units")
    equal(old["ConsumedCapacity"]["Table"]["CapacityUnits"], 1.0, "write units of the table")
    gone = dynamo.delete_item(TableName=name, Key=key(1), ReturnValues="ALL_OLD")
    equal(gone["Attributes"]["v"]["S"], "new", "deleted values")
    check("Attributes" not in dynamo.delete_item(
        TableName=name, Key=key(1), ReturnValues="ALL_OLD"), "nothing to delete")

    reply = dynamo.batch_get_item(
        RequestItems={name: {"Keys": [key(1, "every/thing"), key(5)]}},
        ReturnConsumedCapacity="TOTAL")
    equal(len(reply["Responses"][name]), 1, "items of a batch get")
    equal(reply["UnprocessedKeys"], {}, "unprocessed keys")
    equal(reply["ConsumedCapacity"][0]["CapacityUnits"], 1.0, "units of a batch get")

    put = lambda fragment, **attributes: refused(
        dynamo.put_item, "ValidationException", fragment, TableName=name,
        Item={**key(1), **attributes})
    put("more than 38 significant digits", n={"N": "1" * 39})
    put("Number overflow", n={"N": "1E126"})
    put("Number underflow", n={"N": "1E-131"})
    put("cannot be converted to a numeric value: NaN", n={"N": "NaN"})
    put("cannot be converted to a numeric value", n={"N": " 1"})
    put("An string set  may not be empty", s={"SS": []})
    put("Input collection [a, a] contains duplicates.", s={"SS": ["a", "a"]})
    put("Input collection contains duplicates", s={"NS": ["1", "1.0"]})
    put("of type BS contains duplicates.", s={"BS": [b"x", b"x"]})
    put("must have the value of true", s={"NULL": False})
    put("Nesting Levels", m=nested(33))
    dynamo.put_item(TableName=name, Item={**key(1), "m": nested(32)})
    put("Item size has exceeded the maximum allowed size", s={"S": "x" * 409600})
    put("cannot contain an empty string value. Key: pk", pk={"S": ""})
    put("hashkey has exceeded", pk={"S": "x" * 2049})
    refused(dynamo.put_item, "ValidationException", "Missing the key sk in the item",
            TableName=name, Item={"pk": {"S": "a"}})
    put("Type mismatch for key sk expected: N actual: S", sk={"S": "1"})
    refused(dynamo.get_item, "ValidationException", "does not match the schema",
            TableName=name, Key={"pk": {"S": "a"}})
    refused(dynamo.get_item, "ValidationException", "does not match the schema",
            TableName=name, Key={**key(1), "x": {"S": "y"}})
    refused(dynamo.put_item, "ResourceNotFoundException", "Requested resource not found",
            TableName="none-such", Item=EVERYTHING)
    refused(dynamo.put_item, "ValidationException", "Expected", TableName=name, Item=EVERYTHING,
            Expected={"pk": {"Exists": False}})
    refused(dynamo.put_item, "ConditionalCheckFailedException", "The conditional request failed",
            TableName=name, Item=EVERYTHING, ConditionExpression="attribute_not_exists(pk)")
    dynamo.put_item(TableName=name, Item=EVERYTHING, ConditionExpression="attribute_exists(#k)",
                    ExpressionAttributeNames={"#k": "pk"})
    part = dynamo.get_item(TableName=name, Key=key(1), ProjectionExpression="pk")
    equal(part["Item"], {"pk": key(1)["pk"]}, "a part of an item")
    found = dynamo.query(TableName=name, KeyConditionExpression="pk = :a AND sk > :n",
                         ExpressionAttributeValues={":a": {"S": "a"}, ":n": {"N": "0"}})
    check(found["Count"] == len(found["Items"]) == found["ScannedCount"], "a query's counts")
    refused(dynamo.execute_statement, "UnknownOperationException", "ExecuteStatement",
            Statement="SELECT * FROM x")
    new = dynamo.update_item(TableName=name, Key=key(7), UpdateExpression="ADD hits :n SET x = :n",
                             ExpressionAttributeValues={":n": {"N": "2"}},
                             ReturnValues="ALL_NEW")
    equal(new["Attributes"], {**key(7), "hits": {"N": "2"}, "x": {"N": "2"}}, "an updated item")
    dynamo.delete_table(TableName=name)


def nested(levels):
    value = {"M": {}}
    for _ in range(levels - 1):
        value = {"M": {"m": value}}
    return value


def check_indexes(dynamo):
    name = unique("indexes")
    dynamo.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": n, "AttributeType": t}
            for n, t in (("pk", "S"), ("sk", "N"), ("g1", "S"), ("g2", "N"), ("l", "B"))
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[{
            "IndexName": "glob", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "g1", "KeyType": "HASH"},
                          {"AttributeName": "g2", "KeyType": "RANGE"}],
            "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
        }],
        LocalSecondaryIndexes=[{
            "IndexName": "loc",
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["extra"]},
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                          {"AttributeName": "l", "KeyType": "RANGE"}],
        }],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    wait(dynamo, name)
    table = dynamo.describe_table(TableName=name)["Table"]
    equal(table["GlobalSecondaryIndexes"][0]["IndexStatus"], "ACTIVE", "index status")
    equal(table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"], 4,
          "index units")
    equal(table["LocalSecondaryIndexes"][0]["Projection"]["NonKeyAttributes"], ["extra"],
          "projection")
    check("BillingModeSummary" not in table, "a provisioned table has no billing summary")

    def put(**attributes):
        return dynamo.put_item(TableName=name, Item={**key(1), **attributes},
                               ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]

    equal(put()["CapacityUnits"], 1.0, "no index entry")
    used = put(g1={"S": "x"}, g2={"N": "1"}, l={"B": b"1"})
    equal(used["CapacityUnits"], 3.0, "two new entries")
    equal(used["GlobalSecondaryIndexes"]["glob"]["CapacityUnits"], 1.0, "global entry")
    equal(used["LocalSecondaryIndexes"]["loc"]["CapacityUnits"], 1.0, "local entry")
    equal(put(g1={"S": "x"}, g2={"N": "1"}, l={"B": b"1"}, other={"S": "z"})["CapacityUnits"],
          1.0, "what no index projects")
    equal(put(g1={"S": "y"}, g2={"N": "1"}, l={"B": b"1"})["CapacityUnits"], 3.0, "a changed key")
    equal(put(g1={"S": "y"}, g2={"N": "1.0"}, l={"B": b"1"}, extra={"S": "e"})["CapacityUnits"],
          2.0, "a changed projected attribute")
    refused(dynamo.put_item, "ValidationException",
            "Type mismatch for Index Key g1 Expected: S Actual: N IndexName: glob",
            TableName=name, Item={**key(1), "g1": {"N": "1"}})
    refused(dynamo.batch_write_item, "ValidationException",
            "Type mismatch for Index Key l Expected: B Actual: L IndexName: loc",
            RequestItems={name: [{"PutRequest": {"Item": {**key(1), "l": {"L": []}}}}]})
    refused(dynamo.put_item, "ValidationException", "IndexName: glob, IndexKey: g1",
            TableName=name, Item={**key(1), "g1": {"S": ""}})
    dynamo.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Update": {
        "IndexName": "glob",
        "ProvisionedThroughput": {"ReadCapacityUnits": 30, "WriteCapacityUnits": 40}}}])
    table = settle(dynamo, name)
    equal(table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"], 40,
          "updated index units")
    dynamo.delete_table(TableName=name)


def check_batches(dynamo):
    name = simple_table(dynamo, unique("batches"))
    other = simple_table(dynamo, unique("batches"))
    puts = [{"PutRequest": {"Item": {**key(n), "v": {"S": "x" * 1500}}}} for n in range(20)]
    reply = dynamo.batch_write_item(
        RequestItems={name: puts, other: [{"PutRequest": {"Item": EVERYTHING}}]},
        ReturnConsumedCapacity="INDEXES")
    equal(reply["UnprocessedItems"], {}, "unprocessed items")
    units = {entry["TableName"]: entry["CapacityUnits"] for entry in reply["ConsumedCapacity"]}
    equal(units, {name: 40.0, other: 1.0}, "units of a batch")
    dynamo.batch_write_item(RequestItems={name: [
        {"DeleteRequest": {"Key": key(n)}} for n in range(10)]})
    equal(dynamo.scan(TableName=name, Select="COUNT")["Count"], 10, "count after deletes")

    def batch(code, fragment, requests, table=name):
        refused(dynamo.batch_write_item, code, fragment, RequestItems={table: requests})

    batch("ValidationException", "contains duplicates",
          [{"PutRequest": {"Item": key("1")}}, {"DeleteRequest": {"Key": key("1.0")}}])
    batch("ValidationException", "Member must have length less than or equal to 25",
          [{"PutRequest": {"Item": key(n)}} for n in range(26)])
    batch("ValidationException", "does not match the schema",
          [{"PutRequest": {"Item": {"pk": {"S": "a"}}}}])
    batch("ValidationException", "Item size has exceeded",
          [{"PutRequest": {"Item": {**key(1), "v": {"S": "x" * 409600}}}}])
    batch("ResourceNotFoundException", "Requested resource not found",
          [{"PutRequest": {"Item": key(1)}}], "none-such")
    equal(dynamo.scan(TableName=name, Select="COUNT")["Count"], 10, "refused batches do nothing")
    for table in (name, other):
        dynamo.delete_table(TableName=table)


# Scans


def scan_all(dynamo, name, segment=0, total=1, **extra):
    items, start = [], {}
    while True:
        reply = dynamo.scan(TableName=name, Segment=segment, TotalSegments=total, **start, **extra)
        equal(reply["Count"], len(reply["Items"]), "count of a page")
        items += reply["Items"]
        if "LastEvaluatedKey" not in reply:
            return items
        start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}


def check_scans(dynamo):
    name = simple_table(dynamo, unique("scans"))
    for first in range(0, 500, 25):
        dynamo.batch_write_item(RequestItems={name: [
            {"PutRequest": {"Item": {**key(n, f"p{n % 50}"), "v": {"S": "x" * 4000}}}}
            for n in range(first, first + 25)]})
    whole = scan_all(dynamo, name)
    equal(len(whole), 500, "items of a scan")
    for total in (1, 2, 3, 7, 64, 1000):
        parts = [scan_all(dynamo, name, segment, total) for segment in range(total)]
        equal(sum(parts, []), whole, f"{total} segments, one after the other")
    equal(scan_all(dynamo, name, Limit=7), whole, "a scan by sevens")
    by_partition = {}
    for item in whole:
        by_partition.setdefault(item["pk"]["S"], []).append(int(item["sk"]["N"]))
    check(all(v == sorted(v) for v in by_partition.values()), "order by sort key")

    page = dynamo.scan(TableName=name, ReturnConsumedCapacity="TOTAL")
    size = 2 + 2 + 1 + 4000
    check(250 < page["Count"] < 270, f"{page['Count']} items of {size} bytes make a page")
    check(128 <= page["ConsumedCapacity"]["CapacityUnits"] <= 129, "units of a page")
    page = dynamo.scan(TableName=name, ReturnConsumedCapacity="INDEXES", ConsistentRead=True)
    check(256 <= page["ConsumedCapacity"]["Table"]["CapacityUnits"] <= 258, "consistent units")
    last = dynamo.scan(TableName=name, Limit=500, ExclusiveStartKey=page["LastEvaluatedKey"])
    check("LastEvaluatedKey" not in last, "nothing follows")
    exact = dynamo.scan(TableName=name, Limit=last["Count"],
                        ExclusiveStartKey=page["LastEvaluatedKey"])
    check("LastEvaluatedKey" in exact, "a page that the limit ends has a last key")
    ghost = dict(whole[10], sk={"N": "-5.5"})
    follows = dynamo.scan(TableName=name, Limit=1,
                          ExclusiveStartKey={k: ghost[k] for k in ("pk", "sk")})
    equal(follows["Items"][0]["pk"], whole[10]["pk"], "a start key without an item")

    def scan(fragment, **arguments):
        refused(dynamo.scan, "ValidationException", fragment, TableName=name, **arguments)

    scan("The TotalSegments parameter is required", Segment=1)
    scan("The Segment parameter is required", TotalSegments=1)
    scan("Segment: 5 is not less than TotalSegments: 5", Segment=5, TotalSegments=5)
    scan("less than or equal to 1000000", Segment=0, TotalSegments=1000001)
    wrong = [s for s in range(2) if whole[0] not in scan_all(dynamo, name, s, 2)][0]
    scan(f"correct Segment. TotalSegments: 2 Segment: {wrong}", Segment=wrong, TotalSegments=2,
         ExclusiveStartKey={k: whole[0][k] for k in ("pk", "sk")})
    scan("The provided starting key is invalid", ExclusiveStartKey={"pk": {"S": "a"}})
    scan("Invalid FilterExpression: Syntax error", FilterExpression="attribute_exists(pk")
    scan("Invalid ProjectionExpression: Syntax error", ProjectionExpression="pk,")
    filtered = scan_all(dynamo, name, FilterExpression="sk < :n", ProjectionExpression="sk",
                        ExpressionAttributeValues={":n": {"N": "100"}})
    equal(sorted(int(i["sk"]["N"]) for i in filtered), list(range(100)), "a filtered scan")
    scan("does not have the specified index: none", IndexName="none")
    dynamo.delete_table(TableName=name)


def check_meter(endpoint):
    with urllib.request.urlopen(endpoint + "/") as reply:
        check(reply.read().startswith(b"healthy: "), "GET /")
    with urllib.request.urlopen(endpoint + "/_meter") as reply:
        meter = json.load(reply)
    check(meter["requests"]["Scan"] > 0, "the meter counts scans")


# Faults


def check_faults(dynamo, faulty):
    """A parallel scan and a rewrite through a server that fails now and then."""
    name = simple_table(faulty, unique("faulty"))
    requests = [
        {"PutRequest": {"Item": {**key(n, f"p{n}"), "v": {"S": f"value/{n}"}}}}
        for n in range(2000)
    ]

    def write(chunk):
        left = {name: chunk}
        while left:
            try:
                left = faulty.batch_write_item(RequestItems=left)["UnprocessedItems"]
            except (botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError,
                    botocore.parsers.ResponseParserError):
                time.sleep(0.01)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(write, (requests[n:n + 25] for n in range(0, 2000, 25))))

    def scan(segment):
        while True:
            try:
                return scan_all(faulty, name, segment, 16, Limit=50)
            except (botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError,
                    botocore.parsers.ResponseParserError):
                time.sleep(0.01)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        items = sum(pool.map(scan, range(16)), [])
    expected = {r["PutRequest"]["Item"]["pk"]["S"]: r["PutRequest"]["Item"] for r in requests}
    equal(len(items), len(expected), "items through faults")
    for item in items:
        equal(item, expected[item["pk"]["S"]], "an item through faults")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--faulty-endpoint")
    options = parser.parse_args()
    dynamo = client(options.endpoint)
    for step in (check_tables, check_definitions, check_items, check_indexes, check_batches,
                 check_scans):
        step(dynamo)
        print(f"{step.__name__}: ok", flush=True)
    check_meter(options.endpoint)
    print("check_meter: ok", flush=True)
    if options.faulty_endpoint:
        check_faults(dynamo, client(options.faulty_endpoint, attempts=10))
        print("check_faults: ok", flush=True)


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failure:
        print(f"failed: {failure}", file=sys.stderr)
        sys.exit(1)
