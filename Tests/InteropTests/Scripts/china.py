"""Profiles of one country go to that country, as files, and nothing of any other does.

    china.py BINARY SEED

A table of the one side is exported by a condition and by privacy rules; the files are loaded into
a server whose endpoint is one of aws-cn's, by way of a proxy 80 ms away that ends the connection
of one chunk in a hundred and keeps silent once. Then what should have stayed is searched for in every byte that
left: the files, the requests (the proxy ends the TLS), everything that was said, reports and dead
letters. What should have arrived is computed here.
"""

import asyncio
import base64
import gzip
import hmac
import json
import os
import pathlib
import random
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse

import boto3

HOST = "dynamodb.cn-north-1.amazonaws.com.cn"
LATENCY = 0.08
CHUNKS_PER_RESET = 100
STALL_AT, STALL = 30, 6
SECRET = b"an example of a secret"
RULES = """{
    // Profiles that may leave.
    "profiles": {
        "keep": ["pk", "country", "created", "orders[*].sum", "contacts.*.kind"],
        "hash": ["email"],
        "mask": {"name": 1, "phones[*]": 2},
        "remove": ["ssn", "orders[*].note", "contacts.*.value", "address"],
    },
}"""


def main():
    binary, seed = sys.argv[1], int(sys.argv[2])
    chance = random.Random(seed)
    profiles = [profile(number, chance) for number in range(2400)]
    with tempfile.TemporaryDirectory() as folder, Server(binary, "us-east-1") as here, \
            Server(binary, "cn-north-1") as there:
        folder = pathlib.Path(folder)
        fill(here.client(), profiles)
        proxy = Proxy(there.url, certificate(folder))
        left = carry(binary, folder, here, proxy)
        check_target(there.client(), profiles)
        left += [proxy.received]
        check_nothing_leaked(left, profiles)
        refused = sum(1 for item in profiles if kind(item) == "refused")
        loaded = sum(1 for item in profiles if kind(item) == "goes")
        print(f"{loaded} of {len(profiles)} profiles went, {refused} were refused;"
              f" {sum(map(len, left))} bytes left in {len(left)} places; the proxy reset"
              f" {proxy.resets} connections and kept silent {proxy.stalls} times")
        if not (loaded > 100 and refused > 20 and proxy.resets and proxy.stalls):
            sys.exit("error: too little happened")


# What there is, and what becomes of it


def profile(number, chance):
    """Some are of another country, some are not what the rules know."""
    email = f"{chance.choice(['ann', 'bo', 'Chloé', '李'])}.{number}@mail.example.com"
    item = {
        "pk": {"S": f"profile#{number:06}"},
        "country": {"S": chance.choice(["CN", "CN", "DE", "US"])},
        "email": {"S": email},
        "name": {"S": chance.choice(["Anna Müller", "王小明同学", "Bo Secretperson"])},
        "ssn": {"S": f"ssn-{number:06}-stays"},
        "created": {"N": str(1_700_000_000 + number)},
        "phones": {"L": [{"S": f"+86138{chance.randrange(10**8):08}"} for _ in range(2)]},
        "orders": {"L": [{"M": {"sum": {"N": str(number % 97)},
                                "note": {"S": f"private note {number:06}"}}}]},
        "contacts": {"M": {f"contact-of-{number:06}": {"M": {
            "kind": {"S": "friend"}, "value": {"S": f"wechat_{number}_id"}}}}},
        "address": {"M": {"street": {"S": f"Lane {number} of Willows"}, "city": {"S": "Qingdao"}}},
    }
    share = chance.random()
    if share < 0.08:
        item["nickname"] = {"S": f"nick-{number}-unknown"}
    elif share < 0.16:
        item["pk"] = {"S": f"profile#{email.upper()}"}
    return item


def kind(item):
    if item["country"]["S"] != "CN":
        return "stays"
    holds = item["email"]["S"].lower() in item["pk"]["S"].lower()
    return "refused" if "nickname" in item or holds else "goes"


