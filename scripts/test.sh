#!/usr/bin/env bash
# Builds dynaferry and runs its tests: all of them, or one suite.
#   scripts/test.sh [--release] [SUITE]     a suite is a folder under Tests, less its "Tests"
set -euo pipefail
cd "$(dirname "$0")/.."

# The same flags for building and for testing, or everything would be built twice.
flags=(-Xswiftc -warnings-as-errors)
filter=()
for word in "$@"; do
    if [ "$word" = --release ]; then
        flags+=(-c release -Xswiftc -enable-testing)
    elif [ -d "Tests/${word}Tests" ]; then
        filter+=(--filter "^${word}Tests\\.")
    else
        echo "error: no suite $word" >&2
        echo "hint: the suites are $(cd Tests && echo *Tests | sed 's/Tests//g')" >&2
        exit 2
    fi
done

step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

step "set up"
scripts/setup.sh --tests

step "format"
swift format lint -r --strict Package.swift Sources Tests

step "build"
swift build --build-tests "${flags[@]}"

# For tests that run the program, or other people's.
folder=$(swift build "${flags[@]}" --show-bin-path)
export DYNAFERRY_BINARY="$folder/dynaferry"
export DYNAFERRY_PYTHON="$PWD/.build/python/bin/python"

step "test"
results="$folder/test-results.xml"
rm -f "$results"
status=0
swift test --skip-build --disable-xctest "${flags[@]}" "${filter[@]}" \
    --xunit-output "$results" || status=$?

step "done"
if [ ! -e "$results" ]; then
    echo "error: the tests ended before they had finished" >&2
    echo "0 passed, 1 failed"
    exit 1
fi
# A test without a failure inside of it is one line that closes itself.
passed=$(grep -c '<testcase .*/>$' "$results" || true)
failed=$(($(grep -c '<testcase ' "$results" || true) - passed))
if [ "$passed" -eq 0 ] || [ "$failed" -gt 0 ]; then status=1; fi
echo "$passed passed, $failed failed"
exit "$status"
