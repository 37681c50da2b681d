"""Holds the conditions of --where and of the embedded server against two evaluators of others.

    conditions.py BINARY SERVE MINISTACK ROUNDS [SEED]

Each round makes 40 random items and 60 random conditions. Of each item dynaferry says in three ways
whether it satisfies a condition: BINARY copy judges lines of stdin by itself; it copies a table of
SERVE, and sends along what the server can judge; and SERVE answers a Scan with a filter. They must
agree with each other, and with moto's evaluator, which runs in this process, and ministack's, which
is asked by a Scan, wherever those two agree. A round is made of SEED and its number alone. Prints
what was compared; any difference ends it with 1.
"""

import base64
import collections
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from decimal import Decimal

import boto3
import botocore.exceptions
from botocore.config import Config
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from changes import KEYS, KINDS, SETS, literal, typed

# Where both others agree on what the service does not do, nothing is made:
#
# - Two operands of =, <> or IN that an item may both lack. The others take them for equal; to the
#   service what is absent is equal to nothing. So of two paths one is in `ALWAYS`.
# - A binary in a binary as of contains. The others find none, the service does. So no place that
#   may hold a binary comes first in contains where a binary may come second.
# - Constants that the service refuses and the others take: those without an order for < and
#   BETWEEN, those of begins_with that are neither text nor binary, a path beside itself, and bounds
#   of BETWEEN of two types or in the wrong order.
#
# expressions.py names the tests against the service that say so, in `DIFFERENCES`.

ITEMS, CONDITIONS = 40, 60

TEXTS = ["", "a", "ab", "abc", "b", "B", "10", "9", "S", "it's", "''", '"', "x\ny", "\\", "\u00e9",
         "e\u0301", "'\u0301", "\uff21", "\U0001f600", "\u6f22\u5b57"]
# Some stand twice, in two spellings.
NUMBERS = ["0", "1", "2", "3", "-1", "9", "10", "1E1", "2.5", "2.50", "-2.5", "-0.001", "-1e-3",
           "1E-130", "-1E-130", "1E-129", "9." + "9" * 37 + "E125", "-9." + "9" * 37 + "E+125",
           "12345678901234567890123456789012345678", "12345678901234567890123456789012345679",
           "0.12345678901234567890123456789012345678", "0.12345678901234567890123456789012345679"]
BINARIES = [b"", b"a", b"ab", b"b", b"\x00", b"\x7f", b"\x80", b"\x80\xff", b"\xff\x01"]
POOLS = {"S": TEXTS, "N": NUMBERS, "B": BINARIES}

# What attributes, and places in them, mostly are. No place is a binary but those that are said to
# be.
PLACES = {
    "S": [["s"], ["status"], ["odd name"], ["m", "s"], ["m", "and"], ["l", 0], ["lm", 0, "s"],
          ["pk"]],
    "N": [["n"], ["size"], ['q"u.o[0]'], ["m", "n"], ["m", "in", "n"], ["l", 1], ["lm", 0, "n"],
          ["sk"]],
    "B": [["b"], ["Between"], ["m", "b"]],
    "BOOL": [["flag"], ["true"], ["m", "flag"]],
    "NULL": [["nil"], ["null"]],
    "SS": [["ss"], ["m", "ss"], ["not"]],
    "NS": [["ns"], ["or"]],
    "BS": [["bs"], ["contains"]],
    "L": [["l"], ["m", "l"], ["#list"], ["lm"]],
    "M": [["m"], ["m", "in"], ["lm", 0], [":map"]],
}
ALWAYS = {"s": "S", "n": "N", "b": "B", "flag": "BOOL", "nil": "NULL", "ss": "SS", "ns": "NS",
          "bs": "BS", "l": "L", "m": "M"}
# Always of their type where they are at all: at an item with another one ministack refuses
# begins_with, and with it the whole Scan.
PURE = {"S": [["pk"], ["odd name"]], "B": [["Between"]]}
NOWHERE = [["gone"], ["m", "gone"], ["l", 9], ["gone", "too"], ["m", "in", "gone", 3], ["s", "x"]]


def encoded(data):
    return base64.b64encode(data).decode()


def find(item, path):
    value = {"M": item}
    for step in path:
        try:
            value = value["L" if isinstance(step, int) else "M"][step]
        except (KeyError, IndexError):
            return None
    return value


# Making items and conditions. A condition is a tuple of what it is and its parts; an operand is
# ("path", steps), ("size", steps) or ("value", value), and a value is as requests have it.

