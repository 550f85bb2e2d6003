//! What an S-CSCF is started with.

use crate::{
    database::{Dialect, schema},
    diameter::{
        Application, Hss, Package, hss,
        setup::{accepting_file, client_file},
    },
    host::{Host, own_address},
    install::Flavor,
    scscf::{Lab, Mix, subscriber},
    setup::{Load, Setup, Value},
    steady,
    wait::{PATIENCE, until},
};
use std::net::SocketAddr;

/// Challenges and registers, as in real life.
const HOME: &str = include_str!("route.cfg");

/// Calls one function at a time, and tells what it returned.
const ROUTES: &str = include_str!("do.cfg");

/// How long a client usually waits for an answer, as its file says it.
const IMPATIENT: &str = "TransactionTimeout=\"2\"";

/// How long one waits where the HSS may take its time.
const PATIENT: &str = "TransactionTimeout=\"6\"";

/// For how many seconds a peer may usually be silent, as the file says it.
const WATCHFUL: &str = "Tc=\"1\"";

/// The file of a client whose HSS may take its time, as one on a busy machine does.
fn patient_file(hss: &Hss) -> String {
    let file = client_file("scscf.ims.test", hss, &[Application::CX]);
    file.replace(IMPATIENT, PATIENT)
}

/// What an S-CSCF is started with.
#[derive(Debug)]
pub struct Plan {
    /// The host; free to change.
    pub setup: Setup,
    /// The HSS that it asks.
    pub hss: Hss,
    mix: Mix,
    address: SocketAddr,
    alone: bool,
}

impl Plan {
    /// An S-CSCF with an HSS of its own that knows everybody.
    pub fn new(mix: Mix) -> Self {
        let hss = Hss::start(Vec::new());
        hss.welcome(subscriber);
        Self::of(mix, &hss)
    }

