"""Holds the embedded server's Query, and Scan on indexes, against two servers that others wrote.

    queries.py SERVE MOTO MINISTACK COUNT SEED

Makes random tables with indexes and items, and COUNT random reads of them, which boto3 sends to all
three, page by page. dynaferry must answer as ministack does, and as moto does where ministack and
moto agree: the same items in the same order, the same counts and the same keys to go on behind.
Where the others are known to be wrong, `DIFFERENCES` says so, each with its source. Prints what was
compared; exits 1 with the first disagreement.
"""

import collections
import concurrent.futures
import json
import random
import sys

import boto3
import botocore.exceptions
from botocore.config import Config

from expressions import comparable

# What the others let pass or answer otherwise than the service.
DIFFERENCES = {
    "filter": "what an index does not project, a filter of a read of it can't see (guide, 'Global"
    " secondary indexes'); ministack filters before it projects",
    "filter of keys": "a Query's filter can't name key attributes (API reference, Query,"
    " FilterExpression); ministack lets the table's pass on an index",
    "not projected": "a global index is asked only for what it projects (guide, 'Global secondary"
    " indexes'); ministack shows the rest as absent",
    "fetched": "a local index fetches what it lacks (guide, 'Local secondary indexes'); ministack"
    " shows it as absent",
    "binary order": "binaries are ordered by unsigned bytes (guide, 'Naming rules and data types');"
    " the others order their base64, and moto begins_with too",
}

TABLES = 8
ITEMS = 60
TEXTS = ["a", "ab", "abc", "b", "B", "é", "z", "10", "9"]
NUMBERS = ["0", "1", "-1", "10", "9", "2.5", "-10", "100", "0.5"]
BINARIES = [b"a", b"ab", b"\x00", b"\x7f", b"\x80", b"\xff\x01", b"b"]
PLAIN = ["v", "w", "n"]


