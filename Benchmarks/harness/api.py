"""The few calls that the benchmark itself makes: DynamoDB's HTTP API without an SDK."""

import http.client
import json
import ssl
import urllib.parse

# Any signature will do for `dynaferry serve`; the shape of one it wants to see.
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=" + 64 * "0",
    "X-Amz-Date": "20260101T000000Z",
}
REGION = "us-east-1"
TIMEOUT_SECONDS = 120


class Failed(Exception):
    """What the benchmark cannot go on after."""


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
        """The bytes of the reply, which must be a success."""
        try:
            status, body = self._attempt(operation, request)
        except (ConnectionError, ssl.SSLError, http.client.HTTPException):
            # A server may close a connection that is kept. All that is asked here may be repeated.
            self._http.close()
            status, body = self._attempt(operation, request)
        if status != 200:
            raise Failed(f"{operation}: {status} {body[:500]!r}")
        return body

    def _attempt(self, operation, request):
        headers = HEADERS | {"X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        self._http.request("POST", "/", json.dumps(request), headers)
        reply = self._http.getresponse()
        return reply.status, reply.read()

    def call(self, operation, **request):
        return json.loads(self.raw(operation, request))
