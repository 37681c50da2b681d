#!/usr/bin/env bash
# Builds dynaferry in release mode and runs the main job on a server of its own.
# Options are those of `dynaferry demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
# Coloured or not would be another build: a terminal must not cost one.
build=(-c release --static-swift-stdlib --product dynaferry --no-color-diagnostics)
swift build "${build[@]}" >&2
exec "$(swift build "${build[@]}" --show-bin-path)/dynaferry" demo "$@"
