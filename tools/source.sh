#!/usr/bin/env bash
# source.sh VERSION FOLDER [OPTION...]: unpacks the source package `kamailio` of VERSION into FOLDER.
#
# The package comes from where the machine gets its packages: its own apt entries, turned from
# binaries into sources in a configuration of our own. Further options are handed to apt-get.
source "$(dirname "$0")/lib.sh"

version=$1 folder=$2
shift 2
[[ -f $folder/.complete ]] && exit 0

work=$folder.part
rm -rf "$work"
mkdir -p "$work"/{sources.list.d,lists/partial,cache/archives/partial}
trap 'rm -rf "$work"' EXIT

etc=${APT_ETC:-/etc/apt}
# One-line entries, then stanzas; what the machine has switched off stays off.
for list in "$etc"/sources.list "$etc"/sources.list.d/*.list; do
    [[ -f $list ]] || continue
    sed -nE 's/^[[:space:]]*deb(-src)?[[:space:]]/deb-src /p' "$list" | sort -u \
        >"$work/sources.list.d/$(basename "$list" .list).list"
done
for list in "$etc"/sources.list.d/*.sources; do
    [[ -f $list ]] || continue
    sed -E 's/^[Tt]ypes:.*/Types: deb-src/' "$list" >"$work/sources.list.d/$(basename "$list")"
done

options=(
    -q
    -o Dir::Etc::SourceList=/dev/null
    -o Dir::Etc::SourceParts="$work/sources.list.d"
    -o Dir::State::Lists="$work/lists"
    -o Dir::Cache="$work/cache"
    # The folder may be closed to the user that apt would download as.
    -o APT::Sandbox::User="$(id -un)"
    "$@"
)
say "fetching the source package kamailio $version: its headers are what the modules are built with"
apt-get "${options[@]}" update >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; die "apt-get update"; }
# A mirror may lack the detached signature of the upstream archive. It is not needed, since apt checks
# every file against the signed list of the archive: the description goes without it.
(cd "$work" && apt-get "${options[@]}" --download-only source "kamailio=$version" >log 2>&1) || true
description=$(find "$work" -maxdepth 1 -name '*.dsc')
if [[ -n $description ]]; then
    sed -i '/\.tar\.[a-z0-9]*\.asc$/d' "$description"
fi
dpkg-source --no-check -x "$description" "$work/tree" >>"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    die "the package sources of this machine gave no source of kamailio $version: set KAMAILIO_SRC"
}
rm -rf "$folder"
mv "$work/tree" "$folder"
touch "$folder/.complete"
say "unpacked to ${folder#"$root"/}"
