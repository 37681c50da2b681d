#!/usr/bin/env bash
# Checks the packages that scripts/package.sh made: what they need, and that they run where nothing
# else is. As root. Prints a line for each thing that holds, and ends at the first that does not.
#   scripts/packaging/check.sh                     all packages
#   scripts/packaging/check.sh symbols PROGRAM     what one program needs at run time
set -euo pipefail
cd "$(dirname "$0")/../.."

glibc_max=2.34
packages="$PWD/.build/packages"

. scripts/say.sh
holds() { printf 'ok: %s\n' "$*"; }

# The program $1 needs libc and libm of a glibc that is old enough, and nothing else.
check_symbols() {
    local libraries foreign highest
    libraries=$(readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | xargs)
    foreign=$(tr ' ' '\n' <<<"$libraries" |
        grep -vxE 'libc\.so\.6|libm\.so\.6|ld-linux-x86-64\.so\.2' || true)
    [ -z "$foreign" ] || fail "the program needs $foreign" "link the archive of it"
    highest=$(readelf -VW "$1" | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -1)
    if [ "$(printf '%s\n' "$highest" "GLIBC_$glibc_max" | sort -V | tail -1)" != \
        "GLIBC_$glibc_max" ]; then
        objdump -T "$1" | grep -F "($highest)" >&2
        fail "the program needs $highest" "see scripts/packaging/compatibility.c"
    fi
    ! objdump -T "$1" | grep -E ' (arc4random|__isoc23_)' >&2 ||
        fail "the program needs functions that an older glibc lacks"
    holds "the program needs $libraries of $highest"
}

# Runs the words after the folder $1 with that folder as their root, and with /proc.
inside() {
    local root=$1
    shift
    mkdir -p "$root/proc" "$root/tmp" "$root/dev"
    unshare --mount --pid --fork bash -c '
        mount -t proc proc "$0/proc" || echo "note: no /proc" >&2
        [ -e "$0/dev/null" ] || { : >"$0/dev/null"; mount --bind /dev/null "$0/dev/null"; }
        exec env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/tmp DEBIAN_FRONTEND=noninteractive \
            AWS_EC2_METADATA_DISABLED=true chroot "$@"' "$root" "$root" "$@"
}

# The program $2 in the root $1 says what it is, and copies a table.
run_demo() {
    inside "$1" "$2" version
    inside "$1" "$2" demo --items 3000 --progress none >"$scratch/demo" 2>&1 || {
        cat "$scratch/demo" >&2
        fail "the demo failed"
    }
    grep -E '^(copied|verified|compared)|identical' "$scratch/demo" | head -3
}

check_tarball() {
    local root="$scratch/empty" library
    mkdir -p "$root/lib64" "$root/lib/x86_64-linux-gnu" "$root/opt/dynaferry"
    for library in /lib/x86_64-linux-gnu/lib{c,m}.so.6 /lib64/ld-linux-x86-64.so.2; do
        cp -L "$library" "$root$library"
    done
    tar -C "$root/opt/dynaferry" --strip-components 1 -xf "$packages"/dynaferry-*.tar.gz
    check_symbols "$root/opt/dynaferry/bin/dynaferry"
    run_demo "$root" /opt/dynaferry/bin/dynaferry
    holds "the tarball's program runs beside libc and libm alone"
    # Without credentials it fails, after it has said what it trusts.
    inside "$root" /opt/dynaferry/bin/dynaferry whoami --region eu-west-1 \
        >"$scratch/whoami" 2>&1 || true
    grep -q 'trusts .*/share/dynaferry/ca-certificates.crt' "$scratch/whoami" ||
        fail "certificates beside the program are not found"
    holds "certificates beside the program are found where the system has none"
}

