#!/usr/bin/env bash
# build.sh [--with-probe]: compiles the modules and leaves them as modules/NAME.so of the target
# folder, the names that loadmodule takes. The probe is the module that the tests of the runtime load.
source "$(dirname "$0")/lib.sh"

need_rust
use_host
section "Building the modules for Kamailio, headers in ${KAMAILIO_SRC#"$root"/}"

names=$(module_names)
[[ ${1:-} != --with-probe ]] || names+=" probe"
packages=()
for name in $names; do
    packages+=(-p "$name")
done
cargo build --release --locked "${packages[@]}"

mkdir -p "$target_dir/modules"
for name in $names; do
    built=$target_dir/release/lib${name//-/_}.so
    loadable=$target_dir/modules/$name.so
    # A file of its own, never written in place: a running server may have the old one mapped.
    cmp -s "$built" "$loadable" || install -m 644 "$built" "$loadable"
    say "${loadable#"$root"/}"
done
