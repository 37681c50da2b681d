#!/usr/bin/env python3
"""What lanes cost and gain: tables are copied and verified on one lane and on two.

usage: lanes.py DYNAFERRY [ITEMS] [RUNS]

Each table has ITEMS (200,000) transactions. The settings take turns, RUNS (5) times each, against
one server; printed are medians. The server is a process of its own, and takes its part of the
cores: the less there are, the less a second lane can gain.
"""

import os
import statistics
import sys
import tempfile

from harness import process
from harness.api import REGION, Failed
from harness.server import serving


def main():
    binary = sys.argv[1]
    items = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    fills = [f"lane-{number}={items}:transactions" for number in range(2)]
    figures = {}
    with serving(binary, fills, []) as server:
        for run in range(runs):
            for tables in (2, 1):
                for lanes in (1, 2):
                    copy = f"run{run}{lanes}{tables}"
                    for command in ("copy", "verify"):
                        usage = ended(binary, server, command, tables, copy, lanes)
                        figures.setdefault((command, tables, lanes), []).append(
                            (usage.cpu_seconds * 1e6 / (tables * items), usage.wall_seconds))
    print(f"| command | tables | lanes | CPU us an item | seconds | ({os.cpu_count()} cores)")
    print("|---|---|---|---|---|")
    for (command, tables, lanes), values in sorted(figures.items()):
        cpu, seconds = (statistics.median(each) for each in zip(*values))
        print(f"| {command} | {tables} | {lanes} | {cpu:.2f} | {seconds:.2f} |")


def ended(binary, server, command, tables, copy, lanes):
    name = "lane-*" if tables > 1 else "lane-0"
    with tempfile.TemporaryDirectory() as folder:
        usage = process.run([
            binary, command, name, name.replace("lane", copy), "--lanes", str(lanes),
            "--endpoint", server.url, "--region", REGION, "--progress", "none",
            "--state-dir", folder])
    if usage.status != 0:
        raise Failed(f"{command} failed: {usage.errors}")
    return usage


if __name__ == "__main__":
    main()
