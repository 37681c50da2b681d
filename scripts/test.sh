#!/usr/bin/env bash
# Builds dynaferry and runs its tests: all of them, or one suite.
#   scripts/test.sh [--release] [SUITE]     a suite is a folder under Tests, less its "Tests"
set -euo pipefail
cd "$(dirname "$0")/.."

# The same flags for building and for testing, or everything would be built twice.
# A terminal must not either: coloured diagnostics are another flag.
flags=(-Xswiftc -warnings-as-errors --no-color-diagnostics)
suites=()
is_release=no
for word in "$@"; do
    if [ "$word" = --release ]; then
        flags+=(-c release -Xswiftc -enable-testing)
        is_release=yes
    elif [ -d "Tests/${word}Tests" ]; then
        suites+=("$word")
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

# One of the Interop tests is about speed, which only an optimised program has.
if [ "$is_release" = yes ]; then
    export DYNAFERRY_RELEASE_BINARY="$DYNAFERRY_BINARY"
elif [ "${#suites[@]}" -eq 0 ] || [[ " ${suites[*]} " = *" Interop "* ]]; then
    step "build for release"
    release_folder=$(scripts/build.sh)
    export DYNAFERRY_RELEASE_BINARY="$release_folder/dynaferry"
fi

# Suites that bound the time that something may take run by themselves: a hundred others at their
# side would take the time away. All others are one group, in which tests run in parallel.
groups=(AWS Fault CommandLine Interop)
others=()
for suite in Tests/*Tests; do
    suite=$(basename "$suite" Tests)
    [[ " ${groups[*]} " = *" $suite "* ]] || others+=("$suite")
done
groups=("$(IFS='|' && echo "${others[*]}")" "${groups[@]}")
if [ "${#suites[@]}" -gt 0 ]; then groups=("$(IFS='|' && echo "${suites[*]}")"); fi

# The tests of a group, as options. What compares speeds has the machine to itself.
ratio='^InteropTests\.RatioTests'
filter() {
    if [ "$1" = ratio ]; then
        tests=(--filter "$ratio")
    else
        tests=(--filter "^(${1//|/Tests|}Tests)\\." --skip "$ratio")
    fi
}
if [[ "|${groups[-1]}|" = *"|Interop|"* ]]; then groups+=(ratio); fi

passed=0
failed=0
skipped=0
# What to look for further up, where hundreds of lines stand between a failure and the end.
failures="$folder/test-failures.txt"
: >"$failures"
for group in "${groups[@]}"; do
    step "test $group"
    results="$folder/test-results.xml"
    # The tests' results go into a file beside the one that is named, which is XCTest's.
    found="$folder/test-results-swift-testing.xml"
    rm -f "$results" "$found"
    filter "$group"
    swift test --skip-build --disable-xctest "${flags[@]}" "${tests[@]}" \
        --xunit-output "$results" || true
    [ -e "$found" ] || found="$results"
    if [ ! -e "$found" ]; then
        echo "error: the tests ended before they had finished" >&2
        failed=$((failed + 1))
        echo "$group: the tests ended before they had finished" >>"$failures"
        continue
    fi
    # A test that has nothing inside of it, neither a failure nor why it was skipped, is one line
    # that closes itself.
    good=$(grep -c '<testcase .*/>$' "$found" || true)
    left_out=$(grep -c '<skipped>' "$found" || true)
    all=$(grep -c '<testcase ' "$found" || true)
    passed=$((passed + good))
    skipped=$((skipped + left_out))
    failed=$((failed + all - good - left_out))
    sed -n -e '/<testcase /h' -e '/<failure /{x;p;x;p;}' "$found" >>"$failures"
done

step "done"
cat "$failures"
summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary="$summary, $skipped skipped"
echo "$summary"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
