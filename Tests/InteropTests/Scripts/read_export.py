"""Reads full exports from a folder, as the developer guide describes them, and compares their items
with a table's, read by boto3.

    read_export.py FOLDER ENDPOINT TABLE KEY[,KEY]

Knows nothing of what wrote them. Prints how many items there are in each; any fault ends it with a
message.
"""

import base64
import gzip
import hashlib
import json
import os
import sys

import boto3

SUMMARY = [
    "version", "exportArn", "startTime", "endTime", "tableArn", "tableId", "exportTime",
    "s3Bucket", "s3Prefix", "s3SseAlgorithm", "s3SseKmsKeyId", "manifestFilesS3Key",
    "billedSizeBytes", "itemCount", "outputFormat",
]


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def content(path):
    with open(path, "rb") as file:
        return file.read()


def check_sum(path):
    data = content(path)
    sums = content(path[: -len(".json")] + ".md5").decode()
    assert sums == md5(data), f"{path}: the sum beside it is another"
    return data


def exports(root):
    parent = os.path.join(root, "AWSDynamoDB")
    return [os.path.join(parent, name) for name in sorted(os.listdir(parent))]


def typed(value):
    """A value as DynamoDB compares it: sets have no order, numbers no spelling."""
    (kind, inner), = value.items()
    if kind in ("SS", "NS", "BS"):
        inner = sorted(inner)
    elif kind == "L":
        inner = [typed(element) for element in inner]
    elif kind == "M":
        inner = {name: typed(element) for name, element in sorted(inner.items())}
    return {kind: inner}


def normal(item):
    return json.dumps({name: typed(value) for name, value in item.items()}, sort_keys=True)


def lines(path):
    data = content(path)
    text = gzip.decompress(data) if path.endswith(".gz") else data
    assert not text or text.endswith(b"\n"), f"{path}: the last line has no end"
    return data, text.split(b"\n")[:-1]


def read(folder):
    started = content(os.path.join(folder, "_started"))
    assert started == b"", "_started is not empty"
    data = check_sum(os.path.join(folder, "manifest-summary.json"))
    assert b"\n" not in data, "the summary is more than one line"
    summary = json.loads(data)
    assert list(summary) == SUMMARY, list(summary)
    assert summary["version"] == "2020-06-30" and summary["outputFormat"] == "DYNAMODB_JSON"
    listed = check_sum(os.path.join(folder, "manifest-files.json"))
    assert not listed or listed.endswith(b"\n")
    found, names = [], set()
    for line in listed.split(b"\n")[:-1]:
        entry = json.loads(line)
        name = os.path.basename(entry["dataFileS3Key"])
        # A key begins at the bucket's root, which the folder need not be.
        key = f"AWSDynamoDB/{os.path.basename(folder)}/data/{name}"
        assert entry["dataFileS3Key"].endswith(key), entry["dataFileS3Key"]
        path = os.path.join(folder, "data", name)
        names.add(name)
        data, rows = lines(path)
        assert entry["md5Checksum"] == md5(data), f"{path}: the MD5 is another"
        assert entry["itemCount"] == len(rows), f"{path}: {len(rows)} lines"
        for row in rows:
            row = json.loads(row)
            assert list(row) == ["Item"], list(row)
            found.append(row["Item"])
    assert summary["itemCount"] == len(found), f"{len(found)} items"
    assert names == set(os.listdir(os.path.join(folder, "data"))), "files that are not listed"
    return found


def scan(endpoint, table):
    client = boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1")
    pages = client.get_paginator("scan").paginate(TableName=table)
    for page in pages:
        for item in page["Items"]:
            yield wire(item)


def wire(item):
    """Binary values as they stand in files."""
    def text(value):
        (kind, inner), = value.items()
        if kind == "B":
            inner = base64.b64encode(inner).decode()
        elif kind == "BS":
            inner = [base64.b64encode(element).decode() for element in inner]
        elif kind == "L":
            inner = [text(element) for element in inner]
        elif kind == "M":
            inner = {name: text(element) for name, element in inner.items()}
        return {kind: inner}
    return {name: text(value) for name, value in item.items()}


def main(root, endpoint, table, keys):
    wanted = sorted(map(normal, scan(endpoint, table)))
    keys = keys.split(",")
    # A command that is run again after its end makes another export.
    for folder in exports(root):
        found = read(folder)
        unique = {json.dumps([item[key] for key in keys], sort_keys=True) for item in found}
        assert len(unique) == len(found), "a key comes twice"
        assert sorted(map(normal, found)) == wanted, "items differ"
        print(len(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
