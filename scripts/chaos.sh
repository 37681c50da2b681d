#!/usr/bin/env bash
# Kills copies through faults at random instants, again and again, and compares what they made:
# every item must have arrived, and whatever was written twice must be accounted for:
#   reply lost   of a batch that was executed: by the server's meter
#   since save   and in flight: what the server had written at a kill, less the former, less what
#                the job had last saved as acknowledged; 25 items for each batch under way at that
#                save are taken for in flight, which is an estimate, the rest for acknowledged since
#   ahead        acknowledged at that save, but beyond a segment's cursor: by the job's file
# Benchmarks/chaos.py says more.
#   scripts/chaos.sh [--rounds N] [--seed S]     default 10 rounds by seed 1
# DYNAFERRY_BINARY names a program that is built already.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${DYNAFERRY_BINARY:-}" ]; then
    scripts/setup.sh
    DYNAFERRY_BINARY="$(scripts/build.sh)/dynaferry"
    export DYNAFERRY_BINARY
fi
export PYTHONDONTWRITEBYTECODE=1
exec python3 Benchmarks/chaos.py "$@"
