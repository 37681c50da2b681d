"""Loads the machine's Debian package index into a table: real data, one attribute a field.

    package_index.py load URL TABLE COUNT     the first COUNT records, or `all`; prints how many

Key: package (partition), version and architecture (sort). Relations are lists, tags a set, sizes
numbers, checksums binary, and everything else is text.
"""

import subprocess
import sys

import tables

RELATIONS = {
    "Depends", "Pre-Depends", "Recommends", "Suggests", "Enhances", "Breaks", "Conflicts",
    "Replaces", "Provides", "Built-Using", "Static-Built-Using",
}
NUMBERS = {"Size", "Installed-Size"}
CHECKSUMS = {"MD5sum", "SHA1", "SHA256", "SHA512", "Description-md5"}


def records():
    """The records as `apt-cache dumpavail` prints them: fields, continued by indented lines."""
    with subprocess.Popen(
            ["apt-cache", "dumpavail"], stdout=subprocess.PIPE, encoding="utf-8") as dump:
        fields, last = {}, None
        for line in dump.stdout:
            line = line.rstrip("\n")
            if not line:
                if fields:
                    yield fields
                fields, last = {}, None
            elif line[0] in " \t":
                fields[last] += "\n" + line
            else:
                last, _, text = line.partition(":")
                fields[last] = text.lstrip(" ")
        if fields:
            yield fields
        # The rest of the list is not wanted once the reader has enough.
        dump.terminate()


def attribute(name, text):
    if name in RELATIONS:
        return {"L": [{"S": part.strip()} for part in text.split(",")]}
    if name == "Tag":
        return {"SS": sorted({part.strip() for part in text.split(",")})}
    if name in NUMBERS:
        return {"N": text}
    if name in CHECKSUMS:
        return {"B": bytes.fromhex(text)}
    return {"S": text}


def item(fields):
    key = {
        "package": {"S": fields["Package"]},
        "release": {"S": f"{fields['Version']} {fields['Architecture']}"},
    }
    return {name: attribute(name, text) for name, text in fields.items()} | key


def items(limit):
    """Distinct by key: an index may list a package once for each of its repositories."""
    seen = set()
    for fields in records():
        made = item(fields)
        key = made["package"]["S"], made["release"]["S"]
        if key in seen:
            continue
        seen.add(key)
        yield made
        if len(seen) == limit:
            return


def load(url, table, count):
    database = tables.client(url)
    tables.create(database, table, tables.simple([("package", "S"), ("release", "S")]))
    loaded = 0

    def counted():
        nonlocal loaded
        for made in items(None if count == "all" else int(count)):
            loaded += 1
            yield made

    tables.put(database, table, counted())
    print(loaded)


if __name__ == "__main__":
    {"load": load}[sys.argv[1]](*sys.argv[2:])