class Maker:
    """Makes tables, items and reads."""

    def __init__(self, chance):
        self.chance = chance
        self.one = chance.choice

    def often(self, share):
        return self.chance.random() < share

    def value(self, kind):
        return {kind: self.one({"S": TEXTS, "N": NUMBERS, "B": BINARIES}[kind])}

    def few(self, kind):
        """One of few values, so that partitions have several items."""
        return {kind: self.one({"S": TEXTS, "N": NUMBERS, "B": BINARIES}[kind][:3])}

    def projection(self):
        kind = self.one(["ALL", "ALL", "KEYS_ONLY", "INCLUDE"])
        projection = {"ProjectionType": kind}
        if kind == "INCLUDE":
            projection["NonKeyAttributes"] = ["v"]
        return projection

    def table(self, number):
        types = {"pk": self.one("SSN"), "g": self.one("SSN")}
        table_keys = ["pk"]
        if self.often(0.8):
            types["sk"] = self.one("SSNNB")
            table_keys.append("sk")
        globals_, locals_ = [("g-alone", ["g"])], []
        if self.often(0.8):
            types["h"] = self.one("SNB")
            globals_.append(("g-h", ["g", "h"]))
        if len(table_keys) == 2:
            types["l"] = self.one("SN")
            locals_.append(("pk-l", ["pk", "l"]))
            if self.often(0.5):
                globals_.append(("sk-pk", ["sk", "pk"]))
        return {
            "TableName": f"queries{number}", "KeySchema": schema(table_keys),
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
            "BillingMode": "PAY_PER_REQUEST",
            "GlobalSecondaryIndexes": [self.index(*each) for each in globals_],
        } | ({"LocalSecondaryIndexes": [self.index(*each) for each in locals_]} if locals_ else {})

    def index(self, name, keys):
        return {"IndexName": name, "KeySchema": schema(keys), "Projection": self.projection()}

    def items(self, table):
        types = types_of(table)
        items = {}
        for _ in range(ITEMS):
            item = {name: (self.few if name in ("pk", "g") else self.value)(kind)
                    for name, kind in types.items()
                    if name in ("pk", "sk") or self.often(0.8)}
            if "sk" not in types:
                item["pk"] = self.value(types["pk"])
            item |= {name: self.value(self.one("SN")) for name in PLAIN if self.often(0.7)}
            items[key_text(item, names_of(table))] = item
        return list(items.values())

    # Reads.

    def read(self, tables):
        table = self.one(tables)
        indexes = table["GlobalSecondaryIndexes"] + table.get("LocalSecondaryIndexes", [])
        index = self.one(indexes + [None])
        is_query = index is None or self.often(0.75)
        names = names_of(index or table)
        read = {"TableName": table["TableName"], "ReturnConsumedCapacity": "INDEXES"}
        if index:
            read["IndexName"] = index["IndexName"]
        aliases, values = {}, {}
        if is_query:
            read["KeyConditionExpression"] = self.condition(types_of(table), names, values)
            if self.often(0.5):
                read["ScanIndexForward"] = self.often(0.5)
        elif self.often(0.5):
            read["TotalSegments"] = self.one([1, 2, 5])
        if self.often(0.35):
            read["FilterExpression"] = self.filter(table, names, aliases, values)
        if self.often(0.3):
            names = self.chance.sample(PLAIN + list(types_of(table)), 2)
            read["ProjectionExpression"] = ", ".join(names)
        elif self.often(0.3):
            read["Select"] = self.one(
                ["COUNT", "ALL_ATTRIBUTES"] + (["ALL_PROJECTED_ATTRIBUTES"] if index else []))
        if self.often(0.6):
            read["Limit"] = self.one([1, 2, 3, 5, 100])
        if self.often(0.1):
            read["ConsistentRead"] = True
        if aliases:
            read["ExpressionAttributeNames"] = aliases
        if values:
            read["ExpressionAttributeValues"] = values
        return "query" if is_query else "scan", read

    def condition(self, types, names, values):
        values[":p"] = self.few(types[names[0]])
        conditions = [f"{names[0]} = :p"]
        if len(names) == 2 and self.often(0.6):
            conditions.append(self.sort_condition(names[1], types[names[1]], values))
        if self.often(0.3):
            conditions.reverse()
        if self.often(0.2):
            conditions = [f"({each})" for each in conditions]
        word = self.one(["AND", "and"])
        return f" {word} ".join(conditions)

    def sort_condition(self, name, kind, values):
        values[":a"] = self.value(kind)
        shape = self.one(["compare"] * 4 + ["between", "begins"])
        if shape == "begins" and kind != "N":
            return f"begins_with({name}, :a)"
        if shape == "between":
            values[":b"] = self.value(kind)
            values[":a"], values[":b"] = sorted(
                [values[":a"], values[":b"]], key=lambda value: ordered(value))
            return f"{name} BETWEEN :a AND :b"
        return f"{name} {self.one(['=', '<', '<=', '>', '>='])} :a"

    def filter(self, table, names, aliases, values):
        types = types_of(table)
        # Seldom a key, which is refused.
        others = PLAIN + [name for name in types if name not in names]
        name = self.one(names if self.often(0.05) else others)
        aliases["#f"] = name
        if self.often(0.4):
            return self.one(["attribute_exists(#f)", "attribute_not_exists(#f)"])
        values[":f"] = self.value(types.get(name, self.one("SN")))
        return f"#f {self.one(['=', '<>', '<', '>'])} :f"


def ordered(value):
    (kind, content), = value.items()
    return float(content) if kind == "N" else content.encode() if kind == "S" else content


def schema(names):
    return [{"AttributeName": name, "KeyType": kind}
            for name, kind in zip(names, ("HASH", "RANGE"))]


def names_of(described):
    return [key["AttributeName"] for key in described["KeySchema"]]


def types_of(table):
    return {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}


def item_text(item):
    return comparable({"M": item})


def key_text(item, names):
    return item_text({name: item[name] for name in names})


class Subject:
    """A server under comparison."""

    def __init__(self, name, url):
        self.name = name
        self.client = boto3.client(
            "dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False))

    def fill(self, table, items):
        self.client.create_table(**table)
        self.client.get_waiter("table_exists").wait(
            TableName=table["TableName"], WaiterConfig={"Delay": 0.05})
        for item in items:
            self.client.put_item(TableName=table["TableName"], Item=item)

    def answer(self, operation, read):
        """All pages of a read, of each segment in turn, or the error's code."""
        pages = []
        try:
            for segment in range(read.get("TotalSegments", 1)):
                request = dict(read)
                if "TotalSegments" in read:
                    request["Segment"] = segment
                while True:
                    pages.append(getattr(self.client, operation)(**request))
                    if "LastEvaluatedKey" not in pages[-1]:
                        break
                    request["ExclusiveStartKey"] = pages[-1]["LastEvaluatedKey"]
            return pages
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]


