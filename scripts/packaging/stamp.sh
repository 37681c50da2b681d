#!/usr/bin/env bash
# Writes the commit of the sources and its date into an object file, and prints the flags, one a
# line, that link it into a program: `dynaferry --version` and the manual's page say them. Without
# git, or a linker for ELF, prints none.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(uname)" = Linux ] || exit 0
commit=$(git describe --always --dirty --exclude '*' --abbrev=12 2>/dev/null) || exit 0
compiler=$(command -v clang || command -v cc) || exit 0
date=$(git log -1 --format=%cs)
object="$PWD/.build/stamps/$commit-$date.o"
if [ ! -e "$object" ]; then
    mkdir -p .build/stamps
    printf 'const char dynaferry_commit[] = "%s", dynaferry_commit_date[] = "%s";\n' \
        "$commit" "$date" |
        "$compiler" -fPIC -x c -c - -o "$object.$$"
    mv "$object.$$" "$object"
fi
# The program looks it up by name when it is asked, so that it also links without.
printf '%s\n' -Xlinker "$object" -Xlinker --export-dynamic-symbol=dynaferry_commit \
    -Xlinker --export-dynamic-symbol=dynaferry_commit_date
