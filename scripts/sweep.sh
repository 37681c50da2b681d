#!/usr/bin/env bash
# Spoils every field of every reply that is read with every kind of absurd value, for each command,
# and keeps what came of it in Benchmarks/results. `scripts/test.sh` runs each field once.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh --tests
# Those of scripts/test.sh, which has built it all already.
flags=(-Xswiftc -warnings-as-errors --no-color-diagnostics
    --explicit-target-dependency-import-check error
    -c release -Xswiftc -enable-testing --build-path .build/release-tests)
swift build --build-tests "${flags[@]}"
DYNAFERRY_BINARY="$(scripts/build.sh)/dynaferry"
export DYNAFERRY_BINARY DYNAFERRY_SWEEP=all
result="Benchmarks/results/$(date +%F)-sweep.md"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift test --skip-build --disable-xctest "${flags[@]}" --filter '^FaultTests\.AbsurdReplyTests' |
    tee "$log"
{
    echo "# Absurd replies"
    echo
    echo "\`scripts/sweep.sh\`: $(grep -a 'replies spoilt' "$log")."
    echo "Each run ended by itself, none by a signal; what failed named its operation and field."
    echo
    echo "$(nproc) cores, $(uname -sm), $(swift --version 2>/dev/null | head -1)"
} >"$result"
echo "the result is in $result"
