#!/usr/bin/env bash
# run.sh: starts Kamailio with an example configuration on the loopback address, plays a call, and goes
# on serving until Ctrl-C; with ONCE=1 it ends after the call and tells how that went.
# ROLE says what is played: sca (a shared line, the default) or pcscf (two registrations and a call).
# MODULES_DIR names another folder to take the modules from, the C modules' own for a comparison.
source "$(dirname "$0")/lib.sh"

role=${ROLE:-sca}
case $role in
sca) needed=(sca) ;;
pcscf) needed=(ims_usrloc_pcscf ims_registrar_pcscf) ;;
*) die "ROLE is $role, must be sca or pcscf" ;;
esac

need_rust
use_host
modules=${MODULES_DIR:-$target_dir/modules}
for name in "${needed[@]}"; do
    [[ -f $modules/$name.so ]] || die "$modules has no $name.so: run 'make build'"
done
modules=$(cd "$modules" && pwd)

section "Preparing the run folder"
cargo build --quiet --release --locked -p play

run=$target_dir/run
# The path of a socket holds 107 bytes.
((${#run} < 80)) || run=${TMPDIR:-/tmp}/kamailio-rs-$(id -u)
rm -rf "$run"
mkdir -p "$run"
ctl=$run/ctl database=$run/kamailio.sqlite

# Whether a UDP port of the loopback addresses is in use, as the kernel lists them.
taken() {
    grep -qiE "^ *[0-9]+: (0[0-9A-F]00007F|00000000):$(printf %04X "$1") " /proc/net/udp
}
port=5060
while taken "$port"; do
    port=$((port + 1))
done
[[ $port = 5060 ]] || say "port 5060 is in use: taking $port"

# What of the role's own the server and the play are started with.
defines=() scripts=()
if [[ $role = sca ]]; then
    # The schema as it came with Kamailio where it did, then the tables of our own.
    stock=
    for folder in /usr/share/kamailio /usr/local/share/kamailio; do
        [[ -f $folder/db_sqlite/standard-create.sql ]] && stock=$folder/db_sqlite && break
    done
    if [[ -n $stock ]]; then
        scripts=("$stock"/{standard,sca}-create.sql)
    else
        scripts=(db/sqlite/{version,sca_subscriptions}.sql)
    fi
    scripts+=(db/sqlite/sca_state.sql)
    play=(sca "127.0.0.1:$port" "unix:$ctl" "$run/play")
else
    scripts=(db/sqlite/{version,ims_usrloc_pcscf}.sql)
    # The home network is another address of this machine, its users have others.
    core=127.0.0.4:$port
    defines=(-A "CORE=\"sip:$core\"" -A 'CORE_IP="127.0.0.4"' -A LOOK=1 -A GRACE=3)
    # The C registrar of Kamailio 5 does not start without it; ours does.
    if [[ $modules = "$KAMAILIO_MODULES" ]]; then
        defines+=(-A WITH_IPSEC)
    fi
    play=(pcscf "127.0.0.1:$port" "$core" "unix:$ctl" "$database" pcscf_location)
fi
cat "${scripts[@]}" | sqlite3 -bail "$database"
# The play reads while the server writes.
sqlite3 "$database" 'PRAGMA journal_mode = WAL' >/dev/null
say "database: $database"

server='' players=''
# What was started here ends here, and nothing else.
finish() {
    trap '' INT TERM
    [[ -z $players ]] || kill -TERM "$players" 2>/dev/null || true
    [[ -n $server ]] || return 0
    kill -TERM "$server" 2>/dev/null || return 0
    # A server that writes its tables away may take a moment.
    for _ in {1..150}; do
        kill -0 "$server" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$server" 2>/dev/null || true
}
trap finish EXIT
trap 'exit 0' INT TERM

section "Starting Kamailio on 127.0.0.1:$port"
say "${needed[*]} from $modules"
say "log: $run/kamailio.log"
# The log ends at 5 MB, the server does not. The filter is a child of this script: Kamailio waits for
# all of its own children when it stops.
exec {log}> >(exec awk '(size += length + 1) < 5e6 { print; fflush() }' >"$run/kamailio.log")
"${KAMAILIO:-kamailio}" -DD -E -Y "$run" -P "$run/kamailio.pid" -w "$run" \
    -f "$root/cfg-examples/$role.cfg" \
    -A "LISTEN=udp:127.0.0.1:$port" -A "MODULES=\"$modules:$KAMAILIO_MODULES\"" \
    -A "DBURL=\"sqlite:///$database\"" -A "CTL_SOCKET=\"unix:$ctl\"" \
    -A "RPC_FIFO=\"$run/rpc.fifo\"" -A "RPC_SOCKET=\"$run/rpc.sock\"" "${defines[@]}" \
    >&"$log" 2>&1 {log}>&- &
server=$!
exec {log}>&-
for _ in {1..150}; do
    kamcmd -s "unix:$ctl" core.version >"$run/version" 2>/dev/null && break
    if ! kill -0 "$server" 2>/dev/null; then
        tail -n 15 "$run/kamailio.log" >&2
        die "Kamailio did not start, see $run/kamailio.log"
    fi
    sleep 0.1
done
[[ -s $run/version ]] || die "Kamailio does not answer on $ctl"
say "$(head -n 1 "$run/version")"

section "Playing a call"
"$target_dir/release/play" "${play[@]}" ${ONCE:+once} &
players=$!
status=0
wait "$players" || status=$?
players=
((status == 0)) || die "the play did not go as it should; logs are in $run"
kill -0 "$server" 2>/dev/null || die "Kamailio ended during the play, see $run/kamailio.log"