class Maker:
    def __init__(self, source):
        self.random = source
        self.choice, self.below = source.choice, source.randrange
        self.items = [self.item(number) for number in range(ITEMS)]

    def chance(self, share):
        return self.random.random() < share

    # Items

    def scalar(self, kind):
        """Mostly one of few, so that they meet."""
        pool = POOLS[kind]
        return self.choice(pool if self.chance(0.4) else pool[:6])

    def value(self, kind, depth=1):
        if kind in POOLS:
            return {kind: self.scalar(kind)}
        if kind in SETS:
            elements = [self.scalar(SETS[kind]) for _ in range(1 + self.below(3))]
            unique = {Decimal(one) if kind == "NS" else one: one for one in elements}
            return {kind: list(unique.values())}
        if kind == "L":
            return {"L": [self.any(depth - 1) for _ in range(self.below(3))]}
        if kind == "M":
            return {"M": {name: self.any(depth - 1) for name in "ab"[:self.below(3)]}}
        return {"NULL": True} if kind == "NULL" else {"BOOL": self.chance(0.5)}

    def any(self, depth=0):
        return self.value(self.choice(KINDS if depth > 0 else KINDS[:8]), depth)

    def near(self, kind, made=None):
        """Mostly of the kind; at times of another, but no binary."""
        if self.chance(0.08):
            return self.value(self.choice([each for each in KINDS if each not in (kind, "B")]))
        return made or self.value(kind)

    def members(self, share, **kinds):
        """Those that are there of a map's; a kind may be a value of it."""
        found = {}
        for name, kind in kinds.items():
            if self.chance(share):
                made = kind if isinstance(kind, dict) else None
                found[name] = self.near(next(iter(made)) if made else kind, made)
        return found

    def item(self, number):
        inner = {"M": self.members(0.75, n="N", x="S")}
        maps = [{"M": self.members(0.75, s="S", n="N")} for _ in range(self.below(3))]
        lists = [self.near("S"), self.near("N"), self.any(1), self.any(1)][:self.below(5)]
        some = {"M": self.members(0.75, s="S", n="N", b="B", flag="BOOL", ss="SS", l="L", **{
            "and": "S", "in": inner})}
        always = ALWAYS | {"l": {"L": lists}, "m": some}
        others = {"status": "S", "size": "N", 'q"u.o[0]': "N", "true": "BOOL", "null": "NULL",
                  "not": "SS", "or": "NS", "contains": "BS", "#list": "L", ":map": "M",
                  "lm": {"L": [self.near("M", one) for one in maps]}}
        item = self.members(1, **always) | self.members(0.7, **others)
        for kind, paths in PURE.items():
            if self.chance(0.7):
                item[paths[-1][0]] = self.value(kind)
        return item | {"pk": {"S": f"key {number // 4}"}, "sk": {"N": str(number % 4)}}

    # Operands

    def path(self, kind, others=True):
        if others and self.chance(0.08):
            return "path", self.choice(self.choice([*PLACES.values(), NOWHERE]))
        return "path", self.choice(PLACES[kind])

    def present(self, kind):
        """A path that every item has."""
        names = [name for name, its in ALWAYS.items() if its == kind]
        return "path", [self.choice(names + {"S": ["pk"], "N": ["sk"]}.get(kind, []))]

    def constant(self, kind, path=None):
        """At times what an item has at the path."""
        if path and self.chance(0.5):
            found = find(self.choice(self.items), path)
            if found and kind in found:
                return "value", found
        return "value", self.value(kind)

    def size(self):
        kind = self.choice(["S", "B", "SS", "NS", "BS", "L", "M"])
        return "size", self.present(kind)[1] if self.chance(0.7) else self.path(kind)[1]

    def number(self):
        return "value", {"N": self.choice("01123")}

    # Conditions

    def whole(self):
        """Some say which partition key is wanted, which makes a Query of a copy's Scan."""
        found = self.condition(self.choice([0, 0, 1, 2, 3]))
        if self.chance(0.85):
            return found
        item = self.choice(self.items)
        sort = self.choice([
            lambda: ("compare", self.choice(["=", "<", "<=", ">", ">="]), ("path", ["sk"]),
                     ("value", item["sk"])),
            lambda: ("between", ("path", ["sk"]), ("value", {"N": "1"}), ("value", {"N": "2"})),
            lambda: found])()
        parts = [("compare", "=", ("path", ["pk"]), ("value", item["pk"])), sort]
        self.random.shuffle(parts)
        return "and", *parts

    def condition(self, depth):
        share = self.random.random()
        if depth == 0 or share < 0.2:
            return self.leaf()
        if share < 0.4:
            return "not", self.condition(depth - 1)
        kind = self.choice(["and", "or"])
        return kind, self.condition(depth - 1), self.condition(depth - 1)

    def leaf(self):
        found = self.choice([
            self.equal, self.equal, self.ordered, self.ordered, self.between, self.membership,
            self.about, self.begins, self.contains, self.contains, self.sized])()
        operands = [part for part in found if isinstance(part, tuple) and part[0] != "value"]
        return self.leaf() if any(operands.count(one) > 1 for one in operands) else found

    def flipped(self, sign, one, other):
        return ("compare", sign, other, one) if self.chance(0.2) else ("compare", sign, one, other)

    def equal(self):
        kind, sign = self.choice(KINDS), self.choice(["=", "<>"])
        path = self.path(kind)
        if self.chance(0.2):
            return self.flipped(sign, path, self.present(kind))
        # Seldom a constant of another type.
        kind = self.choice(KINDS) if self.chance(0.1) else kind
        return self.flipped(sign, path, self.constant(kind, path[1]))

    def ordered(self):
        kind, sign = self.choice("SNNB"), self.choice(["<", "<=", ">", ">="])
        path = self.path(kind)
        other = self.path(kind) if self.chance(0.25) else self.constant(kind, path[1])
        return self.flipped(sign, path, other)

    def sized(self):
        one = self.size()
        if self.chance(0.2):
            low, high = sorted(self.below(4) for _ in range(2))
            return "between", one, ("value", {"N": str(low)}), ("value", {"N": str(high)})
        if self.chance(0.2):
            return "in", one, [self.number() for _ in range(1 + self.below(3))]
        other = self.choice([self.number, self.number, self.size, lambda: self.present("N")])()
        return self.flipped(self.choice(["=", "<>", "<", "<=", ">", ">="]), one, other)

    def between(self):
        kind = self.choice("SNNB")
        path = self.path(kind)
        if self.chance(0.2):
            return "between", self.constant(kind), path, self.path(kind)
        bounds = [self.constant(kind, path[1])[1] for _ in range(2)]
        bounds.sort(key=lambda value: Decimal(value["N"]) if kind == "N" else value[kind])
        low, high = [("value", bound) for bound in bounds]
        if self.chance(0.2):
            low = self.path(kind)
        elif self.chance(0.2):
            high = self.path(kind)
        return "between", path, low, high

    def membership(self):
        kind = self.choice(KINDS)
        if self.chance(0.2):
            among = [self.path(kind) for _ in range(1 + self.below(3))]
            return "in", self.constant(kind, among[0][1]), among
        path = self.path(kind)
        among = [self.constant(self.choice(KINDS) if self.chance(0.1) else kind, path[1])
                 for _ in range(1 + self.below(5))]
        if self.chance(0.2) and path != (other := self.present(kind)):
            among[-1] = other
        return "in", path, among

    def about(self):
        path = self.path(self.choice(KINDS))
        name = self.choice(["attribute_exists", "attribute_not_exists", "attribute_type"])
        if name == "attribute_type":
            return name, path, ("value", {"S": self.choice(KINDS)})
        return name, path

    def begins(self):
        kind = self.choice("SSSSSB")
        paths = PLACES[kind] if self.chance(0.05) else PURE[kind]
        prefix = {kind: self.choice(POOLS[kind][:4] + (["key", "key 1"] if kind == "S" else []))}
        other = ("path", self.choice(PURE[kind])) if self.chance(0.1) else ("value", prefix)
        return "begins_with", ("path", self.choice(paths)), other

    def contains(self):
        if self.chance(0.1):
            kind = self.choice(["B", "N", "BOOL", "NULL", "M"])
            return "contains", ("path", self.choice(PLACES[kind])), self.constant(
                self.choice(["S", "N"]))
        kind = self.choice(["S", "SS", "SS", "NS", "NS", "BS", "L", "L"])
        path = "path", self.choice(PLACES[kind])
        part = self.choice(KINDS) if kind == "L" or self.chance(0.1) else SETS.get(kind, "S")
        found = find(self.choice(self.items), path[1])
        if found and kind in found and kind in ("L", *SETS) and found[kind] and self.chance(0.6):
            one = self.choice(found[kind])
            return "contains", path, ("value", one if kind == "L" else {SETS[kind]: one})
        if self.chance(0.15):
            return "contains", path, self.path(part)
        return "contains", path, self.constant(part)


