"""What every section works with."""

import dataclasses
import pathlib
import sys

# The main job of the benchmarks; other sizes follow it when it is made smaller.
TRANSACTIONS = 380_218


@dataclasses.dataclass(frozen=True)
class Setting:
    dynaferry: str
    micro: str
    python: str
    go: str
    floor: str
    items: int
    runs: int
    # For files that are gone afterwards.
    folder: pathlib.Path

    def tool(self, name):
        """A program that the peers' packages have brought."""
        return pathlib.Path(self.python).parent / name

    def scaled(self, items):
        """So many items, less when the main job is smaller than it should be."""
        return items if self.items >= TRANSACTIONS else max(1, items * self.items // TRANSACTIONS)


def say(text):
    print(text, file=sys.stderr, flush=True)
