#!/usr/bin/env bash
# Copies the machine's whole Debian package index, some 60,000 records of one attribute a field,
# from ministack into `dynaferry serve`, and compares both by boto3. Minutes, most of them Python's.
#   scripts/real-data.sh [COUNT]      COUNT records; all of them by default
set -euo pipefail
cd "$(dirname "$0")/.."

if ! grep -q -m1 '^Package:' <(apt-cache dumpavail 2>/dev/null); then
    echo "error: apt-cache has no package index" >&2
    echo "hint: apt-get update" >&2
    exit 1
fi

scripts/setup.sh --tests
dynaferry="$(scripts/build.sh)/dynaferry"
python=.build/python/bin/python
scripts=Tests/InteropTests/Scripts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Both servers end with their input, a pipe that only this shell holds.
server_url() {
    local line
    read -r line <"$1"
    echo "${line#listening on }"
}
mkfifo "$work"/{source,target}{.in,.out}
"$python" "$scripts/server.py" ministack <"$work/source.in" >"$work/source.out" &
exec 3>"$work/source.in"
"$dynaferry" serve --port 0 --exit-with-stdin <"$work/target.in" >"$work/target.out" 3>&- &
exec 4>"$work/target.in"
source_url=$(server_url "$work/source.out")
target_url=$(server_url "$work/target.out")

step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

step "load into ministack"
count=$("$python" "$scripts/package_index.py" load "$source_url" packages "${1:-all}")
echo "$count records"

step "copy"
AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "$dynaferry" copy packages packages \
    --source-endpoint "$source_url" --target-endpoint "$target_url" --region us-east-1

step "compare by boto3"
"$python" "$scripts/tables.py" compare "$source_url" "$target_url" "packages=packages=$count"

step "done"
echo "$count records are equal"
