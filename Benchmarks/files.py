"""Exports tables and imports them again: killed at random instants, large, and in odd files.

usage: files.py [--rounds N] [--items N] [--seed S] [SECTION...]      sections: kills memory odd
       DYNAFERRY_BINARY names the program, DYNAFERRY_PYTHON an interpreter that has boto3

kills   A table is exported into a folder and into a bucket in turn, by a command that SIGKILL ends
        at a random instant, again and again until it ends by itself. A reader that knows nothing of
        what wrote it holds the export against the table: sums, counts, lines, keys, and that no file
        lies there which is not listed. Then it is imported, killed likewise, and both tables are
        compared.
memory  A large table goes out and in: the most resident memory of each process.
odd     One file of 2 GB that is not compressed is imported, and 10,000 files of a few lines: the
        most resident memory of each process.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from harness import exact
from harness.api import REGION, Failed
from harness.process import ENVIRONMENT, run
from harness.server import serving

BINARY = os.environ.get("DYNAFERRY_BINARY", ".build/release/dynaferry")
PYTHON = os.environ.get("DYNAFERRY_PYTHON", ".build/python/bin/python")
READER = "Tests/InteropTests/Scripts/read_export.py"
KEY = "accountId,sequence"
FAULTS = "error=0.02,throttle=0.02,drop=0.01,truncate=0.01"
KILL_AGAIN = 0.75
KILLS_MAX = 8
# A run that is not killed: about so long is what it takes.
RUN_SECONDS = 1.5
ITEMS = 20_000


def words(server, folder, *words):
    return [BINARY, *words, "--endpoint", server.url, "--region", REGION, "--state-dir",
            f"{folder}/jobs", "--progress", "none"]


def killed(command, folder, rng):
    """Runs a command again and again until it ends by itself; how often it was killed."""
    kills = 0
    while True:
        with open(f"{folder}/errors", "w", encoding="utf-8") as errors:
            process = subprocess.Popen(
                command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=errors, start_new_session=True)
        limit = None
        if kills < KILLS_MAX and rng.random() < KILL_AGAIN:
            limit = rng.uniform(0.02, RUN_SECONDS)
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            continue
        if status != 0:
            with open(f"{folder}/errors", encoding="utf-8") as errors:
                said = errors.read()
            # It was killed between its last save and its end.
            if "has copied everything into it" not in said:
                raise Failed(f"{' '.join(command)} ended with {status}: {said[-800:]}")
        return kills


def kills_section(options):
    rng = random.Random(options.seed)
    total = 0
    print("round  place   kills out  kills in  seconds  exact")
    for number in range(options.rounds):
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="files-") as folder:
            faults = ["--faults", FAULTS, "--seed", str(options.seed + number)]
            bucket = ["--bucket", "dumps", "--s3-dir", f"{folder}/s3"]
            with serving(BINARY, [f"source={ITEMS}"], bucket + faults) as server:
                is_bucket = number % 2 == 1
                place = "s3://dumps/out/" if is_bucket else f"{folder}/out/"
                out = killed(
                    words(server, folder, "copy", "source", place, "--file-size", "64KiB",
                          "--segments", "16", "--read-units", "900"), folder, rng)
                root = f"{folder}/s3/dumps/out" if is_bucket else place
                read(root, server)
                into = killed(
                    words(server, folder, "copy", place, "target", "--latest", "--write-units",
                          "15000"),
                    folder, rng)
                wrong = exact.differences(server.url, "source", "target", ITEMS)
                if wrong:
                    raise Failed(f"round {number}: " + "\n".join(wrong))
        total += out + into
        print(f"{number:5}  {'bucket' if is_bucket else 'folder'}  {out:9}  {into:8}"
              f"  {time.monotonic() - began:7.1f}  yes", flush=True)
    print(f"{total} kills in {options.rounds} rounds")


def read(root, server):
    """Holds an export against its table, by a program of its own."""
    found = None
    for _ in range(20):
        # The server's faults are meant for others.
        found = subprocess.run(
            [PYTHON, READER, root, server.url, "source", KEY], env=ENVIRONMENT,
            capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return
    raise Failed(f"the export in {root}: {found.stderr[-800:]}")


def memory_section(options):
    with tempfile.TemporaryDirectory(prefix="files-") as folder:
        with serving(BINARY, [f"source={options.items}"]) as server:
            for name, command in [
                    ("out", ["copy", "source", f"{folder}/out/", "--read-units", "100000000"]),
                    ("in", ["copy", f"{folder}/out/", "target"])]:
                usage = run(words(server, folder, *command))
                if usage.status != 0:
                    raise Failed(usage.errors[-800:])
                print(f"{name}: {options.items:,} items,"
                      f" {usage.cpu_seconds * 1e6 / options.items:.2f} us of CPU an item,"
                      f" {usage.wall_seconds:.1f} s, {usage.peak_bytes / 2**20:.1f} MiB",
                      flush=True)
            wrong = exact.differences(server.url, "source", "target", options.items)
            if wrong:
                raise Failed("\n".join(wrong))


ODD_BYTES = 2 << 30
ODD_FILES = 10_000
ODD_LINES = 20


def odd_line(number):
    text = f"{number:032d}" * (20 + number % 17)
    return f'{{"Item":{{"id":{{"S":"item {number}"}},"text":{{"S":"{text}"}}}}}}\n'


def odd_section(_):
    with tempfile.TemporaryDirectory(prefix="files-") as folder:
        os.makedirs(f"{folder}/large")
        count = size = 0
        with open(f"{folder}/large/all.json", "w", encoding="ascii") as file:
            while size < ODD_BYTES:
                size += file.write("".join(odd_line(count + more) for more in range(1_000)))
                count += 1_000
        odd(f"{folder}/large/", folder, count, f"one file of {size / 1e9:.2f} GB")
        os.makedirs(f"{folder}/small")
        for number in range(ODD_FILES):
            with open(f"{folder}/small/{number:05d}.json", "w", encoding="ascii") as file:
                file.writelines(odd_line(number * ODD_LINES + line) for line in range(ODD_LINES))
        odd(f"{folder}/small/", folder, ODD_FILES * ODD_LINES, f"{ODD_FILES:,} files")


def odd(place, folder, items, name):
    with serving(BINARY, []) as server:
        usage = run(words(server, folder, "copy", place, "target", "--key", "id:S"))
        if usage.status != 0:
            raise Failed(usage.errors[-800:])
        found = run(words(server, folder, "verify", place, "target", "--key", "id:S"))
        if found.status != 0:
            raise Failed(found.output[-800:] + found.errors[-800:])
        for verb, done in [("in", usage), ("verified", found)]:
            print(f"{name}, {verb}: {items:,} items,"
                  f" {done.cpu_seconds * 1e6 / items:.2f} us of CPU an item,"
                  f" {done.wall_seconds:.1f} s, {done.peak_bytes / 2**20:.1f} MiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--items", type=int, default=5_000_000, help="of the memory section")
    parser.add_argument("--seed", type=int, default=1)
    sections = {"kills": kills_section, "memory": memory_section, "odd": odd_section}
    parser.add_argument("sections", nargs="*", choices=[*sections, []])
    options = parser.parse_args()
    for name in options.sections or sections:
        print(f"== {name}")
        sections[name](options)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"error: {failure}")
