"""`dynaferry serve` in a process of its own, which ends with this one, however that ends."""

import contextlib
import glob
import subprocess
import time

from .api import Connection, Failed


class Server:
    def __init__(self, url, ca, pid):
        self.url = url
        self.ca = ca
        self._pid = pid
        self._connection = Connection(url, ca)

    @property
    def is_idle(self):
        """Whether all of its threads sleep: one that the machine has no time for does not."""
        states = []
        for path in glob.glob(f"/proc/{self._pid}/task/*/stat"):
            with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as stat:
                # The name in brackets may hold anything.
                states.append(stat.read().rpartition(")")[2].split()[0])
        return all(state == "S" for state in states)

    def create_like(self, source, table):
        """Makes an empty table with the keys of another; returns when it can be written to."""
        found = self._connection.call("DescribeTable", TableName=source)["Table"]
        self._connection.call(
            "CreateTable", TableName=table, KeySchema=found["KeySchema"],
            AttributeDefinitions=found["AttributeDefinitions"], BillingMode="PAY_PER_REQUEST")
        while self._status(table) != "ACTIVE":
            time.sleep(0.05)

    def _status(self, table):
        return self._connection.call("DescribeTable", TableName=table)["Table"]["TableStatus"]

    def delete(self, table):
        """Returns when the table is gone: until then it can be seen, as on the service."""
        self._connection.call("DeleteTable", TableName=table)
        while table in self.tables():
            time.sleep(0.05)

    def tables(self):
        return self._connection.call("ListTables")["TableNames"]


@contextlib.contextmanager
def serving(dynaferry, fills, options=(), tls=None):
    """A server with tables filled as `NAME=ITEMS:SHAPE`; `tls` is a pair of certificate and key."""
    command = [dynaferry, "serve", "--port", "0", "--exit-with-stdin", *options]
    for fill in fills:
        command += ["--fill", fill]
    if tls:
        command += ["--tls", f"{tls[0]}:{tls[1]}"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        # It listens when it says so, and fills its tables before.
        prefix = "listening on "
        line = process.stdout.readline()
        if not line.startswith(prefix):
            raise Failed("the server did not start: " + " ".join(command))
        yield Server(line[len(prefix):].strip(), tls and tls[0], process.pid)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def certificate(folder):
    """Makes a self-signed certificate for 127.0.0.1; returns the files of it and of its key."""
    cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True)
    return cert, key
