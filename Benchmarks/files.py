"""Exports tables and imports them again: killed at random instants, large, and beside zlib alone.

usage: files.py [--rounds N] [--items N] [--seed S] [SECTION...]      sections: kills memory speed
       DYNAFERRY_BINARY names the program, DYNAFERRY_PYTHON an interpreter that has boto3

kills   A table is exported into a folder and into a bucket in turn, by a command that SIGKILL ends
        at a random instant, again and again until it ends by itself. A reader that knows nothing of
        what wrote it holds the export against the table: sums, counts, lines, keys, and that no file
        lies there which is not listed. Then it is imported, killed likewise, and both tables are
        compared.
memory  A large table goes out and in: the most resident memory of each process.
speed   What an item costs to export and to import in CPU, beside zlib alone over the same
        bytes at the same level, and a copy from table to table.
"""

import argparse
import glob
import gzip
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zlib

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
                    ("out", ["copy", "source", f"{folder}/out/"]),
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


def median(command, server, folder, runs, before=lambda: None):
    found = []
    for _ in range(runs):
        before()
        usage = run(words(server, folder, *command))
        if usage.status != 0:
            raise Failed(usage.errors[-800:])
        found.append(usage)
        shutil.rmtree(f"{folder}/jobs", ignore_errors=True)
    return statistics.median(usage.cpu_seconds for usage in found)


def speed_section(options):
    items = 380_218
    with tempfile.TemporaryDirectory(prefix="files-") as folder:
        with serving(BINARY, [f"source={items}", "empty=0"]) as server:
            def clear():
                shutil.rmtree(f"{folder}/out", ignore_errors=True)

            def empty():
                if "target" in server.tables():
                    server.delete("target")

            rows = []
            for level in (6, 1):
                out = median(
                    ["copy", "source", f"{folder}/out/", "--level", str(level)], server, folder,
                    options.runs, clear)
                alone = zlib_alone(glob.glob(f"{folder}/out/AWSDynamoDB/*/data/*.gz"), level)
                size = sum(map(os.path.getsize, glob.glob(f"{folder}/out/AWSDynamoDB/*/data/*")))
                rows.append((f"export, level {level}", out, alone, size))
            into = median(
                ["copy", f"{folder}/out/", "target"], server, folder, options.runs, empty)
            plain = median(
                ["copy", "source", f"{folder}/out/", "--compression", "none"], server, folder,
                options.runs, clear)
            copy = median(["copy", "source", "target"], server, folder, options.runs, empty)
            for name, seconds, alone, size in rows:
                print(f"{name}: {seconds * 1e6 / items:.2f} us of CPU an item,"
                      f" zlib alone {alone * 1e6 / items:.2f}; {size / 1e6:.1f} MB")
            print(f"export, not compressed: {plain * 1e6 / items:.2f}")
            print(f"import: {into * 1e6 / items:.2f}, {into / copy:.2f} times a copy from table to"
                  f" table, {copy * 1e6 / items:.2f}")


def zlib_alone(paths, level):
    """CPU of compressing the same bytes in one go, by Python's zlib, in pieces of a megabyte."""
    seconds = 0
    for path in paths:
        with gzip.open(path, "rb") as file:
            data = file.read()
        began = time.process_time()
        stream = zlib.compressobj(level, zlib.DEFLATED, 31)
        for start in range(0, len(data), 1 << 20):
            stream.compress(data[start:start + (1 << 20)])
        stream.flush()
        seconds += time.process_time() - began
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--items", type=int, default=5_000_000, help="of the memory section")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    sections = {"kills": kills_section, "memory": memory_section, "speed": speed_section}
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
