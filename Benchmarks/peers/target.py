"""What the Python peers share: their command line, and a target with the source's keys."""

import argparse


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("target", metavar="TARGET")
    parser.add_argument("--endpoint", metavar="URL")
    return parser.parse_args()


def prepare(client, source, target):
    """Creates the target with the source's keys when there is none."""
    try:
        client.describe_table(TableName=target)
        return
    except client.exceptions.ResourceNotFoundException:
        pass
    found = client.describe_table(TableName=source)["Table"]
    keys = {key["AttributeName"] for key in found["KeySchema"]}
    client.create_table(
        TableName=target,
        KeySchema=found["KeySchema"],
        AttributeDefinitions=[
            attribute for attribute in found["AttributeDefinitions"]
            if attribute["AttributeName"] in keys],
        BillingMode="PAY_PER_REQUEST")
    client.get_waiter("table_exists").wait(
        TableName=target, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
