//! The configuration that both pairs run, word for word but for `mpath`.

use super::rows::TABLE;
use crate::storage::Kind;
use std::{fmt::Display, net::SocketAddr};

/// What differs between two configurations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config<'a> {
    /// The value of `mpath`.
    pub(crate) modules: &'a str,
    /// Processes that take requests.
    pub(crate) workers: usize,
    /// Where SIP is received.
    pub(crate) listen: SocketAddr,
    /// The home network.
    pub(crate) core: SocketAddr,
    /// The database's address and the mode; none for mode 0 without a driver.
    pub(crate) database: Option<(&'a str, u8)>,
    /// Further parameters of `ims_usrloc_pcscf`, whole lines.
    pub(crate) more: &'a str,
}

impl Config<'_> {
    /// The text, with the path of the RPC socket.
    pub(crate) fn text(self, rpc: impl Display) -> String {
        let Self { modules, workers, listen, core, database, more } = self;
        let (driver, database) = match database {
            None => (String::new(), String::new()),
            Some((url, mode)) => (
                format!("loadmodule \"{}.so\"\n", Kind::driver(url)),
                format!(
                    "modparam(\"ims_usrloc_pcscf\", \"db_url\", \"{url}\")\n\
                     modparam(\"ims_usrloc_pcscf\", \"db_mode\", {mode})\n"
                ),
            ),
        };
        format!(
            r#"#!KAMAILIO
debug=0
log_stderror=yes
children={workers}
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:{listen}
maxbuffer=4194304
exit_timeout=600
mpath="{modules}"

loadmodule "jsonrpcs.so"
loadmodule "kex.so"
loadmodule "pv.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "xlog.so"
{driver}loadmodule "ims_usrloc_pcscf.so"
loadmodule "ims_ipsec_pcscf.so"
loadmodule "ims_registrar_pcscf.so"

modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "dgram_socket", "{rpc}")
# Transactions are gone soon after an operation, so that their end is measured with it.
modparam("tm", "wt_timer", 250)
modparam("ims_ipsec_pcscf", "ipsec_listen_addr", "{ip}")
{database}{more}
request_route {{
    if (method=="REGISTER") {{
        if (!pcscf_save_pending("{TABLE}")) {{
            sl_send_reply("500", "Not pending");
            exit;
        }}
        $du = "sip:{core}";
        t_on_reply("SAVE");
        if (!t_relay()) {{
            sl_reply_error();
        }}
        exit;
    }}
    if (method=="MESSAGE") {{
        if (!pcscf_is_registered("{TABLE}")) {{
            sl_send_reply("403", "Not registered");
            exit;
        }}
    }} else if (method=="PUBLISH") {{
        if (!pcscf_force_service_routes("{TABLE}")) {{
            sl_send_reply("403", "No service route");
            exit;
        }}
    }}
    sl_send_reply("200", "OK");
    exit;
}}

onreply_route[SAVE] {{
    if (!pcscf_save("{TABLE}")) {{
        xlog("L_ALERT", "not saved\n");
    }}
}}
"#,
            ip = listen.ip(),
        )
    }
}
