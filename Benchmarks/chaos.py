"""Kills copies at random instants until they end by themselves, and compares what they made.

usage: chaos.py [--rounds N] [--seed S]      DYNAFERRY_BINARY names the program

Each round has a server of its own, with a table of 100,000 items, or each fourth with four of
25,000 that a pattern copies which matches its own copies, and faults in a part of its replies.
`dynaferry copy` is started in a process group of its own, which SIGKILL ends at a random
instant: when it has just begun, when so many items have been written, or while the job's log is
being written; the same command is started again and mostly killed again, until it ends by itself,
as a success. Then both tables are compared, item by item. A line a round tells what was written
twice, which is what kills and faults may cost:

    in commit        kills that left a commit half-written in the job's log
    twice            the target's writes, by the server's meter, less the table's items
    reply lost       written by batches whose replies a fault spoiled, by the server's meter
    unsaved          what else the target had written in a run, when it was killed and the server
                     had come to rest, beyond what the job had last saved as acknowledged:
        in flight      of it at most 25 items for each batch that was under way at the last save.
                       How many were at the kill can't be seen from outside: this is an estimate
        since save     the rest: acknowledged after the last save
    ahead            saved as acknowledged, but beyond the segment's cursor, at the last save of
                     each run that was killed and had saved anything

A round fails when a table is not exact, or when those parts do not explain every item that was
written twice: what the job counts as acknowledged over all runs must be the table's items and those
that were ahead, and the run that ends by itself must leave nothing unsaved.
"""

import argparse
import concurrent.futures
import dataclasses
import functools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from harness import exact, job
from harness.api import REGION, Connection, Failed
from harness.process import ENVIRONMENT
from harness.server import serving

ITEMS = 100_000
# Pairs of a round, and the words that copy them.
ONE = ((("source", "target"),), ("source", "target"))
PATTERN = (tuple((f"rs-{n}", f"rs-{n}-copy") for n in range(4)), ("rs-*", "rs-*-copy"))
PATTERN_EVERY = 4
BATCH_ITEMS = 25
FAULTS = "error=0.02,throttle=0.02,unprocessed=0.1,drop=0.01,truncate=0.01,corrupt=0.01"
KILLS_MAX = 12
KILL_AGAIN = 0.6
# Kills before the first item has been written, mostly.
KILL_EARLY = 0.15
EARLY_SECONDS = 0.1
# Kills that wait for the job's log to be written to, which saves do every 250 ms. A part of them
# comes before the commit is whole.
KILL_IN_COMMIT = 0.5
COMMIT_WITHIN_SECONDS = 0.6
# Reading that the source has throttled may be slow for a while: such a run is killed sooner.
ITEMS_WITHIN_SECONDS = 2
LOOK_SECONDS = 0.004
# The server has executed what a killed copy had sent once it slept so many times in a row.
RESTS = 20
IDLE_LIMIT_SECONDS = 60
# Rounds at a time: a copy through throttles waits more than it works.
ROUNDS_AT_A_TIME = 3
BINARY = os.environ.get("DYNAFERRY_BINARY", ".build/release/dynaferry")
COLUMNS = (
    "round", "kills", "in commit", "twice", "reply lost", "since save", "in flight", "ahead",
    "seconds", "exact")


@dataclasses.dataclass
class Round:
    kills: int = 0
    # Kills that left a commit half-written behind.
    torn: int = 0
    twice: int = 0
    reply_lost: int = 0
    since_save: int = 0
    in_flight: int = 0
    ahead: int = 0
    seconds: float = 0.0
    wrong: list[str] = dataclasses.field(default_factory=list)

    @property
    def explained(self):
        return self.reply_lost + self.since_save + self.in_flight + self.ahead

    def add_kill(self, state, unsaved, ahead):
        in_flight = min(unsaved, BATCH_ITEMS * state.writes_in_flight)
        self.kills += 1
        self.torn += state.is_torn
        self.in_flight += in_flight
        self.since_save += unsaved - in_flight
        # What was ahead before has been copied again only once.
        self.ahead += ahead

    def add(self, other):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name) + getattr(other, field.name)
            setattr(self, field.name, value)

    def line(self, name):
        figures = (
            self.kills, self.torn, self.twice, self.reply_lost, self.since_save, self.in_flight,
            self.ahead)
        words = [name, *(f"{figure:,}" for figure in figures), f"{self.seconds:.1f}"]
        return table_line([*words, "no" if self.wrong else "yes"])


def table_line(words):
    return "  ".join(word.rjust(len(column)) for word, column in zip(words, COLUMNS))