# The text of conditions

class Aliased:
    """As requests have it: names and values are aliases, some or all."""

    SPACES = [" ", " ", ""]
    NO_NAMES = {"contains", "size"} | {
        word.lower() for word in ReservedKeywords.get_reserved_keywords()}

    def __init__(self, source):
        self.random, self.names, self.values = source, {}, {}

    def name(self, name):
        is_plain = re.fullmatch("[A-Za-z]+", name) and name.lower() not in self.NO_NAMES
        if is_plain and self.random.random() < 0.5:
            return name
        return self.alias("#n", self.names, name)

    def value(self, value):
        return self.alias(":v", self.values, value)

    def alias(self, mark, aliases, meant):
        alias = f"{mark}{len(aliases)}"
        aliases[alias] = meant
        return alias

    def request(self, text):
        found = {"FilterExpression": text}
        if self.names:
            found["ExpressionAttributeNames"] = self.names
        if self.values:
            found["ExpressionAttributeValues"] = self.values
        return found


class InPlace:
    """As a user of --where writes it."""

    SPACES = [" ", " ", "", "\n", "\t "]
    NO_NAMES = {"and", "or", "not", "between", "in", "true", "false", "null"}

    def __init__(self, source):
        self.random = source

    def name(self, name):
        is_plain = re.fullmatch("[A-Za-z]+", name) and name.lower() not in self.NO_NAMES
        if is_plain and self.random.random() < 0.8:
            return name
        return '"' + name.replace('"', '""') + '"'

    def value(self, value):
        return literal(typed(value))


