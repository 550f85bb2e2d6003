//! The SIP message that a call of the core is about.
//!
//! [`Msg`] reads the message where the core keeps it. What is a list or a number in SIP comes
//! parsed; what only some modules need comes as the raw text of its header ([`Msg::headers`]).
//! Every text is bytes from the wire: of any length, in any encoding, possibly wrong.

mod address;
mod body;
mod branch;
mod change;
mod contact;
mod header;
mod method;
mod route;
mod scan;
mod source;
mod uri;
mod via;

pub use address::NameAddr;
pub use body::Media;
pub use branch::Branch;
pub use change::ChangeError;
pub use contact::{Binding, Bindings, Contact};
pub use header::{Expires, Header, Headers, header_type, misnumbered};
pub use method::Method;
pub use route::join_routes;
pub use scan::header_of;
pub use source::SOURCE_MAX;
pub use uri::{Scheme, Uri, is_self};
pub use via::Via;

pub(crate) use header::seconds;
pub(crate) use route::Routes;
pub(crate) use scan::value_of;

use crate::{error::Report, log::Level, script::Verdict, text};
use core::marker::PhantomData;
use kamailio_sys as sys;
use std::borrow::Cow;

/// A part of a message that is absent although SIP demands it, or cannot be read.
///
/// It holds the name of that part, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no usable {0} in the message")]
pub struct Malformed(pub &'static str);

impl Report for Malformed {
    // A bad message of a peer is no error of ours.
    fn level(&self) -> Level {
        Level::Notice
    }

    fn verdict(&self) -> Verdict {
        Verdict::FALSE
    }
}

/// The number and the method of a `CSeq` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CSeq<'m> {
    /// The sequence number; RFC 3261 section 8.1.1.5 keeps it below 2^31.
    pub number: u32,
    /// The method that the number counts.
    pub method: Method,
    /// The method as the header spells it.
    pub name: &'m [u8],
}

/// Which message something is remembered of. Its number alone does not say: each process has its own,
/// and a failure route sees a copy with the number of the message before.
#[derive(Debug, Default)]
pub struct Mark {
    id: u32,
    process: i32,
    buffer: usize,
    len: u32,
    /// How it begins.
    start: Vec<u8>,
}

impl Mark {
    /// It is `msg` from now on.
    pub fn set(&mut self, msg: &Msg<'_>) {
        let raw = msg.plain();
        (self.id, self.process, self.len) = (raw.id, raw.pid, raw.len);
        self.buffer = raw.buf.addr();
        self.start.clear();
        self.start.extend_from_slice(msg.start());
    }

    /// Whether it is `msg`, whose text the script may have changed, or the copy that a transaction
    /// keeps of it.
    pub fn is_of(&self, msg: &Msg<'_>) -> bool {
        let raw = msg.plain();
        let copied = || self.len == raw.len && self.start == msg.start();
        (self.id, self.process) == (raw.id, raw.pid) && (self.buffer == raw.buf.addr() || copied())
    }
}

/// A borrowed SIP message: never outlives the call that got it.
#[derive(Debug)]
pub struct Msg<'a> {
    raw: *mut sys::sip_msg,
    /// Lies in shared memory, where other processes read it: the core may not add to it.
    shared: bool,
    _call: PhantomData<&'a mut sys::sip_msg>,
}

