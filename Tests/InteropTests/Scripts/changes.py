"""Checks --set, --remove and --where of a copy against an implementation of their language here.

    changes.py BINARY ROUNDS [SEED]

Starts BINARY serve. Each round makes a table of random items, copies it with random changes, and
compares every item of the target with what Python says it must hold. A round is made of SEED and
its number alone, so that the command it fails with repeats it. Any difference ends it with 1.
"""

import base64
import copy
import hashlib
import hmac
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import boto3

# Values are pairs of a type and what is in it: a text, Decimal, bytes, bool, None, frozenset, list
# or dict. None in place of a pair is what is absent.

NULL = ("NULL", None)
EXACT = Context(prec=1000, Emax=99999, Emin=-99999)
SETS = {"SS": "S", "NS": "N", "BS": "B"}
KINDS = ("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M")


class Failed(Exception):
    """The item can't be changed so."""


# Values on the wire

def typed(wire):
    (kind, inner), = wire.items()
    if kind == "N":
        inner = Decimal(inner)
    elif kind == "NULL":
        inner = None
    elif kind in SETS:
        inner = frozenset(Decimal(one) if kind == "NS" else one for one in inner)
    elif kind == "L":
        inner = [typed(element) for element in inner]
    elif kind == "M":
        inner = {name: typed(member) for name, member in inner.items()}
    return kind, inner


def wire(value):
    kind, inner = value
    if kind == "N":
        inner = str(inner)
    elif kind == "NULL":
        inner = True
    elif kind in SETS:
        inner = [str(one) if kind == "NS" else one for one in inner]
    elif kind == "L":
        inner = [wire(element) for element in inner]
    elif kind == "M":
        inner = {name: wire(member) for name, member in inner.items()}
    return {kind: inner}


# Numbers

def stripped(number):
    """Without the zeros at its end, in which two spellings of a number differ."""
    return number.normalize(EXACT) if number else Decimal(0)


def number(exact):
    exact = stripped(exact)
    if len(exact.as_tuple().digits) > 38:
        raise Failed("digits")
    if exact and not -130 <= exact.adjusted() <= 125:
        raise Failed("magnitude")
    return "N", exact


def plain(exact):
    return format(stripped(exact), "f")


def whole(value, least):
    kind, inner = value
    if kind != "N" or inner != inner.to_integral_value(context=EXACT) or inner < least:
        raise Failed("no whole number, or too small")
    return int(inner)


def calculate(sign, one, other):
    if one[0] != "N" or other[0] != "N":
        raise Failed("no numbers")
    if sign == "/":
        if not other[1]:
            raise Failed("division by zero")
        rounding = Context(prec=38, rounding=ROUND_HALF_EVEN, Emax=99999, Emin=-99999)
        return number(rounding.divide(one[1], other[1]))
    ways = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply}
    return number(ways[sign](one[1], other[1]))


def bucket(value, width):
    if value[0] != "N" or width[0] != "N" or width[1] <= 0:
        raise Failed("no numbers")
    count = Fraction(value[1]) // Fraction(width[1])
    return number(EXACT.multiply(Decimal(count), width[1]))


def to_number(value):
    kind, inner = value
    if kind == "S" and re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", inner):
        return number(EXACT.create_decimal(inner))
    if kind == "N":
        return value
    raise Failed("no number")


# Texts

def between(first, last):
    return lambda character: first <= ord(character) <= last


is_mark = between(0x300, 0x36F)
is_letter_of_flag = between(0x1F1E6, 0x1F1FF)
is_tone = between(0x1F3FB, 0x1F3FF)
is_emoji = between(0x1F400, 0x1F64F)
JOINER, VARIANT, CONTROLS = "\u200d", "\ufe0f", "\u2028\u2029\u200b\ufeff"
WHITE = "\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B)))


def is_control(character):
    return ord(character) < 32 or 127 <= ord(character) < 160 or character in CONTROLS


def goes_on(cluster, character):
    """Whether a character belongs to the cluster before it, of those that are used here."""
    if is_control(cluster[-1]):
        return False
    if is_mark(character) or is_tone(character) or character in (JOINER, VARIANT):
        return True
    if is_letter_of_flag(character):
        return len(cluster) == 1 and is_letter_of_flag(cluster)
    return cluster[-1] == JOINER and is_emoji(cluster[0]) and is_emoji(character)