class Text:
    """The text of a condition, by a writer of names and values."""

    RANKS = {"or": 1, "and": 2, "not": 3}

    def __init__(self, writer):
        self.writer = writer
        self.choice = writer.random.choice

    def condition(self, node, least=1):
        """In parentheses where it binds less, and at times where it need not: never twice."""
        kind, *parts = node
        rank = self.RANKS.get(kind, 5)
        if kind == "not":
            text = f"{self.word('NOT')} {self.condition(parts[0], 4)}"
        elif kind in ("and", "or"):
            one, other = (self.condition(part, rank + place) for place, part in enumerate(parts))
            text = f"{one} {self.word(kind)} {other}"
        else:
            text = self.leaf(kind, parts)
        return f"({text})" if rank < least or self.writer.random.random() < 0.1 else text

    def word(self, word):
        return self.choice([word.upper(), word.lower()])

    def space(self):
        return self.choice(self.writer.SPACES)

    def leaf(self, kind, parts):
        if kind == "compare":
            sign, one, other = parts
            return self.operand(one) + self.space() + sign + self.space() + self.operand(other)
        if kind == "between":
            one, low, high = map(self.operand, parts)
            return f"{one} {self.word('BETWEEN')} {low} {self.word('AND')} {high}"
        if kind == "in":
            one, among = self.operand(parts[0]), self.list(parts[1])
            return f"{one} {self.word('IN')}{self.space()}({among})"
        return f"{kind}({self.list(parts)})"

    def list(self, operands):
        return ("," + self.space()).join(map(self.operand, operands))

    def operand(self, operand):
        kind, content = operand
        if kind == "value":
            return self.writer.value(content)
        text = "".join(f"[{step}]" if isinstance(step, int) else "." + self.writer.name(step)
                       for step in content)[1:]
        return f"size({text})" if kind == "size" else text


# Judging


class Different(Exception):
    pass


