"""Tables to files and back, beside what a library alone takes, and beside other clients."""

import contextlib
import glob
import gzip
import json
import os
import shutil
import time
import zlib

from . import process
from .api import REGION, Failed
from .clients import PEERS
from .results import Row, Section
from .server import serving
from .setting import say

ABOUT = (
    "CPU of the client for an item of `transactions`; the best run counts. `zlib alone` is "
    "Python's, over the same bytes at the same level; `scan alone` writes lines to /dev/null. "
    "Others export a smaller table. The last row is an import of files that hold a partition's "
    "items each, as DynamoDB's own do, into a table of 16 partitions by the service's rules.")
ITEMS_OF_PEERS = 20_000
PARTITIONS = 16
PARTITION_UNITS = 1_000
SECONDS = 60
# No limit: what a live table's users would need is not what is measured.
FAST = ("--read-units", "100000000")


def run(setting):
    rows = _ours(setting) + _others(setting)
    rows.append(_partitions(setting))
    return Section("files", ABOUT, rows)


class Exports:
    """Commands on one server, whose files are gone afterwards."""

    def __init__(self, setting, server):
        self.setting = setting
        self.server = server
        self.folder = setting.folder / "files"
        self.out = f"{self.folder}/out/"

    def copy(self, source, target, *options, discards=False):
        command = [
            self.setting.dynaferry, "copy", source, target, "--progress", "none", "--endpoint",
            self.server.url, "--region", REGION, "--state-dir", f"{self.folder}/jobs", *options]
        return checked(process.run(command, discards_output=discards), command)

    def clear(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def drop(self, table):
        if table in self.server.tables():
            self.server.delete(table)

    def best(self, count, before, source, target, *options, discards=False):
        found = []
        for _ in range(count):
            before()
            found.append(self.copy(source, target, *options, discards=discards))
        return min(found, key=lambda usage: usage.cpu_seconds)

    def size(self):
        return sum(map(os.path.getsize, self.paths()))

    def paths(self):
        return glob.glob(f"{self.out}AWSDynamoDB/*/data/*")


def checked(usage, command):
    if usage.status != 0:
        raise Failed(f"{' '.join(map(str, command))} ended with {usage.status}:"
                     f" {usage.errors[-2000:]}")
    return usage


def _columns(usage, items, more=()):
    cpu = usage.cpu_seconds / items * 1e6
    return {"CPU us/item": round(cpu, 2), "items/s": round(items / usage.wall_seconds),
            "peak MiB": round(usage.peak_bytes / 2**20, 1)} | dict(more)


def _ours(setting):
    items, rows = setting.items, []
    with serving(setting.dynaferry, [f"source={items}:transactions"]) as server:
        here = Exports(setting, server)
        scan = here.best(
            setting.runs, here.clear, "source", "-", *FAST, discards=True).cpu_seconds
        rows.append(Row("scan alone", {"CPU us/item": round(scan / items * 1e6, 2)}))
        for level in (1, 6):
            usage = here.best(setting.runs, here.clear, "source", here.out, "--level", str(level),
                              *FAST)
            alone = _zlib_alone(here.paths(), level)
            rows.append(Row(
                f"export, gzip at {level}",
                _columns(usage, items, {
                    "zlib alone": round(alone / items * 1e6, 2),
                    "MB": round(here.size() / 1e6, 1)}),
                checks={"export": usage.cpu_seconds / (scan + alone)}))
            say(f"  {rows[-1].name}: {rows[-1].columns}")
        for name, options in [
                ("zstd at 3", ("--compression", "zstd")),
                ("not compressed", ("--compression", "none"))]:
            usage = here.best(setting.runs, here.clear, "source", here.out, *options, *FAST)
            rows.append(Row(
                f"export, {name}", _columns(usage, items, {"MB": round(here.size() / 1e6, 1)})))
            say(f"  {rows[-1].name}: {rows[-1].columns}")
        here.clear()
        here.copy("source", here.out, *FAST)
        into = here.best(setting.runs, lambda: here.drop("target"), here.out, "target")
        plain = here.best(setting.runs, lambda: here.drop("target"), "source", "target")
        rows.append(Row("copy, table to table", _columns(plain, items)))
        rows.append(Row(
            "import", _columns(into, items, {
                "zlib alone": round(_inflate_alone(here.paths()) / items * 1e6, 2)}),
            checks={"import": into.cpu_seconds / plain.cpu_seconds}))
        here.clear()
        for row in rows[-2:]:
            say(f"  {row.name}: {row.columns}")
    return rows


def _zlib_alone(paths, level):
    """CPU of compressing the same bytes in one go, a file at a time."""
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


def _inflate_alone(paths):
    """CPU of inflating all files."""
    seconds = 0
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        began = time.process_time()
        stream = zlib.decompressobj(31)
        while data and not stream.eof:
            stream.decompress(data, 1 << 20)
            data = stream.unconsumed_tail
        seconds += time.process_time() - began
    return seconds


def _others(setting):
    rows = []
    items = min(setting.items, ITEMS_OF_PEERS)
    with serving(setting.dynaferry, [f"source={items}:transactions"]) as server:
        here = Exports(setting, server)
        ours = {
            level: here.best(max(3, setting.runs), here.clear, "source", here.out, *options, *FAST)
            for level, options in [(6, ("--level", "6")), (0, ("--compression", "none"))]}
        port = server.url.rpartition(":")[2]
        commands = [
            ("boto3, 2 processes x 4 threads, gzip at 6", 6, "files-boto3", [
                setting.python, str(PEERS / "boto3_export.py"), "source", str(here.folder), "6",
                "--endpoint", server.url]),
            ("boto3, 2 processes x 4 threads, not compressed", 0, "files-boto3-plain", [
                setting.python, str(PEERS / "boto3_export.py"), "source", str(here.folder), "0",
                "--endpoint", server.url]),
            ("dynamodump", 0, None, [
                str(setting.tool("dynamodump")), "-m", "backup", "-r", REGION, "-s", "source",
                "--dataOnly", "--host", "127.0.0.1", "--port", port, "--accessKey", "bench",
                "--secretKey", "bench", "--dumpPath", f"{here.folder}/dump"]),
            ("aws dynamodb scan", 0, None, [
                str(setting.tool("aws")), "dynamodb", "scan", "--table-name", "source",
                "--endpoint-url", server.url, "--output", "json"]),
        ]
        for name, level, target, command in commands:
            here.clear()
            here.folder.mkdir(parents=True)
            usage = checked(process.run(command), command)
            # What both pay to begin is not what an item costs.
            ratio = usage.cpu_seconds / ours[level].cpu_seconds
            rows.append(Row(
                name, _columns(usage, items, {"times dynaferry's CPU": round(ratio, 1)}),
                checks={target: ratio} if target else {}))
            say(f"  {name}: {rows[-1].columns}")
        here.clear()
    return rows


def _partitions(setting):
    """How much of what a table's partitions take an import of one file a partition gives them."""
    most = PARTITIONS * PARTITION_UNITS
    items = most * SECONDS
    model = ["--capacity", "model", "--partitions", str(PARTITIONS), "--burst-seconds", "0"]
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(
            serving(setting.dynaferry, [f"source={items}:100B"]))
        here = Exports(setting, server)
        here.clear()
        here.copy("source", here.out, "--segments", str(PARTITIONS), "--file-size", "64MiB", *FAST)
        if len(here.paths()) != PARTITIONS:
            raise Failed(f"{len(here.paths())} files of {PARTITIONS} partitions")
        target = stack.enter_context(serving(setting.dynaferry, [], model))
        into = Exports(setting, target)
        report = setting.folder / "import.json"
        # A new table on demand would take a quarter of it at first.
        usage = into.copy(
            here.out, "target", "--report", str(report), "--billing-mode", "provisioned",
            "--target-capacity", f"100:{most}")
        seconds = json.loads(report.read_text())["seconds"]
        rate = items / seconds
        here.clear()
        row = Row(
            f"import into {PARTITIONS} partitions",
            _columns(usage, items) | {"items/s": round(rate)},
            checks={"partitions": 100 * rate / most})
        say(f"  {row.name}: {row.columns}")
        return row