# Every package has the very program that the tarball has.
check_same_program() {
    local sum other
    sum=$(sha256sum <"$scratch/empty/opt/dynaferry/bin/dynaferry")
    other=$(dpkg-deb --fsys-tarfile "$packages"/*.deb | tar -xO ./usr/bin/dynaferry | sha256sum)
    [ "$other" = "$sum" ] || fail "the .deb has another program than the tarball"
    if compgen -G "$packages/*.rpm" >/dev/null; then
        other=$(rpm -qp --dump "$packages"/*.rpm | awk '$1 == "/usr/bin/dynaferry" { print $4 }')
        [ "$other" = "${sum%% *}" ] || fail "the .rpm has another program than the tarball"
    fi
    holds "all packages have one program"
}

# The debug file is of the program, and says where its functions stand in the sources.
check_debug_file() {
    local program="$scratch/empty/opt/dynaferry/bin/dynaferry" debug address
    debug=$(echo "$packages"/*.debug)
    [ "$(build_id "$program")" = "$(build_id "$debug")" ] ||
        fail "the debug file is of another program"
    [ "$(readelf -p .gnu_debuglink "$program" | grep -o 'dynaferry-.*\.debug')" = \
        "${debug##*/}" ] || fail "the program names another debug file"
    address=$(nm "$debug" | awk '$3 == "main" { print $1 }')
    addr2line -e "$debug" "$address" | grep -q 'Sources/dynaferry/.*\.swift' ||
        fail "the debug file does not say where the program's functions stand"
    holds "the debug file is the program's"
}

build_id() { readelf -n "$1" | sed -n 's/ *Build ID: //p'; }

check_needs() {
    local needs
    needs=$(dpkg-deb -f "$packages"/*.deb Depends)
    [ "$needs" = "libc6 (>= $glibc_max)" ] || fail "the .deb depends on $needs"
    [ "$(dpkg-deb -f "$packages"/*.deb Recommends)" = ca-certificates ] ||
        fail "the .deb does not recommend ca-certificates"
    holds "the .deb depends on $needs"
    compgen -G "$packages/*.rpm" >/dev/null || {
        holds "no .rpm was made"
        return
    }
    needs=$(rpm -qp --requires "$packages"/*.rpm | grep -v '^rpmlib(' | sort | xargs)
    [ "$needs" = "glibc >= $glibc_max" ] || fail "the .rpm requires $needs"
    [ "$(rpm -qp --recommends "$packages"/*.rpm)" = ca-certificates ] ||
        fail "the .rpm does not recommend ca-certificates"
    holds "the .rpm requires $needs"
}

check_debian() {
    local root="$scratch/debian" format codename
    if ! command -v mmdebstrap >/dev/null &&
        ! apt-get install -q -y --no-install-recommends mmdebstrap >"$scratch/apt" 2>&1; then
        say "not checked: the .deb in a fresh root, as mmdebstrap can't be installed"
        return
    fi
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    format='deb [signed-by=$(SIGNED_BY)] $(SITE) $(RELEASE) $(COMPONENT)'
    apt-get indextargets --format "$format" 'Created-By: Packages' |
        sed 's/ \[signed-by=\($(SIGNED_BY)\)\?\]//' | grep -E " $codename(-[a-z]+)? " |
        sort -u >"$scratch/sources.list"
    mmdebstrap --quiet --mode=root --variant=apt "$codename" "$root" "$scratch/sources.list"
    cp "$packages"/*.deb "$root/tmp/dynaferry.deb"
    inside "$root" apt-get install -qq -y --no-install-recommends /tmp/dynaferry.deb \
        >"$scratch/install" 2>&1 || {
        cat "$scratch/install" >&2
        fail "the .deb can't be installed"
    }
    run_demo "$root" /usr/bin/dynaferry
    inside "$root" apt-get purge -qq -y dynaferry >"$scratch/remove" 2>&1
    [ -z "$(find "$root/usr" -name '*dynaferry*')" ] || fail "the .deb leaves files behind"
    holds "the .deb is installed, runs and is removed in a fresh Debian root"
}

if [ "${1:-}" = symbols ]; then
    check_symbols "$2"
    exit
fi
[ "$(id -u)" -eq 0 ] || fail "only root can make another root" "run it as root"
[ -e "$packages/SHA256SUMS" ] || fail "there are no packages" "scripts/package.sh makes them"
scratch=$(mktemp -d)
trap 'rm -rf --one-file-system "$scratch"' EXIT
(cd "$packages" && sha256sum --quiet -c SHA256SUMS) && holds "the sums are right"
check_tarball
check_same_program
check_debug_file
check_needs
check_debian
