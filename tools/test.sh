#!/usr/bin/env bash
# test.sh: every tier of tests on the installed Kamailio, cheapest first.
source "$(dirname "$0")/lib.sh"

tools/deps.sh host build play check test debug
tools/build.sh --with-probe
tools/check.sh
use_host

section "Tests of what needs no Kamailio"
cargo test --quiet --locked --workspace --exclude host-tests --exclude inprocess

section "Tests of the runtime in one process, on the memory, locks and parser of Kamailio"
cargo test --quiet --locked -p inprocess

section "Tests in a real Kamailio"
MODULES_DIR=$target_dir/modules cargo test --locked --no-fail-fast -p host-tests
