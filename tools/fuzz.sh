#!/usr/bin/env bash
# fuzz.sh: each fuzz target for FUZZ_SECONDS (60), on the nightly compiler that libFuzzer needs.
source "$(dirname "$0")/lib.sh"

need_rust
cargo +nightly --version >/dev/null 2>&1 ||
    die "fuzzing needs the nightly toolchain: run 'rustup toolchain install nightly'"
if ! command -v cargo-fuzz >/dev/null; then
    section "Building cargo-fuzz into ${host_dir#"$root"/}/tools, once"
    CARGO_TARGET_DIR=$host_dir/tools/target cargo install --quiet --locked --root "$host_dir/tools" cargo-fuzz
    rm -rf "$host_dir/tools/target"
fi

seconds=${FUZZ_SECONDS:-60}
targets=$(cargo +nightly fuzz list)
ran=0
for target in $targets; do
    section "Fuzzing $target for $seconds s"
    cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -print_final_stats=1 -verbosity=0
    ran=$((ran + 1))
done
printf '\n%d passed, 0 failed\n' "$ran"
