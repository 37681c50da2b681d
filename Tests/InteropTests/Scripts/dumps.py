"""Writes dumps of random items in every format that lies around, and has each of them imported.

    dumps.py BINARY [SEED [ITEMS]]

Starts BINARY serve. Every form is written here, by nothing of dynaferry's, imported into a table of
its own, and compared with the items that it was made of, number by number. dynamodump's own program
writes one of them, where it is installed. Any difference ends it with 1.
"""

import base64
import gzip
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import uuid
from decimal import Decimal

import boto3

KEY = "pk:S,sk:N"
TEXTS = ["", "a", "é😀", 'quote " and \\', "comma, semi; pipe |", "line\nbreak\r\n", "\u0001\t", "Items"]
ENVIRONMENT = {
    "PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS_REGION": "us-east-1",
}


# Items, in DynamoDB's JSON

def text(dice):
    return dice.choice(TEXTS) + str(dice.randrange(1000))


def number(dice):
    digits = "".join(dice.choice("0123456789") for _ in range(dice.randrange(1, 38))).lstrip("0") or "0"
    return dice.choice(["", "-"]) + digits + dice.choice(["", "", ".5", f"E{dice.randrange(-60, 60)}"])


def binary(dice):
    return base64.b64encode(dice.randbytes(dice.randrange(0, 20))).decode()


def value(dice, depth=0):
    kind = dice.choice(["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"][:8 if depth > 2 else 10])
    made = {
        "S": lambda: text(dice), "N": lambda: number(dice), "B": lambda: binary(dice),
        "BOOL": lambda: dice.random() < 0.5, "NULL": lambda: True,
        "SS": lambda: sorted({text(dice) for _ in range(3)}),
        "NS": lambda: [str(each) for each in sorted({dice.randrange(1000) for _ in range(3)})],
        "BS": lambda: sorted({base64.b64encode(bytes([dice.randrange(256), 7])).decode() for _ in range(3)}),
        "L": lambda: [value(dice, depth + 1) for _ in range(dice.randrange(4))],
        "M": lambda: {text(dice): value(dice, depth + 1) for _ in range(dice.randrange(4))},
    }[kind]()
    return {kind: made}


def item(dice, place):
    made = {"pk": {"S": f"key {place // 3}"}, "sk": {"N": str(place % 3)}}
    for name in dice.sample(["Item", "Items", "M", "S", "note", "é", "with space", "PutRequest"], 4):
        made[name] = value(dice)
    names = list(made)
    dice.shuffle(names)
    return {name: made[name] for name in names}


# Forms

def lines(items, made, end="\n"):
    return "".join(json.dumps(made(each), ensure_ascii=False) + end for each in items)


def export(items, folder, dice):
    (folder / "a.json.gz").write_bytes(gzip.compress(lines(items[::2], lambda each: {"Item": each}).encode()))
    # Two members, as `cat` of two files makes them.
    rest = lines(items[1::2], lambda each: {"Item": each}).encode()
    middle = len(rest) // 2
    (folder / "b.json.gz").write_bytes(gzip.compress(rest[:middle]) + gzip.compress(rest[middle:]))


def bare(items, folder, dice):
    marked = "\ufeff" + lines(items, lambda each: each, "\r\n") + "\r\n\n"
    (folder / "items.jsonl").write_bytes(marked.encode())


def scan(items, folder, dice):
    reply = {"Items": items, "Count": len(items), "ScannedCount": len(items), "ConsumedCapacity": None}
    (folder / "scan.json").write_text(json.dumps(reply, indent=4))


def pages(items, folder, dice):
    made = ""
    for start in range(0, len(items), 40):
        page = items[start:start + 40]
        reply = {"Count": len(page), "Items": page}
        if start + 40 < len(items):
            reply["LastEvaluatedKey"] = {"pk": page[-1]["pk"]}
        made += json.dumps(
            reply, sort_keys=True, ensure_ascii=dice.random() < 0.5) + dice.choice(["", "\n", "\r\n\r\n"])
    (folder / "pages.json").write_text(made, newline="")


def array(items, folder, dice):
    (folder / "list.json").write_text(json.dumps(items, indent=1))


def batches(items, folder, dice):
    for start in range(0, len(items), 25):
        requests = [{"PutRequest": {"Item": each}} for each in items[start:start + 25]]
        (folder / f"batch-{start}.json").write_text(json.dumps({"Orders": requests}, indent=2))


