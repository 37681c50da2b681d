"""Copies all objects of a bucket into another by boto3, an independent client.

`storage.py URL KEY SECRET SOURCE TARGET` prints what it has read: {key: base64}.
"""

import base64
import json
import sys

import boto3
from botocore.config import Config


def main(url, key, secret, source, target):
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 12}))
    found = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=source):
        for entry in page.get("Contents", []):
            body = client.get_object(Bucket=source, Key=entry["Key"])["Body"].read()
            client.put_object(Bucket=target, Key=entry["Key"], Body=body)
            found[entry["Key"]] = base64.b64encode(body).decode()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
