"""The clients that are measured: what starts each of them."""

import dataclasses
import pathlib

from .api import REGION, Failed
from . import exact, process

PEERS = pathlib.Path(__file__).parent.parent / "peers"


@dataclasses.dataclass(frozen=True)
class Client:
    name: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    # What it has to be beaten by: a key of TARGETS.
    target: str | None = None

    def copy(self, server, source, target, options=()):
        """Runs it to its end, which must be a success."""
        command = [*self.command, source, target, "--endpoint", server.url, *options]
        usage = process.run(command, self.environment)
        if usage.status != 0:
            raise Failed(f"{self.name} ended with {usage.status}: {usage.errors[-2000:]}")
        return usage


def dynaferry(binary):
    return Client("dynaferry", (binary, "copy", "--progress", "none", "--region", REGION))


def tuned_boto3(python):
    return Client(
        "boto3, 2 processes x 4 threads", (python, str(PEERS / "tuned_boto3.py")),
        target="peer-boto3")


def peers(python, go):
    """The others; the Go peer at both settings of its garbage collector."""
    return [
        Client("Go, aws-sdk-go-v2, GOGC=400", (go,), (("GOGC", "400"),), target="peer-go"),
        Client("Go, aws-sdk-go-v2, default GOGC", (go,)),
        Client("aiobotocore and uvloop, 2 processes", (python, str(PEERS / "aiobotocore_copy.py"))),
        tuned_boto3(python),
        Client("boto3, one paginator and batch_writer", (python, str(PEERS / "usual_boto3.py"))),
    ]


@dataclasses.dataclass
class Copy:
    """One copy, measured and compared."""

    items: int
    usage: process.Usage
    differences: list[str]

    @property
    def cpu_us(self):
        return self.usage.cpu_seconds / self.items * 1e6

    @property
    def rate(self):
        return self.items / self.usage.wall_seconds

    @property
    def peak_mib(self):
        return self.usage.peak_bytes / 2**20

    def columns(self):
        return {
            "CPU us/item": round(self.cpu_us, 3), "items/s": round(self.rate),
            "peak MiB": round(self.peak_mib, 1), "exact": "no" if self.differences else "yes"}


def name_of_copy(source):
    """The table that `source` is copied into, and which is gone afterwards."""
    return f"{source}-copy"


def copied(client, server, source, items, options=()):
    """Copies a table into a new one, compares, and deletes the copy."""
    copy = name_of_copy(source)
    try:
        usage = client.copy(server, source, copy, options)
        found = exact.differences(server.url, source, copy, items, server.ca)
    finally:
        if copy in server.tables():
            server.delete(copy)
    return Copy(items, usage, found)


def runs(client, server, source, items, count, options=()):
    """So many copies; the one that took the least CPU first."""
    copies = [copied(client, server, source, items, options) for _ in range(count)]
    return sorted(copies, key=lambda copy: copy.cpu_us)
