#!/usr/bin/env bash
# Looks whether any test depends on how fast the machine is: with other processes keeping all cores
# busy, it runs the tests that look at the clock ten times, and all tests twice.
#   scripts/soak.sh [--timed N] [--all N]     default 10 and 2
set -euo pipefail
cd "$(dirname "$0")/.."

timed=10
all=2
while [ $# -gt 0 ]; do
    case "$1" in
    --timed) timed="${2:?--timed takes a number}" ;;
    --all) all="${2:?--all takes a number}" ;;
    *)
        echo "error: unknown option $1" >&2
        echo "hint: scripts/soak.sh [--timed N] [--all N]" >&2
        exit 2
        ;;
    esac
    shift 2
done

scripts/setup.sh --tests
log=$(mktemp)
busy=()
trap 'kill "${busy[@]}" 2>/dev/null || true; rm -f "$log"' EXIT
for _ in $(seq "$(nproc)"); do
    sh -c 'while :; do :; done' &
    busy+=($!)
done

# Runs the tests once; says how they ended.
once() {
    local start=$SECONDS
    if scripts/test.sh >"$log" 2>&1; then
        echo "$1: $(tail -n 1 "$log"), $((SECONDS - start)) s"
    else
        sed -n '/^== done/,$p' "$log"
        echo "$1: failed, $((SECONDS - start)) s"
        bad=$((bad + 1))
    fi
}

bad=0
for round in $(seq "$timed"); do DYNAFERRY_TESTS=timed once "by the clock, round $round"; done
for round in $(seq "$all"); do once "all, round $round"; done
[ "$bad" -eq 0 ]
