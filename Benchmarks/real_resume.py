#!/usr/bin/env python3
"""Kills a copy of `transactions` half-way, runs the same command again, and counts what was written.

    Benchmarks/real_resume.py [ITEMS] [UNITS]     default 380,218 items at 5,000 units a second

Prints the items that both runs have written by the server's meter, and how many times the table
that is. DYNAFERRY_BINARY names the program; default is the release build.
"""

import sys
import time

from local_server import Server


def main():
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 380_218
    units = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000
    with Server("--fill", f"source={items}") as server:
        limit = ("--write-units", str(units))
        copy = server.start_copy("source", "target", *limit)
        while written(server) < items // 2:
            time.sleep(0.05)
        copy.kill()
        copy.wait()
        killed_at = written(server)
        status = server.start_copy("source", "target", *limit).wait()
        total = written(server)
    print(f"killed at {killed_at:,} of {items:,} items; in both runs {total:,} written,")
    print(f"{total / items:.4f} times the table; exit code {status}")
    return 0 if status == 0 and total <= 1.02 * items else 1


def written(server):
    return server.meter(server.connect())["tables"].get("target", {}).get("items_written", 0)


if __name__ == "__main__":
    sys.exit(main())
