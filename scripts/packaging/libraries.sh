#!/usr/bin/env bash
# Gathers the libraries that are linked into a packaged program as archives, and prints the folder
# of their pkg-config files. libcurl and libexpat are built from Debian's source packages: Debian's
# own libcurl.a needs Kerberos, LDAP and more, and its libexpat.a needs a newer glibc than 2.34.
#   scripts/packaging/libraries.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

. "$here/../say.sh"

[ $# -eq 1 ] || fail "no folder given" "usage: scripts/packaging/libraries.sh FOLDER"
mkdir -p "$1"
work=$(cd "$1" && pwd)
archives="$work/archives"
log="$work/libraries.log"
mkdir -p "$archives"
: >"$log"

# apt-get with a list of sources, and a state, of its own: the machine's stay as they are.
own_apt() {
    local command=$1
    shift
    "$command" -q -o Dir::Etc::sourcelist="$work/apt/sources.list" \
        -o Dir::Etc::sourceparts="$work/apt/none" -o Dir::State::lists="$work/apt/lists" \
        -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root "$@"
}

# The machine's own list of packages, asked for sources instead. Only what is Debian's.
prepare_apt() {
    local format='deb-src [signed-by=$(SIGNED_BY)] $(SITE) $(RELEASE) $(COMPONENT)'
    local codename
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    mkdir -p "$work/apt/none" "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    apt-get indextargets --format "$format" 'Created-By: Packages' |
        sed 's/ \[signed-by=\($(SIGNED_BY)\)\?\]//' | grep -E " $codename(-[a-z]+)? " |
        sort -u >"$work/apt/sources.list" || true
    [ -s "$work/apt/sources.list" ] ||
        fail "the machine has no package list of $codename" "as root: apt-get update"
    own_apt apt-get update >>"$log" 2>&1 || fail "apt-get can't read source lists" "see $log"
}

# The versions of the source package $1, newest first.
versions_of() {
    own_apt apt-cache showsrc --only-source "$1" 2>>"$log" |
        sed -n 's/^Version: //p' | sort -urV
}

# Fetches the source package $1 unless it is there, and prints its folder. A mirror may list a
# version that it no longer has, or not yet: then the one before is taken.
source_of() {
    local version folder
    for version in $(versions_of "$1"); do
        folder="$work/source/$1-$version"
        if [ ! -e "$folder/fetched" ]; then
            say "fetching the source of $1 $version"
            rm -rf "$folder"
            mkdir -p "$folder"
            if ! (cd "$folder" && own_apt apt-get source "$1=$version" >>"$log" 2>&1); then
                say "$1 $version is listed, but can't be fetched"
                continue
            fi
            touch "$folder/fetched"
        fi
        find "$folder" -mindepth 1 -maxdepth 1 -type d
        return
    done
    fail "the source of $1 can't be fetched" "see $log"
}

flags=(-O2 -fPIC -ffunction-sections -fdata-sections)

# Builds a library anew when its source or what it is asked for has changed: by the function $1
# in the folder $2, with the options that follow.
build() {
    local how=$1 folder=$2 done="$2/built-with"
    shift 2
    [ "$(cat "$done" 2>/dev/null)" != "$how $folder $*" ] || return 0
    say "running $how in ${folder##*/}"
    (cd "$folder" && "$how" "$@") >>"$log" 2>&1 || fail "$how failed" "see $log"
    printf '%s' "$how $folder $*" >"$done"
}

configure_and_make() {
    # Not in glibc 2.34; configure would find it in a newer one.
    ac_cv_func_arc4random=no ./configure -q --disable-shared --enable-static "$@" \
        CFLAGS="${flags[*]}" && make -s -C lib -j"$(nproc)"
}

build_curl() {
    local without=()
    for protocol in ftp file ldap ldaps rtsp dict telnet tftp pop3 imap smb smtp gopher mqtt; do
        without+=("--disable-$protocol")
    done
    build configure_and_make "$1" --with-openssl --with-zlib --without-ca-bundle \
        --without-ca-path --without-brotli --without-zstd --without-nghttp2 --without-libidn2 \
        --without-libpsl --without-librtmp --without-libssh2 --without-gssapi --without-libgsasl \
        --disable-ares --disable-alt-svc --disable-hsts --disable-ntlm --disable-tls-srp \
        --disable-unix-sockets --disable-libcurl-option --disable-dependency-tracking \
        "${without[@]}"
}

# Of expat its three files are enough: they need a configuration, but no configure, which the
# source package does not have. Its salt for hashes is of getrandom, not of arc4random.
compile_expat() {
    local options=(-DXML_NS -DXML_DTD -DXML_GE=1 -DXML_CONTEXT_BYTES=1024 -DXML_DEV_URANDOM
        -DHAVE_GETRANDOM -DBYTEORDER=1234 -DHAVE_MEMMOVE)
    : >expat/lib/expat_config.h
    gcc "${flags[@]}" "${options[@]}" -Iexpat/lib -c expat/lib/xml{parse,role,tok}.c
    rm -f libexpat.a
    ar rcs libexpat.a xml{parse,role,tok}.o
}

# The archive $1 of the machine, by its name $2.
link_archive() {
    [ -e "$1" ] || fail "there is no archive ${1##*/}" "scripts/setup.sh installs what has it"
    ln -sfn "$1" "$archives/$2"
}

# A pkg-config file for each library: the machine's own flags, and the archives' folder first.
write_pkg_config() {
    local module
    mkdir -p "$work/pkgconfig"
    for module in libcurl zlib libzstd libcrypto libssl sqlite3 expat libdeflate; do
        cat >"$work/pkgconfig/$module.pc" <<END
Name: $module
Description: $module as an archive
Version: $(pkg-config --modversion "$module")
Libs: -L$archives $(pkg-config --libs-only-l "$module")
Cflags: $(pkg-config --cflags "$module")
END
    done
}

prepare_apt
curl_source=$(source_of curl)
expat_source=$(source_of expat)
build_curl "$curl_source"
build compile_expat "$expat_source"
link_archive "$curl_source/lib/.libs/libcurl.a" libcurl.a
link_archive "$expat_source/libexpat.a" libexpat.a
multiarch=$(gcc -print-multiarch)
for name in z zstd deflate crypto ssl sqlite3; do
    link_archive "/usr/lib/$multiarch/lib$name.a" "lib$name.a"
done
link_archive "$(gcc -print-file-name=libstdc++.a)" libstdc++.a
# Under the name by which compilers ask for the shared one.
link_archive "$(gcc -print-file-name=libgcc_eh.a)" libgcc_s.a
gcc -O2 -fPIC -Wall -Werror -c "$here/compatibility.c" -o "$work/compatibility.o"
mkdir -p "$work/licences"
cp "$curl_source/debian/copyright" "$work/licences/curl"
cp "$expat_source/debian/copyright" "$work/licences/expat"
write_pkg_config
echo "$work/pkgconfig"
