#!/usr/bin/env python3
"""Exports tables of the embedded server with boto3, and reads what it wrote.

usage: boto3_exports.py --endpoint URL --guarded URL

Both servers have the bucket `things`. That at --guarded has the users AKIDREADER (read), AKIDWRITER
(write) and AKIDLIMITED (write but PutObject), and lets its first export fail with S3AccessDenied.
Exits 0 when all holds, 1 with the first thing that does not.
"""

import argparse
import base64
import gzip
import hashlib
import json
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

from boto3_against_serve import check, equal, key, refused, simple_table, unique


def service(name, endpoint, access_key="AKIDEXAMPLE", secret="secret"):
    return boto3.client(
        name, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=access_key,
        aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}))


def switch_recovery_on(dynamo, table):
    """Backups come a moment after the table."""
    for _ in range(200):
        try:
            return dynamo.update_continuous_backups(
                TableName=table, PointInTimeRecoverySpecification={
                    "PointInTimeRecoveryEnabled": True})
        except dynamo.exceptions.ContinuousBackupsUnavailableException:
            time.sleep(0.05)
    raise AssertionError("recovery can't be switched on")


def finish(dynamo, **request):
    arn = dynamo.export_table_to_point_in_time(
        S3Bucket="things", **request)["ExportDescription"]["ExportArn"]
    for _ in range(200):
        export = dynamo.describe_export(ExportArn=arn)["ExportDescription"]
        if export["ExportStatus"] != "IN_PROGRESS":
            return export
        time.sleep(0.05)
    raise AssertionError("the export does not end")


def advance(endpoint, seconds):
    request = urllib.request.Request(f"{endpoint}/_clock?advance={seconds}", method="POST")
    return json.load(urllib.request.urlopen(request))["now"]


def read(s3, export):
    """The lines of an export, by its manifests, each file checked."""
    def get(key):
        return s3.get_object(Bucket=export["S3Bucket"], Key=key)["Body"].read()

    summary_bytes = get(export["ExportManifest"])
    checksum = get(export["ExportManifest"].removesuffix("json") + "md5")
    equal(base64.b64decode(checksum), hashlib.md5(summary_bytes).digest(), "checksum")
    summary = json.loads(summary_bytes)
    lines = []
    for entry in map(json.loads, get(summary["manifestFilesS3Key"]).splitlines()):
        data = get(entry["dataFileS3Key"])
        digest = hashlib.md5(data).digest()
        equal(base64.b64decode(entry["md5Checksum"]), digest, "a file's checksum")
        equal(entry["etag"], hashlib.md5(digest).hexdigest() + "-1", "a file's ETag")
        head = s3.head_object(Bucket=export["S3Bucket"], Key=entry["dataFileS3Key"])
        equal(head["ETag"], f'"{entry["etag"]}"', "an object's ETag")
        own = [json.loads(line) for line in gzip.decompress(data).splitlines()]
        equal(entry["itemCount"], len(own), "a file's items")
        lines += own
    equal(summary["itemCount"], len(lines), "items")
    equal(export["ItemCount"], len(lines), "items that are told")
    return summary, lines


def check_exports(endpoint):
    dynamo, s3 = service("dynamodb", endpoint), service("s3", endpoint)
    table = simple_table(dynamo, unique("exported"))
    arn = dynamo.describe_table(TableName=table)["Table"]["TableArn"]
    items = [{**key(number), "v": {"S": "old"}} for number in range(50)]
    for item in items:
        dynamo.put_item(TableName=table, Item=item)
    refused(dynamo.export_table_to_point_in_time, "PointInTimeRecoveryUnavailableException",
            f"not enabled for table '{table}'", TableArn=arn, S3Bucket="things")
    switch_recovery_on(dynamo, table)

    full = finish(dynamo, TableArn=arn, S3Prefix="in/here")
    equal(full["ExportStatus"], "COMPLETED", "status")
    check("ExportType" not in full, "a full export does not tell its type")
    check(full["ClientToken"], "boto3 sends a token by itself")
    summary, lines = read(s3, full)
    equal(summary["version"], "2020-06-30", "version")
    order = lambda items: sorted(items, key=json.dumps)
    equal(order(line["Item"] for line in lines), order(items), "items")

    advance(endpoint, 60)
    restorable = dynamo.describe_continuous_backups(TableName=table)[
        "ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    start = restorable["EarliestRestorableDateTime"]
    dynamo.put_item(TableName=table, Item={**key(1), "v": {"S": "new"}})
    dynamo.delete_item(TableName=table, Key=key(2))
    advance(endpoint, 1000)
    window = finish(dynamo, TableArn=arn, ExportType="INCREMENTAL_EXPORT",
                    IncrementalExportSpecification={"ExportFromTime": start})
    equal(window["ExportType"], "INCREMENTAL_EXPORT", "type")
    equal(window["BilledSizeBytes"], 10_000_000, "what is billed at least")
    summary, lines = read(s3, window)
    equal(summary["version"], "2023-08-01", "version")
    changes = {line["Keys"]["sk"]["N"]: (line.get("OldImage"), line.get("NewImage"))
               for line in lines}
    old = {item["sk"]["N"]: item for item in items}
    changed, deleted = "1", "2"
    equal(changes, {changed: (old[changed], {**key(1), "v": {"S": "new"}}),
                    deleted: (old[deleted], None)}, "changes")

    first = dynamo.list_exports(TableArn=arn, MaxResults=1)
    rest = dynamo.list_exports(TableArn=arn, MaxResults=1, NextToken=first["NextToken"])
    check("NextToken" not in rest, "the list ends")
    equal([summary["ExportArn"] for page in (first, rest) for summary in page["ExportSummaries"]],
          [window["ExportArn"], full["ExportArn"]], "list")
    refused(dynamo.describe_export, "ExportNotFoundException", "Export not found",
            ExportArn=full["ExportArn"] + "0")
    meter = json.load(urllib.request.urlopen(f"{endpoint}/_meter"))
    equal(meter["exports"][table], {"full": 1, "incremental": 1}, "exports")


def check_access(endpoint):
    writer = service("dynamodb", endpoint, "AKIDWRITER", "two")
    table = simple_table(writer, unique("guarded"))
    arn = writer.describe_table(TableName=table)["Table"]["TableArn"]
    switch_recovery_on(writer, table)
    request = dict(TableArn=arn, S3Bucket="things")
    reader = service("dynamodb", endpoint, "AKIDREADER", "one")
    refused(reader.export_table_to_point_in_time, "AccessDeniedException",
            "dynamodb:ExportTableToPointInTime on resource: " + arn, **request)
    failed = finish(writer, TableArn=arn)
    equal((failed["ExportStatus"], failed["FailureCode"]), ("FAILED", "S3AccessDenied"), "failure")
    equal(reader.describe_export(ExportArn=failed["ExportArn"])["ExportDescription"], failed,
          "what a reader sees")
    limited = finish(service("dynamodb", endpoint, "AKIDLIMITED", "three"), TableArn=arn)
    check("is not authorized to perform: s3:PutObject" in limited["FailureMessage"], "rights")
    equal(finish(writer, TableArn=arn)["ExportStatus"], "COMPLETED", "status")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--guarded", required=True)
    arguments = parser.parse_args()
    check_exports(arguments.endpoint)
    check_access(arguments.guarded)


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failure:
        print(f"failed: {failure}", file=sys.stderr)
        sys.exit(1)
