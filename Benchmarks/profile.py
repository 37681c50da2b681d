#!/usr/bin/env python3
"""Where the client's CPU goes in a copy: shares by what the samples of `perf` stand in.

usage: profile.py DYNAFERRY [--items N] [--runs N] [--libcurl FOLDER]

Copies N (380,218) transactions in clear text so many times (3) under `perf record`, which Debian
has in linux-perf, and prints one table over all runs. What libcurl asks of libc is told from what
dynaferry asks only where its frames can be followed: FOLDER is that of a libcurl of the same
version, built with -fno-omit-frame-pointer.
"""

import argparse
import collections
import re
import subprocess
import tempfile

from harness import clients, process
from harness.api import Failed
from harness.server import serving
from harness.setting import TRANSACTIONS

# What a sample is counted as, by its innermost library; the first that fits.
LIBRARIES = (
    ("libcrypto", "libcrypto: SHA-256 of bodies"),
    ("libdeflate", "libdeflate: CRC-32"),
    ("vdso", "clock"),
)
# In the kernel, by the system call that it was entered by.
CALLS = (
    ("page_fault", "kernel: page faults"),
    ("sys_sendto", "kernel: send"),
    ("sys_recvfrom", "kernel: receive"),
    ("epoll|sys_poll|futex|eventfd", "kernel: epoll, poll, futex"),
    ("", "kernel: the rest"),
)
HEADS = "Curl_add_custom_headers|Curl_dyn_addf|Curl_http_bodysend"
# In dynaferry and in libc, by the functions that are under way.
FUNCTIONS = (
    ("receiveBody", "libcurl: reply into our buffer"),
    ("ByteWalk|Cutter", "cutter: one validating walk"),
    ("FlowScheduler", "scheduler"),
    ("curl_multi", "libcurl: the rest"),
    ("FlowDriver|ScanSource|TableSink|Client|HTTPLoop|SignedHead|SocketWatch|CurlMulti",
     "driver, client, signing texts"),
    ("", "start-up, saving, the rest"),
)


def main():
    options = arguments()
    shares = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        record = f"{folder}/perf.data"
        perf = ("perf", "record", "-F", "8000", "--call-graph", "fp", "-o", record)
        ours = clients.dynaferry(options.dynaferry)
        libcurl = (("LD_LIBRARY_PATH", options.libcurl),) if options.libcurl else ()
        client = clients.Client("dynaferry", (*perf, *ours.command), libcurl)
        fill = f"source={options.items}:transactions"
        with serving(options.dynaferry, [fill]) as server:
            for _ in range(options.runs):
                if clients.copied(client, server, "source", options.items).differences:
                    raise Failed("the copy is not exact")
                shares.update(map(category, samples(record)))
    total = shares.total()
    print("| what | share |\n|---|---|")
    for name, count in shares.most_common():
        print(f"| {name} | {100 * count / total:.1f} % |")


def samples(record):
    """Each sample as its frames, innermost first: pairs of a function and its library."""
    text = subprocess.run(
        ["perf", "script", "-i", record, "--no-inline", "-F", "ip,sym,dso"], check=True,
        capture_output=True, text=True, errors="replace").stdout
    for block in text.split("\n\n"):
        frames = re.findall(r"^\s*[0-9a-f]+ (.*) \((.*)\)$", block, re.MULTILINE)
        if frames:
            yield frames


def category(frames):
    function, library = frames[0]
    functions = "\n".join(name for name, _ in frames)
    if "kernel" in library:
        return matching(CALLS, functions)
    for part, name in LIBRARIES:
        if part in library:
            return name
    if "libcurl" in library or "libc.so" in library and re.search(HEADS, functions):
        into_buffer = re.search(HEADS, functions)
        return "libcurl: request head and body into its buffer" if into_buffer \
            else "libcurl: the rest"
    if "libc.so" in library and re.search("alloc|free|unlink_chunk", function):
        return "malloc and free"
    # The frame that called memmove is missing from its samples.
    is_copied = "memmove" in function and "receiveBody" not in functions
    if is_copied and "TableSink" in functions or "BatchBodyWriter" in functions:
        return "splice items into bodies"
    return matching(FUNCTIONS, functions)


def matching(rules, functions):
    return next(name for pattern, name in rules if re.search(pattern, functions))


def arguments():
    parser = argparse.ArgumentParser(prog="profile.py", description=__doc__.splitlines()[0])
    parser.add_argument("dynaferry", metavar="DYNAFERRY")
    parser.add_argument("--items", type=int, default=TRANSACTIONS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--libcurl", metavar="FOLDER")
    return parser.parse_args()


if __name__ == "__main__":
    main()
