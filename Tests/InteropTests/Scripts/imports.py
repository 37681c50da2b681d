"""Native imports of the embedded server beside those of moto and ministack, by boto3.

    imports.py OURS MOTO MINISTACK

Each server gets the same objects and the same requests, and must tell the same as far as the others
go: moto reads JSON alone and has no failure codes but for buckets, ministack reads no Ion. Any fault
ends it with a message.
"""

import gzip
import json
import sys
import time

from boto3.dynamodb.types import TypeSerializer

from boto3_against_serve import check, equal
from files import KEYS, client, scan

BUCKET = "imports"
EXPORT = "out/AWSDynamoDB/01700000000000-abcdef01/"


def lines(items):
    serializer = TypeSerializer()
    return "".join(
        json.dumps({"Item": serializer.serialize(item)["M"]}, separators=(",", ":")) + "\n"
        for item in items).encode()


def put_objects(endpoint):
    """An export of two files as DynamoDB writes it, and what is wrong in one way or another."""
    s3 = client("s3", endpoint)
    s3.create_bucket(Bucket=BUCKET)
    items = [{"pk": f"key {n // 4}", "sk": n % 4, "text": "x" * (n % 50 + 1)} for n in range(200)]
    csv = "pk,sk,note\n" + "".join(f'"k, {n}",{n},"""{n}"""\n' for n in range(9)) + "last,1,\n"
    bad = lines(items[:3]) + b'{"Item":{"pk":{"S":"x"}}}\n' + lines(items[3:5])
    for key, body in {
        EXPORT + "_started": b"",
        EXPORT + "manifest-summary.json": b'{"version":"2020-06-30"}',
        EXPORT + "data/aaaa.json.gz": gzip.compress(lines(items[:120])),
        EXPORT + "data/bbbb.json.gz": gzip.compress(lines(items[120:])),
        "csv/x.csv": csv.encode(), "bad/x.json": bad,
    }.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)


def run(endpoint, table, bucket=BUCKET, prefix="", form="DYNAMODB_JSON", compression="NONE"):
    """How an import ended."""
    dynamodb = client("dynamodb", endpoint)
    begun = dynamodb.import_table(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": prefix}, InputFormat=form,
        InputCompressionType=compression, TableCreationParameters={"TableName": table, **KEYS},
    )["ImportTableDescription"]
    deadline = time.monotonic() + 60
    found = begun
    while found["ImportStatus"] == "IN_PROGRESS" and time.monotonic() < deadline:
        time.sleep(0.05)
        found = dynamodb.describe_import(
            ImportArn=begun["ImportArn"])["ImportTableDescription"]
    return found


def counts(found):
    return [found["ImportStatus"]] + [
        found[f"{name}Count"] for name in ("ProcessedItem", "ImportedItem", "Error")]


def check_export(ours, others):
    wanted = None
    for endpoint in [ours] + others:
        found = run(endpoint, "export", prefix=EXPORT + "data/", compression="GZIP")
        equal(counts(found), ["COMPLETED", 200, 200, 0], endpoint)
        items = scan(endpoint, "export")
        equal(len(items), 200, "items")
        wanted = wanted or items
        equal(items, wanted, endpoint)
    described = client("dynamodb", ours).describe_table(TableName="export")["Table"]
    equal(described["TableStatus"], "ACTIVE", "table")


def check_bad_item(ours, others):
    wanted = None
    for endpoint in [ours] + others:
        found = run(endpoint, "bad", prefix="bad/")
        equal(counts(found), ["FAILED", 6, 5, 1], endpoint)
        wanted = wanted or scan(endpoint, "bad")
        equal(scan(endpoint, "bad"), wanted, endpoint)


def check_csv(ours, ministack):
    found, other = (run(endpoint, "csv", prefix="csv/", form="CSV")
                    for endpoint in (ours, ministack))
    equal(counts(found), counts(other), "csv")
    equal(counts(found), ["COMPLETED", 10, 10, 0], "csv")
    equal(found["ProcessedSizeBytes"], other["ProcessedSizeBytes"], "size")
    equal(scan(ours, "csv"), scan(ministack, "csv"), "csv")


def check_missing_bucket(ours, others):
    for endpoint in [ours] + others:
        found = run(endpoint, "nowhere", bucket="none-such")
        equal((found["ImportStatus"], found["FailureCode"]), ("FAILED", "S3NoSuchBucket"), endpoint)
        check("nowhere" not in client("dynamodb", endpoint).list_tables()["TableNames"], endpoint)


def check_log(ours, ministack):
    """What went wrong, as a reader of the log finds it."""
    messages = []
    for endpoint in (ours, ministack):
        found = run(endpoint, "logged", prefix="bad/")
        equal(found["FailureCode"], "ItemValidationError", endpoint)
        logs = client("logs", endpoint)
        group = "/aws-dynamodb/imports"
        stream = found["ImportArn"].rsplit("/", 1)[-1] + "/error"
        names = [s["logStreamName"] for s in logs.describe_log_streams(
            logGroupName=group)["logStreams"]]
        check(stream in names, f"{stream} in {names}")
        events = logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]
        equal(len(events), 1, "events")
        message = json.loads(events[0]["message"])
        equal(message.pop("importArn"), found["ImportArn"], "arn")
        messages.append(message)
    equal(messages[0], messages[1], "log")
    equal(messages[0]["itemS3Pointer"], {"bucket": BUCKET, "key": "bad/x.json", "itemIndex": 3},
          "pointer")


def check_lists(ours):
    """What the model of boto3 wants of replies, and pages."""
    dynamodb = client("dynamodb", ours)
    summaries = dynamodb.list_imports(PageSize=2)
    equal(len(summaries["ImportSummaryList"]), 2, "page")
    rest = dynamodb.list_imports(NextToken=summaries["NextToken"])
    arns = [s["ImportArn"] for s in summaries["ImportSummaryList"] + rest["ImportSummaryList"]]
    equal(len(set(arns)), 5, "imports")
    found = dynamodb.describe_import(ImportArn=arns[0])["ImportTableDescription"]
    check(found["EndTime"] > found["StartTime"], "times")
    equal(found["TableCreationParameters"]["KeySchema"], KEYS["KeySchema"], "parameters")
    try:
        run(ours, "export")
    except dynamodb.exceptions.ResourceInUseException:
        return
    raise AssertionError("a table was imported over another")


def main(ours, moto, ministack):
    for endpoint in (ours, moto, ministack):
        put_objects(endpoint)
    check_export(ours, [moto, ministack])
    check_bad_item(ours, [moto, ministack])
    check_csv(ours, ministack)
    check_missing_bucket(ours, [moto, ministack])
    check_log(ours, ministack)
    check_lists(ours)


if __name__ == "__main__":
    main(*sys.argv[1:])
