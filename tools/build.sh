#!/usr/bin/env bash
# build.sh: compiles the modules and leaves them as modules/NAME.so of the target folder, the names
# that loadmodule takes.
source "$(dirname "$0")/lib.sh"

need_rust
use_host
section "Building the modules for Kamailio, headers in ${KAMAILIO_SRC#"$root"/}"

packages=()
for name in $(module_names); do
    packages+=(-p "$name")
done
cargo build --release --locked "${packages[@]}"

mkdir -p "$target_dir/modules"
for name in $(module_names); do
    built=$target_dir/release/lib${name//-/_}.so
    loadable=$target_dir/modules/$name.so
    # A file of its own, never written in place: a running server may have the old one mapped.
    cmp -s "$built" "$loadable" || install -m 644 "$built" "$loadable"
    say "${loadable#"$root"/}"
done
