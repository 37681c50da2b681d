"""Writes a full export and incremental exports of a table that changes, as AWS lays them out, and
has them restored.

    windows.py BINARY [SEED [KEYS]]

Starts BINARY serve. A random history of inserts, updates and deletes is the model; files and
manifests are written here, by nothing of dynaferry's. What is restored is scanned by boto3 and
compared item by item. Any difference ends it with 1.
"""

import base64
import datetime
import gzip
import hashlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import boto3
from dumps import ENVIRONMENT, ion_number, ion_struct, same, text, value

BASE = 1_768_000_000
MINUTE = 60
KEY = ["--key", "pk:S,sk:N"]


# The history of a table

class History:
    """Writes of random keys over an hour and a half: (second, key, item or None)."""

    def __init__(self, dice, keys):
        self.dice = dice
        self.table = f"{dice.getrandbits(32):08x}-0000-4000-8000-{dice.getrandbits(48):012x}"
        self.writes = {}
        for number in range(keys):
            key = (f"key {number // 3}", number % 3)
            times = sorted(dice.uniform(-30 * MINUTE, 60 * MINUTE) for _ in range(dice.randrange(6)))
            if dice.random() < 0.6:
                times.insert(0, -40 * MINUTE)
            if dice.random() < 0.2:
                # Inserted and deleted a moment later.
                at = dice.uniform(-5 * MINUTE, 60 * MINUTE)
                times = sorted(times + [at, at + 1])
            self.writes[key] = [(at, self.item(key)) for at in times]

    def item(self, key):
        if self.dice.random() < 0.35:
            return None
        made = {"pk": {"S": key[0]}, "sk": {"N": str(key[1])},
                "v": {"N": str(self.dice.randrange(1000))}}
        for name in self.dice.sample(["Item", "Keys", "NewImage", "note", "é", "S"], 3):
            made[name] = value(self.dice)
        return dict(sorted(made.items()))

    def at(self, key, second):
        found = None
        for when, item in self.writes[key]:
            if when < second:
                found = item
        return found

    def state(self, second):
        return {key: item for key in self.writes if (item := self.at(key, second)) is not None}

    def roughly(self, second):
        """As a full export has it: of each item, give or take a minute.

        But of one that is not there just then: of what lives for a part of that minute alone no
        incremental export tells.
        """
        found = self.state(second)
        for key in list(found):
            found[key] = self.at(key, second + self.dice.uniform(-55, 55))
        return {key: item for key, item in found.items() if item is not None}

    def changes(self, start, end):
        for key, writes in self.writes.items():
            within = [at for at, _ in writes if start <= at < end]
            old, new = self.at(key, start), self.at(key, end)
            if within and (old is not None or new is not None):
                yield key, within[-1], old, new


# Files, as AWS lays them out