class Copy:
    """One command, run again and again, and what the server and the job's file say after each."""

    def __init__(self, server, folder, tables, words):
        self._targets = [target for _, target in tables]
        self.jobs = f"{folder}/jobs"
        self._errors = f"{folder}/errors"
        self._command = [
            BINARY, "copy", *words, "--endpoint", server.url, "--region", REGION,
            "--state-dir", self.jobs, "--progress", "none"]
        self._is_idle = lambda: server.is_idle
        self._server = Connection(server.url)
        self.process = None

    def start(self):
        # A group of its own, which a kill ends as a whole.
        with open(self._errors, "w", encoding="utf-8") as errors:
            self.process = subprocess.Popen(
                self._command, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)

    def kill(self):
        """Ends it by force, if it has not ended by itself."""
        if self.is_running:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def end(self):
        """Waits until it has ended by itself; how long depends on the machine, so that only one
        that writes nothing any more is given up."""
        written = -1
        while True:
            try:
                self.process.wait(IDLE_LIMIT_SECONDS)
                return
            except subprocess.TimeoutExpired:
                before, written = written, self.target_meter()[0]
                if written == before:
                    break
        with open(self._errors, encoding="utf-8") as errors:
            said = errors.read()[-2000:]
        status = subprocess.run(
            [BINARY, "jobs", "--json", "--state-dir", self.jobs], env=ENVIRONMENT,
            capture_output=True, text=True, check=False)
        raise Failed(
            f"a copy has written nothing for {IDLE_LIMIT_SECONDS} s\n{said}{status.stdout}")

    def check(self):
        """It has been killed, or ended as a success."""
        if self.process.returncode not in (0, -signal.SIGKILL):
            with open(self._errors, encoding="utf-8") as errors:
                raise Failed(
                    f"a copy ended with {self.process.returncode}: {errors.read()[-2000:]}")

    def target_meter(self):
        """Items written, and those of them whose reply was lost."""
        meter = self._server.meter()["tables"]
        tables = [meter.get(name, {}) for name in self._targets]
        return (sum(table.get("items_written", 0) for table in tables),
                sum(table.get("items_unanswered", 0) for table in tables))

    def meter_at_rest(self):
        """The same, once the server has come to rest: it goes on for a moment."""
        last, rests = None, 0
        while rests < RESTS:
            time.sleep(LOOK_SECONDS)
            is_idle = self._is_idle()
            now = self.target_meter()
            rests = rests + 1 if is_idle and now == last else 0
            last = now
        return last

    def await_items(self, count):
        """Returns when it has written so many more items, or has ended, or it takes too long."""
        count += self.target_meter()[0]
        deadline = time.monotonic() + ITEMS_WITHIN_SECONDS
        while self.is_running and self.target_meter()[0] < count and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)

    def await_commit(self):
        """Returns as soon as the job's log is written to, or it has ended."""
        before = self._log_state()
        deadline = time.monotonic() + COMMIT_WITHIN_SECONDS
        while time.monotonic() < deadline and self._log_state() == before and self.is_running:
            pass

    def _log_state(self):
        try:
            with os.scandir(self.jobs) as entries:
                logs = [entry.stat() for entry in entries if entry.name.endswith("-wal")]
        except FileNotFoundError:
            return []
        return [(log.st_size, log.st_mtime_ns) for log in logs]


def run(copy, chance, left):
    """Runs the copy, which has so many items left, and kills it; without a number it may end."""
    copy.start()
    if left is None:
        copy.end()
    elif chance.random() < KILL_EARLY:
        time.sleep(chance.uniform(0, EARLY_SECONDS))
    else:
        copy.await_items(chance.randrange(left + 1))
        if chance.random() < KILL_IN_COMMIT:
            copy.await_commit()
        else:
            time.sleep(chance.uniform(0, LOOK_SECONDS))
    copy.kill()
    copy.check()


def chaos(copy, chance):
    """Runs and kills the copy until it is finished."""
    found = Round()
    began = time.monotonic()
    written, lost, state = 0, 0, job.Job()
    is_over = False
    while not is_over:
        is_spared = found.kills > 0 and chance.random() > KILL_AGAIN or found.kills == KILLS_MAX
        before = (written, lost, state)
        run(copy, chance, None if is_spared else ITEMS - state.done)
        written, lost = copy.meter_at_rest()
        state = job.read(copy.jobs)
        # A kill may have come too late for anything but the report.
        is_over = state.is_finished
        saved = state.written - before[2].written
        unsaved = (written - before[0]) - (lost - before[1]) - saved
        if unsaved < 0:
            found.wrong.append(f"{-unsaved} items are saved as acknowledged but were not written")
        if not is_over:
            found.add_kill(state, unsaved, state.ahead_since(before[2]))
    found.seconds = time.monotonic() - began
    found.twice = written - ITEMS
    found.reply_lost = lost
    if unsaved != 0:
        found.wrong.append(f"{unsaved} items written by the last run are not accounted for")
    if state.written != ITEMS + found.ahead:
        found.wrong.append(
            f"{state.written} items were acknowledged, not {ITEMS} and {found.ahead} twice")
    if found.twice > found.explained:
        found.wrong.append(f"{found.twice} written twice, {found.explained} of them explained")
    return found


def run_round(seed, number):
    chance = random.Random(f"{seed}/{number}")
    options = ["--faults", FAULTS, "--seed", str(chance.getrandbits(32))]
    tables, words = PATTERN if number % PATTERN_EVERY == 0 else ONE
    items = ITEMS // len(tables)
    with (serving(BINARY, [f"{source}={items}" for source, _ in tables], options) as server,
          tempfile.TemporaryDirectory(prefix="chaos-") as folder):
        copy = Copy(server, folder, tables, words)
        try:
            found = chaos(copy, chance)
        finally:
            copy.kill()
        for source, target in tables:
            found.wrong += exact.differences(server.url, source, target, items)
        return found


def main():
    parser = argparse.ArgumentParser(prog="scripts/chaos.sh", allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=10, help="how many copies (10)")
    parser.add_argument("--seed", type=int, default=1, help="decides when to kill (1)")
    options = parser.parse_args()
    print(table_line(COLUMNS), flush=True)
    total = Round()
    with concurrent.futures.ThreadPoolExecutor(ROUNDS_AT_A_TIME) as pool:
        rounds = pool.map(functools.partial(run_round, options.seed), range(1, options.rounds + 1))
        for number, found in enumerate(rounds, 1):
            print(found.line(str(number)), flush=True)
            for line in found.wrong:
                print(f"  wrong: {line}", flush=True)
            total.add(found)
    print(total.line("total"))
    print(
        f"{total.kills} kills in {options.rounds} rounds; {total.twice:,} items written twice,"
        f" {total.twice / max(1, total.kills):,.0f} a kill")
    if total.wrong:
        sys.exit(f"error: {len(total.wrong)} faults were found; --seed {options.seed} makes them")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"error: {failure}")
