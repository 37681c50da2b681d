"""Whether an item costs the same in large tables and in many segments."""

import json

from . import clients
from .results import Row, Section
from .section_copy import row
from .server import serving
from .setting import say

ABOUT = (
    "CPU for an item of 100 bytes by the size of the table and by the number of segments, and what "
    "each further Scan request costs where segments are nearly empty. The best run counts.")
SIZES = (1_000_000, 5_000_000)
SEGMENTS = (1, 10, 100, 1_000, 10_000)
SMALL = 20_000
# Large tables average a run by themselves.
RUNS_MAX = 3


def run(setting):
    ours = clients.dynaferry(setting.dynaferry)
    rows = []
    by_size, by_segments = {}, {}

    def copies(server, items, name, options=()):
        count = min(setting.runs, RUNS_MAX)
        found = clients.runs(ours, server, "source", items, count, options)
        rows.append(row(name, found, {}))
        say(f"  {name}: {rows[-1].columns}")
        return found[0].cpu_us

    for size in map(setting.scaled, SIZES):
        with serving(setting.dynaferry, [f"source={size}:100B"]) as server:
            by_size[size] = copies(server, size, f"{size:,} items")
            if len(by_size) < len(SIZES):
                continue
            for segments in SEGMENTS:
                options = ("--segments", str(segments))
                by_segments[segments] = copies(
                    server, size, f"{size:,} items, {segments:,} segments", options)
    rows.append(_flat("flat over table sizes", "flat-items", by_size))
    rows.append(_flat("flat over segments", "flat-segments", by_segments))
    rows.append(_scan_cost(setting, ours))
    return Section("scale", ABOUT, rows)


def _flat(name, target, figures):
    return Row(name, {}, checks={target: max(figures.values()) / min(figures.values())})


def _scan_cost(setting, ours):
    """What each Scan costs beyond the items, by two copies of one small table."""
    report = setting.folder / "report.json"
    cpu, scans, differences = [], [], []
    with serving(setting.dynaferry, [f"source={SMALL}:100B"]) as server:
        for segments in (1, 10_000):
            options = ("--segments", str(segments), "--report", str(report))
            best, *others = clients.runs(ours, server, "source", SMALL, setting.runs, options)
            cpu.append(best.usage.cpu_seconds)
            scans.append(json.loads(report.read_text())["scanRequests"])
            differences += [copy for copy in (best, *others) if copy.differences]
    cost = (cpu[1] - cpu[0]) / (scans[1] - scans[0]) * 1e6
    found = Row(
        "each further Scan request", {"items": SMALL, "CPU us/Scan": round(cost, 2)},
        checks={"scan": cost}, is_sane=not differences,
        runs=[{"scans": scans, "cpuSeconds": cpu}])
    say(f"  {found.name}: {found.columns}")
    return found
