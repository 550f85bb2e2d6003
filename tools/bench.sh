#!/usr/bin/env bash
# bench.sh [OPTION...]: measures the C modules and ours on the same Kamailio and prints one table.
source "$(dirname "$0")/lib.sh"

need_rust
use_host
section "Measuring"
MODULES_DIR=$target_dir/modules cargo run --quiet --release --locked -p bench -- "$@"
