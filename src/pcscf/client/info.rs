//! What callers tell the module: where to look, and what to store.

use crate::{few::Few, pcscf::info::KNOWN, text};
use core::{mem, ptr};
use kamailio_sys::{self as sys, pcscf as raw};
use pcscf_core::Parts;

/// One end of a connection. The host is text, as it came: a name or an address in any spelling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Peer<'t> {
    /// The host.
    pub host: &'t [u8],
    /// The port.
    pub port: u16,
    /// The transport, by the number of the core; 0 if it is open.
    pub proto: u16,
}

impl<'t> Peer<'t> {
    /// The host as the module may be given it: that of C cannot take an empty one.
    pub(super) fn host_text(&self) -> &'t [u8] {
        if self.host.is_empty() { b"0.0.0.0" } else { self.host }
    }
}

/// Which pair of addresses of a contact is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// [`Search::via`] with the host and port of the contact URI.
    Normal,
    /// [`Search::received`] with where the contact came from, among the contacts of the host in
    /// [`Search::via`].
    Received,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search<'t> {
    /// The contact URI; may be empty. Its `rinstance` counts, and its user if the module is
    /// configured so.
    pub aor: &'t [u8],
    /// The parts of the contact URI, so that a module of ours need not read it.
    pub parts: Option<Parts<'t>>,
    /// The sender as it calls itself: the `Via`, or the host and port of the contact URI.
    pub via: Peer<'t>,
    /// Where the message came from.
    pub received: Peer<'t>,
    /// Which of the two is compared.
    pub mode: Mode,
    /// The states that count, as bits; 0: any.
    pub states: u32,
    /// If not empty: the Service-Routes that the contact must have, all of them in order.
    pub service_routes: &'t [&'t [u8]],
    /// What the module remembers will do, though another server may have changed it in the database:
    /// the caller replaces it, or looks again. That of C never looks.
    pub known: bool,
}

/// What is stored.
#[derive(Debug, Clone, Copy)]
pub struct Info<'t> {
    /// The contact URI.
    pub aor: &'t [u8],
    /// Its parts, for a new contact, so that a module of ours need not read it.
    pub parts: Option<Parts<'t>>,
    /// The sender as it calls itself.
    pub via: Peer<'t>,
    /// Where the message came from.
    pub received: Peer<'t>,
    /// The new state.
    pub state: u32,
    /// Seconds since 1970; an update leaves the time as it is for 0.
    pub expires: i64,
    /// The public identities, the default one first. An update of the module of C takes them only
    /// for a contact that has none.
    pub public_ids: &'t [&'t [u8]],
    /// The Service-Routes, without angle brackets; an update leaves them as they are for none.
    pub service_routes: &'t [&'t [u8]],
    /// The routes to the phone that the REGISTER named in `Path`; may be empty. The module of C
    /// does not keep them.
    pub path: &'t [u8],
}

impl<'t> Info<'t> {
    /// A change of nothing but the state.
    pub const fn state(state: u32) -> Self {
        let nobody = Peer { host: b"", port: 0, proto: 0 };
        Self {
            aor: b"",
            parts: None,
            via: nobody,
            received: nobody,
            state,
            expires: 0,
            public_ids: &[],
            service_routes: &[],
            path: b"",
        }
    }

    /// As the module wants it; it borrows the texts, and the lists from `self`.
    pub(super) fn to_raw(self) -> Lent<'t> {
        let mut lent = Lent::new(self.aor, self.via, self.received);
        lent.info.reg_state = self.state;
        lent.info.expires = self.expires;
        lent.ids(self.public_ids);
        lent.routes(self.service_routes);
        lent.path = text::lend(self.path);
        lent
    }
}

impl<'t> Search<'t> {
    /// As [`Info::to_raw`].
    pub(super) fn to_raw(self) -> Lent<'t> {
        let mut lent = Lent::new(self.aor, self.via, self.received);
        lent.info.searchflag = match self.mode {
            Mode::Normal => 0,
            Mode::Received => 1,
        };
        lent.info.reg_state = self.states;
        if !self.service_routes.is_empty() {
            lent.info.extra_search_criteria = 1;
            lent.routes(self.service_routes);
        }
        lent
    }
}

/// A struct of the module that shows texts of ours.
pub(super) struct Lent<'t> {
    info: raw::pcontact_info_t,
    ids: Few<sys::str_>,
    routes: Few<sys::str_>,
    aor: sys::str_,
    path: sys::str_,
    _texts: core::marker::PhantomData<&'t [u8]>,
}

const NO_TEXTS: Few<sys::str_> = Few::new(sys::str_ { s: ptr::null_mut(), len: 0 });

impl Lent<'_> {
    fn new(aor: &[u8], via: Peer<'_>, received: Peer<'_>) -> Self {
        // SAFETY: a struct of texts and numbers, for which zeroes are none.
        let mut info: raw::pcontact_info_t = unsafe { mem::zeroed() };
        // An empty text stands for none, which the module knows by its address.
        info.aor = match aor {
            [] => sys::str_ { s: ptr::null_mut(), len: 0 },
            aor => text::lend(aor),
        };
        info.via_host = text::lend(via.host_text());
        info.via_port = via.port;
        info.via_prot = via.proto;
        info.received_host = text::lend(received.host_text());
        info.received_port = received.port;
        info.received_proto = received.proto;
        let (aor, path) = (info.aor, text::lend(b""));
        let [ids, routes] = [NO_TEXTS; 2];
        Self { info, ids, routes, aor, path, _texts: core::marker::PhantomData }
    }

    fn ids(&mut self, ids: &[&[u8]]) {
        ids.iter().for_each(|id| self.ids.push(text::lend(id)));
        self.info.num_public_ids = i32::try_from(self.ids.len()).unwrap_or(0);
    }

    fn routes(&mut self, routes: &[&[u8]]) {
        routes.iter().for_each(|route| self.routes.push(text::lend(route)));
        self.info.num_service_routes = i32::try_from(self.routes.len()).unwrap_or(0);
    }

    /// Says so of a search, to our own module.
    pub(super) fn set_known(&mut self) {
        self.info.searchflag |= KNOWN;
    }

    /// The struct, good until `self` is moved: it may point into it.
    pub(super) fn as_raw(&mut self) -> *mut raw::pcontact_info_t {
        if self.path.len > 0 {
            self.info.path = &raw mut self.path;
        }
        self.info.public_ids = self.ids.as_mut_ptr();
        self.info.service_routes = self.routes.as_mut_ptr();
        &raw mut self.info
    }

    /// The contact URI alone.
    pub(super) fn aor(&mut self) -> *mut sys::str_ {
        &raw mut self.aor
    }
}