    /// As [`Plan::new`], with `hss`.
    pub fn of(mix: Mix, hss: &Hss) -> Self {
        let ours = "case \"unregister_all\":
            unregister(\"location\");
            $var(rc) = $rc;
            break;
        case \"auth_failed\":
            assign_server_auth_failed(\"$tu\", \"$hdr(X-Reason)\");
            $var(rc) = $rc;
            break;";
        let ours = if mix.registrar() == Flavor::Ours { ours } else { "" };
        let plan = Self::made(mix, hss).with(|setup| {
            setup
                .routes(ROUTES)
                .word("{second_save}", "")
                .word("{second}", "")
                .word("{saved}", "")
                .word("{beyond}", "")
                .word("{dialog}", "")
                .word("{isc}", "")
                .word("{routes}", "")
                .word("{ours}", ours)
        });
        plan.registrar("received_avp", "$avp(received)")
    }

    /// An S-CSCF of Kamailio's own modules that asks `hss` and challenges its clients.
    pub fn home(hss: &Hss) -> Self {
        let mut plan = Self::made(Mix::C, hss);
        let name = format!("sip:{}", plan.address);
        plan.setup.after.push(Load::Stock("ims_auth"));
        plan.with(|setup| {
            setup
                .param("ims_auth", "name", name)
                .param("ims_auth", "cxdx_dest_realm", hss::REALM)
                .routes(HOME)
                .word("{realm}", hss::REALM)
        })
    }

    fn made(mix: Mix, hss: &Hss) -> Self {
        let address = own_address();
        let mut setup = Setup::of("ims_usrloc_scscf")
            .module("tmx")
            .module("cdp")
            .module("cdp_avp")
            .module("ims_dialog")
            .module("presence")
            .module("cfg_rpc")
            .param("cdp", "config_file", "{folder}/cdp.xml")
            .param("ims_dialog", "dlg_flag", 4)
            .param("tm", "fr_timer", 8000)
            .param("ims_usrloc_scscf", "timer_interval", 1)
            .param("ims_usrloc_scscf", "contact_delete_delay", 1)
            .param("ims_registrar_scscf", "scscf_name", format!("sip:{address}"))
            .param("ims_registrar_scscf", "cxdx_dest_realm", hss::REALM)
            // What 5.6 takes when nothing is said lets nobody stay.
            .param("ims_registrar_scscf", "max_expires", 600_000)
            .param("ims_registrar_scscf", "use_path", 1)
            .param("ims_registrar_scscf", "path_mode", 1)
            .with_file("cdp.xml", &patient_file(hss));
        setup.flavor = mix.usrloc();
        setup.tables = || schema(Dialect::Sqlite);
        setup.alias = "scscf.ims.test";
        setup.address = Some(address);
        setup.shared = 64;
        setup.after.push(Load::Subject("ims_registrar_scscf", mix.registrar()));
        Self { setup, hss: hss.clone(), mix, address, alone: false }
    }

    /// Where it will listen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the setup of the host.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(Setup) -> Setup) -> Self {
        self.setup = change(self.setup);
        self
    }

    /// Sets a parameter of `ims_usrloc_scscf`.
    #[must_use]
    pub fn usrloc(self, name: &str, value: impl Value) -> Self {
        self.with(|setup| setup.param("ims_usrloc_scscf", name, value))
    }

    /// Sets a parameter of `ims_registrar_scscf`.
    #[must_use]
    pub fn registrar(self, name: &str, value: impl Value) -> Self {
        self.with(|setup| setup.param("ims_registrar_scscf", name, value))
    }

    /// Leaves a parameter of `ims_registrar_scscf` at its default.
    #[must_use]
    pub fn default_registrar(self, name: &str) -> Self {
        self.with(|setup| setup.without("ims_registrar_scscf", name))
    }

    /// Grants down to `seconds`.
    #[must_use]
    pub fn short(self, seconds: i32) -> Self {
        self.registrar("min_expires", seconds)
    }

    /// Waits no longer than two seconds for the HSS.
    #[must_use]
    pub fn impatient(self) -> Self {
        let file = client_file("scscf.ims.test", &self.hss, &[Application::CX]);
        self.with(|setup| setup.with_file("cdp.xml", &file))
    }

    /// Has room for the transactions of thousands of rounds, and keeps a connection on which the HSS is
    /// silent for some seconds: that of a busy machine is. A connection that was closed is opened again
    /// as much later.
    #[must_use]
    pub fn steady(self) -> Self {
        let file = patient_file(&self.hss).replace(WATCHFUL, "Tc=\"5\"");
        self.with(|setup| steady::short(setup).with_file("cdp.xml", &file))
    }

    /// Shows granted times as they are, without what the clients are to be early by.
    #[must_use]
    pub fn exact(self) -> Self {
        self.registrar("expires_buffer_percent", 0)
    }

    /// Loads `ims_isc`, and asks it for the trigger of every request that starts something, in the
    /// direction that X-Case names (`orig` or `term`), and of every registration.
    #[must_use]
    pub fn isc(mut self) -> Self {
        self.setup.after.push(Load::Stock("ims_isc"));
        let own = self.address.to_string();
        self.with(|setup| {
            setup
                .param("ims_isc", "my_uri", own)
                .word(
                    "{isc}",
                    "if ($hdr(X-Case) == \"orig\") {
        if (isc_match_filter(\"orig\", \"location\")) {
            t_relay();
            exit;
        }
        append_to_reply(\"X-Triggered: no\\r\\n\");
        sl_send_reply(\"200\", \"No Trigger\");
        exit;
    }
    if ($hdr(X-Case) == \"term\") {
        if (isc_match_filter(\"term\", \"location\")) {
            t_relay();
            exit;
        }
        append_to_reply(\"X-Triggered: no\\r\\n\");
        sl_send_reply(\"200\", \"No Trigger\");
        exit;
    }",
                )
                .word("{saved}", "isc_match_filter_reg(\"0\", \"location\");")
        })
    }

    /// Knows a second domain, which functions called `…_second` use and which REGISTER goes to when
    /// X-Save says `second`. The timer of the C store misses contacts that expire then.
    #[must_use]
    pub fn two_domains(self) -> Self {
        let one = |name: &str, call: &str| {
            format!("case \"{name}\":\n{call};\n$var(rc) = $rc;\nbreak;\n")
        };
        let save = one("second", "save(\"SAVED\", \"loc2\", \"0\", \"0\")");
        let rest = one("lookup_second", "lookup(\"loc2\")")
            + &one("registered_second", "impu_registered(\"loc2\")");
        self.with(|setup| setup.word("{second_save}", &save).word("{second}", &rest))
    }

    /// Asks the HSS of `package` instead of its own.
    #[must_use]
    pub fn packaged(self, package: &Package) -> Self {
        self.with(|setup| setup.with_file("cdp.xml", &package.client_file())).alone()
    }

    /// Knows no Diameter peer: the HSS connects to it, at the port 3868 of its own address.
    #[must_use]
    pub fn accepting(self) -> Self {
        let applications = &[Application::CX];
        let file =
            accepting_file("scscf.ims.test", &self.hss, applications, self.diameter_address());
        self.with(|setup| setup.with_file("cdp.xml", &file.replace(IMPATIENT, PATIENT))).alone()
    }

    /// Where it waits for an HSS after [`Plan::accepting`].
    pub fn diameter_address(&self) -> SocketAddr {
        SocketAddr::new(self.address.ip(), 3868)
    }

    /// Does not wait for an open connection to the HSS.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Starts it and waits until it can ask the HSS.
    pub fn start(self) -> Lab {
        let host = Host::start(self.setup);
        let lab = Lab { host, hss: self.hss, mix: self.mix };
        if !self.alone {
            lab.connected();
        }
        lab
    }

    /// Starts it although it must refuse to run, and gives its log.
    pub fn refused(self) -> String {
        Host::refused(self.setup)
    }
}

impl Lab {
    /// Waits until it can ask the HSS.
    pub fn connected(&self) {
        self.hss.connected();
        self.open();
    }

    /// Waits until it has seen that the connection to the HSS is closed.
    pub fn closed(&self) {
        until("a closed Diameter connection", PATIENCE, || {
            (!self.host.rpc(&["cdp.list_peers"]).ok()?.contains("_Open")).then_some(())
        });
    }

    /// Waits for an open connection to whatever HSS it has.
    pub fn open(&self) {
        // The client takes the connection for open once it has read the answer, and loses what it is
        // to send before.
        until("an open Diameter connection", PATIENCE * 2, || {
            self.host.rpc(&["cdp.list_peers"]).ok()?.contains("_Open").then_some(())
        });
    }
}
