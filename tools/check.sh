#!/usr/bin/env bash
# check.sh: what can be said about the code without running it.
source "$(dirname "$0")/lib.sh"

need_rust
use_host

section "Format"
cargo fmt --all --check

section "Lints"
shellcheck -x -P SCRIPTDIR tools/*.sh .ci/run
cargo clippy --quiet --locked --workspace --all-targets -- -D warnings

section "Documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --workspace --no-deps

section "Licenses, sources and versions of what is linked"
if ! command -v cargo-deny >/dev/null; then
    say "building cargo-deny into ${host_dir#"$root"/}/tools, once, about two minutes"
    CARGO_TARGET_DIR=$host_dir/tools/target cargo install --quiet --locked --root "$host_dir/tools" cargo-deny
    rm -rf "$host_dir/tools/target"
fi
# Not `advisories`: their list comes from outside of any package registry.
cargo deny --locked --log-level error check bans licenses sources
