#!/usr/bin/env bash
# test-6.1.sh: the tests in the real host on Kamailio 6.1, which no release of Debian ships yet: its
# source package is built here once, with the modules that the tests load.
source "$(dirname "$0")/lib.sh"

version=6.1.4
checksum=290624b6624edc230af0fc458fb7e481e64b893be7cb5084398e587942992e0a
folder=$host_dir/6.1
tree=$folder/kamailio-$version
installed=$folder/installed-$version
modules=(
    acc app_jsdt auth auth_db cdp cdp_avp cfg_rpc corex ctl db_cluster db_mysql db_postgres db_sqlite dialog htable
    ims_auth ims_dialog ims_icscf ims_ipsec_pcscf ims_isc ims_qos ims_registrar_pcscf ims_registrar_scscf
    ims_usrloc_pcscf ims_usrloc_scscf jsonrpcs kex maxfwd nathelper path permissions presence pua pv
    registrar rr sanity sca siputils sl textops textopsx tm tmx usrloc xlog
)

# KAMAILIO_6_1_ARCHIVE is the source as a file, for machines whose archive has dropped it.
fetch() {
    local archive=$folder/kamailio_$version.orig.tar.gz from
    mkdir -p "$folder"
    if [[ -n ${KAMAILIO_6_1_ARCHIVE:-} ]]; then
        cp "$KAMAILIO_6_1_ARCHIVE" "$archive"
    else
        from=${DEBIAN_MIRROR:-$(mirror)}
        [[ -n $from ]] || die "apt has no archive of Debian: set DEBIAN_MIRROR or KAMAILIO_6_1_ARCHIVE"
        section "Fetching the source of Kamailio $version"
        curl --fail --silent --show-error --location --max-time 600 -o "$archive" \
            "${from%/}/pool/main/k/kamailio/kamailio_$version.orig.tar.gz" ||
            die "the archive of this machine has no source of Kamailio $version: set KAMAILIO_6_1_ARCHIVE"
    fi
    sha256sum --quiet --check <<<"$checksum  $archive" || die "$archive is not what it should be"
    tar -C "$folder" -xf "$archive"
}

build() {
    local log=$folder/build.log
    section "Building Kamailio $version, once, about four minutes"
    rm -rf "$folder/build" "$installed"
    {
        cmake -S "$tree" -B "$folder/build" -DCMAKE_BUILD_TYPE=Release \
            -DCMAKE_INSTALL_PREFIX="$installed" -DMODULE_GROUP_NAME=" " \
            -DINCLUDE_MODULES="${modules[*]}" &&
            cmake --build "$folder/build" --parallel "$(nproc)" &&
            cmake --install "$folder/build"
    } >"$log" 2>&1 || {
        tail -n 30 "$log" >&2
        die "Kamailio $version did not build"
    }
    rm -rf "$folder/build"
    echo "${modules[*]}" >"$installed/.complete"
}

tools/deps.sh host build play test debug source
# Built anew when the tests load more than before.
[[ -f $installed/.complete && $(<"$installed/.complete") = "${modules[*]}" ]] || {
    fetch
    build
}

KAMAILIO=$installed/sbin/kamailio
KAMAILIO_SRC=$tree
KAMAILIO_MODULES=$installed/lib/kamailio/modules
CARGO_TARGET_DIR=$target_dir/6.1
MODULES_DIR=$CARGO_TARGET_DIR/modules
PATH=$installed/sbin:$PATH
export KAMAILIO KAMAILIO_SRC KAMAILIO_MODULES CARGO_TARGET_DIR MODULES_DIR
tools/build.sh --with-probe

section "Tests in a real Kamailio $version"
cargo test --locked --no-fail-fast -p host-tests
