#!/usr/bin/env bash
# test.sh: every tier of tests on the installed Kamailio, cheapest first.
source "$(dirname "$0")/lib.sh"

tools/deps.sh host build play test
tools/build.sh --with-probe
tools/check.sh
use_host

# The crates that know no Kamailio, and the tools.
pure=()
for manifest in libs/*/Cargo.toml tools/*/Cargo.toml; do
    pure+=(-p "$(sed -n 's/^name = "\(.*\)"/\1/p' "$manifest" | head -n 1)")
done
section "Tests of what needs no Kamailio"
cargo test --quiet --locked "${pure[@]}"

section "Tests in a real Kamailio"
MODULES_DIR=$target_dir/modules cargo test --locked -p host-tests
