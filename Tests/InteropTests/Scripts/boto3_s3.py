#!/usr/bin/env python3
"""Drives the S3 of the embedded server with boto3 and checks what comes back.

usage: boto3_s3.py --endpoint URL --folder URL --secure URL --certificate FILE --faulty URL

The server at --folder keeps its objects in a folder; that at --secure speaks TLS with the
certificate and asks for signatures of AKIDEXAMPLE; that at --faulty has faults that boto3's retries
can overcome. All have the bucket "things", and that at --endpoint "far" in eu-west-1.
Exits 0 when all holds, 1 with the first thing that does not.
"""

import argparse
import base64
import hashlib
import io
import random
import sys

import boto3
import botocore.exceptions
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from boto3_against_serve import check, equal

BUCKET = "things"
KEYS = [
    "plain", "a b", "a+b", "a%b", "a%20b", "é", "e\u0301", "漢字/😀", "~", "!*'()", "a//b", "/lead",
    "trail/", "..", "../x", "a/../b", ".", "q?a=b&c#d", "quote\"<>&", "tab\tline\n", "\\", ":@$,;=",
    "k" * 1024, "é" * 512,
]


def client(endpoint, secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", attempts=1, verify=None,
           region="us-east-1", **settings):
    return boto3.client(
        "s3", endpoint_url=endpoint, region_name=region, verify=verify,
        aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key=secret,
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts},
                      read_timeout=60, **settings))


