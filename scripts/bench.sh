#!/usr/bin/env bash
# Builds dynaferry and the clients that it is compared with, measures them, and keeps the figures
# in Benchmarks/results. Benchmarks/README.md says how to read them.
#   scripts/bench.sh [--items N] [--runs N] [--name NAME] [SECTION...]     all sections by default
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh --bench
folder=$(scripts/build.sh dynaferry MicroBenchmarks)

# Debian's packages are a GOPATH: nothing is downloaded.
export BENCH_GO="$PWD/.build/bench-go"
GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$PWD/.build/go-cache" \
    go build -o "$BENCH_GO" ./Benchmarks/peers/go
export BENCH_FLOOR="$PWD/.build/bench-floor"
clang -O2 -Wall -Wextra -Werror -o "$BENCH_FLOOR" Benchmarks/floor/floor.c \
    $(pkg-config --cflags --libs libcurl libcrypto)
export BENCH_DYNAFERRY="$folder/dynaferry"
export BENCH_MICRO="$folder/MicroBenchmarks"
export BENCH_PYTHON="$PWD/.build/bench-python/bin/python"
export PYTHONDONTWRITEBYTECODE=1
exec python3 Benchmarks/bench.py "$@"
