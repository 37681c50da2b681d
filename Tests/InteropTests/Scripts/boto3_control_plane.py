#!/usr/bin/env python3
"""Drives the embedded server's operations on tables and their settings with boto3.

usage: boto3_control_plane.py --endpoint URL --slow URL --guarded URL

The server at --slow was started with --settle-ms 600, that at --guarded with the users AKIDREADER
(read), AKIDWRITER (write), AKIDLIMITED (write but BatchWriteItem and TagResource) and AKIDNOBODY
(none), and without UpdateTimeToLive and DescribeTimeToLive.
Exits 0 when all holds, 1 with the first thing that does not.
"""

import argparse
import json
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

from boto3_against_serve import check, client, equal, key, refused, settle, simple_table, unique


def arn(name):
    return f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}"


def check_creation(dynamo):
    """Everything that CreateTable takes is told again."""
    name = unique("full")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": arn(name)}]})
    letters = "abcdefgh"
    simple_table(
        dynamo, name,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "N" if n == "sk" else "S"}
                              for n in ("pk", "sk", *letters)],
        GlobalSecondaryIndexes=[{
            "IndexName": "wide",
            "KeySchema": [{"AttributeName": n, "KeyType": "HASH" if n < "e" else "RANGE"}
                          for n in letters],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]},
            "OnDemandThroughput": {"MaxReadRequestUnits": 11, "MaxWriteRequestUnits": 12},
            "WarmThroughput": {"ReadUnitsPerSecond": 12001, "WriteUnitsPerSecond": 4001},
        }],
        LocalSecondaryIndexes=[{
            "IndexName": "local", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                          {"AttributeName": "a", "KeyType": "RANGE"}],
        }],
        OnDemandThroughput={"MaxReadRequestUnits": 21, "MaxWriteRequestUnits": 22},
        WarmThroughput={"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000},
        TableClass="STANDARD_INFREQUENT_ACCESS", DeletionProtectionEnabled=True,
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/mine"},
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        Tags=[{"Key": "team", "Value": "sea"}], ResourcePolicy=policy,
    )
    table = settle(dynamo, name)
    wide, = table["GlobalSecondaryIndexes"]
    equal([k["KeyType"] for k in wide["KeySchema"]], ["HASH"] * 4 + ["RANGE"] * 4, "wide keys")
    equal(wide["Projection"]["NonKeyAttributes"], ["x", "y"], "projection")
    equal(wide["OnDemandThroughput"]["MaxWriteRequestUnits"], 12, "index maximum")
    equal(wide["WarmThroughput"]["ReadUnitsPerSecond"], 12001, "index warm throughput")
    check("Backfilling" not in wide, "an index that is made with its table is not backfilled")
    equal(table["LocalSecondaryIndexes"][0]["IndexArn"], f"{arn(name)}/index/local", "index ARN")
    equal(table["OnDemandThroughput"]["MaxReadRequestUnits"], 21, "maximum")
    equal(table["WarmThroughput"]["Status"], "ACTIVE", "warm throughput")
    equal(table["TableClassSummary"]["TableClass"], "STANDARD_INFREQUENT_ACCESS", "class")
    equal(table["SSEDescription"]["Status"], "ENABLED", "encryption")
    check(table["SSEDescription"]["KMSMasterKeyArn"].startswith("arn:aws:kms:"), "key")
    equal(table["LatestStreamArn"], f"{arn(name)}/stream/{table['LatestStreamLabel']}", "stream")
    equal(dynamo.get_resource_policy(ResourceArn=arn(name))["Policy"], policy, "policy")
    refused(dynamo.delete_table, "ValidationException", "protected against deletion",
            TableName=name)
    dynamo.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamo.delete_table(TableName=name)


