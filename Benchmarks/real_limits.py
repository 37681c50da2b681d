#!/usr/bin/env python3
"""Six points of the grid of limits for real: a copy between tables of `dynaferry serve`, and what
its meter says. Prints a Markdown table.

    Benchmarks/real_limits.py        DYNAFERRY_BINARY names the program
"""

import sys
import time

from local_server import Server

# What is limited, units a second, shape of the items, smallest request in units, with an index.
POINTS = [
    ("writes", 100, "1KB", 1, False),
    ("writes", 1000, "100B", 1, False),
    ("writes", 5000, "transactions", 1, False),
    ("writes, 1 index", 500, "1KB", 1, True),
    ("reads", 250, "4KB", 0.5, False),
    ("reads", 2000, "1KB", 0.5, False),
]
ITEM_UNITS = {"reads": {"4KB": 0.5, "1KB": 0.125}}
SECONDS = 19


def run(what, limit, shape, has_index):
    per_unit = 1 / ITEM_UNITS["reads"][shape] if what == "reads" else 1
    items = int(limit * per_unit * SECONDS * 1.3)
    option = "--read-units" if what == "reads" else "--write-units"
    with Server("--fill", f"source={items}:{shape}") as server:
        # Some headroom, so that the limit alone is what holds the copy.
        units = int(limit * per_unit * 10)
        server.create_like("source", "target", units, units if has_index else None)
        connection = server.connect()
        copy = server.start_copy("source", "target", option, str(limit))
        samples = []
        started = time.monotonic()
        while time.monotonic() - started < SECONDS:
            meter = server.meter(connection)
            tables = meter["tables"]
            throttles = sum(t["write_throttles"] + t["read_throttles"] for t in tables.values())
            if what == "reads":
                units = tables["source"]["read_units"]
            elif has_index:
                units = tables["target"]["indexes"]["all"]["write_units"]
            else:
                units = tables["target"]["write_units"]
            samples.append((meter["now_seconds"], units))
            time.sleep(0.1)
        busy = copy.poll() is None
        copy.terminate()
        copy.wait()
    return windows(samples), throttles, busy


def windows(samples):
    """Units of the least and the fullest 10 s after the first 5 s."""
    begun = next(at for at, units in samples if units > 0)
    found = []
    for at, units in samples:
        later = next(((a, u) for a, u in samples if a - at >= 10), None)
        if at - begun >= 5 and later:
            found.append((later[1] - units) / (later[0] - at) * 10)
    return min(found), max(found)


def main():
    print("| what | limit | item | units in 10 s | allowed | throttled |")
    print("|---|---|---|---|---|---|")
    failed = False
    for what, limit, shape, smallest, has_index in POINTS:
        (least, most), throttles, busy = run(what, limit, shape, has_index)
        low = limit * 10 - max(limit * 0.2, smallest)
        high = limit * 10 + max(limit * 0.1, smallest)
        holds = low <= least and most <= high and throttles == 0 and busy
        failed = failed or not holds
        print(
            f"| {what} | {limit} | {shape} | {least:.1f} to {most:.1f}{'' if holds else ' **!**'} "
            f"| {low:.0f} to {high:.0f} | {throttles} |",
            flush=True,
        )
    return 1 if failed else 0


sys.exit(main())
