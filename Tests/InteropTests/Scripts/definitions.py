"""Makes tables of generated definitions by boto3, and compares those of two names by it.

    definitions.py make URL PREFIX NUMBERS SEED        PREFIX-07, ... with a few items each
    definitions.py compare URL PREFIX PREFIX NUMBERS   fails where anything but names, ARNs, ids,
                                                       dates and counts differs

NUMBERS is like `0-39` or `7,11`: each stands for one definition.
"""

import json
import random
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

VIEWS = ["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"]
MODES = ["ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"]


def client(url):
    return boto3.client(
        "dynamodb", endpoint_url=url, region_name="us-east-1",
        aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 10, "mode": "standard"}))


# Making.


class Definition:
    """One random definition; the settings that have calls of their own beside it."""

    def __init__(self, name, random, number):
        self.random = random
        self.types = {}
        on_demand = number % 2 == 0
        with_maxima = number % 4 == 0
        self.input = {
            "TableName": name,
            "KeySchema": self.keys("id", "sort" if number % 3 else None),
            "BillingMode": "PAY_PER_REQUEST" if on_demand else "PROVISIONED",
        }
        self.units(self.input, on_demand, with_maxima)
        indexes = [self.global_index(i, on_demand, with_maxima) for i in range(number % 4)]
        if indexes:
            self.input["GlobalSecondaryIndexes"] = indexes
        if number % 3 and number % 5 == 0:
            self.input["LocalSecondaryIndexes"] = [
                self.local_index(i) for i in range(1 + number % 2)]
        if number % 5 == 1:
            self.input["TableClass"] = "STANDARD_INFREQUENT_ACCESS"
        if number % 6 == 2:
            self.input["DeletionProtectionEnabled"] = True
        self.key_of_table(number)
        if number % 3 == 0:
            self.input["StreamSpecification"] = {
                "StreamEnabled": True, "StreamViewType": VIEWS[number // 3 % 4]}
        tags = [{"Key": f"tag {i}", "Value": self.text()} for i in range(number % 7)]
        if tags:
            self.input["Tags"] = tags
        self.input["AttributeDefinitions"] = [
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in sorted(self.types.items())]

    def key_of_table(self, number):
        specification = [
            None, None, {"Enabled": True, "SSEType": "KMS"},
            {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId":
             "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"},
        ][number % 4]
        if specification:
            self.input["SSESpecification"] = specification

    def attribute(self, name):
        self.types.setdefault(name, self.random.choice("SNB"))
        return name

    def text(self):
        return self.random.choice(["", "team a", "Gewürz", "x=1 & y", "/path:+@"])

    def keys(self, *names):
        return [
            {"AttributeName": self.attribute(name), "KeyType": role}
            for name, role in zip(names, ["HASH", "RANGE"]) if name]

    def units(self, owner, on_demand, with_maxima):
        if not on_demand:
            owner["ProvisionedThroughput"] = {
                "ReadCapacityUnits": self.random.randint(1, 900),
                "WriteCapacityUnits": self.random.randint(100, 900)}
        elif with_maxima:
            owner["OnDemandThroughput"] = {
                "MaxReadRequestUnits": self.random.randint(100, 9000),
                "MaxWriteRequestUnits": self.random.randint(100, 9000)}

    def projection(self):
        kind = self.random.choice(["ALL", "KEYS_ONLY", "INCLUDE"])
        if kind != "INCLUDE":
            return {"ProjectionType": kind}
        names = self.random.sample(["one", "two", "three", "four"], self.random.randint(1, 3))
        return {"ProjectionType": kind, "NonKeyAttributes": names}

    def global_index(self, number, on_demand, with_maxima):
        if number == 2:
            # Of several attributes in each role.
            schema = [
                {"AttributeName": self.attribute(f"multi{i}"), "KeyType": role}
                for i, role in enumerate(["HASH", "HASH", "RANGE", "RANGE"])]
        else:
            schema = self.keys(f"g{number}", self.random.choice([None, "shared"]))
        index = {
            "IndexName": f"index-{number}", "KeySchema": schema, "Projection": self.projection()}
        self.units(index, on_demand, with_maxima)
        return index

    def local_index(self, number):
        return {
            "IndexName": f"local-{number}", "KeySchema": self.keys("id", f"l{number}"),
            "Projection": self.projection()}

    def item(self, number):
        values = {"S": lambda i: f"v{i}", "N": str, "B": lambda i: b"b%d" % i}
        return {
            name: {kind: values[kind](number)} for name, kind in self.types.items()
        } | {"payload": {"S": "x" * self.random.randint(0, 300)}}


def make(database, prefix, numbers, seed):
    for number in numbers:
        name = f"{prefix}-{number:02}"
        definition = Definition(name, random.Random(f"{seed} {number}"), number)
        arn = database.create_table(**definition.input)["TableDescription"]["TableArn"]
        database.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        for item in range(number % 9):
            database.put_item(TableName=name, Item=definition.item(item))
        settings(database, name, arn, number, definition)


def settings(database, name, arn, number, definition):
    if number % 3 == 1:
        database.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": f"expires{number}"})
    if number % 4 in (1, 2):
        recover(database, name, 1 + number % 35)
    if number % 5 in (2, 3):
        database.update_contributor_insights(
            TableName=name, ContributorInsightsAction="ENABLE",
            ContributorInsightsMode=MODES[number % 2])
    if number % 4 == 3 and "GlobalSecondaryIndexes" in definition.input:
        database.update_contributor_insights(
            TableName=name, IndexName="index-0", ContributorInsightsAction="ENABLE",
            ContributorInsightsMode=MODES[number // 4 % 2])
    if number % 6 == 5:
        database.put_resource_policy(ResourceArn=arn, Policy=json.dumps({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
                "Action": ["dynamodb:GetItem"], "Resource": arn}]}))


def recover(database, name, days):
    """A new table's backups are being enabled for a moment."""
    for _ in range(100):
        try:
            database.update_continuous_backups(
                TableName=name,
                PointInTimeRecoverySpecification={
                    "PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": days})
            return
        except database.exceptions.ContinuousBackupsUnavailableException:
            time.sleep(0.05)
    sys.exit(f"the backups of {name} are not enabled")


# Comparing.

OWN = {
    "TableName", "TableArn", "TableId", "CreationDateTime", "LatestStreamArn",
    "LatestStreamLabel", "ItemCount", "TableSizeBytes", "IndexArn", "IndexSizeBytes",
    "LastUpdateToPayPerRequestDateTime", "LastIncreaseDateTime", "LastDecreaseDateTime",
    "NumberOfDecreasesToday", "EarliestRestorableDateTime", "LatestRestorableDateTime",
}


def plain(value):
    """Without what is a table's own; lists whose order means nothing in one order."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items() if name not in OWN}
    if isinstance(value, list):
        return [plain(element) for element in value]
    return value


def described(database, name, items=True):
    table = plain(database.describe_table(TableName=name)["Table"])
    arn = database.describe_table(TableName=name)["Table"]["TableArn"]
    for listed, key in (
            ("GlobalSecondaryIndexes", "IndexName"), ("LocalSecondaryIndexes", "IndexName"),
            ("AttributeDefinitions", "AttributeName")):
        if listed in table:
            table[listed].sort(key=lambda element: element[key])
    insights = database.list_contributor_insights(TableName=name)["ContributorInsightsSummaries"]
    return {
        "table": table,
        "tags": sorted(
            (tag["Key"], tag["Value"])
            for tag in database.list_tags_of_resource(ResourceArn=arn).get("Tags", [])),
        "ttl": database.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
        "recovery": plain(
            database.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]),
        "insights": sorted(
            (one.get("IndexName", ""), one["ContributorInsightsStatus"],
             one.get("ContributorInsightsMode")) for one in insights
            if one["ContributorInsightsStatus"] != "DISABLED"),
        "policy": policy(database, arn, name),
        "items": sorted(map(repr, database.scan(TableName=name)["Items"])) if items else None,
    }


def policy(database, arn, name):
    try:
        text = database.get_resource_policy(ResourceArn=arn)["Policy"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "PolicyNotFoundException", error
        return None
    return json.loads(text.replace(name, "NAME"))


def compare(database, one, other, numbers):
    failures = 0
    for number in numbers:
        names = [f"{prefix}-{number:02}" for prefix in (one, other)]
        sides = [described(database, name) for name in names]
        for part in sides[0]:
            if sides[0][part] != sides[1][part]:
                failures += 1
                print(f"{names[1]}: {part} differs:\n  {sides[0][part]}\n  {sides[1][part]}")
    print(f"{len(numbers)} pairs, {failures} differences")
    return failures


def numbers(text):
    if "-" in text:
        first, last = text.split("-")
        return range(int(first), int(last) + 1)
    return [int(number) for number in text.split(",")]


if __name__ == "__main__":
    command, url, *words = sys.argv[1:]
    database = client(url)
    if command == "make":
        make(database, words[0], numbers(words[1]), words[2])
    else:
        sys.exit(1 if compare(database, words[0], words[1], numbers(words[2])) else 0)
