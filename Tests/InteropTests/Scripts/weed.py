"""Runs SeaweedFS's S3: `weed.py WEED FOLDER`, FOLDER holding its `s3.json`.

It listens on free ports of loopback, says where on stdout ("listening on URL", then the same with
TLS and the certificate's file) once it has answered there, and is killed when the input of this script ends: it takes ten seconds to end by itself. The
folder goes with it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request


def free_ports(count):
    """Ports of which the one that is 10,000 higher is free, too: weed takes that for gRPC."""
    held, ports = [], []
    while len(ports) < count:
        pair = []
        first = socket.create_server(("127.0.0.1", 0))
        pair.append(first)
        port = first.getsockname()[1]
        try:
            if port + 10_000 < 65_536:
                pair.append(socket.create_server(("127.0.0.1", port + 10_000)))
                ports.append(port)
        except OSError:
            pass
        held += pair
    for one in held:
        one.close()
    return ports


def make_certificate(folder):
    certificate, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    return certificate, key


def start(weed, folder, certificate, key):
    master, volume, filer, s3, tls = free_ports(5)
    words = [
        weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
        "-s3.ip.bind=127.0.0.1", f"-s3.config={folder}/s3.json", "-s3.port.iceberg=0",
        "-s3.port.lance=0", "-master.volumeSizeLimitMB=100", f"-s3.port.https={tls}",
        f"-s3.cert.file={certificate}", f"-s3.key.file={key}",
        # Each bucket takes seven volumes at once, and by default there are eight.
        "-volume.max=200",
    ]
    for name, port in ("master", master), ("volume", volume), ("filer", filer), ("s3", s3):
        words += [f"-{name}.port={port}", f"-{name}.port.grpc={port + 10_000}"]
    log = open(f"{folder}/log", "wb")
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
        start_new_session=True)
    return process, s3, tls


def answers(port):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def main(weed, folder):
    def end():
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def end_with_input():
        while os.read(0, 4096):
            pass
        end()

    certificate, key = make_certificate(folder)
    process, port, tls = start(weed, folder, certificate, key)
    threading.Thread(target=end_with_input, daemon=True).start()
    while not answers(port):
        if process.poll() is not None:
            sys.exit(open(f"{folder}/log").read()[-2_000:])
        time.sleep(0.1)
    print(f"listening on http://127.0.0.1:{port}")
    print(f"https://127.0.0.1:{tls} {certificate}", flush=True)
    process.wait()
    end()


if __name__ == "__main__":
    main(*sys.argv[1:])
