#!/usr/bin/env bash
# test.sh: every tier of tests on the installed Kamailio, cheapest first.
source "$(dirname "$0")/lib.sh"

tools/deps.sh host build play check test
tools/build.sh --with-probe
tools/check.sh
use_host

section "Tests of what needs no running Kamailio"
# The probe links in the server only.
only_in_host=(--exclude host-tests --exclude probe)
cargo test --quiet --locked --workspace "${only_in_host[@]}"

section "Tests in a real Kamailio"
MODULES_DIR=$target_dir/modules cargo test --locked --no-fail-fast -p host-tests