def check_index_creation(dynamo):
    """An index that is added to a table with items, and what it is good for."""
    name = simple_table(dynamo, unique("grown"))
    for number, city in enumerate([{"S": "Rome"}, {"S": "Oslo"}, {"N": "7"}, {"S": ""}]):
        dynamo.put_item(TableName=name, Item={**key(number), "city": city})
    dynamo.put_item(TableName=name, Item=key(9))
    create = dict(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "city", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "by-city", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "city", "KeyType": "HASH"}]}}])
    index, = dynamo.update_table(**create)["TableDescription"]["GlobalSecondaryIndexes"]
    equal((index["IndexStatus"], index["Backfilling"]), ("CREATING", False), "a new index")
    equal(settle(dynamo, name)["GlobalSecondaryIndexes"][0]["ItemCount"], 2, "items in the index")
    used = dynamo.put_item(TableName=name, Item={**key(9), "city": {"S": "Bonn"}},
                           ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    equal(used["GlobalSecondaryIndexes"]["by-city"]["CapacityUnits"], 1.0, "its units")
    refused(dynamo.put_item, "ValidationException", "Type mismatch for Index Key city",
            TableName=name, Item={**key(2), "city": {"N": "7"}})
    refused(dynamo.update_table, "ValidationException", "already exists", **create)
    delete = {"Delete": {"IndexName": "by-city"}}
    refused(dynamo.update_table, "LimitExceededException", "Only 1 online index", **{
        **create, "GlobalSecondaryIndexUpdates": [delete, {"Create": {
            **create["GlobalSecondaryIndexUpdates"][0]["Create"], "IndexName": "another"}}]})
    refused(dynamo.update_table, "ResourceNotFoundException", "Index none for table",
            TableName=name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "none"}}])
    dynamo.update_table(TableName=name, GlobalSecondaryIndexUpdates=[delete])
    for _ in range(200):
        if "GlobalSecondaryIndexes" not in settle(dynamo, name):
            break
        time.sleep(0.02)
    table = settle(dynamo, name)
    check("GlobalSecondaryIndexes" not in table, "a deleted index is gone")
    equal(len(table["AttributeDefinitions"]), 2, "attributes once the index is gone")
    dynamo.delete_table(TableName=name)


def check_settings(dynamo):
    """What has operations of its own."""
    name = simple_table(dynamo, unique("settings"))
    resource = arn(name)
    ttl = lambda on, attribute="until": dict(
        TableName=name, TimeToLiveSpecification={"Enabled": on, "AttributeName": attribute})
    refused(dynamo.update_time_to_live, "ValidationException", "already disabled", **ttl(False))
    dynamo.update_time_to_live(**ttl(True))
    refused(dynamo.update_time_to_live, "ValidationException", "TimeToLive is already enabled",
            **ttl(True))
    refused(dynamo.update_time_to_live, "ValidationException", "multiple times", **ttl(False))
    described = dynamo.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    equal(described["AttributeName"], "until", "time to live")

    tags = [{"Key": f"k{n}", "Value": str(n)} for n in range(25)]
    dynamo.tag_resource(ResourceArn=resource, Tags=tags)
    dynamo.untag_resource(ResourceArn=resource, TagKeys=["k3"])
    found = [tag for page in dynamo.get_paginator("list_tags_of_resource").paginate(
        ResourceArn=resource) for tag in page["Tags"]]
    equal(found, [tag for tag in tags if tag["Key"] != "k3"], "tags")
    refused(dynamo.tag_resource, "ValidationException", "cannot be prefixed with aws:",
            ResourceArn=resource, Tags=[{"Key": "aws:x", "Value": ""}])

    recovery = lambda **specification: dict(
        TableName=name, PointInTimeRecoverySpecification=specification)
    for _ in range(100):
        backups = dynamo.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        if backups["ContinuousBackupsStatus"] == "ENABLED":
            break
        time.sleep(0.02)
    dynamo.update_continuous_backups(
        **recovery(PointInTimeRecoveryEnabled=True, RecoveryPeriodInDays=9))
    backups = dynamo.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    equal(backups["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"], 9, "recovery period")
    refused(dynamo.describe_continuous_backups, "TableNotFoundException", "none-such",
            TableName="none-such")

    dynamo.update_contributor_insights(
        TableName=name, ContributorInsightsAction="ENABLE",
        ContributorInsightsMode="THROTTLED_KEYS")
    insights = dynamo.describe_contributor_insights(TableName=name)
    check(insights["ContributorInsightsStatus"] in ("ENABLING", "ENABLED"), "insights")
    listed = dynamo.list_contributor_insights(TableName=name)["ContributorInsightsSummaries"]
    equal([entry["ContributorInsightsMode"] for entry in listed], ["THROTTLED_KEYS"], "list")

    refused(dynamo.get_resource_policy, "PolicyNotFoundException", resource, ResourceArn=resource)
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Resource": resource}]})
    revision = dynamo.put_resource_policy(ResourceArn=resource, Policy=policy)["RevisionId"]
    equal(dynamo.get_resource_policy(ResourceArn=resource)["RevisionId"], revision, "revision")
    dynamo.delete_resource_policy(ResourceArn=resource, ExpectedRevisionId=revision)

    stream = "arn:aws:kinesis:us-east-1:000000000000:stream/changes"
    dynamo.enable_kinesis_streaming_destination(TableName=name, StreamArn=stream)
    destinations = dynamo.describe_kinesis_streaming_destination(TableName=name)
    equal(destinations["KinesisDataStreamDestinations"][0]["StreamArn"], stream, "destination")

    key_id = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "1234"}
    refused(dynamo.update_table, "ValidationException", "must be the only operation",
            TableName=name, SSESpecification=key_id, DeletionProtectionEnabled=True)
    dynamo.update_table(TableName=name, SSESpecification=key_id)
    view = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    dynamo.update_table(TableName=name, StreamSpecification=view)
    equal(settle(dynamo, name)["StreamSpecification"], view, "stream")
    refused(dynamo.update_table, "ValidationException", "already has an enabled stream",
            TableName=name, StreamSpecification=view)
    equal(dynamo.describe_limits()["TableMaxWriteCapacityUnits"], 40000, "limits")
    check(dynamo.describe_endpoints()["Endpoints"], "endpoints")
    dynamo.delete_table(TableName=name)