impl Msg<'_> {
    /// The message that the core handed to a callback.
    ///
    /// # Safety
    ///
    /// `raw` is a message of the core that nobody else uses for `'a`.
    pub(crate) unsafe fn from_raw(raw: *mut sys::sip_msg) -> Self {
        Self { raw, shared: false, _call: PhantomData }
    }

    /// The copy of a message that a transaction keeps in shared memory.
    ///
    /// # Safety
    ///
    /// `raw` is such a copy, and the transaction stays for `'a`.
    pub(crate) unsafe fn from_shared(raw: *mut sys::sip_msg) -> Self {
        Self { raw, shared: true, _call: PhantomData }
    }

    /// A message that may be either: the core marks its copies in shared memory.
    ///
    /// # Safety
    ///
    /// As for [`Msg::from_raw`] and [`Msg::from_shared`].
    pub(crate) unsafe fn from_any(raw: *mut sys::sip_msg) -> Self {
        // SAFETY: `raw` is a message, by the contract of this function.
        let shared = unsafe { sys::ks_msg_is_shared(raw) } != 0;
        Self { raw, shared, _call: PhantomData }
    }

    /// The message, for calls of the core.
    pub(crate) fn as_raw(&self) -> *mut sys::sip_msg {
        self.raw
    }

    /// Whether this is a request; otherwise it is a reply.
    pub fn is_request(&self) -> bool {
        // SAFETY: `raw` is a message for as long as `self` lives.
        let kind = unsafe { (*self.raw).first_line.type_ };
        u32::try_from(kind) == Ok(sys::SIP_REQUEST)
    }

    fn first_line(&self) -> sys::msg_start__bindgen_ty_1 {
        // SAFETY: as in `is_request`; the parts of a first line are plain values.
        unsafe { (*self.raw).first_line.u }
    }

    /// The method of a request; of a reply, the method that its `CSeq` names.
    ///
    /// [`Method::Other`] also for a reply without a readable `CSeq`.
    pub fn method(&self) -> Method {
        if !self.is_request() {
            return self.cseq().map_or(Method::Other, |cseq| cseq.method);
        }
        // SAFETY: this is the part of the union that requests have.
        let number = unsafe { self.first_line().request.method_value };
        u32::try_from(number).map_or(Method::Other, Method::from_number)
    }

    /// The method of a request as its first line spells it; nothing for a reply.
    pub fn method_name(&self) -> Option<&[u8]> {
        if !self.is_request() {
            return None;
        }
        // SAFETY: this is the part of the union that requests have.
        let name = unsafe { self.first_line().request.method };
        self.own(name)
    }

    /// The status of a reply, 100 to 999; nothing for a request.
    pub fn status(&self) -> Option<u16> {
        if self.is_request() {
            return None;
        }
        // SAFETY: this is the part of the union that replies have.
        let status = unsafe { self.first_line().reply.statuscode };
        u16::try_from(status).ok()
    }

    /// The reason phrase of a reply; nothing for a request.
    pub fn reason(&self) -> Option<&[u8]> {
        if self.is_request() {
            return None;
        }
        // SAFETY: this is the part of the union that replies have.
        let reason = unsafe { self.first_line().reply.reason };
        self.own(reason)
    }

    /// The Request-URI as it came in the first line; nothing for a reply.
    pub fn request_uri(&self) -> Option<&[u8]> {
        if !self.is_request() {
            return None;
        }
        // SAFETY: this is the part of the union that requests have.
        let uri = unsafe { self.first_line().request.uri };
        self.own(uri)
    }

    /// The Request-URI that the script or a module has set since; nothing if none did.
    ///
    /// A copy: [`Msg::set_request_uri`] gives the original back to the core.
    pub fn new_uri(&self) -> Option<Vec<u8>> {
        // SAFETY: as in `is_request`.
        let uri = unsafe { (*self.raw).new_uri };
        // SAFETY: the core frees this text only when it is replaced, and that is later.
        unsafe { text::bytes(uri) }.filter(|uri| !uri.is_empty()).map(<[u8]>::to_vec)
    }

    /// The Request-URI as it is now: [`Msg::new_uri`], else that of the first line; nothing for a
    /// reply that nobody gave one.
    pub fn current_uri(&self) -> Option<Cow<'_, [u8]>> {
        self.new_uri().map(Cow::Owned).or_else(|| self.request_uri().map(Cow::Borrowed))
    }

    /// Has the core parse the headers to the end. Cheap when that is done already.
    ///
    /// The accessors below see only what has been parsed: call this first in every entry.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if a header field is broken; those before it can be read nevertheless.
    pub fn parse(&self) -> Result<(), Malformed> {
        // SAFETY: as in `is_request`.
        let end = unsafe { (*self.raw).eoh };
        if !end.is_null() {
            return Ok(());
        }
        if self.shared {
            return Err(Malformed("header fields"));
        }
        // SAFETY: a message of this process, with the flag that asks for all headers.
        let code = unsafe { sys::parse_headers(self.raw, sys::KS_HDR_EOH_F, 0) };
        if code < 0 { Err(Malformed("header fields")) } else { Ok(()) }
    }

    /// The `Call-ID`.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if there is none or an empty one.
    pub fn call_id(&self) -> Result<&[u8], Malformed> {
        let header = self.header_at(|msg| msg.callid);
        let body = header.map(|header| header.body()).filter(|body| !body.is_empty());
        body.ok_or(Malformed("Call-ID"))
    }

    /// The `CSeq`.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if there is none, or its number does not fit 32 bits.
    pub fn cseq(&self) -> Result<CSeq<'_>, Malformed> {
        let malformed = Malformed("CSeq");
        let header = self.header_at(|msg| msg.cseq).ok_or(malformed)?;
        // The core parses this header when it meets it and gives its copies their own.
        let parsed = header.parsed::<sys::cseq_body>().ok_or(malformed)?;
        // SAFETY: what the core attaches to a CSeq header is such a body, of plain values.
        let body = unsafe { parsed.read() };
        let digits = self.own(body.number).and_then(|text| core::str::from_utf8(text).ok());
        let number = digits.and_then(|digits| digits.parse().ok()).ok_or(malformed)?;
        let name = self.own(body.method).ok_or(malformed)?;
        Ok(CSeq { number, method: Method::from_number(body.method_id), name })
    }

    /// The `From` header.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if there is none or it is no address.
    pub fn from(&self) -> Result<NameAddr<'_>, Malformed> {
        let header = self.header_at(|msg| msg.from).ok_or(Malformed("From"))?;
        if !self.shared {
            // SAFETY: a message of this process; the core frees with it what it attaches now.
            let code = unsafe { sys::parse_from_header(self.raw) };
            if code < 0 {
                return Err(Malformed("From"));
            }
        }
        self.address(&header).ok_or(Malformed("From"))
    }

    /// The `To` header.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if there is none or it is no address.
    pub fn to(&self) -> Result<NameAddr<'_>, Malformed> {
        let header = self.header_at(|msg| msg.to).ok_or(Malformed("To"))?;
        self.address(&header).ok_or(Malformed("To"))
    }

    /// The transport that the message came by, by the number of the core: 1 is UDP, 2 TCP.
    pub fn transport(&self) -> u16 {
        // SAFETY: as in `is_request`.
        let transport = unsafe { (*self.raw).rcv.proto };
        u16::try_from(transport).unwrap_or(0)
    }

    fn plain(&self) -> &sys::sip_msg {
        // SAFETY: as in `is_request`.
        unsafe { &*self.raw }
    }

    /// As many bytes as tell it apart: those of its first line and of what a proxy or phone puts first.
    fn start(&self) -> &[u8] {
        const MOST: usize = 512;
        let raw = self.plain();
        let len = usize::try_from(raw.len).unwrap_or(0).min(MOST);
        if raw.buf.is_null() {
            return &[];
        }
        // SAFETY: the core keeps so many bytes at `buf` for as long as the message.
        unsafe { core::slice::from_raw_parts(raw.buf.cast(), len) }
    }

    /// Whether the script set flag `bit`, 0 to 31, of the branch of the Request-URI.
    pub fn branch_flag(&self, bit: u8) -> bool {
        let mut flags: sys::flag_t = 0;
        // SAFETY: branch 0 always exists; the core writes its flags to `flags`.
        let found = unsafe { sys::getbflagsval(0, &raw mut flags) } >= 0;
        found && flags.checked_shr(bit.into()).is_some_and(|flags| flags & 1 == 1)
    }

    /// A text that the core points to inside this message.
    fn own(&self, text: sys::str_) -> Option<&[u8]> {
        // SAFETY: parsed texts lie in the buffer of the message, which stays as it is for as long
        // as `self` lives: what changes a message is kept beside the buffer.
        unsafe { text::bytes(text) }
    }
}
