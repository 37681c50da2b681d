#!/usr/bin/env bash
# Builds the guide, with the declarations, into .build/docs. A link that leads nowhere
# fails it.
#   scripts/docs.sh
set -euo pipefail
cd "$(dirname "$0")/.."

# What others build on; more would be a list that nobody reads.
modules=(Flow Connectors DynamoModel AWS)

scripts/setup.sh
folder=$(scripts/build.sh)
graphs=.build/symbol-graphs
rm -rf "$graphs"
mkdir -p "$graphs"
headers=()
for module in Sources/C*/module.modulemap; do headers+=(-I "$(dirname "$module")"); done
target=$(swift -print-target-info | sed -nE 's/^ *"triple": "([^"]*)".*/\1/p' | head -n 1)
for module in "${modules[@]}"; do
    swift-symbolgraph-extract -module-name "$module" -target "$target" -I "$folder/Modules" \
        "${headers[@]}" -minimum-access-level package -skip-inherited-docs -output-dir "$graphs"
done
# Parameters that need no words have none; all else that docc says is a mistake.
said=$(docc convert Sources/dynaferry/Documentation.docc --additional-symbol-graph-dir "$graphs" \
    --fallback-display-name dynaferry --fallback-bundle-identifier dynaferry \
    --output-path .build/docs 2>&1) || { echo "$said" >&2 && exit 1; }
flaws=$(grep -E '(warning|error): ' <<<"$said" | grep -v 'is missing documentation' || true)
if [ -n "$flaws" ]; then
    echo "$flaws" >&2
    echo "error: the guide has links that lead nowhere, or other flaws" >&2
    exit 1
fi
echo ".build/docs"
