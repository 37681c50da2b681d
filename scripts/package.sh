#!/usr/bin/env bash
# Makes packages of the release program into .build/packages: a tarball, a .deb, an .rpm, the debug
# file of the program that is in all three, and SHA256SUMS. The program needs nothing but glibc 2.34
# or later: Amazon Linux 2023, RHEL 9, Debian 12, Ubuntu 22.04 and whatever is newer. Runs on
# Debian; scripts/packaging/check.sh tries the packages.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/say.sh

machine="$(uname -s) $(uname -m)"
[ "$machine" = "Linux x86_64" ] ||
    fail "packages are made for Linux on x86_64 only, not for $machine" \
        "arm64 and others are not served: scripts/build.sh builds for this machine"
command -v apt-get >/dev/null ||
    fail "packages are made on Debian, whose source packages and archives they hold"

work="$PWD/.build/package"
packages="$PWD/.build/packages"
root="$work/root"

# What making packages needs besides what building does.
install_tools() {
    local missing=() package
    for package in dpkg-dev gcc make ca-certificates libgcc-12-dev libstdc++-12-dev; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    command -v rpmbuild >/dev/null || missing+=(rpm)
    [ "${#missing[@]}" -gt 0 ] || return 0
    [ "$(id -u)" -eq 0 ] ||
        fail "missing packages: ${missing[*]}" "as root: apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2
    # Without rpm there is no .rpm, and the others all the same.
    apt-get install -q -y --no-install-recommends "${missing[@]}" >&2 ||
        apt-get install -q -y --no-install-recommends "${missing[@]/%rpm/}" >&2
}

build_program() {
    local pkgconfig flags folder
    pkgconfig=$(scripts/packaging/libraries.sh "$work")
    # In a folder of its own: with other libraries, and with debug info, it is another program than
    # scripts/build.sh's.
    flags=(-c release --static-swift-stdlib --no-color-diagnostics --scratch-path "$work/swift"
        --product dynaferry -Xlinker --gc-sections
        -Xlinker "$work/compatibility.o")
    mapfile -t -O "${#flags[@]}" flags < <(scripts/packaging/stamp.sh)
    say "building dynaferry"
    PKG_CONFIG_PATH="$pkgconfig" swift build "${flags[@]}" >&2
    folder=$(PKG_CONFIG_PATH="$pkgconfig" swift build "${flags[@]}" --show-bin-path)
    # A program's backtraces name its functions by this table; without it there is a third less.
    strip --strip-debug -o "$work/dynaferry" "$folder/dynaferry"
    objcopy --only-keep-debug --compress-debug-sections "$folder/dynaferry" "$work/dynaferry.debug"
    scripts/packaging/check.sh symbols "$work/dynaferry"
}

# What all packages hold, laid out below a prefix such as /usr.
lay_out() {
    local share="$root/share" library
    rm -rf "$root"
    install -D -m 755 "$work/dynaferry" "$root/bin/dynaferry"
    install -d "$share/man/man1" "$share/bash-completion/completions" \
        "$share/zsh/site-functions" "$share/fish/vendor_completions.d" \
        "$share/doc/dynaferry/licences"
    "$work/dynaferry" man | gzip -9n >"$share/man/man1/dynaferry.1.gz"
    "$work/dynaferry" completion bash >"$share/bash-completion/completions/dynaferry"
    "$work/dynaferry" completion zsh >"$share/zsh/site-functions/_dynaferry"
    "$work/dynaferry" completion fish >"$share/fish/vendor_completions.d/dynaferry.fish"
    cp LICENSE "$share/doc/dynaferry/copyright"
    for library in zlib1g-dev libzstd-dev libdeflate-dev libssl-dev libsqlite3-dev gcc-12-base; do
        cp -L "/usr/share/doc/$library/copyright" "$share/doc/dynaferry/licences/${library%-dev}"
    done
    cp "$work"/licences/* "$share/doc/dynaferry/licences/"
    cp "$(dirname "$(command -v swift)")/../share/swift/LICENSE.txt" \
        "$share/doc/dynaferry/licences/swift"
    find "$root" -type f ! -path '*/bin/*' -exec chmod 644 {} +
}

# The tarball also has certificates, for machines that have none.
make_tarball() {
    local name="dynaferry-$version-linux-x86_64" folder="$work/tarball"
    rm -rf "$folder"
    mkdir -p "$folder"
    cp -a "$root" "$folder/$name"
    mkdir -p "$folder/$name/share/dynaferry"
    cat /usr/share/ca-certificates/mozilla/*.crt \
        >"$folder/$name/share/dynaferry/ca-certificates.crt"
    cp -L /usr/share/doc/ca-certificates/copyright \
        "$folder/$name/share/doc/dynaferry/licences/ca-certificates"
    tar -C "$folder" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
        --numeric-owner -c "$name" | gzip -9n >"$packages/$name.tar.gz"
}

make_deb() {
    local folder="$work/deb"
    rm -rf "$folder"
    mkdir -p "$folder/DEBIAN" "$folder/usr"
    cp -a "$root/." "$folder/usr"
    # Debian's name for what zsh reads.
    mv "$folder/usr/share/zsh/site-functions" "$folder/usr/share/zsh/vendor-completions"
    cat >"$folder/DEBIAN/control" <<END
Package: dynaferry
Version: $version
Architecture: amd64
Maintainer: dynaferry
Section: database
Priority: optional
Depends: libc6 (>= 2.34)
Recommends: ca-certificates
Installed-Size: $(du -sk "$folder/usr" | cut -f1)
Description: $summary
 One program that copies, verifies and repairs tables between regions and accounts.
END
    (cd "$folder" && find usr -type f -exec md5sum {} + | sort -k2 >DEBIAN/md5sums)
    dpkg-deb --root-owner-group --build "$folder" \
        "$packages/dynaferry_${version}_amd64.deb" >/dev/null
}

make_rpm() {
    if ! command -v rpmbuild >/dev/null; then
        say "no .rpm: rpmbuild is missing, and Debian's package rpm can't be installed"
        return
    fi
    rm -rf "$work/rpm"
    # What it needs is said, not looked for: the symbol versions of glibc would be named one by one.
    rpmbuild --quiet -bb --target x86_64 --define "_topdir $work/rpm" \
        --define "_rpmdir $packages" --define "_build_name_fmt %%{NAME}-%%{VERSION}.%%{ARCH}.rpm" \
        --define "version_made $version" --define "summary_made $summary" \
        --define "root_made $root" --define "_build_id_links none" \
        --define "use_source_date_epoch_as_buildtime 1" \
        scripts/packaging/dynaferry.spec >&2
}

scripts/setup.sh
install_tools
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH
mkdir -p "$work"
build_program
version=$("$work/dynaferry" --version | cut -d ' ' -f 2)
summary="Copies DynamoDB tables"
rm -rf "$packages"
mkdir -p "$packages"
# Debuggers find it by this name beside the program, or by its build id.
debug="$packages/dynaferry-$version-linux-x86_64.debug"
mv "$work/dynaferry.debug" "$debug"
objcopy --add-gnu-debuglink "$debug" "$work/dynaferry"
lay_out
make_tarball
make_deb
make_rpm
(cd "$packages" && sha256sum -- dynaferry* >SHA256SUMS)
ls -l "$packages" >&2
echo "$packages"
