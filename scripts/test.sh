#!/usr/bin/env bash
# Builds dynaferry and runs its tests: all of them, or some suites.
#   scripts/test.sh [--debug] [SUITE...]     a suite is a folder under Tests, less its "Tests"
# The tests are built for release, as the program is: they take a third of the time so. --debug
# builds sooner.
set -euo pipefail
cd "$(dirname "$0")/.."

# The same flags for building and for testing, or everything would be built twice.
# A terminal must not either: coloured diagnostics are another flag.
flags=(-Xswiftc -warnings-as-errors --no-color-diagnostics
    --explicit-target-dependency-import-check error)
configuration=(-c release -Xswiftc -enable-testing --build-path .build/release-tests)
suites=()
for word in "$@"; do
    if [ "$word" = --debug ]; then
        configuration=()
    elif [ -d "Tests/${word}Tests" ]; then
        suites+=("${word}Tests")
    else
        echo "error: no suite $word" >&2
        echo "hint: the suites are $(cd Tests && ls -d -- *Tests | sed 's/Tests$//' | xargs)" >&2
        exit 2
    fi
done
flags+=("${configuration[@]}")

step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

step "set up"
scripts/setup.sh --tests

step "format"
swift format lint -r --strict Package.swift Sources Tests Benchmarks

step "build"
swift build --build-tests "${flags[@]}"

# For tests that run the program, or other people's.
folder=$(swift build "${flags[@]}" --show-bin-path)
export DYNAFERRY_BINARY="$folder/dynaferry"
export DYNAFERRY_PYTHON="$PWD/.build/python/bin/python"

# All of them run the program as its users have it; two of them can't do with another.
if [ "${#suites[@]}" -eq 0 ]; then
    step "build for release"
    release_folder=$(scripts/build.sh)
    export DYNAFERRY_BINARY="$release_folder/dynaferry"
    export DYNAFERRY_RELEASE_BINARY="$DYNAFERRY_BINARY"
    step "guide"
    scripts/docs.sh
fi

# Suites that look at the clock on the wall say so by a tag, and stand in a file of their name.
# They run one after another; all others are one group, in which tests run in parallel.
timed=$(grep -rl --include='*Tests.swift' 'tags(\.timeBound)' Tests |
    sed -E 's,.*/(.*)\.swift,\1,' | sort | paste -sd '|')
timed="^[A-Za-z]+Tests\.($timed)(/|\$)"
wanted="^($(IFS='|' && echo "${suites[*]:-[A-Za-z]+Tests}"))\."

passed=0
failed=0
skipped=0
# What to look for further up, where hundreds of lines stand between a failure and the end.
failures="$folder/test-failures.txt"
: >"$failures"

# Runs the tests that the options choose, and counts.
run() {
    local name=$1 results="$folder/test-results.xml" found good left_out all
    shift
    step "test $name"
    # The tests' results go into a file beside the one that is named, which is XCTest's.
    found="$folder/test-results-swift-testing.xml"
    rm -f "$results" "$found"
    swift test --skip-build --disable-xctest "${flags[@]}" "$@" --xunit-output "$results" || true
    [ -e "$found" ] || found="$results"
    if [ ! -e "$found" ]; then
        echo "error: the tests ended before they had finished" >&2
        failed=$((failed + 1))
        echo "$name: the tests ended before they had finished" >>"$failures"
        return
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
}

[ "${DYNAFERRY_TESTS:-}" = timed ] || run "in parallel" --filter "$wanted" --skip "$timed"
if [ "${DYNAFERRY_TESTS:-}" = timed ] || [ "${#suites[@]}" -eq 0 ]; then
    run "by the clock" --no-parallel --filter "$timed"
else
    for suite in "${suites[@]}"; do
        if grep -rql 'tags(\.timeBound)' "Tests/$suite"; then
            run "$suite by the clock" --no-parallel --filter "^$suite\.${timed#*\\.}"
        fi
    done
fi

step "done"
cat "$failures"
summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary="$summary, $skipped skipped"
echo "$summary"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
