#!/usr/bin/env bash
# Makes this machine ready to build dynaferry; with --tests, also to run its tests; with --bench, to
# run its benchmarks beside other clients; with --profile, to count its instructions.
# Installs only what is missing, so a second run costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/say.sh

with_tests=no
with_bench=no
with_profile=no
for word in "$@"; do
    case "$word" in
    --tests) with_tests=yes ;;
    --bench) with_bench=yes ;;
    --profile) with_profile=yes ;;
    *) fail "unknown option $word" "usage: scripts/setup.sh [--tests] [--bench] [--profile]" ;;
    esac
done

# Libraries are known by their package, programs by their name: package and program.
libraries=(libcurl4-openssl-dev zlib1g-dev libzstd-dev libdeflate-dev libssl-dev libsqlite3-dev
    libexpat1-dev)
programs=("pkg-config pkg-config")
if [ "$with_tests" = yes ]; then
    programs+=("python3 python3" "openssl openssl" "curl curl" "tmux tmux" "zsh zsh" "fish fish")
fi
if [ "$with_bench" = yes ]; then
    libraries+=(golang-github-aws-aws-sdk-go-v2-dev)
    programs+=("python3 python3" "openssl openssl" "golang-go go")
fi

if [ "$with_profile" = yes ]; then
    programs+=("python3 python3" "valgrind valgrind")
fi

lacks_environment() {
    [ "$with_tests" = yes ] && [ ! -e .build/python/bin/python ] && return
    [ "$with_bench" = yes ] && [ ! -e .build/bench-python/bin/python ]
}

missing_packages() {
    local library pair installed
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${libraries[@]}" \
        2>/dev/null || true)
    for library in "${libraries[@]}"; do
        grep -qx "$library installed" <<<"$installed" || echo "$library"
    done
    for pair in "${programs[@]}"; do
        command -v "${pair#* }" >/dev/null || echo "${pair% *}"
    done
    # venv is a package of its own on Debian, and needed only until the environment is made.
    if lacks_environment && ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        echo python3-venv
    fi
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        fail "missing packages: ${missing[*]}" "as root: apt-get install ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2
    apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}

if command -v dpkg-query >/dev/null; then
    install_packages
elif [ "$(uname)" = Darwin ]; then
    say "on macOS, once: brew install curl zlib zstd libdeflate openssl@3 sqlite expat" \
        "pkg-config tmux python"
else
    say "not Debian: install pkg-config and the development files of libcurl, zlib, libzstd," \
        "libdeflate, OpenSSL, SQLite and libexpat"
fi

command -v swift >/dev/null \
    || fail "swift is missing" "install Swift 6.3 or later: https://www.swift.org/install"

# A Python environment in the folder $1 of the packages listed in $2. It is finished when it holds
# the list that it was made from.
python_environment() {
    ! cmp -s "$2" "$1/requirements.txt" || return 0
    say "installing Python packages into $1"
    rm -rf "$1"
    mkdir -p .build
    python3 -m venv "$1"
    "$1/bin/pip" install -q --disable-pip-version-check --no-deps --no-compile -r "$2" >&2
    cp "$2" "$1/requirements.txt"
}
[ "$with_tests" = no ] || python_environment .build/python scripts/requirements.txt
[ "$with_bench" = no ] || python_environment .build/bench-python Benchmarks/requirements.txt
