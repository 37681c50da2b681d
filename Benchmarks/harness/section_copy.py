"""Whole copies by dynaferry: sizes of items, TLS, latency, unprocessed items, memory."""

import json

from . import clients
from .results import Row, Section
from .server import certificate, serving
from .setting import say

ABOUT = (
    "dynaferry at default settings, both tables on one server. The best run counts, by CPU; with "
    "latency by items a second; for memory the worst.")


def run(setting):
    ours = clients.dynaferry(setting.dynaferry)
    rows = []

    def add(row):
        rows.append(row)
        say(f"  {row.name}: {row.columns}; {row.verdict()}")

    transactions = f"source={setting.items}:transactions"
    with serving(setting.dynaferry, [transactions]) as server:
        clear = clients.runs(ours, server, "source", setting.items, setting.runs)
        add(row("transactions, clear text", clear, {"clear": clear[0].cpu_us}))
    pair = certificate(setting.folder)
    with serving(setting.dynaferry, [transactions], tls=pair) as server:
        copies = clients.runs(
            ours, server, "source", setting.items, setting.runs, ("--ca-bundle", pair[0]))
        add(row("transactions, TLS", copies, {"tls": copies[0].cpu_us}))
    for shape, items in (("100B", 1_000_000), ("4KB", 50_000)):
        items = setting.scaled(items)
        with serving(setting.dynaferry, [f"source={items}:{shape}"]) as server:
            copies = clients.runs(ours, server, "source", items, setting.runs)
            add(row(f"{items:,} items of {shape}", copies, {shape: copies[0].cpu_us}))
    # The service gives items back as it spells all items; the server is wont to spell them anew.
    for name, spelling, targets in (
        ("10 % unprocessed", ",respelled=0", ["unprocessed"]),
        ("10 % unprocessed and spelt anew", "", []),
    ):
        options = ("--faults", "unprocessed=0.1" + spelling)
        with serving(setting.dynaferry, [transactions], options) as server:
            copies = clients.runs(ours, server, "source", setting.items, setting.runs)
            ratio = copies[0].cpu_us / clear[0].cpu_us
            figures = dict.fromkeys(targets, ratio)
            add(row(f"transactions, {name}: {ratio:.2f} times", copies, figures))
    options = ("--faults", "latency-ms=20")
    with serving(setting.dynaferry, [transactions], options) as server:
        copies = clients.runs(ours, server, "source", setting.items, setting.runs)
        copies.sort(key=lambda copy: -copy.rate)
        add(row("transactions, 20 ms latency", copies, {"latency": copies[0].rate}))
        for scans, writes in ((16, 48), (32, 224)):
            add(_memory(setting, ours, server, scans, writes))
    return Section("copy", ABOUT, rows)


def row(name, copies, checks):
    return Row(
        name, {"items": copies[0].items} | copies[0].columns(), checks=checks,
        is_sane=not any(copy.differences for copy in copies),
        runs=[copy.columns() for copy in copies])


def _memory(setting, ours, server, scans, writes):
    """Peak memory with requests in flight as many as allowed, which takes some latency."""
    options = (
        "--progress", "json", "--scan-concurrency", str(scans), "--write-concurrency", str(writes))
    copies = clients.runs(ours, server, "source", setting.items, setting.runs, options)
    copies.sort(key=lambda copy: -copy.peak_mib)
    found = row(
        f"{scans + writes} requests in flight at most", copies,
        {f"memory-{scans + writes}": copies[0].peak_mib})
    lines = [line for copy in copies for line in _progress(copy.usage.errors)]
    for side in ("scansInFlight", "writesInFlight"):
        found.columns[side] = max((line[side] for line in lines), default=None)
    return found


def _progress(text):
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line["type"] == "progress"]
