"""What the figures have to reach. This is the only place that knows; nothing else holds a bound."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Target:
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def holds(self, value):
        return ((self.at_most is None or value <= self.at_most)
                and (self.at_least is None or value >= self.at_least))

    def __str__(self):
        bounds = []
        if self.at_most is not None:
            bounds.append(f"<= {self.at_most:,g}")
        if self.at_least is not None:
            bounds.append(f">= {self.at_least:,g}")
        return " and ".join(bounds) + f" {self.unit}"


CPU = "us/item"

TARGETS = {
    # CPU of a verification for an item of a side, and its memory, of 1,000,000 transactions.
    "verify": Target("us/item of a side", at_most=4),
    "verify-memory": Target("MiB", at_most=96),
    # CPU of the client for an item, best of five runs at default settings.
    "clear": Target(CPU, at_most=2.2),
    "tls": Target(CPU, at_most=3.1),
    "100B": Target(CPU, at_most=1.2),
    "4KB": Target(CPU, at_most=10),
    # Peak memory with so many requests in flight.
    "memory-64": Target("MiB", at_most=48),
    "memory-256": Target("MiB", at_most=96),
    # With 20 ms of latency on every request.
    "latency": Target("items/s", at_least=100_000),
    # CPU with 10 % of the items returned unprocessed, to the clean run's.
    "unprocessed": Target("times the clean run", at_most=1.3),
    # Largest CPU for an item to the smallest: over table sizes, and over numbers of segments.
    "flat-items": Target("times the least", at_most=1.25),
    "flat-segments": Target("times the least", at_most=1.25),
    "scan": Target("us/Scan", at_most=25),
    # CPU for an item of a peer, to dynaferry's.
    "peer-go": Target("times dynaferry's CPU", at_least=15),
    "peer-boto3": Target("times dynaferry's CPU", at_least=110),
    # CPU of an export to that of the same scan and of zlib alone over the same bytes, of an import
    # to that of a copy, and of an export by boto3 to ours.
    "export": Target("times scan and zlib", at_most=1.25),
    "import": Target("times a copy", at_most=1.5),
    "files-boto3": Target("times dynaferry's CPU", at_least=6),
    "files-boto3-plain": Target("times dynaferry's CPU", at_least=25),
    # What choosing and changing items on the way takes beside the same import without it.
    "where": Target(CPU, at_most=1),
    "set": Target(CPU, at_most=5),
    "through": Target(CPU, at_most=4),
    # Of what a table's partitions take, what an import gives them.
    "partitions": Target("% of all", at_least=95),
    # The small run of the tests, against the tuned boto3 peer.
    "small": Target("times dynaferry's CPU", at_least=30),
}
