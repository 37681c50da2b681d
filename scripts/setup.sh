#!/usr/bin/env bash
# Makes this machine ready to build dynaferry; with --tests, also to run its tests.
# Installs only what is missing, so a second run costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "error: $1"
    shift
    for hint in "$@"; do say "hint: $hint"; done
    exit 1
}

with_tests=no
for word in "$@"; do
    case "$word" in
    --tests) with_tests=yes ;;
    *) fail "unknown option $word" "usage: scripts/setup.sh [--tests]" ;;
    esac
done

# Libraries are known by their package, programs by their name: package and program.
libraries=(libcurl4-openssl-dev zlib1g-dev libdeflate-dev libssl-dev)
programs=("pkg-config pkg-config")
if [ "$with_tests" = yes ]; then
    programs+=("python3 python3" "openssl openssl" "curl curl" "tmux tmux")
fi

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
    if [ "$with_tests" = yes ] && [ ! -e .build/python/bin/python ] \
        && ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
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
    say "on macOS, once: brew install curl zlib libdeflate openssl@3 pkg-config tmux python"
else
    say "not Debian: install pkg-config and the development files of libcurl, zlib, libdeflate" \
        "and OpenSSL"
fi

command -v swift >/dev/null \
    || fail "swift is missing" "install Swift 6.3 or later: https://www.swift.org/install"

# The Python environment is finished when it holds the list that it was made from.
if [ "$with_tests" = yes ] \
    && ! cmp -s scripts/requirements.txt .build/python/requirements.txt; then
    say "installing Python packages into .build/python"
    rm -rf .build/python
    mkdir -p .build
    python3 -m venv .build/python
    .build/python/bin/pip install -q --disable-pip-version-check --no-deps --no-compile \
        -r scripts/requirements.txt >&2
    cp scripts/requirements.txt .build/python/requirements.txt
fi
