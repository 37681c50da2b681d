"""The parts of the hot path by themselves, as `Benchmarks/Micro` measures them."""

import json

from . import process
from .api import Failed
from .results import Row, Section
from .setting import say

ABOUT = (
    "The parts by themselves, on one thread without any network; CPU of that thread, the best of "
    "several rounds. GB/s are of 10^9 bytes.")


def run(setting):
    usage = process.run([setting.micro])
    if usage.status != 0:
        raise Failed(f"the micro benchmarks ended with {usage.status}: {usage.errors[-2000:]}")
    rows = []
    for found in json.loads(usage.output)["results"]:
        figure = {"figure": round(found["value"], 3), "unit": found["unit"]}
        rows.append(Row(found["name"], figure, is_sane=found["isSane"]))
        say(f"  {found['name']}: {rows[-1].columns}")
    return Section("micro", ABOUT, rows)
