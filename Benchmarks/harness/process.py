"""Runs a client and measures it from outside, every one the same way."""

import dataclasses
import glob
import os
import signal
import subprocess
import tempfile
import threading
import time

from .api import REGION

SAMPLE_SECONDS = 0.02
LIMIT_SECONDS = 1_800
# Where clients may leave what they want to remember; gone with this program.
HOME = tempfile.TemporaryDirectory(prefix="bench-home-")
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "HOME": HOME.name, "LANG": "C.UTF-8",
    "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclasses.dataclass
class Usage:
    status: int
    # From start to end of the process, its start-up and preparations included.
    wall_seconds: float
    # User and system time of the process and of its children.
    cpu_seconds: float
    # Most resident memory, of the process and its children together.
    peak_bytes: int
    output: str
    errors: str


def run(command, environment=(), discards_output=False):
    """Runs a command to its end, which comes by force after LIMIT_SECONDS."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        began = time.monotonic()
        # In a session of its own, so that it can be ended with all its children.
        process = subprocess.Popen(
            command, env=ENVIRONMENT | dict(environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if discards_output else out, stderr=errors,
            start_new_session=True)
        peak = PeakMemory(process.pid)
        limit = threading.Timer(LIMIT_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        limit.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            limit.cancel()
            peak.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        return Usage(
            status=process.returncode, wall_seconds=wall,
            cpu_seconds=usage.ru_utime + usage.ru_stime, peak_bytes=peak.bytes,
            output=out.read(), errors=errors.read())


class PeakMemory:
    """Looks at the high-water marks of a process and its children until they are gone.

    `ru_maxrss` would not do: it counts what this process held when it started the client, and of
    several children only the largest. A mark only grows, so looking now and then misses no more
    than what a process took in its last moment.
    """

    def __init__(self, pid):
        self.bytes = 0
        self._pid = pid
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self):
        self._stopping.set()
        self._thread.join()

    def _watch(self):
        while not self._stopping.wait(SAMPLE_SECONDS):
            self.bytes = max(self.bytes, sum(map(_high_water, _tree(self._pid))))


def _tree(pid):
    yield pid
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(path, encoding="ascii") as file:
                children = file.read().split()
        except OSError:
            continue
        for child in children:
            yield from _tree(int(child))


def _high_water(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
