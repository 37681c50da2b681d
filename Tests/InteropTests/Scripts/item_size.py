"""Makes random items of every type, with their sizes by the service's published rules.

    item_size.py COUNT SEED FILE     one item a line of FILE: its size, a tab, its JSON

Written from the developer guide alone (Capacity unit calculations; numbers as described for its
encoding in base 100), so that it shares no mistake with the sizes that dynaferry computes.
"""

import base64
import json
import math
import random
import sys
from decimal import Context, Decimal

EXACT = Context(prec=40)
PIECES = [
    "", "a", "name", "\"", "\\", "/", "\n\t\r", "\x01", "é", "ß", "漢字", "😀", "\u2028", "0"]


def text(chance):
    return "".join(chance.choice(PIECES) for _ in range(chance.randrange(8)))


def number(chance):
    digits = "".join(chance.choice("0123456789") for _ in range(chance.randint(1, 38)))
    shift = chance.choice([0, 0, -2, -1, 1, 2, chance.randint(-80, 80)])
    sign = chance.choice(["", "-"])
    if chance.random() < 0.3 and len(digits) > 1:
        point = chance.randrange(1, len(digits))
        digits = digits[:point] + "." + digits[point:]
    return f"{sign}{digits}" + (f"E{shift}" if shift else "")


def number_size(spelling):
    exact = EXACT.create_decimal(spelling)
    if exact == 0:
        return 1
    sign, digits, exponent = exact.as_tuple()
    digits = "".join(map(str, digits)).lstrip("0")
    significant = digits.rstrip("0")
    exponent += len(digits) - len(significant)
    # In base 100 each digit is a pair that starts at an even power of ten.
    lowest, highest = exponent, exponent + len(significant) - 1
    pairs = math.floor(highest / 2) - math.floor(lowest / 2) + 1
    return 1 + pairs + sign


def distinct(make, identity, chance):
    found = {}
    for _ in range(chance.randint(1, 5)):
        made = make(chance)
        found[identity(made)] = made
    return list(found.values())


def encoded(binary):
    return base64.b64encode(binary).decode()


def binary(chance):
    return chance.randbytes(chance.randrange(40))


def attribute(chance, depth=0):
    """An attribute value as JSON, and its size."""
    kinds = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS"]
    kind = chance.choice(kinds + ["L", "M"] * (depth < 5))
    if kind == "S":
        made = text(chance)
        return {kind: made}, len(made.encode())
    if kind == "N":
        made = number(chance)
        return {kind: made}, number_size(made)
    if kind == "B":
        made = binary(chance)
        return {kind: encoded(made)}, len(made)
    if kind in ("BOOL", "NULL"):
        return {kind: kind == "NULL" or chance.random() < 0.5}, 1
    if kind == "SS":
        made = distinct(text, str, chance)
        return {kind: made}, sum(len(member.encode()) for member in made)
    if kind == "NS":
        made = distinct(number, Decimal, chance)
        return {kind: made}, sum(map(number_size, made))
    if kind == "BS":
        made = distinct(binary, bytes, chance)
        return {kind: [encoded(member) for member in made]}, sum(map(len, made))
    if kind == "L":
        made = [attribute(chance, depth + 1) for _ in range(chance.randrange(5))]
        return {kind: [json for json, _ in made]}, 3 + sum(1 + size for _, size in made)
    members, size = attributes(chance, depth + 1)
    return {kind: members}, 3 + len(members) + size


def attributes(chance, depth):
    made = {text(chance) + chance.choice("xyz"): attribute(chance, depth)
            for _ in range(chance.randrange(6))}
    sizes = sum(len(name.encode()) + size for name, (_, size) in made.items())
    return {name: json for name, (json, _) in made.items()}, sizes


def item(index, chance):
    made, size = attributes(chance, 0)
    key = {"pk": {"S": f"item {index}"}, "sk": {"N": str(index)}}
    return made | key, size + 4 + len(f"item {index}") + number_size(str(index))


if __name__ == "__main__":
    count, seed, path = sys.argv[1:]
    chance = random.Random(int(seed))
    with open(path, "w", encoding="utf-8") as file:
        for index in range(int(count)):
            made, size = item(index, chance)
            line = json.dumps(made, ensure_ascii=chance.random() < 0.5)
            file.write(f"{size}\t{line}\n")
