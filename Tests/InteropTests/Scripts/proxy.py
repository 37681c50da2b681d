"""A proxy of the kind that stands in offices and hotels: now and then it answers for itself.

    proxy.py UPSTREAM SEED SHARE     UPSTREAM is the http://host:port that it stands before

A SHARE of the replies (0 to 1) is spoilt: 200 with an HTML page, 200 with `{}`, half of the body
as if it were whole, half of it and then the end of the connection, or no reply at all, before or
after the request was passed on. It says where it listens and ends as server.py does; "/_count"
tells how many replies it has spoilt, by kind.
"""

import http.client
import json
import random
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import server

HTML = b"<html><head><title>Please log in</title></head><body>Welcome to our network</body></html>"
FAULTS = ["html", "empty object", "half as whole", "half", "dropped before", "dropped after"]


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body in one packet: else each reply waits for a delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.upstream = http.client.HTTPConnection(upstream.hostname, upstream.port)

    def do_GET(self):
        self.reply(200, {}, json.dumps(counts).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            fault = chance.choice(FAULTS) if chance.random() < share else None
            if fault:
                counts[fault] += 1
        if fault == "dropped before":
            return self.drop()
        self.upstream.request("POST", self.path, body, dict(self.headers))
        answer = self.upstream.getresponse()
        content, headers = answer.read(), dict(answer.getheaders())
        half = content[:len(content) // 2]
        if fault == "dropped after":
            self.drop()
        elif fault == "html":
            self.reply(200, {"Content-Type": "text/html"}, HTML)
        elif fault == "empty object":
            self.reply(200, {"Content-Type": "application/x-amz-json-1.0"}, b"{}")
        elif fault == "half as whole":
            self.reply(answer.status, self.kept(headers, []), half)
        elif fault == "half":
            self.reply(answer.status, self.kept(headers, []), half, length=len(content))
            self.drop()
        else:
            self.reply(answer.status, self.kept(headers, ["x-amz-crc32"]), content)

    def kept(self, headers, more):
        wanted = ["content-type", "x-amzn-requestid"] + more
        return {name: text for name, text in headers.items() if name.lower() in wanted}

    def reply(self, status, headers, content, length=None):
        self.send_response_only(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def drop(self):
        self.close_connection = True

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    upstream = urllib.parse.urlsplit(sys.argv[1])
    chance, share = random.Random(int(sys.argv[2])), float(sys.argv[3])
    lock, counts = threading.Lock(), dict.fromkeys(FAULTS, 0)
    threading.Thread(target=server.end_with_input, daemon=True).start()
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    listener.daemon_threads = True
    listener.request_queue_size = 256
    server.announce(listener.server_port)
    listener.serve_forever()