def client(url):
    return boto3.client(
        "dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False))


def key(item):
    return item["pk"]["S"], int(item["sk"]["N"])


def scan(dynamodb, table, request):
    """The keys of what is found; the tables here have one page."""
    page = dynamodb.scan(TableName=table, ProjectionExpression="pk, sk", **request)
    assert "LastEvaluatedKey" not in page
    return {key(item) for item in page["Items"]}


@contextlib.contextmanager
def filled(dynamodb, table, items):
    dynamodb.create_table(TableName=table, **KEYS)
    dynamodb.get_waiter("table_exists").wait(
        TableName=table, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
    puts = [{"PutRequest": {"Item": item}} for item in items]
    for start in range(0, len(puts), 25):
        reply = dynamodb.batch_write_item(RequestItems={table: puts[start:start + 25]})
        assert not reply["UnprocessedItems"]
    try:
        yield
    finally:
        dynamodb.delete_table(TableName=table)


class Dynaferry:
    def __init__(self, binary, url, folder):
        self.binary, self.url, self.folder = binary, url, folder
        self.client = client(url)

    def copy(self, source, target, where, *more, lines=None):
        """Runs a copy; answers what it writes to stdout."""
        environment = os.environ | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        done = subprocess.run(
            [self.binary, "copy", source, target, "--where", where, "--endpoint", self.url,
             "--region", "us-east-1", "--state-dir", self.folder, "--progress", "none", *more],
            env=environment, input=lines, capture_output=True, text=True, timeout=300)
        # That it judges all itself means that it found the server wrong, or was refused.
        if done.returncode != 0 or "applies --where itself" in done.stderr:
            raise Different(f"copy {source} {target} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def of_lines(self, lines, table, where):
        self.copy("-", table, where, "--key", "pk:S,sk:N", lines=lines)
        found = scan(self.client, table, {})
        self.client.delete_table(TableName=table)
        return found

    def of_table(self, table, where):
        # As many units as keep it from waiting between its first reads.
        lines = self.copy(table, "-", where, "--read-units", "40000")
        return {key(json.loads(line)["Item"]) for line in lines.splitlines()}

    def of_filter(self, table, request):
        try:
            return scan(self.client, table, request)
        except botocore.exceptions.ClientError as error:
            raise Different(f"serve: {error}") from None


def of_ministack(dynamodb, table, request):
    """None where it refuses."""
    try:
        return scan(dynamodb, table, request)
    except botocore.exceptions.ClientError:
        return None


class Moto:
    """Its evaluator, without its server. Binaries are bytes to it, so that it orders them right."""

    def __init__(self, items):
        self.items = {key(item): Item(DynamoType(item["pk"]), DynamoType(item["sk"]), item)
                      for item in items}

    def judge(self, request):
        """True or false by key; None where it fails, as at the size of what is absent."""
        condition = get_filter_expression(
            request["FilterExpression"], request.get("ExpressionAttributeNames"),
            request.get("ExpressionAttributeValues"))
        return {name: self.of_item(condition, item) for name, item in self.items.items()}

    def of_item(self, condition, item):
        try:
            return bool(condition.expr(item))
        except (TypeError, ValueError):
            return None


class Comparison:
    def __init__(self, dynaferry, ministack):
        self.dynaferry, self.ministack = dynaferry, ministack
        self.counts = collections.Counter()

    def round(self, place, source):
        maker, table = Maker(source), f"conditions-{place}"
        lines = "".join(
            json.dumps({"Item": item}, default=encoded) + "\n" for item in maker.items)
        moto = Moto(maker.items)
        with filled(self.dynaferry.client, table, maker.items), filled(
                self.ministack, table, maker.items):
            for number in range(CONDITIONS):
                node = maker.whole()
                self.compare(node, source, maker.items, moto, lines, table, number)

    def compare(self, node, source, items, moto, lines, table, number):
        aliased = Aliased(source)
        request = aliased.request(Text(aliased).condition(node))
        where = Text(InPlace(source)).condition(node)
        told = f"--where {where}\n{json.dumps(request, default=encoded)}"
        try:
            ours = {
                "lines": self.dynaferry.of_lines(lines, f"{table}-{number}", where),
                "table": self.dynaferry.of_table(table, where),
                "filter": self.dynaferry.of_filter(table, request)}
        except Different as found:
            raise Different(f"{told}\n{found}") from None
        theirs, ministack = moto.judge(request), of_ministack(self.ministack, table, request)
        for item in items:
            name = key(item)
            said = {way: name in found for way, found in ours.items()}
            others = theirs[name], None if ministack is None else name in ministack
            agree = None not in others and others[0] == others[1]
            if len({*said.values(), *(others if agree else ())}) != 1:
                raise Different(f"{told}\n{json.dumps(item, default=encoded)}\n"
                                f"dynaferry: {said}, moto: {others[0]}, ministack: {others[1]}")
            self.count(said["lines"], others, agree)

    def count(self, said, others, agree):
        self.counts["pairs"] += 1
        self.counts["judged"] += agree
        self.counts["true"] += agree and said
        self.counts["moto fails"] += others[0] is None
        self.counts["ministack refuses"] += others[1] is None
        self.counts["they differ"] += None not in others and not agree


def main(binary, serve, ministack, rounds, seed=None):
    seed, rounds = int(seed or time.time()), int(rounds)
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(Dynaferry(binary, serve, folder), client(ministack))
        for place in range(rounds):
            try:
                comparison.round(place, random.Random(f"{seed} {place}"))
            except Different as found:
                print(f"seed {seed}, round {place}\n{found}")
                return 1
    counts = comparison.counts
    print(f"{rounds} rounds, {counts['judged']} pairs judged: {dict(counts)}")
    if counts["judged"] < 2000 * rounds or counts["true"] < counts["judged"] / 10:
        print("moto and ministack agree on too few pairs, or too few are true")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
