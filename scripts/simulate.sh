#!/usr/bin/env bash
# Runs the simulation of whole jobs for many seeds, in release mode, and says how many steps that
# were in all. It runs nothing else beside it: others would wait for it beyond their time limits.
#   scripts/simulate.sh [--seeds N] [--from S]     default 10,000 from 1
set -euo pipefail
cd "$(dirname "$0")/.."

export DYNAFERRY_SEEDS=10000 DYNAFERRY_SEED_FROM=1
while [ $# -gt 0 ]; do
    case "$1" in
    --seeds) DYNAFERRY_SEEDS="${2:?--seeds takes a number}" ;;
    --from) DYNAFERRY_SEED_FROM="${2:?--from takes a number}" ;;
    *)
        echo "error: unknown option $1" >&2
        echo "hint: scripts/simulate.sh [--seeds N] [--from S]" >&2
        exit 2
        ;;
    esac
    shift 2
done

scripts/setup.sh
DYNAFERRY_STEPS_DIR=$(mktemp -d)
export DYNAFERRY_STEPS_DIR
trap 'rm -rf "$DYNAFERRY_STEPS_DIR"' EXIT
# Flags as those of scripts/test.sh, or everything would be built anew.
swift test --build-path .build/release-tests -c release -Xswiftc -enable-testing \
    -Xswiftc -warnings-as-errors --no-color-diagnostics \
    --explicit-target-dependency-import-check error --disable-xctest \
    --filter '^SimulationTests\.CopySimulationTests'
# Each part of the test leaves a line: seeds and steps.
cat "$DYNAFERRY_STEPS_DIR"/part-* |
    awk '{ seeds += $1; steps += $2 } END { printf "%d seeds, %d steps\n", seeds, steps }'
