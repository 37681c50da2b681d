#!/usr/bin/env bash
# Cuts damaged pages for longer than the tests do, in release mode.
#   scripts/fuzz.sh [ROUNDS]     default 2,000,000
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
export DYNAFERRY_FUZZ_ROUNDS="${1:-2000000}"
swift test --build-path .build/release-tests -c release -Xswiftc -enable-testing \
    --disable-xctest --filter '^DynamoModelTests\.PageCutterTests'
