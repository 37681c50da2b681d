"""Whether one table holds exactly what another holds, seen from outside by Scan.

Both tables are read in the same segments. Pages of equal bytes hold equal items. Where bytes
differ, a segment's items are compared by DynamoDB's rules: attributes and sets in any order,
numbers by value. Items have different keys, so that a segment's items are a set: equal sets are
the same items under the same keys.
"""

import collections
import decimal
import json
import multiprocessing
import re

from .api import Connection

PROCESSES = 2
SEGMENTS = 256
EXACT = decimal.Context(prec=60)
COUNT = re.compile(rb'"Count":(\d+)')


def differences(url, source, target, items, ca=None):
    """Lines that say how the tables differ, at most ten; none when the target is exact.

    `items` is how many the source was made with.
    """
    work = [(url, ca, source, target, first) for first in range(PROCESSES)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        found = pool.starmap(_compare_share, work)
        pool.close()
        pool.join()
    counts = collections.Counter()
    lines = []
    for share, differing in found:
        counts.update(share)
        lines += differing
    for table in (source, target):
        if counts[table] != items:
            lines.insert(0, f"{table} has {counts[table]} items, not {items}")
    return lines[:10]


def _compare_share(url, ca, source, target, first):
    connection = Connection(url, ca)
    counts = collections.Counter()
    lines = []
    for segment in range(first, SEGMENTS, PROCESSES):
        pages = {table: _pages(connection, table, segment) for table in (source, target)}
        for table, bodies in pages.items():
            counts[table] += sum(int(COUNT.search(body).group(1)) for body in bodies)
        if pages[source] != pages[target]:
            wanted, found = (_items(pages[table]) for table in (source, target))
            lines += [f"not in the target: {item[:300]}" for item in wanted - found]
            lines += [f"not in the source: {item[:300]}" for item in found - wanted]
    return counts, lines[:10]


def _pages(connection, table, segment):
    request = {"TableName": table, "Segment": segment, "TotalSegments": SEGMENTS}
    bodies = []
    while True:
        body = connection.raw("Scan", request)
        bodies.append(body)
        # The key is the only thing behind the items besides ScannedCount.
        place = body.rfind(b'"LastEvaluatedKey":')
        key = place >= 0 and json.loads(body).get("LastEvaluatedKey")
        if not key:
            return bodies
        request["ExclusiveStartKey"] = key


def _items(bodies):
    """A spelling of each item that is the same for equal items and for no others."""
    return {
        json.dumps(canonical({"M": item}), sort_keys=True)
        for body in bodies for item in json.loads(body)["Items"]}


def canonical(attribute):
    (kind, value), = attribute.items()
    if kind == "N":
        return [kind, _number(value)]
    if kind == "NS":
        return [kind, sorted(map(_number, value))]
    if kind in ("SS", "BS"):
        return [kind, sorted(value)]
    if kind == "L":
        return [kind, [canonical(element) for element in value]]
    if kind == "M":
        return [kind, {name: canonical(element) for name, element in value.items()}]
    return [kind, value]


def _number(text):
    number = EXACT.normalize(EXACT.create_decimal(text))
    # Zero has one spelling, whatever its sign and exponent.
    return str(number) if number else "0"
