//! The configuration that both flavors run, word for word.

use crate::storage::Kind;
use std::fmt::Display;

/// Seconds between two jobs of the module (purge, database): longer than any measurement.
pub(crate) const JOB_INTERVAL: u32 = 3600;

/// Seconds that the server is given to stop; its default of 60 would cut a long flush short.
pub(crate) const EXIT_TIMEOUT: u32 = 600;

/// The configuration text: the routing of the sample in the manual of `sca`, without what has
/// no part in a call between a shared line and an outside party.
pub(crate) fn text(
    modules: &str,
    listen: impl Display,
    outside: impl Display,
    rpc: impl Display,
    database: &str,
) -> String {
    format!(
        r#"#!KAMAILIO
debug=0
log_stderror=yes
children=2
disable_tcp=yes
auto_aliases=no
alias="{domain}"
listen=udp:{listen}
maxbuffer=4194304
exit_timeout={EXIT_TIMEOUT}
mpath="{modules}"

loadmodule "jsonrpcs.so"
loadmodule "kex.so"
loadmodule "pv.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "{driver}.so"
loadmodule "sca.so"

modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "dgram_socket", "{rpc}")
# Transactions are gone soon after an operation, so that their end is measured with it.
modparam("tm", "wt_timer", 250)
modparam("sca", "db_url", "{database}")
modparam("sca", "purge_expired_interval", {JOB_INTERVAL})
modparam("sca", "db_update_interval", {JOB_INTERVAL})

request_route {{
    if (!mf_process_maxfwd_header("10")) {{
        sl_send_reply("483", "Too Many Hops");
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) {{
            sca_call_info_update();
            t_relay();
        }}
        exit;
    }}
    if (has_totag()) {{
        if (loose_route()) {{
            route(RELAY);
        }}
        if (is_method("SUBSCRIBE") && uri==myself) {{
            route(SCA);
            exit;
        }}
        if (is_method("ACK")) {{
            if (t_check_trans()) {{
                t_relay();
            }}
            exit;
        }}
        sl_send_reply("404", "Not here");
        exit;
    }}
    t_check_trans();
    if (is_method("INVITE")) {{
        record_route();
    }}
    if (is_method("SUBSCRIBE")) {{
        route(SCA);
        exit;
    }}
    # Every callee is the outside party.
    $du = "sip:{outside}";
    route(RELAY);
}}

route[RELAY] {{
    if (is_method("INVITE|BYE|SUBSCRIBE|PRACK|REFER|UPDATE")) {{
        if (!t_is_set("onreply_route")) t_on_reply("MANAGE_REPLY");
    }}
    if (is_method("INVITE")) {{
        if (!t_is_set("failure_route")) t_on_failure("MANAGE_FAILURE");
    }}
    route(SCA);
    if (!t_relay()) {{
        sl_reply_error();
    }}
    exit;
}}

route[SCA] {{
    if (is_method("SUBSCRIBE")) {{
        if ($hdr(Event) == "call-info" || $hdr(Event) == "line-seize") {{
            sca_handle_subscribe();
            exit;
        }}
        return;
    }}
    if (!is_method("BYE|CANCEL|INVITE|PRACK|REFER")) {{
        return;
    }}
    sca_call_info_update();
    return;
}}

onreply_route[MANAGE_REPLY] {{
    if (status =~ "[456][0-9][0-9]") {{
        return;
    }}
    route(SCA);
}}

failure_route[MANAGE_FAILURE] {{
    if (t_is_canceled()) {{
        exit;
    }}
    route(SCA);
}}
"#,
        domain = crate::phones::DOMAIN,
        driver = Kind::driver(database),
    )
}
