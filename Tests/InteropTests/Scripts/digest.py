"""Digests of items as the guide's page "Digest" defines them, written from that page alone.

    digest.py COUNT SEED FILE     random items, one a line of FILE: the digest of the key, that of
                                  the item, and its JSON, with tabs between
    digest.py --vectors           reads items as lines of JSON; prints form and digest of each

Shares no code with dynaferry, so that it shares no mistake.
"""

import base64
import json
import random
import struct
import sys
from decimal import Context

import item_size

EXACT = Context(prec=400, Emin=-99999, Emax=99999)
KEY = bytes(range(16))
MASK = (1 << 64) - 1


def length(count):
    return struct.pack("<I", count)


def sized(data):
    return length(len(data)) + data


def number(text):
    sign, digits, exponent = EXACT.create_decimal(text).as_tuple()
    digits = "".join(map(str, digits)).lstrip("0")
    if not digits:
        return b"0"
    significant = digits.rstrip("0")
    exponent += len(digits) - len(significant)
    return f"{'-' if sign else ''}{significant}E{exponent}".encode()


def elements(tag, made):
    made = sorted(set(made))
    return tag + length(len(made)) + b"".join(map(sized, made))


def members(made):
    encoded = {name.encode(): value(inner) for name, inner in made.items()}
    return b"M" + length(len(encoded)) + b"".join(
        sized(name) + encoded[name] for name in sorted(encoded))


def value(made):
    (kind, inner), = made.items()
    if kind == "S":
        return b"S" + sized(inner.encode())
    if kind == "N":
        return b"N" + sized(number(inner))
    if kind == "B":
        return b"B" + sized(base64.b64decode(inner))
    if kind == "BOOL":
        return b"T" if inner else b"F"
    if kind == "NULL":
        return b"Z"
    if kind == "M":
        return members(inner)
    if kind == "L":
        return b"L" + length(len(inner)) + b"".join(map(value, inner))
    if kind == "SS":
        return elements(b"s", [text.encode() for text in inner])
    if kind == "NS":
        return elements(b"n", map(number, inner))
    if kind == "BS":
        return elements(b"b", map(base64.b64decode, inner))
    raise ValueError(kind)


def siphash128(key, data):
    """SipHash-2-4 with 128 bits of output, from its authors' paper and reference."""
    first, second = struct.unpack("<QQ", key)
    v0, v1 = first ^ 0x736F6D6570736575, second ^ 0x646F72616E646F6D ^ 0xEE
    v2, v3 = first ^ 0x6C7967656E657261, second ^ 0x7465646279746573

    def rounds(count, v0, v1, v2, v3):
        for _ in range(count):
            v0 = v0 + v1 & MASK
            v1 = (v1 << 13 | v1 >> 51) & MASK ^ v0
            v0 = (v0 << 32 | v0 >> 32) & MASK
            v2 = v2 + v3 & MASK
            v3 = (v3 << 16 | v3 >> 48) & MASK ^ v2
            v0 = v0 + v3 & MASK
            v3 = (v3 << 21 | v3 >> 43) & MASK ^ v0
            v2 = v2 + v1 & MASK
            v1 = (v1 << 17 | v1 >> 47) & MASK ^ v2
            v2 = (v2 << 32 | v2 >> 32) & MASK
        return v0, v1, v2, v3

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for word, in struct.iter_unpack("<Q", padded):
        v3 ^= word
        v0, v1, v2, v3 = rounds(2, v0, v1, v2, v3)
        v0 ^= word
    v0, v1, v2, v3 = rounds(4, v0, v1, v2 ^ 0xEE, v3)
    low = v0 ^ v1 ^ v2 ^ v3
    v0, v1, v2, v3 = rounds(4, v0, v1 ^ 0xDD, v2, v3)
    return struct.pack("<QQ", low, v0 ^ v1 ^ v2 ^ v3)


def digest(item):
    return siphash128(KEY, members(item)).hex()


def write_random(count, seed, path):
    chance = random.Random(seed)
    with open(path, "w", encoding="utf-8") as file:
        for index in range(count):
            made, _ = item_size.item(index, chance)
            shuffled = list(made.items())
            chance.shuffle(shuffled)
            key = {name: made[name] for name in ("pk", "sk")}
            line = json.dumps(dict(shuffled), ensure_ascii=chance.random() < 0.5)
            file.write(f"{digest(key)}\t{digest(made)}\t{line}\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--vectors"]:
        for line in sys.stdin:
            made = json.loads(line)
            print(f"item {line.strip()}\nform {members(made).hex()}\nhash {digest(made)}\n")
    else:
        write_random(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
