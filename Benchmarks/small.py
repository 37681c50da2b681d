"""The benchmark as the tests run it: small, and against one peer.

usage: small.py DYNAFERRY [ITEMS]

Copies ITEMS (20,000) transactions by dynaferry and by the tuned boto3 script, on one server and
with the Python that runs this. Prints both figures; fails when dynaferry's CPU is not as many times
less as it has to be, a copy is not exact, or the comparison does not find what is spoiled on
purpose. Only the ratio counts: it hardly depends on the machine.
"""

import json
import sys

from harness import clients, exact
from harness.api import Connection, Failed
from harness.server import serving
from harness.targets import TARGETS

# dynaferry is done in a tenth of a second, so that any one run may be disturbed.
RUNS = 5


def main():
    binary = sys.argv[1]
    items = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    ours, peer = clients.dynaferry(binary), clients.tuned_boto3(sys.executable)
    with serving(binary, [f"source={items}:transactions"]) as server:
        copies = clients.runs(ours, server, "source", items, RUNS)
        theirs = clients.copied(peer, server, "source", items)
        check_comparison(ours, server, items)
    ratio = theirs.cpu_us / copies[0].cpu_us
    print(json.dumps(
        {"dynaferry": copies[0].columns(), "boto3": theirs.columns(), "ratio": round(ratio, 1)}))
    wrong = [line for copy in (*copies, theirs) for line in copy.differences]
    if wrong:
        sys.exit("not exact: " + "; ".join(wrong))
    if not TARGETS["small"].holds(ratio):
        sys.exit(f"boto3 takes {ratio:.1f} times dynaferry's CPU: not {TARGETS['small']}")


def check_comparison(client, server, items):
    """Spoils a copy, item by item, each in a way of its own."""
    client.copy(server, "source", "spoiled")
    connection = Connection(server.url)
    found = connection.call("Scan", TableName="spoiled", Limit=3)["Items"]
    keys = ("accountId", "sequence")
    spellings = [{"NS": ["1", "2.50"]}, {"NS": ["2.5", "1.0"]}]

    def expect(count, what):
        lines = exact.differences(server.url, "source", "spoiled", items)
        if len(lines) != count:
            raise Failed(f"the comparison of {what} found {lines}, not {count} differences")

    for table, scores in zip(("source", "spoiled"), spellings):
        # The same item in another order, with another spelling of its numbers.
        item = dict(sorted(found[0].items(), reverse=table == "spoiled")) | {"scores": scores}
        connection.call("PutItem", TableName=table, Item=item)
    expect(0, "equal items")
    connection.call(
        "PutItem", TableName="spoiled", Item=found[1] | {"amount": {"N": "0.5"}})
    expect(2, "an item that differs")
    connection.call(
        "DeleteItem", TableName="spoiled", Key={name: found[2][name] for name in keys})
    expect(4, "an item that is missing too")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"error: {failure}")
