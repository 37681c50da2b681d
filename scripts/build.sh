#!/usr/bin/env bash
# Builds dynaferry, or other products, for release, and prints the folder that they are in.
#   scripts/build.sh [PRODUCT...]
set -euo pipefail
cd "$(dirname "$0")/.."

# The same flags from wherever it is called, or everything would be built twice: a terminal must
# not cost a build either. Without debug info the program is smaller and built sooner; backtraces
# still name functions.
flags=(-c release --static-swift-stdlib --no-color-diagnostics -debug-info-format none)
# Another commit costs a new link, and nothing else.
while read -r flag; do flags+=("$flag"); done < <(scripts/packaging/stamp.sh)
for product in "${@:-dynaferry}"; do
    swift build "${flags[@]}" --product "$product" >&2
done
swift build "${flags[@]}" --show-bin-path
