#!/usr/bin/env bash
# in-root.sh COMMAND...: runs a test as the runner of cargo, with /proc in the folder HOST_ROOT, which
# valgrind needs. The mount is seen by this command only and ends with it. Where mounts are not
# allowed, in some containers, the test runs without it.
source "$(dirname "$0")/lib.sh"
cd "$OLDPWD"

# shellcheck disable=SC2016 # expanded by the inner shell
as_root "entering ${HOST_ROOT#"$root"/} with chroot" \
    env HOST_ROOT="$HOST_ROOT" KAMAILIO_MODULES="$KAMAILIO_MODULES" MODULES_DIR="$MODULES_DIR" PATH="$PATH" \
    bash -euc '
        proc=(unshare --mount bash -euc "mount -t proc proc \"\$HOST_ROOT/proc\" && exec \"\$@\"" in-root)
        "${proc[@]}" true 2>/dev/null || proc=()
        exec "${proc[@]}" "$@"
    ' in-root "$@"