def requests(items, folder, dice):
    (folder / "requests.json").write_text(lines(items, lambda each: {"PutRequest": {"Item": each}}))


def dynamodump(items, folder, dice):
    (folder / "orders" / "data").mkdir(parents=True)
    schema = {"Table": {
        "TableName": "orders", "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}}
    (folder / "orders" / "schema.json").write_text(json.dumps(schema, indent=4))
    for place, start in enumerate(range(0, len(items), 60)):
        page = {"Items": items[start:start + 60], "Count": 60, "ScannedCount": 60}
        (folder / "orders" / "data" / f"{place + 1:04}.json").write_text(json.dumps(page, indent=4))


def lowered(typed):
    (kind, inner), = typed.items()
    if kind == "L":
        inner = [lowered(each) for each in inner]
    elif kind == "M":
        inner = {name: lowered(each) for name, each in inner.items()}
    return {kind[0].lower() + kind[1:]: inner}


def pipeline(items, folder, dice):
    entries = []
    for part in (items[::2], items[1::2]):
        name = str(uuid.UUID(int=dice.getrandbits(128)))
        (folder / name).write_text(lines(part, lambda each: {n: lowered(v) for n, v in each.items()}))
        entries.append({"url": f"s3://elsewhere/backup/{name}", "mandatory": True})
    (folder / "manifest").write_text(
        json.dumps({"name": "DynamoDB-export", "version": 3, "entries": entries}))
    (folder / "_SUCCESS").write_text("")


def hive(items, folder, dice):
    def line(each):
        return "\x02".join(f"{name}\x03{json.dumps(lowered(v))}" for name, v in each.items())
    (folder / "part-r-00000").write_text("".join(line(each) + "\n" for each in items))


def ion_text(words, dice):
    if dice.random() < 0.2 and "'''" not in words and "\r" not in words and "\x01" not in words:
        return "'''" + words.replace("\\", "\\\\").replace("'", "\\'") + "'''"
    out = ""
    for letter in words:
        if letter in '"\\':
            out += "\\" + letter
        elif letter == "\n":
            out += "\\n"
        elif ord(letter) < 32:
            out += f"\\x{ord(letter):02x}"
        elif ord(letter) > 0xFFFF and dice.random() < 0.5:
            out += f"\\U{ord(letter):08x}"
        else:
            out += letter
    return f'"{out}"'


def ion_number(digits):
    base, _, exponent = digits.partition("E")
    if exponent:
        return f"{base}d{exponent}"
    return base if "." in base else base + "."


def ion(typed, dice):
    (kind, inner), = typed.items()
    if kind == "S":
        return ion_text(inner, dice)
    if kind == "N":
        return ion_number(inner)
    if kind == "B":
        return "{{" + dice.choice(["", " "]) + inner + "}}"
    if kind == "BOOL":
        return "true" if inner else "false"
    if kind == "NULL":
        return dice.choice(["null", "null.string"])
    if kind in ("SS", "NS", "BS"):
        return f"$dynamodb_{kind}::[" + ",".join(ion({kind[0]: each}, dice) for each in inner) + "]"
    if kind == "L":
        return "[" + ", ".join(ion(each, dice) for each in inner) + "]"
    return ion_struct(inner, dice)


def ion_struct(members, dice):
    def name(words):
        return words if words.isidentifier() and words.isascii() else ion_text(words, dice)
    return "{" + ",".join(f"{name(n)}:{ion(v, dice)}" for n, v in members.items()) + "}"


def ion_lines(items, folder, dice):
    with gzip.open(folder / "a.ion.gz", "wt", newline="") as file:
        for each in items:
            file.write("$ion_1_0 {Item:" + ion_struct(each, dice) + "}\n")


def csv(items, folder, dice):
    """Texts alone, as a CSV can hold; what it can't is taken out of the items."""
    def quoted(words):
        needed = any(letter in words for letter in ',"\r\n') or dice.random() < 0.3
        return '"' + words.replace('"', '""') + '"' if needed else words
    rows = ["pk,sk,note,age,active,raw"]
    for place, each in enumerate(items):
        for name in list(each):
            if name not in ("pk", "sk"):
                del each[name]
        each["note"] = {"S": text(dice)}
        if place % 3:
            each["age"] = {"N": str(dice.randrange(100))}
        each["active"] = {"BOOL": dice.random() < 0.5}
        if place % 2:
            each["raw"] = {"B": base64.b64encode(b"x" + dice.randbytes(3)).decode()}
        rows.append(",".join([
            quoted(each["pk"]["S"]), each["sk"]["N"], quoted(each["note"]["S"]),
            each.get("age", {"N": ""})["N"], str(each["active"]["BOOL"]).lower(),
            each.get("raw", {"B": ""})["B"]]))
    (folder / "people.csv").write_text("\n".join(rows) + "\n", newline="")


FORMS = [
    (export, []), (bare, []), (scan, []), (pages, []), (array, []), (batches, []), (requests, []),
    (dynamodump, None), (pipeline, []), (hive, []), (ion_lines, []),
    (csv, ["--csv-types", "age:N,active:BOOL,raw:B"]),
]


# Comparing

def plain(typed):
    """A value in which what DynamoDB takes for the same is the same."""
    (kind, inner), = typed.items()
    if kind == "N":
        return kind, Decimal(inner).normalize()
    if kind == "NS":
        return kind, frozenset(Decimal(each).normalize() for each in inner)
    if kind in ("SS", "BS"):
        return kind, frozenset(bytes(each) if isinstance(each, bytes) else each for each in inner)
    if kind == "L":
        return kind, tuple(plain(each) for each in inner)
    if kind == "M":
        return kind, frozenset((name, plain(each)) for name, each in inner.items())
    return kind, inner


def binaries(typed):
    """As boto3 has it: bytes, not base 64."""
    (kind, inner), = typed.items()
    if kind == "B":
        inner = base64.b64decode(inner)
    elif kind == "BS":
        inner = [base64.b64decode(each) for each in inner]
    elif kind == "L":
        inner = [binaries(each) for each in inner]
    elif kind == "M":
        inner = {name: binaries(each) for name, each in inner.items()}
    return {kind: inner}


def same(client, table, items, what):
    found = []
    for page in client.get_paginator("scan").paginate(TableName=table):
        found += page["Items"]
    wanted = {plain({"M": {n: binaries(v) for n, v in each.items()}}) for each in items}
    got = {plain({"M": each}) for each in found}
    if wanted != got or len(found) != len(items):
        sys.exit(f"{what}: {len(wanted - got)} items lack, {len(got - wanted)} are others: "
                 f"{next(iter(wanted - got), None)}\n{next(iter(got - wanted), None)}")


# The run

def copy(binary, url, folder, words):
    done = subprocess.run(
        [binary, "copy", *words, "--endpoint", url, "--progress", "none", "--state-dir",
         str(folder / "jobs")], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def main():
    binary = sys.argv[1]
    seed, count = (int(word) for word in (sys.argv[2:] + ["7", "200"][len(sys.argv) - 2:]))
    server = subprocess.Popen(
        [binary, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    url = next(word for word in server.stdout.readline().split() if word.startswith("http://"))
    client = boto3.client(
        "dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x",
        aws_secret_access_key="y")
    try:
        with tempfile.TemporaryDirectory() as made:
            run(binary, url, client, pathlib.Path(made), seed, count)
    finally:
        server.kill()
        server.wait()


def run(binary, url, client, folder, seed, count):
    for form, options in FORMS:
        name = form.__name__.replace("_", "-")
        dice = random.Random(f"{seed} {name}")
        items = [item(dice, place) for place in range(count)]
        place = folder / name
        place.mkdir()
        form(items, place, dice)
        words = [f"{place}/", f"from-{name}"]
        copy(binary, url, folder, words if options is None else [*words, "--key", KEY, *options])
        same(client, f"from-{name}", items, name)
        print(f"{name}: {count} items")
    program = shutil.which("dynamodump", path=os.path.dirname(sys.executable))
    if program is None:
        print("dynamodump is not installed")
        return
    port = url.rsplit(":", 1)[1].strip("/")
    subprocess.run(
        [program, "-m", "backup", "-r", "local", "-s", "from-scan", "--host", "127.0.0.1", "--port",
         port, "--accessKey", "x", "--secretKey", "y", "--dumpPath", str(folder / "its-own")],
        check=True, capture_output=True, cwd=folder)
    copy(binary, url, folder, [f"{folder}/its-own/", "from-its-own"])
    dice = random.Random(f"{seed} scan")
    same(client, "from-its-own", [item(dice, place) for place in range(count)], "dynamodump's own")
    print(f"dynamodump's own: {count} items")


if __name__ == "__main__":
    main()
