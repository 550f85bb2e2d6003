#!/usr/bin/env bash
# install.sh [--remove]: puts the built modules and the database schema into folders of their own
# below DESTDIR, or takes them away again. PREFIX and MODULES_TO say where.
source "$(dirname "$0")/lib.sh"

stock=${KAMAILIO_MODULES:-$(stock_modules '')}
stock=${stock:-/usr/lib/kamailio/modules}
if [[ -n ${MODULES_TO:-} ]]; then
    modules=$MODULES_TO
elif [[ -n ${PREFIX:-} ]]; then
    modules=$PREFIX/lib/kamailio-rs/modules
else
    # Beside the C modules, never among them: the order in mpath decides which are used.
    modules=${stock%/kamailio/modules}/kamailio-rs/modules
fi
[[ $modules != "$stock" ]] || die "MODULES_TO is the folder of the C modules: they would be lost"
schema=${PREFIX:-/usr}/share/kamailio-rs
dest=${DESTDIR:-}

if [[ ${1:-} = --remove ]]; then
    for name in $(module_names); do
        rm -fv "$dest$modules/$name.so"
    done
    for script in db/*/*.sql; do
        rm -fv "$dest$schema/${script#db/}"
    done
    # Only what is empty goes.
    find "$dest$schema" "$dest${modules%/modules}" -depth -type d -empty -delete 2>/dev/null || true
    exit
fi

for name in $(module_names); do
    [[ -f $target_dir/modules/$name.so ]] || die "$name.so is not built: run 'make build'"
done
for name in $(module_names); do
    install -D -m 644 "$target_dir/modules/$name.so" "$dest$modules/$name.so"
    say "$dest$modules/$name.so"
done
for script in db/*/*.sql; do
    install -D -m 644 "$script" "$dest$schema/${script#db/}"
done
say "$dest$schema/{sqlite,mysql,postgres}/*.sql"
say "switch over with this line of kamailio.cfg, and back by taking the first folder out:"
printf 'mpath="%s:%s"\n' "$modules" "$stock"
