//! The configuration that both pairs run, word for word but for `mpath`.

use super::text::{HOME, LOOKUP, LOOP};
use std::{fmt::Display, net::SocketAddr};

/// Lookups in one turn of the loop.
pub(crate) const LOOPS: usize = 50;

/// What differs between two configurations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config<'a> {
    /// The value of `mpath`.
    pub(crate) modules: &'a str,
    /// Where SIP is received.
    pub(crate) listen: SocketAddr,
    /// The file of the Diameter client.
    pub(crate) diameter: &'a str,
    /// The address of the database and the mode; none for mode 0 without a driver.
    pub(crate) database: Option<(&'a str, u8)>,
    /// Further parameters, whole lines.
    pub(crate) more: &'a str,
}

impl Config<'_> {
    /// The text, with the path of the RPC socket.
    pub(crate) fn text(self, rpc: impl Display) -> String {
        let Self { modules, listen, diameter, database, more } = self;
        let (driver, database) = match database {
            None => ("", String::new()),
            Some((url, mode)) => (
                "loadmodule \"db_mysql.so\"\n",
                format!(
                    "modparam(\"ims_usrloc_scscf\", \"db_url\", \"{url}\")\n\
                     modparam(\"ims_usrloc_scscf\", \"db_mode\", {mode})\n"
                ),
            ),
        };
        format!(
            r#"#!KAMAILIO
debug=0
log_stderror=yes
children=2
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:{listen}
alias="{HOME}"
maxbuffer=4194304
exit_timeout=600
max_while_loops=1000
mpath="{modules}"

loadmodule "jsonrpcs.so"
loadmodule "kex.so"
loadmodule "pv.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
{driver}loadmodule "cdp.so"
loadmodule "cdp_avp.so"
loadmodule "presence.so"
loadmodule "ims_dialog.so"
loadmodule "ims_usrloc_scscf.so"
loadmodule "ims_registrar_scscf.so"

modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "dgram_socket", "{rpc}")
# Transactions are gone soon after an operation, so that their end is measured with it.
modparam("tm", "wt_timer", 250)
modparam("cdp", "config_file", "{diameter}")
modparam("ims_dialog", "dlg_flag", 4)
modparam("ims_registrar_scscf", "scscf_name", "sip:{listen}")
modparam("ims_registrar_scscf", "cxdx_dest_realm", "{HOME}")
modparam("ims_registrar_scscf", "max_expires", 600000)
modparam("ims_registrar_scscf", "use_path", 1)
modparam("ims_registrar_scscf", "path_mode", 1)
{database}{more}
request_route {{
    if (method=="REGISTER") {{
        save("SAVED", "location", "0", "0");
        exit;
    }}
    if (method=="{LOOKUP}") {{
        if (!lookup("location")) {{
            sl_send_reply("404", "Not Found");
            exit;
        }}
    }} else if (method=="{LOOP}") {{
        $var(uri) = $ru;
        $var(turn) = 0;
        while ($var(turn) < {LOOPS}) {{
            $ru = $var(uri);
            if (!lookup("location")) {{
                sl_send_reply("404", "Not Found");
                exit;
            }}
            $var(turn) = $var(turn) + 1;
        }}
    }} else if (method=="SUBSCRIBE") {{
        t_newtran();
        if (!can_subscribe_to_reg("location")) {{
            t_reply("403", "Forbidden");
            exit;
        }}
        subscribe_to_reg("location");
        exit;
    }}
    sl_send_reply("200", "OK");
    exit;
}}

route[SAVED] {{
    exit;
}}
"#
        )
    }
}
