//! An S-CSCF of one test: a host of its own with an HSS behind it.

use crate::{
    diameter::{Application, Hss, hss, setup::client_file},
    host::{Host, own_address},
    install::Flavor,
    setup::{Load, Setup},
    wait::{PATIENCE, until},
};
use std::net::SocketAddr;

const ROUTES: &str = include_str!("route.cfg");

/// What an S-CSCF is started with.
#[derive(Debug)]
pub struct Plan {
    /// The host; free to change.
    pub setup: Setup,
    hss: Hss,
    address: SocketAddr,
}

/// A running S-CSCF.
#[derive(Debug)]
pub struct Scscf {
    /// The host.
    pub host: Host,
    /// What knows its subscribers.
    pub hss: Hss,
}

impl Plan {
    /// An S-CSCF of Kamailio's own modules that asks `hss`.
    pub fn new(hss: &Hss) -> Self {
        let address = own_address();
        let name = format!("sip:{address}");
        let file = client_file("scscf.ims.test", hss, &[Application::CX]);
        let mut setup = Setup::of("ims_usrloc_scscf")
            .module("tmx")
            .module("cdp")
            .module("cdp_avp")
            .module("ims_dialog")
            .module("presence")
            .param("cdp", "config_file", "{folder}/cdp.xml")
            .param("ims_dialog", "dlg_flag", 4)
            .param("tm", "fr_timer", 8000)
            .param("ims_usrloc_scscf", "timer_interval", 1)
            .param("ims_usrloc_scscf", "contact_delete_delay", 1)
            .param("ims_auth", "name", name.as_str())
            .param("ims_auth", "cxdx_dest_realm", hss::REALM)
            .param("ims_registrar_scscf", "scscf_name", name)
            .param("ims_registrar_scscf", "cxdx_dest_realm", hss::REALM)
            // What 5.6 takes when nothing is said lets nobody stay.
            .param("ims_registrar_scscf", "max_expires", 600_000)
            .param("ims_registrar_scscf", "use_path", 1)
            .param("ims_registrar_scscf", "path_mode", 1)
            .with_file("cdp.xml", &file)
            .routes(ROUTES)
            .word("{realm}", hss::REALM);
        setup.flavor = Flavor::C;
        setup.alias = "scscf.ims.test";
        setup.address = Some(address);
        setup.shared = 64;
        setup.after.push(Load::Stock("ims_registrar_scscf"));
        setup.after.push(Load::Stock("ims_auth"));
        Self { setup, hss: hss.clone(), address }
    }

    /// Where it will listen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts it and waits until it can ask the HSS.
    pub fn start(self) -> Scscf {
        let host = Host::start(self.setup);
        self.hss.connected();
        // The client takes the connection for open once it has read the answer, and loses what it is
        // to send before.
        until("an open Diameter connection", PATIENCE, || {
            host.rpc(&["cdp.list_peers"]).ok()?.contains("_Open").then_some(())
        });
        Scscf { host, hss: self.hss }
    }
}

impl Scscf {
    /// Its address as a URI.
    pub fn uri(&self) -> String {
        format!("sip:{}", self.host.address())
    }

    /// The route that it teaches registered clients.
    pub fn service_route(&self) -> String {
        format!("<sip:orig@{};lr>", self.host.address())
    }

    /// What it says of the public identity `identity`: `registered`, or nothing when it does not
    /// know it.
    pub fn state(&self, identity: &str) -> Option<String> {
        let text = self.host.rpc(&["ulscscf.showimpu", identity]).ok()?;
        let state = text.lines().find_map(|line| line.trim().strip_prefix("state:"))?;
        Some(state.trim().to_owned())
    }
}
