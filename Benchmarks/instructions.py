#!/usr/bin/env python3
"""Instructions of a copy, by valgrind's callgrind: an item, and of a start.

usage: instructions.py [--items N] [--runs N] NAME=DYNAFERRY...

A start is a copy of a table of one item; an item is what a copy of N items (20,000) takes beyond
that, by item. Each figure is the median of so many runs (5). The programs take turns, against one
server, which is the first program's. libcrypto is not counted: valgrind has no SHA instructions,
so hashing takes another way there.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile


NOT_COUNTED = "libcrypto"
# Objects are named in full once, as caller or as callee; costs follow a position: "+3 120".
OBJECT = re.compile(r"^(c?)ob=(\([0-9]+\))(?: (.+))?$")
COST = re.compile(r"^[+*\-0-9][0-9a-fx]* +([0-9]+)$")


def main():
    options = arguments()
    programs = [text.split("=", 1) for text in options.programs]
    counts = {(name, table): [] for name, _ in programs for table in ("one", "many")}
    with serving(programs[0][1], options.items) as url:
        for run in range(options.runs):
            for name, program in programs:
                for table in ("one", "many"):
                    print(f"run {run + 1}: {name}, {table}", file=sys.stderr)
                    target = f"{name}-{table}-{run}"
                    counts[name, table].append(copied(program, url, table, target))
    report(programs, counts, options.items)


def report(programs, counts, items):
    print("| program | instructions an item | spread | of a start, millions | spread |")
    print("|---|---|---|---|---|")
    for name, _ in programs:
        one, many = counts[name, "one"], counts[name, "many"]
        start = statistics.median(one)
        each = [(count - start) / items for count in many]
        print(f"| {name} | {statistics.median(each):,.0f} | {spread(each)} "
              f"| {start / 1e6:.1f} | {spread(one)} |")


def spread(values):
    middle = statistics.median(values)
    return f"{100 * (min(values) / middle - 1):+.1f} to {100 * (max(values) / middle - 1):+.1f} %"


def copied(program, url, table, target):
    """The instructions of one copy."""
    with tempfile.TemporaryDirectory() as folder:
        output = f"{folder}/callgrind.out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}",
                   program, "copy", table, target, "--endpoint", url, "--state-dir", folder]
        ended = subprocess.run(command, env=environment(), capture_output=True, text=True)
        if ended.returncode != 0:
            sys.exit(f"the copy by {program} ended with {ended.returncode}: {ended.stderr}")
        return instructions(output)


def instructions(path):
    """Sums the costs of all objects but those that are not counted."""
    names, total, counted, is_call = {}, 0, True, False
    with open(path) as lines:
        for line in lines:
            if (named := OBJECT.match(line)) is not None:
                callee, number, name = named.groups()
                if name:
                    names[number] = name
                if not callee:
                    counted = NOT_COUNTED not in names[number]
            elif line.startswith("calls="):
                is_call = True  # the next line is what the callee cost, counted there
            elif (cost := COST.match(line)) is not None:
                if counted and not is_call:
                    total += int(cost[1])
                is_call = False
    return total


class serving:
    """A server with both tables, while it is in use."""

    def __init__(self, program, items):
        self.command = [program, "serve", "--port", "0", "--fill", "one=1:transactions",
                        "--fill", f"many={items}:transactions", "--exit-with-stdin"]

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self.process.stdout.readline().split()[-1]

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def environment():
    kept = {name: value for name, value in os.environ.items()
            if not name.upper().endswith("_PROXY") and not name.startswith("AWS_")}
    return {**kept, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": "us-east-1"}


def arguments():
    parser = argparse.ArgumentParser(prog="instructions.py")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("programs", nargs="+", metavar="NAME=DYNAFERRY")
    return parser.parse_args()


if __name__ == "__main__":
    main()
