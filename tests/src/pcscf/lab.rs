//! A running P-CSCF with its core, and what it is started with.

use crate::{
    database::Dialect,
    draft::Draft,
    host::{Host, own_address},
    install::{Flavor, install},
    message::Message,
    pcscf::{Core, LOCATION, Mix, Ue, ue},
    setup::{Load, Setup, Storage, Value},
    sqlite,
};
use std::{
    net::{Ipv6Addr, SocketAddr, UdpSocket},
    sync::LazyLock,
    time::Duration,
};

const ROUTES: &str = include_str!("route.cfg");

/// The tables that `pua` asks for.
static PRESENCE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let script = |name| install().shipped(&format!("/usr/share/kamailio/db_sqlite/{name}"));
    sqlite::empty(&(script("standard-create.sql") + &script("presence-create.sql")))
});

/// What a P-CSCF is started with.
#[derive(Debug)]
pub struct Plan {
    /// The host; free to change.
    pub setup: Setup,
    /// The core that it relays to.
    pub core: Core,
    mix: Mix,
    v6: Option<SocketAddr>,
}

/// A running P-CSCF with its core.
#[derive(Debug)]
pub struct Lab {
    /// The host.
    pub host: Host,
    /// The core behind it.
    pub core: Core,
    /// Whose modules it runs.
    pub mix: Mix,
    v6: Option<SocketAddr>,
}

/// A registration that went all the way.
#[derive(Debug)]
pub struct Exchange {
    /// The REGISTER as the core got it.
    pub relayed: Message,
    /// What the client was answered.
    pub reply: Message,
}

impl Exchange {
    /// What `pcscf_save_pending` returned.
    pub fn pending(&self) -> i32 {
        ue::rc(&self.reply)
    }

    /// What `pcscf_save` returned.
    pub fn saved(&self) -> i32 {
        ue::saved(&self.reply)
    }
}

impl Plan {
    /// A P-CSCF without a database.
    pub fn new(mix: Mix) -> Self {
        Self::beside(mix, None)
    }

    /// As [`Plan::new`], for another P-CSCF of the same `core`.
    pub fn of(mix: Mix, core: &Core) -> Self {
        Self::beside(mix, Some(core))
    }

    fn beside(mix: Mix, core: Option<&Core>) -> Self {
        let address = own_address();
        let core = core.cloned().unwrap_or_else(|| Core::new(address));
        let mut setup = Setup::of("ims_usrloc_pcscf")
            .module("db_sqlite")
            .module("pua")
            .with_bytes("pua.sqlite", &PRESENCE)
            .param("pua", "db_url", "sqlite:///{folder}/pua.sqlite")
            .param("pua", "outbound_proxy", core.uri())
            .param("tm", "fr_timer", 8000)
            .param("tm", "fr_inv_timer", 60_000)
            .routes(ROUTES)
            .word("{domain}", LOCATION)
            .word("{saved}", "")
            .word("{core}", &core.uri())
            .word("{core_ip}", &core.local().ip().to_string())
            .word("{core_port}", &core.local().port().to_string());
        setup.flavor = mix.usrloc();
        setup.tables = || crate::pcscf::tables::tables(Dialect::Sqlite);
        setup.alias = "pcscf.ims.test";
        setup.address = Some(address);
        if mix.registrar() == Flavor::C {
            setup.after.push(Load::Stock("ims_ipsec_pcscf"));
        }
        setup.after.push(Load::Subject("ims_registrar_pcscf", mix.registrar()));
        let plan = Self { setup, core, mix, v6: None };
        plan.registrar("pcscf_uri", "sip:pcscf.ims.test")
    }

