//! A contact, as the module keeps it, and what a REGISTER says of one.

use crate::{socket::Socket, text};
use core::{
    ffi::c_int,
    iter,
    marker::PhantomData,
    mem,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as sys, scscf as raw};

/// A record of the module, readable while an identity that it is linked to is locked.
#[derive(Debug)]
pub struct Contact<'g>(pub(super) NonNull<raw::ucontact>, PhantomData<&'g raw::ucontact>);

/// What becomes of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is registered, unless its time is over.
    Valid,
    /// Somebody is about to remove it.
    DeletePending,
    /// Its time is over, and who watches is to be told.
    ExpirePendingNotify,
    /// It is removed and will be taken out of the memory.
    Deleted,
    /// Nobody has it any more.
    DelayedDelete,
    /// Its time is over, and who watches has been told.
    NotifyReady,
    /// A number of another version.
    Other(u32),
}

impl State {
    fn from_raw(state: u32) -> Self {
        match state {
            raw::contact_state::CONTACT_VALID => Self::Valid,
            raw::contact_state::CONTACT_DELETE_PENDING => Self::DeletePending,
            raw::contact_state::CONTACT_EXPIRE_PENDING_NOTIFY => Self::ExpirePendingNotify,
            raw::contact_state::CONTACT_DELETED => Self::Deleted,
            raw::contact_state::CONTACT_DELAYED_DELETE => Self::DelayedDelete,
            raw::contact_state::CONTACT_NOTIFY_READY => Self::NotifyReady,
            other => Self::Other(other),
        }
    }

    const fn to_raw(self) -> u32 {
        match self {
            Self::Valid => raw::contact_state::CONTACT_VALID,
            Self::DeletePending => raw::contact_state::CONTACT_DELETE_PENDING,
            Self::ExpirePendingNotify => raw::contact_state::CONTACT_EXPIRE_PENDING_NOTIFY,
            Self::Deleted => raw::contact_state::CONTACT_DELETED,
            Self::DelayedDelete => raw::contact_state::CONTACT_DELAYED_DELETE,
            Self::NotifyReady => raw::contact_state::CONTACT_NOTIFY_READY,
            Self::Other(state) => state,
        }
    }
}

impl<'g> Contact<'g> {
    /// # Safety
    ///
    /// `raw` is a contact of the module, which nobody else changes for `'g`.
    pub(super) unsafe fn from_raw(raw: NonNull<raw::ucontact>) -> Self {
        Self(raw, PhantomData)
    }

    pub(super) fn as_raw(&self) -> *mut raw::ucontact {
        self.0.as_ptr()
    }

    fn c(&self) -> &'g raw::ucontact {
        // SAFETY: by the contract of `from_raw`.
        unsafe { &*self.0.as_ptr() }
    }

    /// The group that it is in, for the locks of groups.
    pub(super) fn slot(&self) -> c_int {
        c_int::try_from(self.c().sl).unwrap_or(0)
    }

    /// Writes the state; what else is to happen with it the module does at its next round.
    pub(super) fn write_state(&self, state: State) {
        // SAFETY: by the contract of `from_raw`; no reference to this field is alive.
        unsafe { (*self.0.as_ptr()).state = state.to_raw() };
    }

    /// Whether both are the same record.
    pub fn is(&self, other: &Contact<'_>) -> bool {
        self.0 == other.0
    }

    /// The URI as it was registered.
    pub fn uri(&self) -> &'g [u8] {
        self.text(self.c().c)
    }

    /// The identity that it was registered for first.
    pub fn aor(&self) -> &'g [u8] {
        self.text(self.c().aor)
    }

    /// The name of its domain.
    pub fn domain(&self) -> &'g [u8] {
        self.text(self.c().domain)
    }

    /// What becomes of it.
    pub fn state(&self) -> State {
        State::from_raw(self.c().state)
    }

    /// When its registration ends, in seconds since 1970; 0: never.
    pub fn expires(&self) -> i64 {
        self.c().expires
    }

    /// Whether it is registered at `now`.
    pub fn is_valid(&self, now: i64) -> bool {
        let expires = self.expires();
        self.state() == State::Valid && (expires == 0 || expires > now)
    }

    /// Its preference in thousandths; below 0: none was given.
    pub fn q(&self) -> i32 {
        self.c().q
    }

    /// Where the REGISTER came from, as a URI; empty: as the contact says.
    pub fn received(&self) -> &'g [u8] {
        self.text(self.c().received)
    }

    /// The routes to it; empty: none.
    pub fn path(&self) -> &'g [u8] {
        self.text(self.c().path)
    }

    /// The `Call-ID` of the last REGISTER.
    pub fn call_id(&self) -> &'g [u8] {
        self.text(self.c().callid)
    }

    /// The number of its `CSeq`.
    pub fn cseq(&self) -> i32 {
        self.c().cseq
    }

    /// Its `User-Agent`.
    pub fn user_agent(&self) -> &'g [u8] {
        self.text(self.c().user_agent)
    }

    /// The methods that it takes, by the bits of the core.
    pub fn methods(&self) -> u32 {
        self.c().methods
    }

    /// The flags of the store.
    pub fn flags(&self) -> u32 {
        self.c().flags
    }

    /// The branch flags that requests to it get.
    pub fn branch_flags(&self) -> u32 {
        self.c().cflags
    }

    /// The socket that the REGISTER came in by.
    pub fn socket(&self) -> Option<Socket> {
        // SAFETY: sockets stay as long as the server.
        unsafe { Socket::from_raw(self.c().sock) }
    }

    /// When the record was last changed, in seconds since 1970; 0: not known.
    pub fn last_modified(&self) -> i64 {
        self.c().last_modified
    }

    /// Whether it says that it does IMS: a parameter `+g.3gpp.icsi-ref`.
    pub fn is_3gpp(&self) -> bool {
        self.c().is_3gpp != 0
    }

    /// The parameters of its `Contact`: names and values, in the order of the record.
    pub fn params(&self) -> impl Iterator<Item = (&'g [u8], &'g [u8])> + use<'g> {
        let mut next = self.c().params;
        iter::from_fn(move || {
            // SAFETY: an element of the list of a contact that stays; plain values.
            let param = unsafe { NonNull::new(next)?.read() };
            next = param.next;
            // SAFETY: as above, and so do its texts.
            let show = |text| unsafe { text::bytes(text) }.unwrap_or_default();
            Some((show(param.name), show(param.body)))
        })
    }

    fn text(&self, shown: sys::str_) -> &'g [u8] {
        // SAFETY: by the contract of `from_raw` the texts of the record stay.
        unsafe { text::bytes(shown) }.unwrap_or_default()
    }
}