def hashed(text):
    code = base64.b32encode(hmac.digest(SECRET, text.encode(), "sha256")).decode()
    return {"S": code.rstrip("=")[:26]}


def masked(text, kept):
    kept = min(kept, len(text) // 2)
    return {"S": "*" * (len(text) - kept) + text[len(text) - kept:]}


def changed(item):
    return {
        "pk": item["pk"], "country": item["country"], "created": item["created"],
        "email": hashed(item["email"]["S"]), "name": masked(item["name"]["S"], 1),
        "phones": {"L": [masked(phone["S"], 2) for phone in item["phones"]["L"]]},
        "orders": {"L": [{"M": {"sum": order["M"]["sum"]}} for order in item["orders"]["L"]]},
        "contacts": {"M": {name: {"M": {"kind": contact["M"]["kind"]}}
                           for name, contact in item["contacts"]["M"].items()}},
    }


def secrets(item):
    """What must not leave of an item, whatever becomes of it."""
    texts = [item["email"]["S"], item["ssn"]["S"], item["name"]["S"],
             item["address"]["M"]["street"]["S"], item["orders"]["L"][0]["M"]["note"]["S"]]
    texts += [phone["S"] for phone in item["phones"]["L"]]
    texts += [contact["M"]["value"]["S"] for contact in item["contacts"]["M"].values()]
    if kind(item) != "goes":
        texts += [item["pk"]["S"], *item["contacts"]["M"]]
        texts += [item["nickname"]["S"]] if "nickname" in item else []
    return texts


# The way


def carry(binary, folder, here, proxy):
    """Has the files made and loaded; gives all that left but the requests."""
    (folder / "privacy.jsonc").write_text(RULES)
    (folder / "secret").write_bytes(SECRET + b"\n")
    rules = ["--rules", "privacy.jsonc", "--secret-file", "secret"]
    said = [
        run(binary, folder, ["plan", "profiles", "./cn/", "--where", "country = 'CN'", *rules,
                             "--show", "5", "--endpoint", here.url, "--region", "us-east-1"]),
        run(binary, folder, ["copy", "profiles", "./cn/", "--where", "country = 'CN'", *rules,
                             "--endpoint", here.url, "--region", "us-east-1", "--log", "out.log",
                             "--report", "out.json", "--max-dead-letters", "1000",
                             "--state-dir", "stays"], status=3)]
    there = {"HTTPS_PROXY": proxy.url, "AWS_CA_BUNDLE": proxy.certificate}
    sides = ["--target-region", "cn-north-1", "--log", "in.log", "--report", "in.json",
             "--state-dir", "jobs", "--write-units", "400"]
    said += [
        run(binary, folder, ["copy", "./cn/", "profiles", *sides], there),
        run(binary, folder, ["verify", "./cn/", "profiles", *sides[:2], "--state-dir", "jobs"],
            there)]
    texts = [text for pair in said for text in pair]
    for path in sorted(folder.rglob("*")):
        stays = path.relative_to(folder).parts[0] in ("stays", "secret", "home")
        if path.is_file() and not stays:
            data = path.read_bytes()
            texts.append(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    return texts


def run(binary, folder, words, more=None, status=0):
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder / "home"), "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_EC2_METADATA_DISABLED": "true", **(more or {})}
    ended = subprocess.run(
        [binary, *words], cwd=folder, env=environment, capture_output=True, timeout=100)
    if ended.returncode != status:
        sys.exit(f"error: {' '.join(words)} ended with {ended.returncode}:\n"
                 f"{ended.stdout.decode()}{ended.stderr.decode()}")
    return ended.stdout, ended.stderr


# What is to be so afterwards


