"""The few calls that the benchmarks themselves make: DynamoDB's HTTP API without an SDK."""

import http.client
import json
import ssl
import urllib.parse
import zlib

# Any signature will do for `dynaferry serve`; the shape of one it wants to see.
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=" + 64 * "0",
    "X-Amz-Date": "20260101T000000Z",
}
REGION = "us-east-1"
TIMEOUT_SECONDS = 120
# A server that was asked for faults makes them here too.
ATTEMPTS = 20


class Failed(Exception):
    """What the benchmark cannot go on after."""


class Passing(Exception):
    """A request that came to nothing, and may be made again."""


class Connection:
    """One kept connection to a server. `ca` is the file of the certificate that it must show."""

    def __init__(self, url, ca=None):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=ca)
            self._http = http.client.HTTPSConnection(
                parts.netloc, timeout=TIMEOUT_SECONDS, context=context)
        else:
            self._http = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)

    def raw(self, operation, request):
        """The bytes of the reply, which must be a success.

        All that is asked here may be repeated: a server may close a connection that is kept.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._attempt(operation, request)
            except (Passing, ConnectionError, ssl.SSLError, http.client.HTTPException) as error:
                last = error
                self._http.close()
        raise Failed(f"{operation}: {last!r}")

    def _attempt(self, operation, request):
        headers = HEADERS | {"X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        self._http.request("POST", "/", json.dumps(request), headers)
        reply = self._http.getresponse()
        body = reply.read()
        checksum = reply.headers.get("x-amz-crc32")
        if checksum is not None and int(checksum) != zlib.crc32(body):
            raise Passing("a reply that does not match its checksum")
        if reply.status >= 500 or b"ThroughputExceeded" in body[:200] and reply.status != 200:
            raise Passing(f"{reply.status} {body[:500]!r}")
        if reply.status != 200:
            raise Failed(f"{operation}: {reply.status} {body[:500]!r}")
        return body

    def meter(self):
        """What the server says of itself."""
        self._http.request("GET", "/_meter")
        return json.loads(self._http.getresponse().read())

    def call(self, operation, **request):
        return json.loads(self.raw(operation, request))