def iso(second):
    moment = datetime.datetime.fromtimestamp(BASE + second, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def change_line(key, at, old, new, view, form, dice):
    micros = str(int((BASE + at) * 1_000_000))
    keys = {"pk": {"S": key[0]}, "sk": {"N": str(key[1])}}
    if form == "ION":
        parts = [("Metadata", "{WriteTimestampMicros:" + ion_number(micros) + "}"),
                 ("Keys", ion_struct(keys, dice))]
        if view == "NEW_AND_OLD_IMAGES" and old is not None:
            parts.append(("OldImage", ion_struct(old, dice)))
        if new is not None:
            parts.append(("NewImage", ion_struct(new, dice)))
        return "$ion_1_0 {" + ",".join(f"{name}:{made}" for name, made in parts) + "}\n"
    line = {"Metadata": {"WriteTimestampMicros": {"N": micros}}, "Keys": keys}
    if view == "NEW_AND_OLD_IMAGES" and old is not None:
        line["OldImage"] = old
    if new is not None:
        line["NewImage"] = new
    return compact(line) + "\n"


def item_line(item, form, dice):
    if form == "ION":
        return "$ion_1_0 {Item:" + ion_struct(item, dice) + "}\n"
    return compact({"Item": item}) + "\n"


class Place:
    """A folder that exports are written into, under a prefix of a bucket."""

    def __init__(self, root, history, dice, prefix="backups/"):
        self.root, self.history, self.dice, self.prefix = pathlib.Path(root), history, dice, prefix

    def write(self, name, data):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def data(self, folder, lines, form):
        """Four partitions, some of them empty."""
        dice = self.dice
        parts = [[] for _ in range(4)]
        used = dice.sample(range(4), dice.randrange(1, 5))
        for line in lines:
            parts[dice.choice(used)].append(line)
        listed = []
        for part in parts:
            name = "".join(dice.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(26))
            name += ".ion.gz" if form == "ION" else ".json.gz"
            data = gzip.compress("".join(part).encode())
            self.write(folder + name, data)
            sum_of = hashlib.md5(data).digest()
            listed.append(compact({
                "itemCount": len(part), "md5Checksum": base64.b64encode(sum_of).decode(),
                "etag": hashlib.md5(sum_of).hexdigest() + "-1",
                "dataFileS3Key": self.prefix + folder + name}))
        dice.shuffle(listed)
        return "".join(each + "\n" for each in listed), sum(map(len, parts))

    def manifests(self, ident, listed, summary):
        folder = f"AWSDynamoDB/{ident}/"
        self.write(folder + "_started", b"")
        for name, data in (("manifest-files", listed), ("manifest-summary", compact(summary))):
            self.write(folder + name + ".json", data.encode())
            sum_of = base64.b64encode(hashlib.md5(data.encode()).digest())
            self.write(folder + name + ".md5", sum_of)

    def summary(self, ident, second, form, count, times):
        arn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
        return {
            "exportArn": f"{arn}/export/{ident}", "startTime": iso(second),
            "endTime": iso(second + 200), "tableArn": arn, "tableId": self.history.table, **times,
            "s3Bucket": "elsewhere", "s3Prefix": self.prefix.rstrip("/"), "s3SseAlgorithm": "AES256",
            "s3SseKmsKeyId": None,
            "manifestFilesS3Key": f"{self.prefix}AWSDynamoDB/{ident}/manifest-files.json",
            "billedSizeBytes": 10_000_000, "itemCount": count, "outputFormat": form}

    def ident(self, second):
        return f"0{int((BASE + second) * 1000)}-{self.dice.getrandbits(32):08x}"

    def full(self, second, form="DYNAMODB_JSON", items=None):
        ident = self.ident(second)
        items = self.history.roughly(second) if items is None else items
        lines = [item_line(item, form, self.dice) for item in items.values()]
        listed, count = self.data(f"AWSDynamoDB/{ident}/data/", lines, form)
        times = {"exportTime": iso(second)}
        self.manifests(
            ident, listed,
            {"version": "2020-06-30", **self.summary(ident, second, form, count, times)})
        return ident

    def window(self, start, end, view="NEW_AND_OLD_IMAGES", form="DYNAMODB_JSON"):
        ident = self.ident(end + 60)
        lines = [change_line(*change, view, form, self.dice)
                 for change in self.history.changes(start, end)]
        self.dice.shuffle(lines)
        listed, count = self.data("AWSDynamoDB/data/", lines, form)
        times = {"exportFromTime": iso(start), "exportToTime": iso(end)}
        summary = {"version": "2023-08-01", **self.summary(ident, end + 60, form, count, times)}
        self.manifests(
            ident, listed, {**summary, "outputView": view, "exportType": "INCREMENTAL_EXPORT"})
        return ident


# The run

class Run:
    def __init__(self, binary, url, client, folder, seed, keys):
        self.binary, self.url, self.client = binary, url, client
        self.folder, self.seed, self.keys = folder, seed, keys
        self.places = 0

    def begin(self, name):
        dice = random.Random(f"{self.seed} {name}")
        self.places += 1
        history = History(dice, self.keys)
        return Place(self.folder / f"{self.places}", history, dice), history

    def words(self, source, target, *options):
        return [self.binary, "copy", f"{source}", target, "--endpoint", self.url, "--progress",
                "none", "--state-dir", str(self.folder / "jobs"), *options]

    def copy(self, source, target, *options, status=0, says=""):
        done = subprocess.run(
            self.words(source, target, *options), env=ENVIRONMENT, capture_output=True, text=True,
            check=False)
        said = done.stdout + done.stderr
        if done.returncode != status or says not in said:
            sys.exit(f"{source} {target} {options} ended with {done.returncode}, not {status}, or "
                     f"does not say {says!r}:\n{said}")
        return said

    def expect(self, table, items, what):
        same(self.client, table, list(items.values()), what)
        print(f"{what}: {len(items)} items")

    def is_there(self, table):
        return table in self.client.list_tables()["TableNames"]

    def restored(self):
        for view in ("NEW_AND_OLD_IMAGES", "NEW_IMAGE"):
            for form in ("DYNAMODB_JSON", "ION"):
                name = f"{view} {form}"
                place, history = self.begin(name)
                place.full(0, form)
                place.window(-20 * MINUTE, 0, view, form)
                place.window(0, 20 * MINUTE, view, form)
                place.window(20 * MINUTE, 45 * MINUTE, view, form)
                table = f"restored-{self.places}"
                said = self.copy(f"{place.root}/", table, *KEY, status=1, says="--apply-deletes")
                assert "3 incremental exports follow" in said, said
                assert not self.is_there(table), "it was made though it was refused"
                self.copy(f"{place.root}/", table, *KEY, "--apply-deletes")
                self.expect(table, history.state(45 * MINUTE), name)

    def overlapping(self):
        place, history = self.begin("overlapping")
        place.full(0)
        place.window(-20 * MINUTE, 0)
        place.window(0, 20 * MINUTE)
        place.window(10 * MINUTE, 30 * MINUTE, "NEW_IMAGE")
        place.window(15 * MINUTE, 30 * MINUTE)
        place.window(30 * MINUTE, 60 * MINUTE)
        self.copy(f"{place.root}/", "overlapping", *KEY, "--apply-deletes")
        self.expect("overlapping", history.state(60 * MINUTE), "overlapping")

    def hole(self):
        place, _ = self.begin("hole")
        place.full(0)
        place.window(-2 * MINUTE, 20 * MINUTE)
        place.window(25 * MINUTE, 45 * MINUTE)
        said = self.copy(f"{place.root}/", "hole", *KEY, "--apply-deletes", status=1, says="hole")
        for second in (20 * MINUTE, 25 * MINUTE):
            assert iso(second)[:19] in said, said
        assert not self.is_there("hole")
        print("hole: refused")

    def alone(self):
        """A full export first, then windows one by one, in order and out of it."""
        place, history = self.begin("alone")
        full = place.full(0, items=history.state(0))
        windows = [place.window(a * MINUTE, b * MINUTE) for a, b in ((0, 20), (20, 40), (40, 55))]
        folder = place.root / "AWSDynamoDB"
        options = ["--merge", "--apply-deletes"]
        self.copy(f"{folder}/{full}/", "alone", *KEY)
        self.copy(f"{folder}/{windows[1]}/", "alone", *options, status=1, says="hole")
        self.copy(f"{folder}/{windows[0]}/", "alone", "--apply-deletes", status=1, says="--merge")
        self.copy(f"{folder}/{windows[0]}/", "alone", *options)
        self.expect("alone", history.state(20 * MINUTE), "alone, to the first")
        self.copy(f"{folder}/{windows[2]}/", "alone", *options, status=1, says="hole")
        self.copy(f"{folder}/{windows[1]}/", "alone", *options)
        self.copy(f"{folder}/{windows[0]}/", "alone", *options, status=1, says="already applied")
        # What was applied is passed over, and the rest is applied.
        for name in (full,):
            for path in sorted((folder / name).rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            (folder / name).rmdir()
        self.copy(f"{place.root}/", "alone", *options)
        self.expect("alone", history.state(55 * MINUTE), "alone")

    def chosen(self):
        """Some items, changed on the way."""
        place, history = self.begin("chosen")
        place.full(0)
        place.window(-20 * MINUTE, 0)
        place.window(0, 20 * MINUTE)
        place.window(20 * MINUTE, 45 * MINUTE)
        place.window(45 * MINUTE, 60 * MINUTE, "NEW_IMAGE")
        wanted = {key: item for key, item in history.state(60 * MINUTE).items()
                  if int(item["v"]["N"]) < 500}
        self.copy(f"{place.root}/", "chosen", *KEY, "--apply-deletes", "--where", "v < 500")
        self.expect("chosen", wanted, "chosen")
        changed = {}
        for key, item in history.state(60 * MINUTE).items():
            item = {name: inner for name, inner in item.items() if name != "note"}
            changed[key] = {**item, "pk": {"S": "new " + item["pk"]["S"]}, "w": item["v"]}
        self.copy(
            f"{place.root}/", "changed", *KEY, "--apply-deletes", "--set",
            "pk = 'new ' || pk, w = v", "--remove", "note")
        self.expect("changed", changed, "changed")
        self.copy(f"{place.root}/", "other", *KEY, "--apply-deletes", "--set", "pk = note",
                  status=1, says="no key attribute")

    def bucket(self):
        place, history = self.begin("bucket")
        place.full(0)
        place.window(-20 * MINUTE, 0)
        place.window(0, 20 * MINUTE)
        last = place.window(20 * MINUTE, 45 * MINUTE, "NEW_IMAGE")
        storage = boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="x",
            aws_secret_access_key="y")
        for path in place.root.rglob("*"):
            if path.is_file():
                # As AWS writes it where a prefix ends with a slash.
                key = "kept//" + str(path.relative_to(place.root))
                storage.put_object(Bucket="exports", Key=key, Body=path.read_bytes())
        self.copy("s3://exports/kept/", "bucket", *KEY, "--apply-deletes")
        self.expect("bucket", history.state(45 * MINUTE), "bucket")
        self.copy(f"s3://exports/kept//AWSDynamoDB/{last}/", "bucket", "--merge", "--apply-deletes",
                  status=1, says="already applied")

    def damaged(self):
        place, _ = self.begin("damaged")
        place.full(0)
        place.window(-2 * MINUTE, 20 * MINUTE)
        folder = place.root / "AWSDynamoDB/data"
        path = max(folder.iterdir(), key=lambda each: each.stat().st_size)
        path.write_bytes(gzip.compress(b'{"Metadata":{}}\n'))
        self.copy(f"{place.root}/", "damaged", *KEY, "--apply-deletes", status=1, says=path.name)
        print("damaged: refused")

    def killed(self):
        """Killed at any moment, and run again by the same command."""
        place, history = self.begin("killed")
        place.full(0)
        place.window(-20 * MINUTE, 0)
        place.window(0, 20 * MINUTE)
        place.window(20 * MINUTE, 45 * MINUTE, "NEW_IMAGE")
        words = self.words(
            f"{place.root}/", "killed", *KEY, "--apply-deletes", "--write-units", "400")
        # The first run dies early, the second while or after it waits for what that has sent.
        for seconds in (place.dice.uniform(0.2, 2), place.dice.uniform(1, 3)):
            child = subprocess.Popen(
                words, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(seconds)
            child.send_signal(signal.SIGKILL)
            if child.wait() == 0:
                break
        if child.returncode != 0:
            done = subprocess.run(
                words, env=ENVIRONMENT, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        self.expect("killed", history.state(45 * MINUTE), "killed")


def main():
    binary = sys.argv[1]
    seed, keys = (int(word) for word in (sys.argv[2:4] + ["7", "200"][len(sys.argv[2:4]):]))
    server = subprocess.Popen(
        [binary, "serve", "--port", "0", "--bucket", "exports", "--faults",
         f"unprocessed=0.2,throttle=0.05,latency-ms=2", "--seed", str(seed)],
        stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    url = next(word for word in server.stdout.readline().split() if word.startswith("http://"))
    client = boto3.client(
        "dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x",
        aws_secret_access_key="y")
    try:
        with tempfile.TemporaryDirectory() as made:
            run = Run(binary, url, client, pathlib.Path(made), seed, keys)
            for each in sys.argv[4:] or (
                    "restored", "overlapping", "hole", "alone", "chosen", "bucket", "damaged",
                    "killed"):
                getattr(run, each)()
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