/// What a REGISTER says of a contact.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'t> {
    /// The URI.
    pub uri: &'t [u8],
    /// The `Call-ID`.
    pub call_id: &'t [u8],
    /// The number of the `CSeq`.
    pub cseq: u32,
    /// The routes to it; empty: none.
    pub path: &'t [u8],
    /// Where it came from, as a URI; empty: as the contact says.
    pub received: &'t [u8],
    /// The `User-Agent`.
    pub user_agent: &'t [u8],
    /// The parameters of the `Contact`, in the order that the record is to have. An update of the
    /// module of C keeps those it had.
    pub params: &'t [(&'t [u8], &'t [u8])],
    /// When it ends, in seconds since 1970; 0: never.
    pub expires: i64,
    /// Its preference in thousandths; below 0: none was given.
    pub q: i32,
    /// The methods that it takes, by the bits of the core.
    pub methods: u32,
    /// The branch flags that requests to it get.
    pub branch_flags: u32,
    /// The socket that the REGISTER came in by.
    pub socket: Option<Socket>,
    /// The time of the change, in seconds since 1970.
    pub now: i64,
}

impl<'t> Binding<'t> {
    /// As the module wants it; it borrows the texts.
    pub(super) fn to_raw(self) -> Lent<'t> {
        // SAFETY: a struct of texts and numbers, for which zeroes are none.
        let mut info: raw::ucontact_info_t = unsafe { mem::zeroed() };
        info.received = text::lend(self.received);
        info.expires = self.expires;
        info.q = self.q;
        info.cseq = c_int::try_from(self.cseq).unwrap_or(c_int::MAX);
        info.cflags = self.branch_flags;
        info.methods = self.methods;
        info.last_modified = self.now;
        info.sock = self.socket.map_or(ptr::null_mut(), Socket::as_raw);
        let params = self.params.iter().map(|(name, body)| param(name, body)).collect();
        let texts = [self.call_id, self.path, self.user_agent].map(text::lend);
        Lent { info, params, texts, _texts: PhantomData }
    }
}

/// A parameter of a contact that shows the texts.
fn param(name: &[u8], body: &[u8]) -> sys::param_t {
    const KINDS: [(&[u8], u32); 6] = [
        (b"q", sys::ptype::P_Q),
        (b"expires", sys::ptype::P_EXPIRES),
        (b"methods", sys::ptype::P_METHODS),
        (b"received", sys::ptype::P_RECEIVED),
        (b"+sip.instance", sys::ptype::P_INSTANCE),
        (b"reg-id", sys::ptype::P_REG_ID),
    ];
    let kind = KINDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let kind = kind.map_or(sys::ptype::P_OTHER, |(_, kind)| *kind);
    let (name, body) = (text::lend(name), text::lend(body));
    let len = name.len.saturating_add(body.len).saturating_add(1);
    sys::param_t { type_: kind, name, body, len, next: ptr::null_mut() }
}

/// A struct of the module that shows texts of ours.
pub(super) struct Lent<'t> {
    info: raw::ucontact_info_t,
    params: Vec<sys::param_t>,
    /// Call-ID, path and user agent, which the module asks for by their addresses.
    texts: [sys::str_; 3],
    _texts: PhantomData<&'t [u8]>,
}

impl Lent<'_> {
    /// The struct, good while this stays where it is.
    pub(super) fn as_raw(&mut self) -> *mut raw::ucontact_info_t {
        let mut next = ptr::null_mut();
        for param in self.params.iter_mut().rev() {
            param.next = next;
            next = ptr::from_mut(param);
        }
        self.info.params = next;
        let [call_id, path, user_agent] = &mut self.texts;
        self.info.callid = call_id;
        self.info.user_agent = user_agent;
        // No path is no address for the module: an empty text would be compared.
        self.info.path = if path.len > 0 { path } else { ptr::null_mut() };
        &raw mut self.info
    }
}
