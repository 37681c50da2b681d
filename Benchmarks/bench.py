"""Runs the benchmarks and keeps what they found; scripts/bench.sh builds what this needs.

Fails when a copy is not exact or another result is wrong. A figure that misses its target is
shown so and is no failure: it may be another machine's.
"""

import argparse
import datetime
import os
import pathlib
import shlex
import sys
import tempfile

from harness import (
    results, section_changes, section_copy, section_files, section_floor, section_micro,
    section_peers, section_scale)
from harness.api import Failed
from harness.setting import TRANSACTIONS, Setting, say

SECTIONS = {
    "micro": section_micro.run,
    "copy": section_copy.run,
    "floor": section_floor.run,
    "scale": section_scale.run,
    "peers": section_peers.run,
    "files": section_files.run,
    "changes": section_changes.run,
}
RESULTS = pathlib.Path(__file__).parent / "results"


def main():
    options = arguments()
    sections = options.sections or list(SECTIONS)
    facts = {
        "command": shlex.join(["scripts/bench.sh", *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(), "commit": results.commit(),
        "machine": results.machine(), "clients": results.versions(), "items": options.items,
        "runs": options.runs,
    }
    path = RESULTS / f"{facts['date']}-{options.name}"
    done = []
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(
            dynaferry=os.environ["BENCH_DYNAFERRY"], micro=os.environ["BENCH_MICRO"],
            python=os.environ["BENCH_PYTHON"], go=os.environ["BENCH_GO"], floor=os.environ["BENCH_FLOOR"],
            items=options.items, runs=options.runs, folder=pathlib.Path(folder))
        for name in sections:
            say(f"== {name}")
            done.append(SECTIONS[name](setting))
            # What a long run has found is not lost when a later section fails.
            results.write(path, facts, done)
    print(results.markdown(facts, done))
    say(f"kept in {path.relative_to(RESULTS.parent.parent)}.md and .json")
    rows = [row for section in done for row in section.rows]
    missed = [f"{row.name}: {failure}" for row in rows for failure in row.failures]
    for line in missed:
        say(f"missed: {line}")
    if not all(row.is_sane for row in rows):
        raise Failed("a result is wrong")


def arguments():
    # What is built comes from the environment, so that the command line is the user's alone.
    parser = argparse.ArgumentParser(
        prog="scripts/bench.sh", description="Runs the benchmarks; all sections by default.")
    parser.add_argument(
        "--items", type=int, default=TRANSACTIONS, help="items of the main job (%(default)s)")
    parser.add_argument(
        "--runs", type=int, default=5, help="how often a copy is repeated (%(default)s)")
    parser.add_argument(
        "--name", default="bench", help="results go into DATE-NAME.md and .json (%(default)s)")
    parser.add_argument("sections", metavar="SECTION", nargs="*", help=", ".join(SECTIONS))
    options = parser.parse_args()
    for name in options.sections:
        if name not in SECTIONS:
            parser.error(f"no section {name}; there are {', '.join(SECTIONS)}")
    return options


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"error: {failure}")