def check_slowness(dynamo):
    name = unique("slow")
    dynamo.create_table(
        TableName=name, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")
    equal(dynamo.describe_table(TableName=name)["Table"]["TableStatus"], "CREATING", "status")
    refused(dynamo.update_table, "ResourceInUseException", "Table is being created",
            TableName=name, DeletionProtectionEnabled=True)
    settle(dynamo, name)
    dynamo.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    described = dynamo.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    equal(described["TimeToLiveStatus"], "ENABLING", "time to live")


def check_access(endpoint):
    def user(access_key, secret):
        return boto3.client(
            "dynamodb", endpoint_url=endpoint, region_name="us-east-1",
            aws_access_key_id=access_key, aws_secret_access_key=secret,
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}))

    reader, writer = user("AKIDREADER", "one"), user("AKIDWRITER", "two")
    limited, nobody = user("AKIDLIMITED", "three"), user("AKIDNOBODY", "four")
    name = simple_table(writer, unique("guarded"))
    put = dict(RequestItems={name: [{"PutRequest": {"Item": key(1)}}]})
    writer.batch_write_item(**put)
    equal(reader.scan(TableName=name)["Count"], 1, "a reader reads")
    denial = ("is not authorized to perform: dynamodb:{0} on resource: " + arn(name)
              + " because no identity-based policy allows the dynamodb:{0} action")
    for who, call, operation, arguments in [
        (reader, reader.batch_write_item, "BatchWriteItem", put),
        (limited, limited.batch_write_item, "BatchWriteItem", put),
        (limited, limited.tag_resource, "TagResource",
         dict(ResourceArn=arn(name), Tags=[{"Key": "a", "Value": "b"}])),
        (nobody, nobody.describe_table, "DescribeTable", dict(TableName=name)),
        (reader, reader.delete_table, "DeleteTable", dict(TableName=name)),
    ]:
        refused(call, "AccessDeniedException", denial.format(operation), **arguments)
    limited.put_item(TableName=name, Item=key(2))
    refused(limited.create_table, "AccessDeniedException", "dynamodb:TagResource",
            TableName="tagged", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[], Tags=[{"Key": "a", "Value": "b"}])
    refused(user("AKIDREADER", "two").list_tables, "InvalidSignatureException", "signature")
    refused(writer.describe_time_to_live, "UnknownOperationException", "DescribeTimeToLive",
            TableName=name)
    with urllib.request.urlopen(endpoint + "/_meter") as reply:
        counts = json.load(reply)["requests_by_table"][name]
    equal((counts["BatchWriteItem"], counts["Scan"], counts["TagResource"]), (3, 1, 1), "meter")


def main():
    parser = argparse.ArgumentParser()
    for name in ("--endpoint", "--slow", "--guarded"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    dynamo = client(options.endpoint)
    for step, subject in ((check_creation, dynamo), (check_index_creation, dynamo),
                          (check_settings, dynamo), (check_slowness, client(options.slow)),
                          (check_access, options.guarded)):
        step(subject)
        print(f"{step.__name__}: ok", flush=True)


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failure:
        print(f"failed: {failure}", file=sys.stderr)
        sys.exit(1)
