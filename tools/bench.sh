#!/usr/bin/env bash
# bench.sh [sca|pcscf|scscf] [OPTION...]: measures the C modules and ours on the same Kamailio, prints a table of each.
source "$(dirname "$0")/lib.sh"

need_rust
use_host
section "Measuring"
MODULES_DIR=$target_dir/modules cargo run --quiet --release --locked -p bench -- "$@"
