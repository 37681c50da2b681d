#!/usr/bin/env python3
"""What an item costs that is compared, beside one that is only copied, in the same run.

usage: changed.py [--items N] [--runs N] NAME=DYNAFERRY...

Each program copies N items (20,000) into an empty table, with and without --verify; into a table of
another item, with --merge=keep and with --only-changed; with --only-changed into one whose items all
differ; and verifies a copy. Printed are medians of so many runs (3): CPU an item, and of a copy of
what differs the read units an item beyond those of scanning both tables.
"""

import argparse
import json
import statistics
import tempfile

from harness import process
from harness.api import REGION, Connection, Failed
from harness.server import serving

EXTRA = {"accountId": {"S": "extra"}, "sequence": {"N": "1"}}
CASES = [
    ("copy", "empty", ["copy"]),
    ("copy --verify", "empty", ["copy", "--verify"]),
    ("--merge=keep, the target lacks all", "other", ["copy", "--merge=keep"]),
    ("--only-changed, the target lacks all", "other", ["copy", "--only-changed"]),
    ("--only-changed, all differ", "altered", ["copy", "--only-changed"]),
    ("verify, all equal", "equal", ["verify"]),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("programs", nargs="+", metavar="NAME=DYNAFERRY")
    options = parser.parse_args()
    programs = [text.split("=", 1) for text in options.programs]
    figures = {}
    with serving(programs[0][1], [f"source={options.items}:transactions"], []) as server:
        connection = Connection(server.url)
        scan = units_of_scan(connection)
        for _ in range(options.runs):
            for case, kind, words in CASES:
                for name, program in programs:
                    prepare(server, connection, kind)
                    figures.setdefault((case, name), []).append(
                        measured(program, server.url, words, options.items, scan))
                    server.delete("target")
    print("| what | program | CPU us an item | read units an item beyond the scans |")
    print("|---|---|---|---|")
    for (case, name), values in figures.items():
        cpu, units = (statistics.median(each) for each in zip(*values))
        print(f"| {case} | {name} | {cpu:.2f} | {units:.2f} |")


def pages(connection):
    page = {}
    while True:
        page = connection.call(
            "Scan", TableName="source", ReturnConsumedCapacity="TOTAL",
            **({"ExclusiveStartKey": page["LastEvaluatedKey"]} if page else {}))
        yield page
        if "LastEvaluatedKey" not in page:
            return


def units_of_scan(connection):
    return sum(page["ConsumedCapacity"]["CapacityUnits"] for page in pages(connection))


def prepare(server, connection, kind):
    """Makes the target, with what stands in it before."""
    server.create_like("source", "target")
    if kind == "other":
        connection.call("PutItem", TableName="target", Item=EXTRA)
    if kind in ("altered", "equal"):
        for page in pages(connection):
            items = page["Items"]
            if kind == "altered":
                items = [item | {"currency": {"S": "ZZZ"}} for item in items]
            for start in range(0, len(items), 25):
                batch = [{"PutRequest": {"Item": item}} for item in items[start:start + 25]]
                connection.call("BatchWriteItem", RequestItems={"target": batch})


def measured(program, url, words, items, scan):
    with tempfile.TemporaryDirectory() as folder:
        report = f"{folder}/report.json"
        usage = process.run([
            program, words[0], "source", "target", *words[1:], "--endpoint", url,
            "--region", REGION, "--progress", "none", "--state-dir", f"{folder}/jobs",
            "--report", report])
        if usage.status != 0:
            raise Failed(f"{' '.join(words)} failed: {usage.errors}")
        with open(report, encoding="utf-8") as file:
            found = json.load(file)
    units = found["readUnits"] + found.get("targetReadUnits", 0)
    scans = 2 * scan if "--only-changed" in words else units
    return usage.cpu_seconds * 1e6 / items, max(0, units - scans) / items


if __name__ == "__main__":
    main()
