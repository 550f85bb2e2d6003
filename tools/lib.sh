# Shared by the scripts of this folder: where things are, and how progress is shown.
# shellcheck shell=bash

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# What is fetched once and kept: headers, the chroot, cargo tools.
host_dir=$root/.host
target_dir=${CARGO_TARGET_DIR:-$root/target}
[[ $target_dir = /* ]] || target_dir=$root/$target_dir
started=${TOOLS_STARTED:=$(date +%s)}
export TOOLS_STARTED

# The machine's own language would change what is read from tools.
export LC_ALL=C.UTF-8
PATH=$host_dir/tools/bin:$PATH:/usr/sbin:/sbin
# A Kamailio given by its path brings its own kamcmd.
[[ ${KAMAILIO:-} != */* ]] || PATH=$(dirname "$KAMAILIO"):$PATH

# A heading with the time since the first script began.
section() {
    local elapsed=$(($(date +%s) - started))
    printf '\n== [%02d:%02d] %s\n' $((elapsed / 60)) $((elapsed % 60)) "$*"
}

say() {
    printf -- '-- %s\n' "$*"
}

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# as_root WHY COMMAND...: runs the command as root, with sudo only where this is not root.
as_root() {
    local why=$1
    shift
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        say "sudo: $why"
        sudo "$@"
    else
        die "$why needs root, and sudo is not installed: run this target as root"
    fi
}

# The version of an installed Debian package, empty if it is not installed.
installed_version() {
    dpkg-query -W -f='${db:Status-Status} ${source:Version}\n' "$1" 2>/dev/null |
        sed -n 's/^installed //p' | head -n 1
}

# 5.6.3 of 1:5.6.3-2+deb12u1
upstream_of() {
    local version=${1#*:}
    printf '%s\n' "${version%%-*}"
}

# Where this machine gets its own release from; empty while apt has no lists.
mirror() {
    local codename
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    # shellcheck disable=SC2016 # apt expands it
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' \
        "Codename: $codename" | head -n 1
}

# stock_modules ROOT: the folder of the C modules of the system below ROOT ('' for this one); nothing
# if there is none.
stock_modules() {
    local below=$1 found
    for found in "$below"/usr/lib/*/kamailio/modules "$below"/usr/lib{,64}/kamailio/modules \
        "$below"/usr/local/lib{,64}/kamailio/modules; do
        if [[ -f $found/tm.so ]]; then
            printf '%s\n' "$found"
            return
        fi
    done
}

# Sets what the build reads: the headers and the C modules of the Kamailio to build for.
use_host() {
    local version
    export KAMAILIO_SRC KAMAILIO_MODULES
    if [[ -z ${KAMAILIO_MODULES:-} ]]; then
        KAMAILIO_MODULES=$(stock_modules '')
        [[ -n $KAMAILIO_MODULES ]] || die "no installed Kamailio: run 'make deps'"
    fi
    if [[ -z ${KAMAILIO_SRC:-} ]]; then
        version=$(upstream_of "$(installed_version kamailio)")
        KAMAILIO_SRC=$host_dir/kamailio-$version
        [[ -d $KAMAILIO_SRC/src ]] ||
            die "no headers of Kamailio $version: run 'make deps', or set KAMAILIO_SRC"
    fi
}

need_rust() {
    command -v cargo >/dev/null ||
        die "cargo is not installed: get the stable Rust toolchain with rustup, then run this again"
    local have want
    want=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    have=$(cargo --version | cut -d ' ' -f 2)
    if [[ $(printf '%s\n' "$want" "$have" | sort -V | head -n 1) != "$want" ]]; then
        die "cargo is $have, this needs $want or newer: run 'rustup update stable'"
    fi
}

# The loadable modules of this workspace, one name a line.
module_names() {
    local manifest
    for manifest in modules/*/Cargo.toml; do
        basename "$(dirname "$manifest")"
    done
}
