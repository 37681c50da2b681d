"""Rows of figures, and the two files that they are kept in."""

import dataclasses
import json
import os
import pathlib
import platform
import subprocess

from .targets import TARGETS

REQUIREMENTS = pathlib.Path(__file__).parent.parent / "requirements.txt"


@dataclasses.dataclass
class Row:
    name: str
    # What is shown, by the title of its column, in order.
    columns: dict
    # What has to hold: keys of TARGETS, each with the value found.
    checks: dict = dataclasses.field(default_factory=dict)
    # False when the result is wrong, however fast it came.
    is_sane: bool = True
    # What every run took, for those who want to see the spread.
    runs: list = dataclasses.field(default_factory=list)

    @property
    def failures(self):
        missed = [key for key, value in self.checks.items() if not TARGETS[key].holds(value)]
        return missed + ([] if self.is_sane else ["sane"])

    def verdict(self):
        texts = [] if self.is_sane else ["FAIL: the result is wrong"]
        for key, value in self.checks.items():
            target = TARGETS[key]
            outcome = "pass" if target.holds(value) else "FAIL"
            texts.append(f"{outcome}: {_cell(float(value))}, {target}")
        return "; ".join(texts)

    def json(self):
        checks = [
            {"target": key, "value": value, "unit": TARGETS[key].unit,
             "atMost": TARGETS[key].at_most, "atLeast": TARGETS[key].at_least,
             "holds": TARGETS[key].holds(value)}
            for key, value in self.checks.items()]
        return {
            "name": self.name, "figures": self.columns, "isSane": self.is_sane,
            "checks": checks, "runs": self.runs}


@dataclasses.dataclass
class Section:
    name: str
    about: str
    rows: list[Row]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next(
            (line.split(":")[1].strip() for line in file if line.startswith("model name")),
            platform.machine())
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = next(int(line.split()[1]) for line in file if line.startswith("MemTotal:"))
    return {
        "cpu": model, "cores": os.cpu_count(), "memoryGiB": round(memory / 2**20, 1),
        "kernel": platform.release(), "system": _system(),
        "swift": _first_line("swift", "--version"), "loadBefore": os.getloadavg()[0],
    }


def _system():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def versions():
    """Of the clients that dynaferry is compared with."""
    pins = dict(
        line.split("==") for line in REQUIREMENTS.read_text().splitlines() if "==" in line)
    sdk = _first_line(
        "dpkg-query", "-W", "-f", "${Version}\n", "golang-github-aws-aws-sdk-go-v2-dev")
    python = {name: pins[name] for name in ("boto3", "botocore", "aiobotocore", "uvloop")}
    return {
        "go": _first_line("go", "version").removeprefix("go version "), "aws-sdk-go-v2": sdk,
        "python": platform.python_version(), **python}


def commit():
    """The commit that was measured; with a mark when files differ from it."""
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True)
    return _first_line("git", "rev-parse", "HEAD") + (" with changes" if changed.stdout else "")


def _first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.split("\n", 1)[0]


def write(path, facts, sections):
    """Writes PATH.json and PATH.md."""
    content = facts | {
        "sections": [
            {"name": section.name, "about": section.about,
             "rows": [row.json() for row in section.rows]}
            for section in sections]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(path.name + ".json").write_text(json.dumps(content, indent=1) + "\n")
    path.with_name(path.name + ".md").write_text(markdown(facts, sections))


def markdown(facts, sections):
    machine = facts["machine"]
    lines = [
        f"# Benchmarks, {facts['date']}", "",
        f"`{facts['command']}` at commit `{facts['commit']}`.",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memoryGiB']} GiB; "
        f"{machine['system']}, Linux {machine['kernel']}; {machine['swift']}. "
        f"Load before the start: {machine['loadBefore']:.2f}.",
        "Clients: " + ", ".join(f"{name} {version}" for name, version in facts["clients"].items())
        + ".",
    ]
    for section in sections:
        lines += ["", f"## {section.name}", "", section.about, "", *table(section.rows)]
    return "\n".join(lines) + "\n"


def table(rows):
    titles = list(dict.fromkeys(title for row in rows for title in row.columns))
    has_checks = any(row.checks or not row.is_sane for row in rows)
    head = ["", *titles] + (["target"] if has_checks else [])
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [row.name, *(_cell(row.columns.get(title)) for title in titles)]
        lines.append("| " + " | ".join(cells + ([row.verdict()] if has_checks else [])) + " |")
    return lines


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
    return str(value)
