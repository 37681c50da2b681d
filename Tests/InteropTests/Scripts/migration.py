"""The migration of a stage: 31 tables, 19 of them copied and renamed by one command.

    migration.py DYNAFERRY SCALE

Tables have items in the proportions of a real migration (SCALE 1: 459,402 in 14 tables, 5 empty),
and settings of every kind, which boto3 makes and compares. Says how long the copy took, and fails
where a side differs, a table that was left out is there, a setting is not the source's, or the
plan was wrong by more than 5 %.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

import definitions

COUNTS = {
    "transactions": 380_218, "ledger-entries": 45_918, "accounts": 14_432, "users": 6_998,
    "sessions": 5_134, "notifications": 4_534, "merchants": 638, "devices": 634, "webhooks": 402,
    "api-keys": 158, "feature-flags": 154, "invoices": 112, "payouts": 52, "settings": 18,
    "audit-log": 0, "disputes": 0, "exports": 0, "locks": 0, "refunds": 0,
}
LEFT_OUT = [f"orders-tmp-{i}" for i in range(6)] + [f"events-archive-{2020 + i}" for i in range(6)]


def prepare(database, name, number):
    """What such a table has besides items; each kind of setting on a few of them."""
    arn = database.describe_table(TableName=name)["Table"]["TableArn"]
    database.tag_resource(
        ResourceArn=arn, Tags=[{"Key": "stage", "Value": "staging"},
                               {"Key": "cost centre", "Value": str(number)}])
    if number % 3 == 0:
        database.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiresAt"})
    if number % 3 == 1:
        definitions.recover(database, name, 7 + number)
    if number % 4 == 0:
        database.update_table(
            TableName=name,
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    if number % 5 == 2:
        database.update_contributor_insights(
            TableName=name, ContributorInsightsAction="ENABLE",
            ContributorInsightsMode="THROTTLED_KEYS")
    if number % 4 == 1:
        database.update_table(TableName=name, DeletionProtectionEnabled=True)


def run(program, *words):
    return subprocess.run(
        [program, *words], check=False, capture_output=True, text=True,
        env={"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "PATH": "/usr/bin:/bin",
             "HOME": tempfile.gettempdir()})


def migrate(program, scale):
    counts = {name: int(count * scale) for name, count in COUNTS.items()}
    words = [program, "serve", "--port", "0", "--exit-with-stdin", "--live-counts"]
    for name, count in counts.items():
        words += ["--fill", f"acme-staging-{name}={count}"]
    for name in LEFT_OUT:
        words += ["--fill", f"acme-staging-{name}=20"]
    with subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().split()[-1]
        try:
            return check(program, url, counts)
        finally:
            server.stdin.close()


def writes(url):
    """Requests so far that changed anything."""
    with urllib.request.urlopen(url + "/_meter") as reply:
        requests = json.load(reply)["requests"]
    return sum(count for name, count in requests.items()
               if not name.startswith(("Describe", "Get", "List", "Scan")))


def is_wrong(plan, report):
    """Whether the plan's units are not those that the copy took, within 5 %."""
    wrong = False
    for name in ("readUnits", "writeUnits"):
        print(f"{name}: {plan[name]:.0f} planned, {report[name]:.0f} taken")
        wrong = wrong or abs(plan[name] - report[name]) > 0.05 * report[name]
    return wrong


def check(program, url, counts):
    database = definitions.client(url)
    for number, name in enumerate(counts):
        prepare(database, f"acme-staging-{name}", number)
    with tempfile.TemporaryDirectory() as folder:
        sides = ["acme-staging-*", "acme-*-dev", "--exclude", "*-tmp-*", "--exclude",
                 "*-archive-*", "--endpoint", url, "--region", "us-east-1", "--progress", "none"]
        own = ["--state-dir", os.path.join(folder, "jobs")]
        before = writes(url)
        planned = run(program, "plan", *sides, *own, "--json")
        failures = writes(url) != before
        report = os.path.join(folder, "report.json")
        start = time.monotonic()
        copied = run(program, "copy", *sides, *own, "--report", report)
        seconds = time.monotonic() - start
        with open(report, encoding="utf-8") as file:
            failures += is_wrong(json.loads(planned.stdout), json.load(file))
        verified = run(program, "verify", *sides)
    print(copied.stdout, copied.stderr, verified.stdout, verified.stderr, sep="\n")
    failures += sum(each.returncode != 0 for each in (planned, copied, verified))
    for name in counts:
        pair = [f"acme-staging-{name}", f"acme-{name}-dev"]
        one, other = [definitions.described(database, table, items=False) for table in pair]
        for part in one:
            if one[part] != other[part]:
                failures += 1
                print(f"{name}: {part} differs:\n  {one[part]}\n  {other[part]}")
    names = [name for page in database.get_paginator("list_tables").paginate()
             for name in page["TableNames"]]
    failures += any(f"acme-{name}-dev" in names for name in LEFT_OUT)
    failures += len(names) != 31 + 19
    print(f"19 of 31 tables, {sum(counts.values())} items in {seconds:.2f} s,"
          f" {failures} failures")
    return failures


if __name__ == "__main__":
    sys.exit(1 if migrate(sys.argv[1], float(sys.argv[2])) else 0)
