"""Fills tables by boto3, and compares them by boto3: the independent client of these tests.

    tables.py fill URL TABLE=SHAPE=COUNT...          creates each table and fills it
    tables.py compare URL URL SOURCE=TARGET=COUNT... definitions and items; fails if they differ
"""

import random
import sys
from decimal import Context

import boto3
from botocore.config import Config

EXACT = Context(prec=60)


def client(url):
    return boto3.client(
        "dynamodb", endpoint_url=url, region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 10, "mode": "standard"}))


# Comparing.


def value(attribute):
    """An attribute value that equals another exactly when DynamoDB says that they are equal."""
    (kind, raw), = attribute.items()
    if kind == "N":
        return kind, number(raw)
    if kind == "NS":
        return kind, frozenset(number(text) for text in raw)
    if kind in ("SS", "BS"):
        return kind, frozenset(raw)
    if kind == "L":
        return kind, tuple(value(element) for element in raw)
    if kind == "M":
        return kind, item_value(raw)
    return kind, raw


def number(text):
    return EXACT.normalize(EXACT.create_decimal(text))


def item_value(item):
    return frozenset((name, value(attribute)) for name, attribute in item.items())


def definition(database, table):
    found = database.describe_table(TableName=table)["Table"]
    billing = found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    indexes = {}
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for index in found.get(kind) or []:
            projection = index["Projection"]
            parts = [
                kind, keys(index), projection["ProjectionType"],
                sorted(projection.get("NonKeyAttributes") or [])]
            if billing == "PROVISIONED" and kind.startswith("Global"):
                parts.append(throughput(index))
            indexes[index["IndexName"]] = parts
    return {
        "keys": keys(found),
        "attributes": sorted(
            (a["AttributeName"], a["AttributeType"]) for a in found["AttributeDefinitions"]),
        "billing": [billing] + ([throughput(found)] if billing == "PROVISIONED" else []),
        "indexes": indexes,
    }


def keys(described):
    return [(key["AttributeName"], key["KeyType"]) for key in described["KeySchema"]]


def throughput(described):
    units = described["ProvisionedThroughput"]
    return units["ReadCapacityUnits"], units["WriteCapacityUnits"]


def scan(database, table):
    for page in database.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def items_by_key(database, table):
    names = [name for name, _ in definition(database, table)["keys"]]
    found = {}
    for item in scan(database, table):
        key = tuple(value(item[name]) for name in names)
        if key in found:
            sys.exit(f"{table}: the key {key} came twice")
        found[key] = item
    return found


def compare(source_url, target_url, *pairs):
    databases = client(source_url), client(target_url)
    for pair in pairs:
        source, target, count = pair.split("=")
        compare_tables(databases, source, target, int(count))


def compare_tables(databases, source, target, count):
    differences = []
    definitions = [definition(d, t) for d, t in zip(databases, (source, target))]
    for part, wanted in definitions[0].items():
        if definitions[1][part] != wanted:
            differences.append(f"{part}: {wanted} became {definitions[1][part]}")
    wanted, found = (items_by_key(d, t) for d, t in zip(databases, (source, target)))
    differences += [f"missing: {key}" for key in wanted.keys() - found.keys()]
    differences += [f"not in the source: {key}" for key in found.keys() - wanted.keys()]
    differences += [
        f"differs: {key}\n  {str(wanted[key])[:500]}\n  {str(found[key])[:500]}"
        for key in wanted.keys() & found.keys()
        if item_value(wanted[key]) != item_value(found[key])]
    for difference in differences[:10]:
        print(difference)
    if differences:
        sys.exit(f"{source} and {target}: {len(differences)} differences")
    if len(wanted) != count:
        sys.exit(f"{source} has {len(wanted)} items, not {count}")


# Filling.

