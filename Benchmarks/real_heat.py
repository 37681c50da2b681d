#!/usr/bin/env python3
"""Heat for real: what the partitions of a table of `dynaferry serve` take from one reader in scan
order, and from dynaferry at default settings. Prints a Markdown table; draws a plot.

    Benchmarks/real_heat.py PLOT.svg [PARTITIONS...]        DYNAFERRY_BINARY names the program
"""

import sys
import threading
import time

from local_server import Server

SECONDS = 30
SCAN_ORDER_SECONDS = 20
FULL = 1000


def start_server(partitions):
    shape = "1KB" if partitions <= 16 else "100B"
    items = partitions * FULL * SECONDS
    server = Server(
        "--partitions", str(partitions), "--burst-seconds", "0",
        "--fill", f"source={items}:{shape}",
    )  # fmt: skip
    server.create_like("source", "target", partitions * FULL)
    return server, items


def sample(server, connection, rows):
    meter = server.meter(connection)
    table = meter["tables"]["target"]
    units = [p["write_units"] for p in table["partitions"]]
    rows.append((meter["now_seconds"], units, table["write_throttles"], table["items_written"]))


def dynaferry(partitions):
    server, items = start_server(partitions)
    with server:
        rows, connection = [], server.connect()
        sample(server, connection, rows)
        copy = server.start_copy("source", "target")
        while copy.poll() is None:
            time.sleep(0.25)
            sample(server, connection, rows)
        assert copy.returncode == 0, f"the copy ended with {copy.returncode}"
        assert rows[-1][3] >= items, "not every item arrived"
    return rows


def scan_order(partitions):
    """One reader of the whole table, eight writers who send again what was refused."""
    server, _ = start_server(partitions)
    with server:
        end = time.monotonic() + SCAN_ORDER_SECONDS
        queue, lock = [], threading.Condition()

        def write():
            connection = server.connect()
            while time.monotonic() < end:
                with lock:
                    if not queue:
                        lock.wait(0.01)
                        continue
                    batch = queue.pop(0)
                    lock.notify_all()
                delay = 0.02
                while batch and time.monotonic() < end:
                    body = {"RequestItems": {"target": batch}}
                    status, reply = server.call(connection, "BatchWriteItem", body)
                    if status == 200:
                        batch = reply["UnprocessedItems"].get("target", [])
                    if batch:
                        time.sleep(delay)
                        delay = min(delay * 2, 0.2)

        threads = [threading.Thread(target=write, daemon=True) for _ in range(8)]
        rows, connection = [], server.connect()
        for thread in threads:
            thread.start()
        sampler = threading.Thread(target=watch, args=(server, rows, end), daemon=True)
        sampler.start()
        body = {"TableName": "source"}
        while time.monotonic() < end:
            _, page = server.call(connection, "Scan", body)
            items = [{"PutRequest": {"Item": item}} for item in page["Items"]]
            with lock:
                queue.extend(items[i : i + 25] for i in range(0, len(items), 25))
                while len(queue) > 100 and time.monotonic() < end:
                    lock.wait(0.05)
            body["ExclusiveStartKey"] = page.get("LastEvaluatedKey")
        for thread in [*threads, sampler]:
            thread.join()
    return rows


def watch(server, rows, end):
    connection = server.connect()
    while time.monotonic() < end:
        sample(server, connection, rows)
        time.sleep(0.25)


def figures(rows):
    """Units a second and refused share of the writes, from the first write to the last."""
    busy = [row for row in rows if sum(row[1]) > 0 and sum(row[1]) < sum(rows[-1][1])]
    first, last = busy[0], busy[-1]
    rate = (sum(last[1]) - sum(first[1])) / (last[0] - first[0])
    throttled = rows[-1][2]
    return rate, throttled / (rows[-1][3] + throttled), last[0] - first[0]


def draw(path, panels):
    width, height, left, top, gap = 720, 240, 60, 34, 62
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 20}" '
        f'height="{top + len(panels) * (height + gap)}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, (title, rows) in enumerate(panels):
        y = top + number * (height + gap)
        count, span = len(rows[0][1]), rows[-1][0] - rows[0][0]
        parts.append(f'<text x="{left}" y="{y - 8}">{title}</text>')
        tall = height / count
        for before, after in zip(rows, rows[1:]):
            seconds = after[0] - before[0]
            x = left + (before[0] - rows[0][0]) / span * width
            for partition in range(count):
                share = (after[1][partition] - before[1][partition]) / seconds / FULL
                if share > 0.01:
                    parts.append(
                        f'<rect x="{x:.1f}" y="{y + partition * tall:.1f}" '
                        f'width="{seconds / span * width:.2f}" height="{tall * 0.94:.2f}" '
                        f'fill="#b03a2e" opacity="{min(1, share):.2f}"/>'
                    )
        parts.append(
            f'<rect x="{left}" y="{y}" width="{width}" height="{height}" fill="none" '
            f'stroke="#888"/><text x="{left}" y="{y + height + 16}">0 s</text>'
            f'<text x="{left + width}" y="{y + height + 16}" text-anchor="end">{span:.0f} s</text>'
            f'<text x="8" y="{y + 12}">partition</text>'
        )
    with open(path, "w") as file:
        file.write("\n".join([*parts, "</svg>", ""]))


def main():
    path = sys.argv[1]
    counts = [int(word) for word in sys.argv[2:]] or [4, 16]
    print("| partitions | way | units/s | % of all | items refused | seconds |")
    print("|---|---|---|---|---|---|")
    for count in counts:
        panels = []
        for way, run in [("one reader in scan order", scan_order), ("dynaferry", dynaferry)]:
            rows = run(count)
            rate, refused, seconds = figures(rows)
            panels.append((f"{way}, {count} partitions, for real", rows))
            print(
                f"| {count} | {way} | {rate:.0f} | {rate / count / FULL * 100:.1f} "
                f"| {refused * 100:.2f} % | {seconds:.1f} |",
                flush=True,
            )
        if count == 16 or len(counts) == 1:
            draw(path, panels)


main()