def excuses(table, read):
    """The known differences that may explain why another server answers otherwise."""
    indexes = {index["IndexName"]: index for index in
               table["GlobalSecondaryIndexes"] + table.get("LocalSecondaryIndexes", [])}
    index = indexes.get(read.get("IndexName"))
    keys = names_of(index or table)
    filtered = read.get("ExpressionAttributeNames", {}).get("#f")
    is_query = "KeyConditionExpression" in read
    if filtered in keys and is_query:
        yield "filter of keys"
    if len(keys) == 2 and types_of(table)[keys[1]] == "B":
        yield "binary order"
    if index is None or index["Projection"]["ProjectionType"] == "ALL":
        return
    is_global = index in table["GlobalSecondaryIndexes"]
    projected = {*keys, *names_of(table), *index["Projection"].get("NonKeyAttributes", [])}
    wanted = read.get("ProjectionExpression", "").split(", ")
    wants_more = read.get("Select") == "ALL_ATTRIBUTES" or not projected.issuperset(
        filter(None, wanted))
    if wants_more:
        yield "not projected" if is_global else "fetched"
    if filtered and filtered not in projected:
        yield "filter"


class Comparison:
    def __init__(self, subjects, chance):
        self.subjects, self.maker = subjects, Maker(chance)
        self.pool = concurrent.futures.ThreadPoolExecutor(len(subjects))
        self.tables = {}
        self.counts = collections.Counter()
        self.accepted = collections.Counter()
        for number in range(TABLES):
            table = self.maker.table(number)
            items = self.maker.items(table)
            self.tables[table["TableName"]] = table
            list(self.pool.map(lambda subject: subject.fill(table, items), subjects))

    def compare(self):
        operation, read = self.maker.read(list(self.tables.values()))
        answers = list(
            self.pool.map(lambda subject: subject.answer(operation, read), self.subjects))
        ours, moto, ministack = (self.told(operation, read, answer) for answer in answers)
        self.counts["compared"] += 1
        self.counts["items"] += 0 if isinstance(ours, str) else len(ours[0])
        self.counts["refused"] += isinstance(ours, str)
        self.counts["moto agrees"] += ours == moto
        self.counts["ministack agrees"] += ours == ministack
        if ours == ministack and self.units(answers[0]) == self.units(answers[2]):
            return
        reasons = set(excuses(self.tables[read["TableName"]], read))
        if not reasons:
            sys.exit(f"{operation} {json.dumps(read, default=str)}\nof "
                     f"{json.dumps(self.tables[read['TableName']])}\n"
                     f"dynaferry {ours} {self.units(answers[0])}\n"
                     f"ministack {ministack} {self.units(answers[2])}\nmoto {moto}")
        self.accepted.update(reasons)

    def told(self, operation, read, answer):
        """What of an answer must be the same everywhere.

        Partitions of a Scan come in an order that is each server's own, and so do the entries of
        a global index that have one sort key.
        """
        if isinstance(answer, str):
            return answer
        items = [item_text(item) for page in answer for item in page.get("Items", [])]
        scanned = [page["ScannedCount"] for page in answer]
        count = sum(page["Count"] for page in answer)
        keys = [page["LastEvaluatedKey"] for page in answer if "LastEvaluatedKey" in page]
        if operation == "scan":
            is_whole = read.get("TotalSegments", 1) == 1
            return sorted(items), count, scanned if is_whole else sum(scanned)
        table = self.tables[read["TableName"]]
        index = next((index for index in table["GlobalSecondaryIndexes"]
                      if index["IndexName"] == read.get("IndexName")), None)
        if not index:
            return items, count, scanned, [item_text(key) for key in keys]
        sorts = [[item_text({name: key[name]}) for name in names_of(index)] for key in keys]
        return sorted(items), count, scanned, sorts

    @staticmethod
    def units(answer):
        """What the first page has consumed; moto charges otherwise."""
        return None if isinstance(answer, str) else answer[0]["ConsumedCapacity"]


def main():
    *urls, count, seed = sys.argv[1:]
    subjects = [Subject(*pair) for pair in zip(("dynaferry", "moto", "ministack"), urls)]
    comparison = Comparison(subjects, random.Random(int(seed)))
    for _ in range(int(count)):
        comparison.compare()
    print(f"{dict(comparison.counts)}; known differences: {dict(comparison.accepted)}")


if __name__ == "__main__":
    main()
