#!/usr/bin/env bash
# run.sh: starts Kamailio with an example configuration on the loopback address, plays a call, and goes
# on serving until Ctrl-C; with ONCE=1 it ends after the call and tells how that went.
# ROLE says what is played: sca (a shared line), pcscf (two registrations and a call) or ims (two servers
# with an HSS: registrations, the reg event, a call past an application server). Without ROLE sca and
# ims are played one after the other, and ims goes on serving.
# MODULES_DIR names another folder to take the modules from, the C modules' own for a comparison.
source "$(dirname "$0")/lib.sh"

if [[ -z ${ROLE:-} ]]; then
    ROLE=sca ONCE=1 "$0"
    ROLE=ims exec "$0"
fi
role=$ROLE
case $role in
sca) needed=(sca) ;;
pcscf) needed=(ims_usrloc_pcscf ims_registrar_pcscf) ;;
ims) needed=(ims_usrloc_pcscf ims_registrar_pcscf ims_usrloc_scscf ims_registrar_scscf) ;;
*) die "ROLE is $role, must be sca, pcscf or ims" ;;
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

# The scripts that came with Kamailio for sqlite, if they did.
stock=
for folder in /usr/share/kamailio /usr/local/share/kamailio; do
    [[ -f $folder/db_sqlite/standard-create.sql ]] && stock=$folder/db_sqlite && break
done

# What of the role's own the server and the play are started with.
defines=() scripts=() configuration=$role home=127.0.0.4:$port
case $role in
sca)
    # The schema as it came with Kamailio where it did, then the tables of our own.
    if [[ -n $stock ]]; then
        scripts=("$stock"/{standard,sca}-create.sql)
    else
        scripts=(db/sqlite/{version,sca_subscriptions}.sql)
    fi
    scripts+=(db/sqlite/sca_state.sql)
    play=(sca "127.0.0.1:$port" "unix:$ctl" "$run/play")
    ;;
pcscf)
    scripts=(db/sqlite/{version,ims_usrloc_pcscf}.sql)
    play=(pcscf "127.0.0.1:$port" "$home" "unix:$ctl" "$database" pcscf_location)
    ;;
ims)
    [[ -n $stock ]] || die "no presence-create.sql of Kamailio for sqlite: pua keeps subscriptions in it"
    schema=db/sqlite/ims_usrloc_scscf.sql
    # Before 6.0 the C modules call one of its tables otherwise.
    [[ $(upstream_of "$(installed_version kamailio)") != 5.* ]] || schema=${schema%.sql}-5.6.sql
    scripts=("$stock"/{standard,presence}-create.sql db/sqlite/ims_usrloc_pcscf.sql "$schema")
    configuration=ims-pcscf
    defines=(-A "PCSCF_URI=\"sip:127.0.0.1:$port\"")
    play=(ims "127.0.0.1:$port" "unix:$ctl" "$home" "unix:$ctl-home" "$run")
    ;;
esac
if [[ $role != sca ]]; then
    # The home network is another address of this machine, its users have others.
    defines+=(-A "CORE=\"sip:$home\"" -A "CORE_IP=\"${home%:*}\"" -A LOOK=1 -A GRACE=3)
    # The C registrar of Kamailio 5 does not start without it; ours does.
    if [[ $modules = "$KAMAILIO_MODULES" ]]; then
        defines+=(-A WITH_IPSEC)
    fi
fi
cat "${scripts[@]}" | sqlite3 -bail "$database"
# The play reads while the server writes.
sqlite3 "$database" 'PRAGMA journal_mode = WAL' >/dev/null
say "database: $database"

running=() players=''
# What was started here ends here, and nothing else.
finish() {
    trap '' INT TERM
    local server
    [[ -z $players ]] || kill -TERM "$players" 2>/dev/null || true
    for server in "${running[@]}"; do
        kill -TERM "$server" 2>/dev/null || true
    done
    # A server that writes its tables away may take a moment.
    for server in "${running[@]}"; do
        for _ in {1..150}; do
            kill -0 "$server" 2>/dev/null || continue 2
            sleep 0.1
        done
        kill -KILL "$server" 2>/dev/null || true
    done
}
trap finish EXIT
trap 'exit 0' INT TERM

# serve CONFIGURATION ADDRESS SOCKET DEFINE...: starts a server, and waits until it answers commands.
serve() {
    local name=$1 address=$2 socket=$3 log logs=$run/$1.log
    shift 3
    section "Starting Kamailio on $address"
    say "log: $logs"
    mkdir -p "$run/$name"
    # The log ends at 5 MB, the server does not. The filter is a child of this script: Kamailio waits for
    # all of its own children when it stops.
    exec {log}> >(exec awk '(size += length + 1) < 5e6 { print; fflush() }' >"$logs")
    "${KAMAILIO:-kamailio}" -DD -E -Y "$run/$name" -P "$run/$name/pid" -w "$run/$name" \
        -f "$root/cfg-examples/$name.cfg" \
        -A "LISTEN=udp:$address" -A "MODULES=\"$modules:$KAMAILIO_MODULES\"" \
        -A "DBURL=\"sqlite:///$database\"" -A "CTL_SOCKET=\"unix:$socket\"" \
        -A "RPC_FIFO=\"$run/$name/rpc.fifo\"" -A "RPC_SOCKET=\"$run/$name/rpc.sock\"" "$@" \
        >&"$log" 2>&1 {log}>&- &
    running+=($!)
    exec {log}>&-
    for _ in {1..150}; do
        kamcmd -s "unix:$socket" core.version >"$run/version" 2>/dev/null && break
        if ! kill -0 "${running[-1]}" 2>/dev/null; then
            tail -n 15 "$logs" >&2
            die "Kamailio did not start, see $logs"
        fi
        sleep 0.1
    done
    [[ -s $run/version ]] || die "Kamailio does not answer on $socket"
    say "$(head -n 1 "$run/version")"
}

say "${needed[*]} from $modules"
if [[ $role = ims ]]; then
    # The play has the HSS, and knows its address first.
    "$target_dir/release/play" "${play[@]}" ${ONCE:+once} &
    players=$!
    for _ in {1..100}; do
        [[ ! -f $run/scscf.xml ]] || break
        kill -0 "$players" 2>/dev/null || die "the play did not start"
        sleep 0.1
    done
    # The C store cannot write to sqlite.
    stored=()
    [[ $modules != "$KAMAILIO_MODULES" ]] || stored=(-A DBMODE=0)
    serve scscf "$home" "$ctl-home" "${stored[@]}" -A "SCSCF_URI=\"sip:$home\"" -A "SCSCF_HOST=\"$home\"" \
        -A 'REALM="ims.test"' -A "DIAMETER=\"$run/scscf.xml\"" -A LOOK=1
fi
serve "$configuration" "127.0.0.1:$port" "$ctl" "${defines[@]}"

if [[ $role != ims ]]; then
    section "Playing a call"
    "$target_dir/release/play" "${play[@]}" ${ONCE:+once} &
    players=$!
fi
status=0
wait "$players" || status=$?
players=
((status == 0)) || die "the play did not go as it should; logs are in $run"
for server in "${running[@]}"; do
    kill -0 "$server" 2>/dev/null || die "Kamailio ended during the play, see the logs in $run"
done
