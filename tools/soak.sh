#!/usr/bin/env bash
# soak.sh: the tests that take many minutes: tens of thousands of rounds, and runs under valgrind.
source "$(dirname "$0")/lib.sh"

use_host
section "Long tests in a real Kamailio"
SOAK=1 MODULES_DIR=$target_dir/modules cargo test --locked --no-fail-fast -p host-tests
