#!/usr/bin/env bash
# Builds dynaferry in release mode and runs the main job on a server of its own.
# Options are those of `dynaferry demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
folder=$(scripts/build.sh)
exec "$folder/dynaferry" demo "$@"
