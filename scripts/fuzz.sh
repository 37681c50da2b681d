#!/usr/bin/env bash
# Cuts damaged pages for longer than the tests do, in release mode.
#   scripts/fuzz.sh [ROUNDS]     default 2,000,000
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
export DYNAFERRY_FUZZ_ROUNDS="${1:-2000000}"
# Flags as those of scripts/test.sh, or everything would be built anew.
swift test --build-path .build/release-tests -c release -Xswiftc -enable-testing \
    -Xswiftc -warnings-as-errors --no-color-diagnostics \
    --explicit-target-dependency-import-check error --disable-xctest \
    --filter '^DynamoModelTests\.PageCutterTests'