def clusters(text):
    found = []
    for character in text:
        if found and goes_on(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def words(*values):
    """What is in values that must be texts."""
    if any(kind != "S" for kind, _ in values):
        raise Failed("no text")
    return [inner for _, inner in values]


def canonical(value):
    kind, inner = value
    if kind == "S":
        return inner
    if kind == "N":
        return plain(inner)
    if kind == "BOOL":
        return "true" if inner else "false"
    raise Failed("has no text")


def join(one, other):
    if one[0] != other[0] or one[0] not in ("S", "B", "L"):
        raise Failed("can't be joined")
    return one[0], one[1] + other[1]


def substring(value, first, count=None):
    text, = words(value)
    start = whole(first, 1) - 1
    end = None if count is None else start + whole(count, 0)
    return "S", "".join(clusters(text)[start:end])


def replace(value, part, new):
    text, part, new = words(value, part, new)
    if not part:
        raise Failed("nothing to replace")
    return "S", text.replace(part, new)


def split(value, separator):
    text, separator = words(value, separator)
    if not separator:
        raise Failed("nothing to split at")
    return "L", [("S", part) for part in text.split(separator)]


def mask(value, count):
    if value[0] not in ("S", "N"):
        raise Failed("can't be masked")
    found = clusters(canonical(value))
    hidden = len(found) - min(whole(count, 0), len(found) // 2)
    return "S", "*" * hidden + "".join(found[hidden:])


def measure(value, of_text):
    kind, inner = value
    if kind == "S":
        return "N", Decimal(of_text(inner))
    if kind in ("N", "BOOL"):
        raise Failed("has no length")
    return "N", Decimal(len(inner))


def length(value):
    return measure(value, lambda text: len(clusters(text)))


def size(value):
    return measure(value, lambda text: len(text.encode("utf-16-le")) // 2)


def digest(secret, value, count=("N", Decimal(26))):
    inner = value[1] if value[0] == "B" else canonical(value).encode()
    kept = whole(count, 8)
    if kept > 52:
        raise Failed("too long")
    code = base64.b32encode(hmac.new(secret, inner, hashlib.sha256).digest()).decode()
    return "S", code[:kept]


CALLS = {
    "lower": lambda value: ("S", words(value)[0].lower()),
    "upper": lambda value: ("S", words(value)[0].upper()),
    "trim": lambda value: ("S", words(value)[0].strip(WHITE)),
    "to_string": lambda value: ("S", canonical(value)),
    "substring": substring, "replace": replace, "split": split, "mask": mask, "length": length,
    "size": size, "to_number": to_number, "bucket": bucket,
}


# Paths: lists of names and numbers; EVERY is each element, ALL is each member.

EVERY, ALL = ("[*]",), (".*",)


def child(value, step):
    if value and value[0] == "M" and isinstance(step, str):
        return value[1].get(step)
    if value and value[0] == "L" and isinstance(step, int) and step < len(value[1]):
        return value[1][step]
    return None


def find(value, path):
    for step in path:
        value = child(value, step)
    return value


def is_at(pattern, step):
    return pattern == step or pattern == (EVERY if isinstance(step, int) else ALL)


def without(value, paths):
    """A value without what is at the paths, all by the numbers that elements have in it."""
    kind, inner = value
    if kind not in ("L", "M"):
        return value
    kept = []
    for step, member in enumerate(inner) if kind == "L" else inner.items():
        rests = [path[1:] for path in paths if is_at(path[0], step)]
        if [] not in rests:
            kept.append((step, without(member, rests)))
    return kind, [member for _, member in kept] if kind == "L" else dict(kept)


def put(value, path, new):
    around, last = find(value, path[:-1]), path[-1]
    if not around or around[0] != ("M" if isinstance(last, str) else "L"):
        raise Failed("no map or list to set in")
    if around[0] == "L" and last >= len(around[1]):
        around[1].append(new)
    else:
        around[1][last] = new


def clash(one, other):
    """Whether one path may be, or lie within, another; or takes for a list what is a map there."""
    for step, against in zip(one, other):
        of_list = [isinstance(each, int) or each == EVERY for each in (step, against)]
        if of_list[0] == of_list[1] and not (is_at(step, against) or is_at(against, step)):
            return False
        if of_list[0] != of_list[1]:
            return True
    return True


# Expressions: tuples of what they are and their parts

class Reader:
    """Computes expressions of one item."""

    def __init__(self, item, secret):
        self.item, self.secret = item, secret

    def value(self, node):
        return getattr(self, "on_" + node[0])(*node[1:])

    def on_literal(self, value):
        return value

    def on_path(self, path):
        return find(self.item, path)

    def on_group(self, node):
        return self.value(node)

    def on_step(self, node, path):
        return find(self.value(node), path)

    def on_operator(self, sign, one, other):
        operate = join if sign == "||" else lambda *values: calculate(sign, *values)
        return self.of_all(operate, [one, other])

    def on_call(self, name, nodes):
        if name == "hash":
            return self.of_all(lambda *values: digest(self.secret, *values), nodes)
        return self.of_all(CALLS[name], nodes)

    def of_all(self, operate, nodes):
        values = []
        for node in nodes:
            values.append(self.value(node))
            if values[-1] is None:  # what comes after it is not computed, and can't fail
                return None
        return NULL if NULL in values else operate(*values)

    def on_coalesce(self, nodes):
        found = None
        for node in nodes:
            value = self.value(node)
            if value and value != NULL:
                return value
            found = found or value
        return found

    def on_if(self, condition, one, other):
        return self.value(one if self.holds(condition) else other)

    # Conditions

    def holds(self, node):
        return getattr(self, "is_" + node[0])(*node[1:])

    def operand(self, node):
        try:
            return self.value(node)
        except Failed:
            return None

    def is_nested(self, node):
        return self.holds(node)

    def is_not(self, node):
        return not self.holds(node)

    def is_and(self, one, other):
        return self.holds(one) and self.holds(other)

    def is_or(self, one, other):
        return self.holds(one) or self.holds(other)

    def is_compare(self, sign, one, other):
        return compare(sign, self.operand(one), self.operand(other))

    def is_between(self, node, low, high):
        value = self.operand(node)
        return compare(">=", value, self.operand(low)) and compare("<=", value, self.operand(high))

    def is_in(self, node, nodes):
        return any(compare("=", self.operand(node), self.operand(each)) for each in nodes)

    def is_exists(self, path):
        return find(self.item, path) is not None

    def is_missing(self, path):
        return find(self.item, path) is None

    def is_type(self, path, kind):
        value = find(self.item, path)
        return value is not None and value[0] == kind

    def is_begins(self, one, other):
        value, start = self.operand(one), self.operand(other)
        if not value or not start or value[0] != start[0] or value[0] not in ("S", "B"):
            return False
        return value[1].startswith(start[1])

    def is_contains(self, one, other):
        value, part = self.operand(one), self.operand(other)
        if not value or not part:
            return False
        if value[0] in SETS:
            return part[0] == SETS[value[0]] and part[1] in value[1]
        if value[0] == "L":
            return part in value[1]
        return value[0] == part[0] and value[0] in ("S", "B") and part[1] in value[1]


def compare(sign, one, other):
    if one is None or other is None:
        return sign == "<>"
    if sign in ("=", "<>"):
        return (one == other) == (sign == "=")
    if one[0] != other[0] or one[0] not in ("S", "N", "B"):
        return False
    low, high = (one[1], other[1]) if sign[0] == "<" else (other[1], one[1])
    return low < high or (len(sign) == 2 and low == high)


def changed(item, sets, removals, secret):
    """An item with its changes; fails where it can't be changed so."""
    reader = Reader(item, secret)
    values = [(path, reader.value(node)) for path, node in sets]
    new = copy.deepcopy(item)
    for path, value in values:
        if value is not None:
            put(new, path, copy.deepcopy(value))
    gone = [path for path, value in values if value is None and find(item, path)]
    return without(new, gone + removals)


# What may be refused before any item is read, since it would fail for every one

TAKES = {
    "lower": ["S"], "upper": ["S"], "trim": ["S"], "substring": ["S", "N", "N"],
    "replace": ["S", "S", "S"], "split": ["S", "S"], "mask": ["SN", "N"], "to_number": ["SN"],
    "to_string": ["S", "N", "BOOL"], "bucket": ["N", "N"],
    "hash": [["S", "N", "B", "BOOL"], ["N"]], "length": [["S", "B", "L", "M", *SETS]],
    "size": [["S", "B", "L", "M", *SETS]], "||": ["SBL", "SBL"],
}


EXPRESSIONS = ("literal", "path", "group", "step", "operator", "call", "coalesce", "if")


def parts_of(node):
    """A node and all within it."""
    yield node
    if node[0] != "literal":
        for part in node[1:]:
            for each in part if isinstance(part, list) else [part]:
                if isinstance(each, tuple):
                    yield from parts_of(each)


def constant(node):
    """The kind of a node's value where no item has a say in it, "failed" too; else None."""
    if any(part[0] in ("path", "exists", "missing", "type") for part in parts_of(node)):
        return None
    try:
        value = Reader(("M", {}), b"").value(node)
    except Failed:
        return "failed"
    return value and value[0]


def bare(node):
    return bare(node[1]) if node[0] == "group" else node


def never_works(name, place, operand):
    """Whether a constant operand makes a function fail whatever the others are."""
    if constant(operand) not in ("S", "N"):
        return False
    value = Reader(("M", {}), b"").value(operand)[1]
    if name in ("substring", "mask") and place > 0:
        least = 1 if name == "substring" and place == 1 else 0
        return value < least or value != value.to_integral_value()
    if name in ("split", "replace"):
        return place == 1 and value == ""
    return name == "bucket" and place == 1 and value <= 0


def may_be_refused(node):
    kind, *parts = node
    if kind in ("compare", "begins", "contains"):
        one, other = map(bare, parts[-2:])
        if one == other and one[0] == "path":
            return True
    if kind == "begins" or kind == "between" or kind == "compare" and parts[0] not in ("=", "<>"):
        found = [constant(part) for part in parts if isinstance(part, tuple)]
        if set(found) - {"S", "N" if kind != "begins" else "S", "B", None}:
            return True
    if kind == "between" and None not in found[1:]:
        values = [Reader(("M", {}), b"").value(part) for part in parts[1:]]
        return not compare("<=", *values)
    if kind in ("call", "operator"):
        name, operands = parts if kind == "call" else (parts[0], parts[1:])
        if any(never_works(name, place, operand) for place, operand in enumerate(operands)):
            return True
        if any(constant(operand) not in (None, "NULL", *takes)
               for operand, takes in zip(operands, TAKES.get(name, ["N", "N"]))):
            return True
    return kind in EXPRESSIONS and constant(node) == "failed"


def doubtful(command):
    sets, _, where = command
    roots = [node for _, node in sets] + ([where] if where else [])
    return any(may_be_refused(part) for root in roots for part in parts_of(root))


# The text of expressions

RANKS = {"||": 1, "+": 2, "-": 2, "*": 3, "/": 3}
NAMES = {"begins": "begins_with", "exists": "attribute_exists", "missing": "attribute_not_exists",
         "type": "attribute_type"}


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def literal(value):
    kind, inner = value
    if kind in SETS:
        parts = sorted(literal((SETS[kind], one)) for one in inner)
        return "<<" + ", ".join(parts) + ">>"
    if kind == "M":
        parts = [quoted(name) + ": " + literal(member) for name, member in inner.items()]
        return "{" + ", ".join(parts) + "}"
    if kind == "L":
        return "[" + ", ".join(map(literal, inner)) + "]"
    return {"S": quoted, "N": str, "B": lambda found: f"b64'{base64.b64encode(found).decode()}'",
            "BOOL": lambda found: str(found).lower(), "NULL": lambda _: "null"}[kind](inner)


def spelled(path):
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step in (EVERY, ALL):
            text += step[0]
        else:
            bare = re.fullmatch("[A-Za-z][A-Za-z0-9_]*", step) and step != "in"
            text += "." + (step if bare else '"' + step.replace('"', '""') + '"')
    return text.removeprefix(".")


def inside(node, rank):
    """The text of an operand, in parentheses where it binds less than it must."""
    text = expression(node)
    return f"({text})" if node[0] == "operator" and RANKS[node[1]] < rank else text


def expression(node):
    kind, *parts = node
    if kind == "literal":
        return literal(*parts)
    if kind == "path":
        return spelled(*parts)
    if kind == "group":
        return f"({expression(*parts)})"
    if kind == "step":
        steps = spelled(parts[1])
        return expression(parts[0]) + (steps if steps[0] == "[" else "." + steps)
    if kind == "operator":
        sign, one, other = parts
        one, other = inside(one, RANKS[sign]), inside(other, RANKS[sign] + 1)
        gap = ["", " ", "\n  "][len(one + other) % 3]
        return one + gap + sign + gap + other
    if kind == "if":
        return f"if({condition(parts[0])}, {expression(parts[1])}, {expression(parts[2])})"
    name, nodes = parts if kind == "call" else (kind, parts[0])
    return f"{name}({', '.join(map(expression, nodes))})"


def condition(node, rank=1):
    """The text of a condition, in parentheses where it binds less than rank: OR 1, AND 2, NOT 3."""
    kind, *parts = node
    if kind in ("or", "and", "not"):
        own = {"or": 1, "and": 2, "not": 3}[kind]
        text = f" {kind.upper()} ".join(
            condition(part, own + place) for place, part in enumerate(parts))
        text = "NOT " + text if kind == "not" else text
        return f"({text})" if own < rank else text
    if kind == "nested":
        return f"({condition(*parts)})"
    if kind == "compare":
        return f"{expression(parts[1])} {parts[0]} {expression(parts[2])}"
    if kind == "between":
        return "{} BETWEEN {} AND {}".format(*map(expression, parts))
    if kind == "in":
        return f"{expression(parts[0])} IN ({', '.join(map(expression, parts[1]))})"
    if kind in ("exists", "missing"):
        return f"{NAMES[kind]}({spelled(*parts)})"
    if kind == "type":
        return f"{NAMES[kind]}({spelled(parts[0])}, '{parts[1]}')"
    return f"{NAMES.get(kind, kind)}({', '.join(map(expression, parts))})"


# Random items

PIECES = list("abcdeXYZ019 #,.-_'\"\\%/:") + [
    "\n", "\t", "\u00a0", "\u3000", "\u2003", "\u0085", "\u2028", "\u200b", "\ufeff", "\x1f",
    "\u00e9", "e\u0301", "\u00c9", "a\u0308\u0323", "\u0301", "\u00df", "\u01c6", "\u0416",
    "\u0436", "\u03c9", "\u8a9e", "\uff21", "\U0001f600", "\U0001f1e9\U0001f1ea",
    "\U0001f1eb\U0001f1f7", "\U0001f1e9", "\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd",
    "\U00010400", "\ufb01"]
BLANKS = [" ", "\t ", "\u0085", "\u2028", "\u3000\n", "\u200b", " \u0301", "\x1f"]
COMPOSED, DECOMPOSED = "\u00e9t\u00e9", "e\u0301te\u0301"

# What attributes, and places in them, mostly are.
PLACES = {
    "S": [["s1"], ["s2"], ["s3"], ["key"], ["digits"], ["odd name"], ['q"u.o[0]'], [COMPOSED],
          [DECOMPOSED], ["m", "a"], ["m", "odd.key"], ["m", "in", "d"], ["l", 0], ["l", 1],
          ["lm", 0, "a"], ["lm", 1, "a"]],
    "N": [["n1"], ["n2"], ["n3"], ["n4"], ["count"], ["m", "b"], ["m", "in", "n"], ["ln", 0],
          ["ln", 1], ["lm", 0, "n"]],
    "B": [["b1"], ["b2"], ["m", "bytes"]],
    "BOOL": [["yes"], ["m", "yes"]],
    "NULL": [["nothing"]],
    "SS": [["texts"], ["m", "texts"]],
    "NS": [["numbers"]],
    "BS": [["blobs"]],
    "L": [["l"], ["ln"], ["lm"], ["m", "l"], ["lists", 0]],
    "M": [["m"], ["m", "in"], ["lm", 0], ["lm", 1]],
}
NOWHERE = [["gone"], ["m", "gone"], ["l", 9], ["gone", "too"], ["m", "in", "gone", 3]]
NEW = [["new1"], ["new 2"], ["m", "new"], ["m", "in", "new"], ["l", 12], ["lm", 0, "new"]]
WIDE = [["l", EVERY], ["m", ALL], ["lm", EVERY, "a"], ["lm", EVERY, ALL], ["lists", EVERY, 0],
        ["m", "in", ALL], ["m", ALL, "d"], ["lists", EVERY, EVERY], ["s1", EVERY], ["ln", ALL]]


class Maker:
    """Makes random items and expressions."""

    def __init__(self, source):
        self.random = source
        self.choice, self.below = source.choice, source.randrange

    def chance(self, share):
        return self.random.random() < share

    def text(self):
        if self.chance(0.1):
            return self.choice(["", "", "a", "abc", "Stra\u00dfe", "x@y.z"])
        text = "".join(self.choice(PIECES) for _ in range(self.below(12)))
        return self.choice(BLANKS) + text + self.choice(BLANKS) if self.chance(0.1) else text

    def digits(self, count):
        return Decimal(self.choice("123456789") + "".join(
            self.choice("0123456789") for _ in range(count - 1)))

    def number(self):
        found = self.choice([
            lambda: Decimal(self.below(200)), lambda: Decimal(self.below(20)),
            lambda: Decimal(self.below(10000)).scaleb(-2), lambda: self.digits(38),
            lambda: self.digits(1 + self.below(38)).scaleb(self.below(81) - 60, EXACT),
            lambda: self.digits(1 + self.below(4)).scaleb(self.below(77) - 40, EXACT)])()
        return found.copy_negate() if found and self.chance(0.3) else found

    def small(self):
        return Decimal(self.below(130) - 20)

    def numeric(self):
        """A text that is mostly a number's."""
        found = self.choice([
            str(self.number()), str(self.small()), plain(self.number()), "007", "+5", "1.50",
            "-0", "1e3", "2.5E-7", "0.000", "1E125", "-9E-130", "1" + "0" * 60])
        wrong = ["", " 5", "5 ", "1,5", "1.2.3", "0x10", "e5", "1e", "--1", "NaN", "Infinity", ".",
                 "1E126", "1E-131", "1" * 39, "1_000", "\u0661", "5\n", "-", "1e1.5", "1E99999"]
        return self.choice(wrong) if self.chance(0.2) else found

    def bytes(self):
        return self.random.randbytes(self.below(12))

    def value(self, kind, depth=2):
        if kind in SETS:
            count = 1 + self.below(4)
            some = [self.few(SETS[kind])] if self.chance(0.7) else []
            return kind, frozenset(some + [self.value(SETS[kind])[1] for _ in range(count)])
        if kind == "L":
            return kind, [self.any(depth - 1) for _ in range(self.below(4))]
        if kind == "M":
            names = [self.choice(["a", "b", "d", "n", "odd.key", COMPOSED, DECOMPOSED])
                     for _ in range(self.below(4))]
            return kind, {name: self.any(depth - 1) for name in names}
        return kind, {"S": self.text, "N": self.number, "B": self.bytes, "NULL": lambda: None,
                      "BOOL": lambda: self.chance(0.5)}[kind]()

    def few(self, kind):
        """What is in a value of which there are few, so that they meet."""
        return self.choice({"S": ["a", "", "e\u0301"], "N": [Decimal(1), Decimal("-0.50")],
                            "B": [b"", b"\x00"]}[kind])

    def any(self, depth=2):
        return self.value(self.choice(KINDS if depth > 0 else KINDS[:8]), depth)

    def near(self, kind, value=None):
        """Mostly a value of the kind; at times another's, NULL, or none."""
        share = self.random.random()
        if share < 0.06:
            return None
        if share < 0.10:
            return NULL
        if share < 0.14:
            return self.any()
        return value or self.value(kind)

    def members(self, **kinds):
        found = {name: self.near(*kind) if isinstance(kind, tuple) else self.near(kind)
                 for name, kind in kinds.items()}
        return "M", {name: value for name, value in found.items() if value}

    def elements(self, kind, most):
        found = [self.near(kind) for _ in range(self.below(most + 1))]
        return "L", [value for value in found if value]

    def inner(self):
        deep = self.members(d="S", n=("N", ("N", self.small())), e="L")
        found = self.members(a="S", b=("N", ("N", self.small())), bytes="B", yes="BOOL", texts="SS",
                             l="L", **{"in": ("M", deep), "odd.key": "S", "null": "NULL"})
        return found

    def maps(self):
        one = lambda: self.near("M", self.members(a="S", n="N", d="S"))
        return "L", [value for value in (one() for _ in range(self.below(4))) if value]

    def item(self, place):
        key = "#".join(self.text().replace("#", "") for _ in range(1 + self.below(4)))
        small = ("N", self.small()), ("N", Decimal(self.below(100000)).scaleb(-2))
        lists = "L", [self.elements(self.choice("SNL"), 3) for _ in range(self.below(3))]
        kind, found = self.members(
            s1="S", s2="S", s3="S", key=("S", ("S", key)), digits=("S", ("S", self.numeric())),
            n1=("N", small[0]), n2=("N", small[1]), n3="N", n4="N",
            count=("N", ("N", Decimal(self.below(8)))), b1="B", b2="B", yes="BOOL", nothing="NULL",
            texts="SS", numbers="NS", blobs="BS", l=("L", self.elements("S", 4)),
            ln=("L", self.elements("N", 4)), lm=("L", self.maps()), lists=("L", lists),
            m=("M", self.inner()), **{"odd name": "S", 'q"u.o[0]': "S", COMPOSED: "S",
                                      DECOMPOSED: "S"})
        keys = {"pk": ("S", f"key {place // 4}"), "sk": ("N", Decimal(place % 4))}
        return kind, found | keys

    # Expressions of a kind: mostly of it, as attributes are only mostly of theirs

    def expression(self, kind, depth):
        if self.chance(0.02):
            kind = self.choice(KINDS)
        share = self.random.random()
        if depth <= 0 or share < 0.25:
            return self.leaf(kind)
        if share < 0.35:
            return self.choose(kind, depth - 1)
        if share < 0.4:
            return "group", self.expression(kind, depth - 1)
        return getattr(self, "make_" + kind, self.leaf_of(kind))(depth - 1)

    def leaf_of(self, kind):
        return lambda depth: self.leaf(kind)

    def leaf(self, kind):
        if self.chance(0.03):
            return "path", self.choice(NOWHERE)
        if self.chance(0.7):
            return "path", self.choice(PLACES[kind])
        if kind == "N" and self.chance(0.5):
            return "literal", ("N", self.small())
        return "literal", self.value(kind)

    def choose(self, kind, depth):
        share = self.random.random()
        if share < 0.4:
            count = 1 + self.below(3)
            return "coalesce", [self.expression(kind, depth) for _ in range(count)]
        if share < 0.8:
            one, other = self.expression(kind, depth), self.expression(kind, depth)
            return "if", self.condition(depth), one, other
        around = [path for path in PLACES[kind] if len(path) > 1] or NOWHERE[3:]
        path = self.choice(around)
        outer = "coalesce", [("path", path[:1]), self.leaf("L" if path[0][0] == "l" else "M")]
        return "step", outer, path[1:]

    def call(self, name, *nodes):
        return "call", name, list(nodes)

    def count(self, least, depth):
        """A whole number as substring() and its like take, seldom a wrong one."""
        if self.chance(0.2):
            return self.expression("N", depth)
        if self.chance(0.3):
            return "path", ["count"]
        if self.chance(0.1):
            wrong = [Decimal(-1), Decimal(0), Decimal("1.5"), Decimal("1E+30"), Decimal("2.0")]
            return "literal", ("N", self.choice(wrong))
        return "literal", ("N", Decimal(least + self.below(6)))

    def part(self):
        """A text that others contain."""
        if self.chance(0.2):
            return self.leaf("S")
        return "literal", ("S", self.choice(PIECES) + (self.choice(PIECES) * self.chance(0.1)))

    def make_S(self, depth):
        text = lambda: self.expression("S", depth)
        return self.choice([
            lambda: ("operator", "||", text(), text()),
            lambda: ("operator", "||", text(), text()),
            lambda: self.call(self.choice(["lower", "upper", "trim"]), text()),
            lambda: self.call("trim", text()),
            lambda: self.call("substring", text(), self.count(1, depth)),
            lambda: self.call("substring", text(), self.count(1, depth), self.count(0, depth)),
            lambda: self.call("replace", text(), self.part(), text()),
            lambda: ("step", self.make_split(depth), [self.below(4)]),
            lambda: self.call("to_string", self.expression(
                self.choice(["N", "N", "N", "S", "BOOL"]), depth)),
            lambda: self.call("mask", self.expression(self.choice("SSN"), depth),
                              self.count(0, depth)),
            lambda: self.make_hash(depth)])()

    def make_split(self, depth):
        if self.chance(0.6):
            return self.call("split", ("path", ["key"]), ("literal", ("S", "#")))
        return self.call("split", self.expression("S", depth), self.part())

    def make_hash(self, depth):
        hashed = self.expression(self.choice(["S", "S", "N", "N", "B", "BOOL"]), depth)
        if self.chance(0.5):
            return self.call("hash", hashed)
        return self.call("hash", hashed, ("literal", ("N", Decimal(8 + self.below(45)))))

    def make_N(self, depth):
        count = lambda: self.expression("N", depth)
        measured = lambda: self.expression(
            self.choice(["S", "S", "S", "B", "SS", "NS", "BS", "L", "M"]), depth)
        return self.choice([
            lambda: ("operator", self.choice("+-"), count(), count()),
            lambda: ("operator", self.choice("+-*/"), count(), count()),
            lambda: ("operator", self.choice("*/"), count(), count()),
            lambda: self.call(self.choice(["length", "size"]), measured()),
            lambda: ("operator", "/", self.long(), self.divisor()),
            lambda: ("operator", self.choice("+-*/"), self.extreme(), self.leaf("N")),
            lambda: self.call("to_number", ("path", ["digits"])),
            lambda: self.call("to_number", self.expression(self.choice("SN"), depth)),
            lambda: self.call("bucket", count(), count()),
            lambda: self.call("bucket", count(), ("literal", ("N", self.choice(
                [Decimal(10), Decimal("0.25"), Decimal(7), self.number().copy_abs()]))))])()

    def long(self):
        return self.choice([("path", ["n4"]), ("literal", ("N", self.digits(38)))])

    def divisor(self):
        """A number of whose quotients many lie in the middle between two of 38 digits."""
        return "literal", ("N", Decimal(self.choice([2, 4, 8, 5, 25, 3, 7, -2, -80])))

    def extreme(self):
        found = self.digits(1 + self.below(3)).scaleb(self.choice([120, 123, -128, -130]), EXACT)
        return "literal", ("N", found)

    def make_B(self, depth):
        return "operator", "||", self.expression("B", depth), self.expression("B", depth)

    def make_L(self, depth):
        if self.chance(0.4):
            return self.make_split(depth)
        return "operator", "||", self.expression("L", depth), self.expression("L", depth)

    # Conditions

    def condition(self, depth):
        share = self.random.random()
        if depth > 0 and share < 0.12:
            return "not", self.condition(depth - 1)
        if depth > 0 and share < 0.36:
            kind = self.choice(["and", "or"])
            return kind, self.condition(depth - 1), self.condition(depth - 1)
        if depth > 0 and share < 0.4:
            return "nested", self.condition(depth - 1)
        return self.choice([self.comparison, self.comparison, self.range, self.choices, self.about,
                            self.parts])(depth - 1)

    def operands(self, count, depth, kinds=("S", "S", "N", "N", "N", "B")):
        kind = self.choice(kinds)
        return [self.expression(kind, depth) for _ in range(count)]

    def comparison(self, depth):
        if self.chance(0.3):
            return "compare", self.choice(["=", "<>"]), *self.operands(2, depth, KINDS)
        sign = self.choice(["=", "<>", "<", "<=", ">", ">="])
        return "compare", sign, *self.operands(2, depth)

    def range(self, depth):
        return "between", *self.operands(3, depth)

    def choices(self, depth):
        value, *among = self.operands(2 + self.below(4), depth, KINDS)
        return "in", value, among

    def about(self, depth):
        path = self.choice(self.choice(list(PLACES.values()) + [NOWHERE]))
        kind = self.choice(["exists", "missing", "type"])
        return (kind, path, self.choice(KINDS)) if kind == "type" else (kind, path)

    def parts(self, depth):
        text = self.expression("S", depth)
        return self.choice([
            lambda: ("begins", text, ("literal", ("S", self.choice(PIECES)))),
            lambda: ("begins", ("path", self.choice(PLACES["S"])), self.part()),
            lambda: ("begins", *self.operands(2, depth, "SSB")),
            lambda: ("contains", self.leaf("B"), self.leaf("B")),
            lambda: ("contains", text, self.part()),
            lambda: self.membership(depth), lambda: self.membership(depth),
            lambda: ("contains", self.leaf("L"), self.expression("S", depth))])()

    def membership(self, depth):
        kind = self.choice(["SS", "NS", "BS"])
        part = self.expression(SETS[kind], depth)
        if self.chance(0.7):
            part = "literal", (SETS[kind], self.few(SETS[kind]))
        return "contains", self.leaf(kind), part

    # Commands

    def target(self):
        share = self.random.random()
        if share < 0.3:
            return self.choice(NEW)
        if share < 0.34:
            return self.choice(NOWHERE)
        return self.choice(self.choice(list(PLACES.values())))

    def removal(self):
        return self.choice(WIDE) if self.chance(0.4) else self.target()

    def apart(self, make, count, taken):
        """Up to so many paths, none of which is or holds another or one that is taken."""
        found = []
        for path in (make() for _ in range(count)):
            if not any(clash(path, other) for other in found + taken):
                found.append(path)
        return found

    def command(self):
        """One that is not refused, but for a few."""
        found = self.changes()
        while (doubtful(found) and self.chance(0.97)) or not (found[0] or found[1]):
            found = self.changes()
        return found

    def changes(self):
        """Sets, removals, and a condition or None."""
        paths = self.apart(self.target, 1 + self.below(4), [])
        kinds = [self.choice(["S", "S", "S", "N", "N", "N", "L", *KINDS]) for _ in paths]
        sets = [(path, self.expression(kind, 3)) for path, kind in zip(paths, kinds)]
        removals = self.apart(self.removal, self.below(4), paths)
        if removals and self.chance(0.15):
            sets = []
        where = self.condition(self.choice([1, 3])) if self.chance(0.5) else None
        return sets, removals, where


# Rounds

KEYS = {
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"}],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def fill(dynamodb, table, items):
    dynamodb.create_table(TableName=table, **KEYS)
    dynamodb.get_waiter("table_exists").wait(
        TableName=table, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
    puts = [{"PutRequest": {"Item": wire(item)["M"]}} for item in items]
    for start in range(0, len(puts), 25):
        reply = dynamodb.batch_write_item(RequestItems={table: puts[start:start + 25]})
        assert not reply["UnprocessedItems"]


def key(item):
    return item[1]["pk"][1], int(item[1]["sk"][1])


def scan(dynamodb, table):
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    items = [typed({"M": found}) for page in pages for found in page["Items"]]
    return {key(item): item for item in items}


def expected(items, command, secret, on_error):
    """What the target must hold, and how many items can't be changed."""
    sets, removals, where = command
    found, failed = {}, 0
    for item in items:
        if where and not Reader(item, secret).holds(where):
            continue
        try:
            found[key(item)] = changed(item, sets, removals, secret)
        except Failed:
            failed += 1
            if on_error == "keep":
                found[key(item)] = item
    return found, failed


def options(command):
    sets, removals, where = command
    found = []
    if sets:
        parts = [f"{spelled(path)} = {expression(node)}" for path, node in sets]
        found += ["--set", ", ".join(parts)]
    if removals:
        found += ["--remove", ", ".join(map(spelled, removals))]
    return found + (["--where", condition(where)] if where else [])


def run(binary, endpoint, tables, folder, more):
    environment = os.environ | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return subprocess.run(
        [binary, "copy", *tables, "--endpoint", endpoint, "--region", "us-east-1", "--state-dir",
         folder, "--progress", "none", "--max-dead-letters", "1000", *more],
        env=environment, capture_output=True, text=True, timeout=300)


def ways(command):
    """What may become of items that can't be changed; none is kept where values are hidden."""
    hides = any(part[0] == "call" and part[1] in ("hash", "mask")
                for _, node in command[0] for part in parts_of(node))
    return ["leave-out"] * 3 + ["dead-letter"] + ["keep"] * (not hides)


class Different(Exception):
    pass


def check_items(items, wanted, actual):
    for item in items:
        one, other = wanted.get(key(item)), actual.get(key(item))
        if one != other:
            names = [name for name in sorted({*(one or item)[1], *(other or item)[1]})
                     if not one or not other or one[1].get(name) != other[1].get(name)]
            part = lambda found: found and {name: found[1].get(name) for name in names}
            raise Different("\n".join([
                f"item: {json.dumps(wire(item), default=repr)}", f"read: {part(item)}",
                f"expected: {part(one)}", f"actual: {part(other)}"]))
    if actual.keys() - wanted.keys():
        raise Different(f"items of other keys: {sorted(actual.keys() - wanted.keys())}")


def check(binary, dynamodb, endpoint, source, tables, folder):
    """One round; answers how many items agree."""
    maker = Maker(source)
    items = [maker.item(place) for place in range(60)]
    command = maker.command()
    on_error = source.choice(ways(command))
    secret = source.randbytes(20 + source.randrange(100)) + source.choice([b"", b"\n", b"\n\n"])
    with open(f"{folder}/secret", "wb") as file:
        file.write(secret)
    secret = secret.removesuffix(b"\n")
    wanted, failed = expected(items, command, secret, on_error)
    fill(dynamodb, tables[0], items)
    more = options(command)
    arguments = more + ["--on-error", on_error, "--dead-letters", f"{folder}/dead"]
    if any("hash(" in text for text in more):
        arguments += ["--secret-file", f"{folder}/secret"]
    done = run(binary, endpoint, tables, folder, arguments)
    try:
        if done.returncode == 2 and doubtful(command):
            return 0
        right = 3 if failed and on_error == "dead-letter" else 0
        # What is to be changed and no item has is told so.
        ended = right if "no item of" in done.stderr and done.returncode == 3 else done.returncode
        if ended != right:
            raise Different(f"ended with {done.returncode}, {failed} items can't be changed:\n"
                            + done.stdout + done.stderr)
        check_items(items, wanted, scan(dynamodb, tables[1]))
    except Different as found:
        raise Different("\n".join([*more, f"--on-error {on_error}", str(found)])) from None
    for table in tables:
        dynamodb.delete_table(TableName=table)
    return len(items)


def serve(binary):
    server = subprocess.Popen(
        [binary, "serve", "--port", "0", "--exit-with-stdin"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    return server, server.stdout.readline().split()[-1]


def main(binary, rounds, seed=None):
    seed = int(seed or time.time())
    server, endpoint = serve(binary)
    dynamodb = boto3.client(
        "dynamodb", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test")
    agree = 0
    try:
        for place in range(int(rounds)):
            with tempfile.TemporaryDirectory() as folder:
                agree += check(binary, dynamodb, endpoint, random.Random(f"{seed} {place}"),
                               [f"source-{place}", f"target-{place}"], folder)
    except Different as found:
        print(f"seed {seed}, round {place}\n{found}")
        return 1
    finally:
        server.stdin.close()
        server.wait()
    print(f"{rounds} rounds, {agree} items agree")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
