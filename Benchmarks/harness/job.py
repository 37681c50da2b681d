"""What the file of a killed copy's job holds, read without touching it."""

import dataclasses
import glob
import json
import os
import shutil
import sqlite3
import struct
import tempfile

from .api import Failed

# Of a write-ahead log (sqlite.org, "Database File Format", section 4).
LOG_HEADER = struct.Struct(">8I")
FRAME_HEADER = struct.Struct(">6I")


@dataclasses.dataclass(frozen=True)
class Job:
    """As of the last save that is whole. Before the first one everything is 0."""

    # Items that the target had acknowledged, summed over all runs.
    written: int = 0
    # Items before the segments' cursors: the next run begins behind them.
    done: int = 0
    # Of each table: what has been acknowledged, lies before cursors, and beyond them.
    tables: tuple = ()
    # Batches that were under way.
    writes_in_flight: int = 0
    # Whether the log ends in frames of a commit that did not come to its end.
    is_torn: bool = False
    is_finished: bool = False

    def ahead_since(self, before):
        """Items that were acknowledged but lie beyond their segments' cursors, of the tables that
        have saved anything since."""
        old = before.tables or (None,) * len(self.tables)
        return sum(now[2] for now, then in zip(self.tables, old) if now != (then or (0, 0, 0)))


def read(folder):
    """The one job of a state folder, from a copy: SQLite would mend what the copier has to."""
    jobs = []
    for path in glob.glob(f"{folder}/*.db"):
        is_torn = _is_torn(path + "-wal")
        with tempfile.TemporaryDirectory(prefix="chaos-job-") as place:
            for suffix in ("", "-wal"):
                if os.path.exists(path + suffix):
                    shutil.copy(path + suffix, f"{place}/job{suffix}")
            row = _row(f"{place}/job")
        # A kill may have come before the job stood in its file, which then is nobody's.
        if row is not None:
            state, progress = row[0], json.loads(row[1])
            jobs.append(Job(
                written=progress.get("itemsWritten", 0), done=progress.get("itemsDone", 0),
                tables=tuple(_figures(json.loads(table)) for table in row[2]),
                writes_in_flight=progress.get("writesInFlight", 0), is_torn=is_torn,
                is_finished=state == "finished"))
    if len(jobs) > 1:
        raise Failed(f"{len(jobs)} jobs were made of one copy")
    return jobs[0] if jobs else Job()


def _figures(progress):
    return tuple(progress.get(name, 0) for name in ("itemsWritten", "itemsDone", "itemsAhead"))


def _row(path):
    connection = sqlite3.connect(path)
    try:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'job'").fetchone():
            return None
        row = connection.execute("SELECT state, progress FROM job").fetchone()
        tables = connection.execute("SELECT progress FROM tables ORDER BY number").fetchall()
        return row and (*row, [progress for (progress,) in tables])
    finally:
        connection.close()


def _is_torn(path):
    try:
        with open(path, "rb") as file:
            log = file.read()
    except FileNotFoundError:
        return False
    if len(log) < LOG_HEADER.size:
        return bool(log)
    _, _, page_bytes, _, *salts = LOG_HEADER.unpack_from(log)[:6]
    place = LOG_HEADER.size
    is_committed = True
    # What stands behind the frames of this generation is left over from the last one.
    while place + FRAME_HEADER.size <= len(log):
        _, pages_after_commit, *frame_salts = FRAME_HEADER.unpack_from(log, place)[:4]
        if frame_salts != salts:
            break
        is_whole = place + FRAME_HEADER.size + page_bytes <= len(log)
        is_committed = is_whole and pages_after_commit > 0
        place += FRAME_HEADER.size + page_bytes
    return not is_committed
