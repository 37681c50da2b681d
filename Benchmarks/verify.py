"""Whether `dynaferry verify` finds what was spoiled and nothing else, and what that takes.

usage: verify.py DYNAFERRY [ITEMS] [--any-speed]

Copies ITEMS (1,000,000) transactions, spoils items of the copy in ways that are known, and verifies
both: first as they were copied, then as they were spoiled, then with no item in common. Fails when
a difference is missed or made up, when memory is above its target, or, unless --any-speed is given,
when the first pass over equal tables takes more CPU than its target. Prints what it measured.
"""

import json
import sys
import tempfile

from harness import process
from harness.api import REGION, Connection, Failed
from harness.server import serving
from harness.targets import TARGETS

KEYS = ("accountId", "sequence")
EXACT = "1234567890123456789012345678901234567"


def main():
    words = [word for word in sys.argv[1:] if word != "--any-speed"]
    binary = words[0]
    items = int(words[1]) if len(words) > 1 else 1_000_000
    with serving(binary, [f"source={items}:transactions"], ["--keep-numbers"]) as server:
        site = ["--endpoint", server.url, "--region", REGION, "--progress", "none"]
        with tempfile.TemporaryDirectory() as folder:
            copied = process.run(
                [binary, "copy", "source", "target", *site, "--state-dir", folder])
            if copied.status != 0:
                raise Failed("the copy failed: " + copied.errors)
        results = {"equal": verify(binary, site, {}, items)}
        expected = spoil(Connection(server.url), items)
        results["spoiled"] = verify(binary, site, expected, items)
        results["disjoint"] = disjoint(binary, site, Connection(server.url), items)
    print(json.dumps(results, indent=1))
    bounds = [("verify-memory", usage["peakMiB"]) for usage in results.values()]
    if "--any-speed" not in sys.argv:
        bounds.append(("verify", results["equal"]["cpuUs"]))
    missed = [f"{name}: {value}, not {TARGETS[name]}"
              for name, value in bounds if not TARGETS[name].holds(value)]
    if missed:
        sys.exit("; ".join(missed))


def verify(binary, site, expected, items):
    with tempfile.NamedTemporaryFile() as output:
        usage = process.run(
            [binary, "verify", "source", "target", *site, "--json", "--output", output.name])
        with open(output.name, encoding="utf-8") as lines:
            found = [json.loads(line) for line in lines]
    wanted_status = 3 if expected else 0
    if usage.status != wanted_status:
        raise Failed(f"status {usage.status}, not {wanted_status}: {usage.output}{usage.errors}")
    report = json.loads(usage.output)
    differences = {json.dumps(line["key"], sort_keys=True): line["kind"] for line in found}
    if differences != expected or len(found) != len(expected):
        raise Failed(f"found {len(found)} differences, not the {len(expected)} that there are")
    tables = report["tables"][0]
    return {
        "differences": len(found),
        "cpuUs": round(usage.cpu_seconds * 1e6 / (2 * items), 3),
        "seconds": round(usage.wall_seconds, 2),
        "peakMiB": round(usage.peak_bytes / 2 ** 20, 1),
        "segmentsReadAgain": tables["segmentsReadAgain"], "segments": tables["segments"],
        "readUnits": [report["readUnits"], report["targetReadUnits"]],
    }


def key(item):
    return json.dumps({name: item[name] for name in KEYS}, sort_keys=True)


def spoil(connection, items):
    """Changes seven items of the target; returns the keys of those that differ then, by kind."""
    found = []
    for segment in range(7):
        page = connection.call(
            "Scan", TableName="target", Segment=segment * 18, TotalSegments=128, Limit=1)
        found += page["Items"]
    if len(found) < 7:
        raise Failed(f"{items} items are too few to spoil seven of")

    def put(table, item):
        connection.call("PutItem", TableName=table, Item=item)

    # One byte, one item less, one more.
    changed = dict(found[0])
    changed["currency"] = {"S": changed["currency"]["S"][:-1] + "x"}
    put("target", changed)
    connection.call("DeleteItem", TableName="target", Key={name: found[1][name] for name in KEYS})
    extra = {"accountId": {"S": "extra"}, "sequence": {"N": "1"}}
    put("target", extra)
    # A set in another order, and a number in another spelling: equal.
    put("source", found[2] | {"set": {"SS": ["a", "b", "c"]}})
    put("target", found[2] | {"set": {"SS": ["c", "a", "b"]}})
    put("source", found[3] | {"number": {"N": "1.50"}})
    put("target", found[3] | {"number": {"N": "1.5"}})
    # The 38th digit.
    put("source", found[4] | {"number": {"N": EXACT + "8"}})
    put("target", found[4] | {"number": {"N": EXACT + "9"}})
    return {
        key(found[0]): "different", key(found[1]): "onlyInSource", key(extra): "onlyInTarget",
        key(found[4]): "different",
    }


def disjoint(binary, site, connection, items):
    """Verifies two tables that have no item in common, with as little memory as there may be."""
    definition = connection.call("DescribeTable", TableName="source")["Table"]
    connection.call(
        "CreateTable", TableName="few", BillingMode="PAY_PER_REQUEST",
        KeySchema=definition["KeySchema"],
        AttributeDefinitions=definition["AttributeDefinitions"])
    while connection.call("DescribeTable", TableName="few")["Table"]["TableStatus"] != "ACTIVE":
        pass
    connection.call(
        "PutItem", TableName="few",
        Item={"accountId": {"S": "extra"}, "sequence": {"N": "2"}})
    usage = process.run(
        [binary, "verify", "source", "few", *site, "--json", "--memory", "16MiB"])
    counts = json.loads(usage.output)["counts"]
    if (counts["onlyInSource"], counts["onlyInTarget"]) != (counts["itemsInSource"], 1):
        raise Failed(f"of tables without a common item it found {counts}")
    return {
        "differences": counts["onlyInSource"] + 1,
        "cpuUs": round(usage.cpu_seconds * 1e6 / items, 3),
        "seconds": round(usage.wall_seconds, 2),
        "peakMiB": round(usage.peak_bytes / 2 ** 20, 1),
    }


if __name__ == "__main__":
    main()
