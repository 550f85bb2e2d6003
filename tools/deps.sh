#!/usr/bin/env bash
# deps.sh GROUP...: installs what the groups of tools/packages name and is missing, then fetches
# the headers of the installed Kamailio. Does nothing, at once, where all is there.
source "$(dirname "$0")/lib.sh"

wanted() {
    local name group reason
    while read -r name group reason; do
        [[ -z $name || $name = \#* ]] && continue
        # A self-built Kamailio takes the place of the packages.
        [[ $group = host && -n ${KAMAILIO_MODULES:-} ]] && continue
        [[ " $groups " = *" $group "* ]] && printf '%s\t%s\n' "$name" "$reason"
    done <tools/packages
    return 0
}

missing() {
    local have name reason
    have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
    while IFS=$'\t' read -r name reason; do
        grep -qxF "$name" <<<"$have" || printf '%s\t%s\n' "$name" "$reason"
    done < <(wanted)
}

# The packages of servers start them; nothing here wants a system-wide server. The answer of
# policy-rc.d keeps them stopped, for as long as the installation takes. A machine that has an
# answer of its own keeps it.
install_quietly() {
    local policy=/usr/sbin/policy-rc.d
    as_root "refreshing the list of packages" apt-get -q update
    # shellcheck disable=SC2016 # expanded by the inner shell
    as_root "installing packages" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        bash -euc '
            policy=$1
            shift
            if [[ ! -e $policy ]]; then
                trap "rm -f $policy" EXIT
                printf "#!/bin/sh\nexit 101\n" >"$policy"
                chmod 755 "$policy"
            fi
            apt-get -q -y --no-install-recommends install "$@"
        ' install "$policy" "$@"
}

groups=$*
need_rust
if ! command -v dpkg-query >/dev/null; then
    [[ -n ${KAMAILIO_SRC:-} && -n ${KAMAILIO_MODULES:-} ]] ||
        die "this is not Debian: install what tools/packages lists, set KAMAILIO_SRC and KAMAILIO_MODULES"
    exit
fi

lacking=$(missing)
if [[ -n $lacking ]]; then
    section "Installing Debian packages"
    while IFS=$'\t' read -r name reason; do
        say "$name: $reason"
    done <<<"$lacking"
    mapfile -t names < <(cut -f 1 <<<"$lacking")
    install_quietly "${names[@]}"
fi

if [[ -z ${KAMAILIO_SRC:-} ]]; then
    version=$(installed_version kamailio)
    [[ -n $version ]] || die "KAMAILIO_MODULES is set, KAMAILIO_SRC is not: set both"
    tools/source.sh "$version" "$host_dir/kamailio-$(upstream_of "$version")"
fi

# A Diameter stack of somebody else, from the Python package index. Without it the cases that want it
# are listed as not applicable.
if [[ " $groups " = *" test "* && ! -e $host_dir/diameter/bin/python ]]; then
    section "Fetching python-diameter"
    made=$host_dir/diameter.new
    rm -rf "$made"
    if /usr/bin/python3 -m venv "$made" &&
        "$made/bin/pip" -q --disable-pip-version-check install python-diameter==0.9.0; then
        rm -rf "$host_dir/diameter"
        mv "$made" "$host_dir/diameter"
    else
        rm -rf "$made"
        say "python-diameter cannot be fetched: its cases in the S-CSCF tests will not apply"
    fi
fi