TEXTS = [
    "", "plain", "quotes \" and \\ and /", "tab\tnewline\nreturn\rnul\0bell\a", "\u2028\u2029\ufeff",
    "Größe, façade, naïve", "Ελληνικά", "Русский", "日本語テキスト", "한국어", "العربية", "עברית",
    "ไทย", "हिन्दी", "😀👩‍👩‍👧‍👦🏳️‍🌈", "e\u0301", "\ud7ff\ue000\uffff\U0010ffff", "</script>", "\\u0041",
    "null", "{\"a\": [1, 2]}", " leading and trailing ",
]
NUMBERS = [
    "0", "-0", "1", "-1", "10", "100", "0.1", "1E+20", "1e-20", "3.14159265358979323846",
    "12345678901234567890123456789012345678", "-98765432109876543210987654321098765432",
    "0.00000000000000000000000000000000000001", "1E-130", "-1E-130",
    "9.9999999999999999999999999999999999999E+125",
    "-9.9999999999999999999999999999999999999E+125", "1.50", "007", "9007199254740993",
]
BINARIES = [b"", b"\0", b"\xff\xfe\xfd", bytes(range(256)), b"text", b"\x80"]


def every_type(index, chance):
    """One item's attributes: each type, at the top and nested."""
    text = chance.choice(TEXTS)
    return {
        "S": {"S": text},
        "empty S": {"S": ""},
        "N": {"N": chance.choice(NUMBERS)},
        "B": {"B": chance.choice(BINARIES)},
        "empty B": {"B": b""},
        "BOOL": {"BOOL": index % 2 == 0},
        "NULL": {"NULL": True},
        "SS": {"SS": chance.sample(TEXTS[1:], 3)},
        "NS": {"NS": chance.sample(NUMBERS[2:], 4)},
        "BS": {"BS": chance.sample(BINARIES[1:], 3)},
        "L": {"L": [
            {"L": []}, {"M": {}}, {"S": ""}, {"B": b""}, {"NULL": True}, {"N": "1E+5"},
            {"BS": [b"\x01", b"\x02\x03"]}, {"L": [{"L": [{"S": text}]}]}]},
        "M": {"M": {
            "nested": {"M": {"deeper": {"L": [{"N": chance.choice(NUMBERS)}, {"SS": ["a", "b"]}]}}},
            text or "empty": {"BOOL": True}}},
        "empty L": {"L": []},
        "empty M": {"M": {}},
        "日本 \"name\" \\ \t": {"S": "a name to be escaped"},
        f"only{index}": {"N": str(index)},
    }


def key_value(kind, index):
    if kind == "S":
        return {"S": f"{TEXTS[index % len(TEXTS)]}#{index}"}
    if kind == "N":
        return {"N": str([index, -index, f"{index}.5", f"{index}E+30", f"{index}E-60"][index % 5])}
    return {"B": index.to_bytes(3, "big") + BINARIES[index % len(BINARIES)]}


def keyed(hash_kind, range_kind=None):
    """A shape with keys of these types, holding items of every type."""
    names = [("pk", hash_kind)] + ([("sk", range_kind)] if range_kind else [])

    def items(count, chance):
        for index in range(count):
            item = every_type(index, chance)
            # With a sort key, three items share each partition key.
            item["pk"] = key_value(hash_kind, index // 3 if range_kind else index)
            if range_kind:
                item["sk"] = key_value(range_kind, index)
            yield item

    return simple(names), items


def simple(names):
    return {
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind}
            for (name, _), kind in zip(names, ("HASH", "RANGE"))],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in names],
        "BillingMode": "PAY_PER_REQUEST",
    }


def index(name, keys, projection="ALL", names=(), units=None):
    described = {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"))],
        "Projection": {"ProjectionType": projection},
    }
    if names:
        described["Projection"]["NonKeyAttributes"] = list(names)
    if units:
        described["ProvisionedThroughput"] = {
            "ReadCapacityUnits": units[0], "WriteCapacityUnits": units[1]}
    return described