def check_target(client, profiles):
    found = {}
    pages = client.get_paginator("scan").paginate(TableName="profiles", ConsistentRead=True)
    for page in pages:
        for item in page["Items"]:
            found[item["pk"]["S"]] = item
    wanted = {item["pk"]["S"]: changed(item) for item in profiles if kind(item) == "goes"}
    if found != wanted:
        wrong = [key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)]
        sys.exit(f"error: {len(wrong)} items are not as they should be: {wrong[:5]}\n"
                 f"{found.get(wrong[0])}\n{wanted.get(wrong[0])}")


def check_nothing_leaked(left, profiles):
    whole = b"\0".join(left).lower()
    # Most of what is searched for is told apart by its beginning.
    beginnings = {whole[place:place + 8] for place in range(len(whole))}
    for item in profiles:
        for text in secrets(item):
            for spelling in spellings(text):
                folded = spelling.lower()
                if len(folded) >= 8 and folded[:8] not in beginnings:
                    continue
                place = whole.find(folded)
                if place >= 0:
                    sys.exit(f"error: {text} left: {whole[max(0, place - 200):place + 200]}")


def spellings(text):
    """As it is, in JSON with escapes, in a URL, and in base 64."""
    found = {text.encode(), json.dumps(text)[1:-1].encode(),
             urllib.parse.quote(text).encode(), base64.b64encode(text.encode())}
    return [spelling for spelling in found if len(spelling) >= 5]


# Both servers


class Server:
    def __init__(self, binary, region):
        self.region = region
        self.process = subprocess.Popen(
            [binary, "serve", "--port", "0", "--region", region, "--live-counts",
             "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def client(self):
        return boto3.client(
            "dynamodb", endpoint_url=self.url, region_name=self.region, aws_access_key_id="key",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def fill(client, profiles):
    client.create_table(
        TableName="profiles", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    client.get_waiter("table_exists").wait(TableName="profiles", WaiterConfig={"Delay": 1})
    for start in range(0, len(profiles), 25):
        client.batch_write_item(RequestItems={"profiles": [
            {"PutRequest": {"Item": item}} for item in profiles[start:start + 25]]})


def certificate(folder):
    paths = folder / "home"
    paths.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=china", "-addext", f"subjectAltName=DNS:{HOST}",
         "-keyout", str(paths / "key.pem"), "-out", str(paths / "certificate.pem")],
        check=True, capture_output=True)
    return paths / "certificate.pem", paths / "key.pem"


class Proxy:
    """Takes CONNECT, ends the TLS in the endpoint's name, and passes all on, late."""

    def __init__(self, upstream, certificate):
        place = urllib.parse.urlsplit(upstream)
        self.upstream = place.hostname, place.port
        self.certificate = str(certificate[0])
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(*map(str, certificate))
        self.received, self.resets, self.stalls, self.chunks = b"", 0, 0, 0
        ready = threading.Event()
        threading.Thread(target=self.serve, args=(ready,), daemon=True).start()
        ready.wait()

    def serve(self, ready):
        async def listen():
            server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            ready.set()
            await server.serve_forever()
        asyncio.run(listen())

    async def accept(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.received += head
            if not head.startswith(f"CONNECT {HOST}:443 ".encode()):
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return await writer.drain()
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self.context)
            up = await asyncio.open_connection(*self.upstream)
            await asyncio.gather(
                self.pump(reader, up[1], writer, True), self.pump(up[0], writer, writer, False))
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def pump(self, reader, writer, client, is_request):
        while data := await reader.read(1 << 16):
            if is_request:
                self.received += data
            self.chunks += 1
            number = self.chunks
            await asyncio.sleep(LATENCY / 2)
            if number == STALL_AT:
                self.stalls += 1
                await asyncio.sleep(STALL)
            if number % CHUNKS_PER_RESET == CHUNKS_PER_RESET // 2:
                self.resets += 1
                client.transport.abort()
                writer.transport.abort()
                return
            writer.write(data)
            await writer.drain()
        writer.close()


main()