    /// Changes the setup of the host.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(Setup) -> Setup) -> Self {
        self.setup = change(self.setup);
        self
    }

    /// Sets a parameter of `ims_usrloc_pcscf`.
    #[must_use]
    pub fn usrloc(self, name: &str, value: impl Value) -> Self {
        self.with(|setup| setup.param("ims_usrloc_pcscf", name, value))
    }

    /// Sets a parameter of `ims_registrar_pcscf`.
    #[must_use]
    pub fn registrar(self, name: &str, value: impl Value) -> Self {
        self.with(|setup| setup.param("ims_registrar_pcscf", name, value))
    }

    /// Contacts go after their time plus `grace`; the timer looks every second.
    #[must_use]
    pub fn aging(self, grace: i32) -> Self {
        self.usrloc("timer_interval", 1).usrloc("expires_grace", grace)
    }

    /// Subscribes to registrations at the core, and publishes what the P-CSCF ends.
    #[must_use]
    pub fn subscribing(self) -> Self {
        let core = self.core.uri();
        self.registrar("subscribe_to_reginfo", 1)
            .registrar("publish_reginfo", 1)
            .registrar("force_icscf_uri", core)
    }

    /// Stores contacts in `storage`, in the way of `mode`.
    #[must_use]
    pub fn stored(self, storage: Storage, mode: i32) -> Self {
        self.with(|setup| setup.storage(storage)).usrloc("db_mode", mode)
    }

    /// Listens on TCP as well.
    #[must_use]
    pub fn tcp(mut self) -> Self {
        self.setup.tcp = true;
        self
    }

    /// Loads `ims_ipsec_pcscf`, which the C registrar has anyway.
    #[must_use]
    pub fn ipsec(mut self) -> Self {
        if self.mix.registrar() == Flavor::Ours {
            self.setup.after.insert(0, Load::Stock("ims_ipsec_pcscf"));
        }
        self
    }

    /// Listens on IPv6 as well.
    #[must_use]
    pub fn v6(mut self) -> Self {
        // The kernel names a free port; nobody else asks for this one in the next moments.
        let free = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        self.v6 = Some(free);
        self.with(|setup| setup.global(&format!("listen=udp:{free}")))
    }

    /// Starts it.
    pub fn start(self) -> Lab {
        let Self { setup, core, mix, v6 } = self;
        Lab { host: Host::start(setup), core, mix, v6 }
    }

    /// Starts it although it must refuse to run, and gives its log.
    pub fn refused(self) -> String {
        Host::refused(self.setup)
    }
}

impl Lab {
    /// A P-CSCF without a database.
    pub fn start(mix: Mix) -> Self {
        Plan::new(mix).start()
    }

    /// A client on UDP.
    pub fn ue(&self, user: &str) -> Ue {
        Ue::new(self.host.address(), user)
    }

    /// A client on UDP at `local`, such as `127.0.0.2:0`.
    pub fn ue_at(&self, local: &str, user: &str) -> Ue {
        Ue::at(local.parse().unwrap(), self.host.address(), user)
    }

    /// A client on IPv6.
    pub fn ue_v6(&self, user: &str) -> Ue {
        let host = self.v6.expect("a plan with v6()");
        Ue::at((Ipv6Addr::LOCALHOST, 0).into(), host, user)
    }

    /// Sends a REGISTER and gives it as the core got it.
    pub fn relayed(&self, ue: &Ue, register: &Draft) -> Message {
        ue.send(register);
        self.core.take("a REGISTER", |message| {
            message.method() == "REGISTER" && message.find("Call-ID") == register.find("Call-ID")
        })
    }

    /// A whole registration: `register` goes to the core, which answers what `answer` makes of the
    /// usual 200.
    pub fn exchange(
        &self,
        ue: &Ue,
        register: &Draft,
        answer: impl FnOnce(Draft) -> Draft,
    ) -> Exchange {
        let relayed = self.relayed(ue, register);
        let answer = answer(self.core.ok(&relayed));
        let p_cscf = relayed.sent_by(0).unwrap_or_else(|| self.host.address());
        self.core.send_to(&answer, p_cscf);
        let reply = ue.final_reply(register);
        Exchange { relayed, reply }
    }

    /// Registers `ue` for 600 seconds with three identities and one route.
    pub fn register(&self, ue: &Ue) -> Exchange {
        let done = self.exchange(ue, &ue.register(600), |ok| ok);
        assert_eq!((done.pending(), done.saved()), (1, 1), "{:?}", done.reply);
        done
    }

    /// Ends the registration of `ue`.
    pub fn leave(&self, ue: &Ue) -> Exchange {
        self.exchange(ue, &ue.register(0), |ok| ok)
    }

    /// The SUBSCRIBE that follows a registration.
    pub fn subscribed(&self) -> Message {
        self.core.incoming("SUBSCRIBE")
    }

    /// Sends a NOTIFY of the core and gives what the registrar returned.
    pub fn notified(&self, notify: &Draft) -> i32 {
        ue::rc(&self.core.ask(notify))
    }

    /// Waits until the store has `wanted` contacts.
    pub fn wait_count(&self, wanted: u64, limit: Duration) {
        let mut last = 0;
        let end = std::time::Instant::now() + limit;
        while std::time::Instant::now() < end {
            last = self.count();
            if last == wanted {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("waited {limit:?} for {wanted} contacts, there are {last}");
    }
}