def indexed(is_provisioned):
    """A shape with global and local indexes; some items are in none of them."""
    table = simple([("pk", "S"), ("sk", "N"), ("owner", "S"), ("at", "N"), ("digest", "B")])
    table["KeySchema"] = table["KeySchema"][:2]
    units = (lambda *pair: pair) if is_provisioned else (lambda *pair: None)
    table["GlobalSecondaryIndexes"] = [
        index("by-owner", ["owner", "at"], units=units(700, 5_000)),
        index("by-digest", ["digest"], "KEYS_ONLY", units=units(800, 6_000)),
        index("by-at", ["at", "sk"], "INCLUDE", ["S", "N"], units=units(900, 7_000)),
    ]
    table["LocalSecondaryIndexes"] = [
        index("local-at", ["pk", "at"]), index("local-owner", ["pk", "owner"], "INCLUDE", ["S"])]
    if is_provisioned:
        table["BillingMode"] = "PROVISIONED"
        table["ProvisionedThroughput"] = {"ReadCapacityUnits": 20_000, "WriteCapacityUnits": 8_000}

    def items(count, chance):
        for number in range(count):
            item = every_type(number, chance) | {
                "pk": {"S": f"collection {number // 10}"}, "sk": {"N": str(number)}}
            if number % 2:
                item |= {"owner": {"S": f"owner {number % 7}"}, "at": {"N": str(number)}}
            if number % 3 == 0:
                item["digest"] = {"B": number.to_bytes(4, "little")}
            yield item

    return table, items


def small(count, chance):
    for number in range(count):
        yield {"pk": {"S": f"item {number}"}, "text": {"S": "x" * (number % 50)}}


LARGEST = 400_000


def large(count, chance):
    """Items of nearly 400 KB; text that has to be escaped takes twice that as JSON."""
    # moto counts binary as base64.
    bodies = [
        {"S": "é" * (LARGEST // 2)}, {"B": bytes(LARGEST * 3 // 4)}, {"S": "\\" * LARGEST}]
    for number in range(count):
        body = bodies[number % 3]
        yield {"pk": {"S": f"large {number}"}, "body": body}


def lists(count, chance):
    """Items of 400 KB that are lists of empty strings: nine bytes of JSON a stored one."""
    for number in range(count):
        yield {"pk": {"S": f"list {number}"}, "body": {"L": [{"S": ""}] * LARGEST}}


def collection(count, chance):
    """All items under one partition key."""
    for number in range(count):
        yield {"pk": {"S": "the only one"}, "sk": {"N": str(number)}, "text": {"S": "y" * 300}}


def dense(count, chance):
    """95 attributes of one letter, each an empty string: nine to thirteen bytes a stored one."""
    for number in range(count):
        item = {chr(32 + letter): {"S": ""} for letter in range(95)}
        yield item | {"pk": {"S": f"dense {number}"}}


SHAPES = {
    "S": keyed("S"), "N": keyed("N"), "B": keyed("B"),
    "SS": keyed("S", "S"), "SN": keyed("S", "N"), "NB": keyed("N", "B"), "BS": keyed("B", "S"),
    "indexed": indexed(is_provisioned=False),
    "provisioned": indexed(is_provisioned=True),
    "small": (simple([("pk", "S")]), small),
    "large": (simple([("pk", "S")]), large),
    "lists": (simple([("pk", "S")]), lists),
    "dense": (simple([("pk", "S")]), dense),
    "collection": (simple([("pk", "S"), ("sk", "N")]), collection),
}


def fill(url, *tables):
    database = client(url)
    for wanted in tables:
        table, shape, count = wanted.split("=")
        definition, items = SHAPES[shape]
        create(database, table, definition)
        put(database, table, items(int(count), random.Random(1)))


def tables(url):
    print(*client(url).list_tables()["TableNames"])


def create(database, table, definition):
    database.create_table(TableName=table, **definition)
    database.get_waiter("table_exists").wait(
        TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def put(database, table, items):
    batch, size = [], 0
    for item in items:
        batch.append({"PutRequest": {"Item": item}})
        size += len(str(item))
        if len(batch) == 25 or size > 4_000_000:
            send(database, table, batch)
            batch, size = [], 0
    send(database, table, batch)


def send(database, table, batch):
    while batch:
        reply = database.batch_write_item(RequestItems={table: batch})
        batch = reply["UnprocessedItems"].get(table, [])


if __name__ == "__main__":
    {"fill": fill, "compare": compare, "tables": tables}[sys.argv[1]](*sys.argv[2:])
