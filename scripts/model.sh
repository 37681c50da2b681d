#!/usr/bin/env bash
# Runs the benchmarks in virtual time, and, with --real, those of limits and heat against the
# embedded server, and writes their results.
#   scripts/model.sh [--real] [FOLDER]     default Benchmarks/results
set -euo pipefail
cd "$(dirname "$0")/.."

real=no
folder=Benchmarks/results
for word in "$@"; do
    case "$word" in
    --real) real=yes ;;
    -*)
        echo "error: unknown option $word" >&2
        echo "hint: scripts/model.sh [--real] [FOLDER]" >&2
        exit 2
        ;;
    *) folder="$word" ;;
    esac
done

scripts/setup.sh
# Both programs, so that neither is older than the sources.
programs=$(scripts/build.sh ModelBenchmarks dynaferry)
export DYNAFERRY_BINARY="$programs/dynaferry"

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
mkdir -p "$folder"
date=$(date +%F)

{
    echo
    echo "$(nproc) cores, $(uname -sm), $(swift --version 2>/dev/null | head -1)"
} >"$new/machine"

for part in limits heat scale; do
    "$programs/ModelBenchmarks" "$part" "$new"
    cat "$new/machine" >>"$new/$part.md"
done

if [ "$real" = yes ]; then
    {
        printf '\n## For real\n\nA copy between tables of `dynaferry serve --capacity model`,'
        printf ' by its meter (`Benchmarks/real_limits.py`).\n\n'
    } >>"$new/limits.md"
    Benchmarks/real_limits.py | tee -a "$new/limits.md"
    {
        printf '\n## For real\n\nThe target is a provisioned table of `dynaferry serve'
        printf ' --capacity model --partitions P --burst-seconds 0`\n(`Benchmarks/real_heat.py`).'
        printf '\n\n'
    } >>"$new/heat.md"
    Benchmarks/real_heat.py "$new/heat-real.svg" 4 16 64 | tee -a "$new/heat.md"
    printf '\n![write units by partition, for real](%s-heat-real.svg)\n' "$date" >>"$new/heat.md"
fi

for file in "$new"/*.md "$new"/*.svg; do
    cp "$file" "$folder/$date-$(basename "$file")"
done
echo "results are in $folder" >&2
