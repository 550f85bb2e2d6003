#!/usr/bin/env bash
# test-6.0.sh: the tests in the real host on Kamailio 6.0, as Debian 13 ships it. That system is put
# into a folder once; the modules are built here, for its headers, and loaded by its server.
source "$(dirname "$0")/lib.sh"

suite=trixie
folder=$host_dir/6.0
chroot=$folder/root

# What is installed there: Kamailio, and what has to be where it is.
packages=()
while read -r name group _; do
    [[ $group = host || $group = debug ]] && packages+=("$name")
done <tools/packages

# The way to the archive that the packages of the folder come from.
proxy=
eval "$(apt-config shell proxy Acquire::http::Proxy)"

# Puts the system itself into the folder.
bootstrap() {
    local from
    from=${DEBIAN_MIRROR:-$(mirror)}
    if [[ -z $from ]]; then
        as_root "refreshing the list of packages" apt-get -q update
        from=$(mirror)
    fi
    [[ -n $from ]] || die "apt has no archive of Debian: set DEBIAN_MIRROR"

    section "Putting Debian $suite into ${chroot#"$root"/}"
    as_root "clearing what an earlier attempt left" rm -rf "$chroot"
    mkdir -p "$folder"
    as_root "debootstrap makes device nodes and files of other users" \
        env ${proxy:+http_proxy="$proxy"} \
        debootstrap --variant=minbase "$suite" "$chroot" "$from"
    # No server starts by being installed there.
    # shellcheck disable=SC2016 # expanded by the inner shell
    as_root "keeping servers stopped in the folder" bash -euc '
        printf "#!/bin/sh\nexit 101\n" >"$1"
        chmod 755 "$1"
        : >"$2"
    ' bootstrap "$chroot/usr/sbin/policy-rc.d" "$chroot/.complete"
}

# Installs what the folder lacks; the stamp, which says what is installed, is written last.
fill() {
    [[ -f $chroot/.complete ]] || bootstrap
    section "Installing Kamailio in ${chroot#"$root"/}"
    # shellcheck disable=SC2016 # expanded by the inner shell
    as_root "installing packages in the folder" env ${proxy:+http_proxy="$proxy"} bash -euc '
        chroot=$1
        shift
        export DEBIAN_FRONTEND=noninteractive
        chroot "$chroot" apt-get -q update
        chroot "$chroot" apt-get -q -y --no-install-recommends install "$@"
        chroot "$chroot" apt-get clean
        echo "$*" >"$chroot/.complete"
    ' fill "$chroot" "${packages[@]}"
}

tools/deps.sh host build play test debug chroot
[[ -f $chroot/.complete && $(<"$chroot/.complete") = "${packages[*]}" ]] || fill

version=$(dpkg-query --admindir="$chroot/var/lib/dpkg" -W -f='${source:Version}' kamailio)
APT_ETC=$chroot/etc/apt tools/source.sh "$version" "$folder/kamailio-$(upstream_of "$version")"

export HOST_ROOT=$chroot
KAMAILIO_SRC=$folder/kamailio-$(upstream_of "$version")
KAMAILIO_MODULES=$(stock_modules "$chroot")
CARGO_TARGET_DIR=$target_dir/6.0
MODULES_DIR=$CARGO_TARGET_DIR/modules
export KAMAILIO_SRC KAMAILIO_MODULES CARGO_TARGET_DIR MODULES_DIR
say "Kamailio $version in ${chroot#"$root"/}"
tools/build.sh --with-probe

triple=$(rustc -vV | sed -n 's/^host: //p')
triple=${triple^^}
export "CARGO_TARGET_${triple//-/_}_RUNNER=$root/tools/in-root.sh"
section "Tests in a real Kamailio $(upstream_of "$version")"
cargo test --locked --no-fail-fast -p host-tests