def refused(call, code, status, **arguments):
    """The call must fail with this code."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        equal(error.response["Error"]["Code"], code, "code")
        equal(error.response["ResponseMetadata"]["HTTPStatusCode"], status, "status")
        return error.response
    raise AssertionError(f"{call.__name__} was not refused: wanted {code}")


def read(s3, key, **arguments):
    return s3.get_object(Bucket=BUCKET, Key=key, **arguments)["Body"].read()


def listed(s3, **arguments):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, **arguments)
    return [(o["Key"], o["Size"], o["ETag"]) for page in pages for o in page.get("Contents", [])]


def check_buckets(s3):
    s3.create_bucket(Bucket="new-bucket")
    equal(sorted(b["Name"] for b in s3.list_buckets()["Buckets"])[-2:], ["new-bucket", BUCKET],
          "buckets")
    refused(s3.create_bucket, "BucketAlreadyOwnedByYou", 409, Bucket="new-bucket")
    equal(s3.get_bucket_location(Bucket="new-bucket")["LocationConstraint"], None, "location")
    s3.delete_bucket(Bucket="new-bucket")
    refused(s3.head_bucket, "404", 404, Bucket="new-bucket")
    refused(s3.list_objects_v2, "NoSuchBucket", 404, Bucket="new-bucket")
    refused(s3.get_bucket_acl, "NotImplemented", 501, Bucket=BUCKET)


def check_keys(s3):
    """Keys of every sort come back, in the order of their bytes."""
    for key in KEYS:
        put = s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode(), Metadata={"n": "1"})
        equal(put["ETag"], f'"{hashlib.md5(key.encode()).hexdigest()}"', f"ETag of {key!r}")
    for key in KEYS:
        got = s3.get_object(Bucket=BUCKET, Key=key)
        equal((got["Body"].read(), got["Metadata"]), (key.encode(), {"n": "1"}), f"{key!r}")
        equal(s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"], len(key.encode()), key)
    ordered = sorted(KEYS, key=str.encode)
    equal([o[0] for o in listed(s3)], ordered, "all keys")
    equal([o[0] for o in listed(s3, PaginationConfig={"PageSize": 3})], ordered, "small pages")
    top = s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")
    names = [o["Key"] for o in top["Contents"]] + [p["Prefix"] for p in top["CommonPrefixes"]]
    expected = {k.split("/")[0] + "/" if "/" in k else k for k in KEYS}
    equal(sorted(names), sorted(expected), "folders")
    for key in KEYS[::2]:
        s3.delete_object(Bucket=BUCKET, Key=key)
    # XML has no place for some characters of keys, and botocore does not mind.
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": k} for k in KEYS[1::2]]})
    equal(listed(s3), [], "keys that are left")
    s3.delete_object(Bucket=BUCKET, Key="plain")
    refused(s3.get_object, "NoSuchKey", 404, Bucket=BUCKET, Key="plain")
    refused(s3.head_object, "404", 404, Bucket=BUCKET, Key="plain")


def check_many(s3):
    """A page has 1,000 keys at most."""
    keys = [f"many/{number:05}" for number in range(1203)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    page = s3.list_objects_v2(Bucket=BUCKET, MaxKeys=2000)
    equal((len(page["Contents"]), page["IsTruncated"]), (1000, True), "the first page")
    equal([o[0] for o in listed(s3, Prefix="many/")], keys, "many keys")
    for start in range(0, len(keys), 1000):
        objects = [{"Key": key} for key in keys[start:start + 1000]]
        deleted = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})["Deleted"]
        equal(len(deleted), len(objects), "deleted objects")


def check_ranges_and_conditions(s3):
    body = bytes(range(256)) * 40
    etag = s3.put_object(Bucket=BUCKET, Key="k", Body=body)["ETag"]
    for text, part in (("bytes=0-99", body[:100]), ("bytes=10000-", body[10000:]),
                       ("bytes=-7", body[-7:]), ("bytes=5-5", body[5:6])):
        got = s3.get_object(Bucket=BUCKET, Key="k", Range=text, IfMatch=etag)
        equal((got["Body"].read(), got["ResponseMetadata"]["HTTPStatusCode"]), (part, 206), text)
        check(got["ContentRange"].endswith(f"/{len(body)}"), got["ContentRange"])
    refused(s3.get_object, "InvalidRange", 416, Bucket=BUCKET, Key="k", Range="bytes=20000-")
    put = dict(Bucket=BUCKET, Key="k", Body=b"other")
    refused(s3.put_object, "PreconditionFailed", 412, IfNoneMatch="*", **put)
    refused(s3.put_object, "PreconditionFailed", 412, IfMatch='"0"', **put)
    refused(s3.get_object, "PreconditionFailed", 412, Bucket=BUCKET, Key="k", IfMatch='"0"')
    refused(s3.get_object, "304", 304, Bucket=BUCKET, Key="k", IfNoneMatch=etag)
    s3.put_object(IfMatch=etag, **put)
    equal(read(s3, "k"), b"other", "the object after a conditional put")
    refused(s3.put_object, "AccessDenied", 403, ExpectedBucketOwner="1" * 12, **put)
    s3.put_object(Bucket=BUCKET, Key="cold", Body=b"x", StorageClass="DEEP_ARCHIVE")
    refused(s3.get_object, "InvalidObjectState", 403, Bucket=BUCKET, Key="cold")
    copied = s3.copy_object(Bucket=BUCKET, Key="copy é", CopySource={"Bucket": BUCKET, "Key": "k"})
    equal(copied["CopyObjectResult"]["ETag"], f'"{hashlib.md5(b"other").hexdigest()}"', "copy")
    equal(read(s3, "copy é"), b"other", "the copy")


def check_checksums(s3):
    """Those that boto3 can compute without more libraries."""
    body = random.Random(4).randbytes(100_000)
    for name, value in (("CRC32", None), ("SHA1", hashlib.sha1(body)), ("SHA256", hashlib.sha256(body))):
        put = s3.put_object(Bucket=BUCKET, Key="sum", Body=body, ChecksumAlgorithm=name)
        got = s3.get_object(Bucket=BUCKET, Key="sum", ChecksumMode="ENABLED")
        equal(got["Body"].read(), body, name)
        field = f"Checksum{name}"
        equal(got[field], put[field], field)
        if value:
            equal(got[field], base64.b64encode(value.digest()).decode(), field)
    refused(s3.put_object, "BadDigest", 400, Bucket=BUCKET, Key="sum", Body=body,
            ChecksumSHA256=base64.b64encode(bytes(32)).decode())
    refused(s3.put_object, "BadDigest", 400, Bucket=BUCKET, Key="sum", Body=body,
            ContentMD5=base64.b64encode(bytes(16)).decode())
    refused(s3.put_object, "InvalidDigest", 400, Bucket=BUCKET, Key="sum", Body=body,
            ContentMD5="YQ==")
    s3.put_object(Bucket=BUCKET, Key="kms", Body=body, ServerSideEncryption="aws:kms",
                  SSEKMSKeyId="key")
    head = s3.head_object(Bucket=BUCKET, Key="kms")
    equal((head["ServerSideEncryption"], head["SSEKMSKeyId"]), ("aws:kms", "key"), "encryption")


def check_multipart(s3):
    """What boto3's transfer manager uploads in parts it downloads in ranges."""
    body = random.Random(3).randbytes(20 * 1024 * 1024 + 5)
    config = TransferConfig(multipart_threshold=1024, multipart_chunksize=5 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(body), BUCKET, "large", Config=config,
                      ExtraArgs={"ContentType": "x/y", "Metadata": {"a": "b"}})
    head = s3.head_object(Bucket=BUCKET, Key="large", ChecksumMode="ENABLED")
    equal((head["ContentType"], head["Metadata"]), ("x/y", {"a": "b"}), "what was said of it")
    size = 5 * 1024 * 1024
    md5s = b"".join(hashlib.md5(body[start:start + size]).digest()
                    for start in range(0, len(body), size))
    equal(head["ETag"], f'"{hashlib.md5(md5s).hexdigest()}-5"', "ETag")
    equal(head["ChecksumType"], "COMPOSITE", "checksum type")
    output = io.BytesIO()
    s3.download_fileobj(BUCKET, "large", output, Config=config)
    check(output.getvalue() == body, "the object is another one")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    names = dict(Bucket=BUCKET, Key="parts", UploadId=upload)
    etags = [s3.upload_part(PartNumber=n, Body=b"small", **names)["ETag"] for n in (1, 2)]
    parts = [{"PartNumber": n, "ETag": etags[n - 1]} for n in (1, 2)]
    equal([p["PartNumber"] for p in s3.list_parts(**names)["Parts"]], [1, 2], "parts")
    equal(s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"][0]["UploadId"], upload, "uploads")
    for chosen, code in ((parts, "EntityTooSmall"), (parts[::-1], "InvalidPartOrder"),
                         ([{"PartNumber": 3, "ETag": etags[0]}], "InvalidPart")):
        refused(s3.complete_multipart_upload, code, 400, MultipartUpload={"Parts": chosen}, **names)
    s3.abort_multipart_upload(**names)
    refused(s3.list_parts, "NoSuchUpload", 404, **names)
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": o[0]} for o in listed(s3)]})


def check_regions(s3, endpoint):
    """A client that signs for another region is told the bucket's, and goes there."""
    s3.put_object(Bucket="far", Key="k", Body=b"x")
    equal(s3.get_object(Bucket="far", Key="k")["Body"].read(), b"x", "an object of far")
    near = client(endpoint, region="eu-west-1")
    equal(near.get_bucket_location(Bucket="far")["LocationConstraint"], "eu-west-1", "location")


def check_signatures(endpoint, certificate):
    other = client(endpoint, secret="wrong", verify=certificate)
    refused(other.list_objects_v2, "SignatureDoesNotMatch", 403, Bucket=BUCKET)
    refused(other.put_object, "SignatureDoesNotMatch", 403, Bucket=BUCKET, Key="k", Body=b"x")


def read_again(s3, key):
    """Reads an object whose body may be cut short: boto3 leaves that to its caller."""
    for _ in range(20):
        try:
            return read(s3, key)
        except botocore.exceptions.ResponseStreamingError:
            pass
    raise AssertionError(f"{key} never comes whole")


def check_faults(s3):
    """Retries overcome what the server does on purpose."""
    bodies = {f"f/{number}": random.Random(number).randbytes(1000) for number in range(60)}
    for key, body in bodies.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    for key, body in bodies.items():
        check(read_again(s3, key) == body, f"{key} is another one")
    equal([o[0] for o in listed(s3)], sorted(bodies), "keys")


def main():
    parser = argparse.ArgumentParser()
    for name in ("--endpoint", "--folder", "--secure", "--certificate", "--faulty"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    secure = client(options.secure, verify=options.certificate)
    steps = (check_buckets, check_keys, check_many, check_ranges_and_conditions, check_checksums,
             check_multipart)
    for place, s3 in (("memory", client(options.endpoint)), ("folder", client(options.folder)),
                      ("TLS", secure)):
        for step in steps:
            step(s3)
            print(f"{step.__name__} in {place}: ok", flush=True)
    check_regions(client(options.endpoint, attempts=3), options.endpoint)
    check_signatures(options.secure, options.certificate)
    check_faults(client(options.faulty, attempts=10))
    print("regions, signatures, faults: ok", flush=True)


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failure:
        print(f"failed: {failure}", file=sys.stderr)
        sys.exit(1)
