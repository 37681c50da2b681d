#!/usr/bin/env bash
# Counts the instructions of a copy by callgrind, an item and of a start, for the program at hand
# and, when a commit is named, for that one in the same run. Benchmarks/instructions.py says how.
#   scripts/instructions.sh [--items N] [--runs N] [COMMIT]     default 20,000 items, 5 runs
set -euo pipefail
cd "$(dirname "$0")/.."

options=()
commit=
while [ $# -gt 0 ]; do
    case "$1" in
    --items | --runs)
        options+=("$1" "${2:?$1 takes a number}")
        shift
        ;;
    -*)
        echo "error: unknown option $1" >&2
        echo "hint: scripts/instructions.sh [--items N] [--runs N] [COMMIT]" >&2
        exit 2
        ;;
    *) commit=$(git rev-parse --short=10 --verify "$1^{commit}") ;;
    esac
    shift
done

scripts/setup.sh --profile
programs=("now=$(scripts/build.sh)/dynaferry")
if [ -n "$commit" ]; then
    # A tree of its own, which is kept for the next time.
    tree="$PWD/.build/commits/$commit"
    mkdir -p "$tree"
    git archive "$commit" | tar -x -C "$tree"
    (cd "$tree" && scripts/build.sh >&2)
    programs+=("$commit=$(cd "$tree" && scripts/build.sh)/dynaferry")
fi
exec python3 Benchmarks/instructions.py "${options[@]}" "${programs[@]}"
