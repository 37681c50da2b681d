#!/usr/bin/env bash
# Exports tables and imports them again: killed at random instants, large, and in odd files.
# Benchmarks/files.py says more; its last results are in Benchmarks/results.
#   scripts/files.sh [--rounds N] [--items N] [--seed S] [kills] [memory] [odd]
# DYNAFERRY_BINARY names a program that is built already.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh --tests
if [ -z "${DYNAFERRY_BINARY:-}" ]; then
    DYNAFERRY_BINARY="$(scripts/build.sh)/dynaferry"
    export DYNAFERRY_BINARY
fi
export DYNAFERRY_PYTHON="$PWD/.build/python/bin/python"
export PYTHONDONTWRITEBYTECODE=1
exec python3 Benchmarks/files.py "$@"
