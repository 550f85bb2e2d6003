//! What a client of the API asks for or wants to be stored: `pcontact_info_t`.

use crate::{few::Few, text};
use core::{ffi::c_int, ptr::NonNull};
use kamailio_sys::{self as core_sys, pcscf as sys};
use pcscf_core::Parts;

/// A struct of a client that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadInfo {
    /// A text has a negative length, or a length and no address.
    #[error("{0} is no text: its length is negative, or its address is null")]
    Text(&'static str),
    /// More texts in a list than a message can carry.
    #[error("{name} has {count} texts, must be 0 to {LIST_MAX}")]
    List {
        /// The list.
        name: &'static str,
        /// What the client says.
        count: c_int,
    },
}

/// The most texts in a list.
pub const LIST_MAX: usize = 1024;

/// The most service routes that a search compares.
const SEARCHED_MAX: usize = 64;

/// The bit of `searchflag` by which our registrar says what [`Info::is_known`] is about.
pub(super) const KNOWN: u16 = 1 << 15;

/// The struct of a client, its texts checked; valid for the call.
#[derive(Debug, Clone, Copy)]
pub struct Info<'a> {
    raw: &'a sys::pcontact_info,
    aor: &'a [u8],
    via_host: &'a [u8],
    received_host: &'a [u8],
    parts: Option<Parts<'a>>,
}

impl<'a> Info<'a> {
    /// # Safety
    ///
    /// What a client calls the API with: its texts stay as they are for `'a`. Lists need not be
    /// there.
    pub(super) unsafe fn new(raw: &'a sys::pcontact_info) -> Result<Self, BadInfo> {
        // SAFETY: by the contract of this function.
        let aor = unsafe { checked("aor", raw.aor) }?;
        // SAFETY: as above.
        let via_host = unsafe { checked("via_host", raw.via_host) }?;
        // SAFETY: as above.
        let received_host = unsafe { checked("received_host", raw.received_host) }?;
        Ok(Self { raw, aor, via_host, received_host, parts: None })
    }

    /// The same, of a client that has taken the contact URI apart.
    pub(super) fn with(self, parts: Option<Parts<'a>>) -> Self {
        Self { parts, ..self }
    }

    /// How to search.
    pub fn flag(&self) -> u16 {
        self.raw.searchflag
    }

    /// Of a search of our registrar: a contact in memory will do, though another server may have changed
    /// it in the database.
    pub fn is_known(&self) -> bool {
        self.parts.is_some() && self.raw.searchflag & KNOWN != 0
    }

    /// The contact URI; empty: none is given.
    pub fn aor(&self) -> &'a [u8] {
        self.aor
    }

    /// The parts of the contact URI, of a client that knows them.
    pub fn parts(&self) -> Option<Parts<'a>> {
        self.parts
    }

    /// Host of the Via or of the contact, as the client likes.
    pub fn via_host(&self) -> &'a [u8] {
        self.via_host
    }

    /// Its port.
    pub fn via_port(&self) -> u16 {
        self.raw.via_port
    }

    /// Its transport.
    pub fn via_proto(&self) -> u16 {
        self.raw.via_prot
    }

    /// Where the request came from.
    pub fn received_host(&self) -> &'a [u8] {
        self.received_host
    }

    /// Its port.
    pub fn received_port(&self) -> u16 {
        self.raw.received_port
    }

    /// Its transport.
    pub fn received_proto(&self) -> u16 {
        self.raw.received_proto
    }

    /// The end of the registration in seconds since 1970.
    pub fn expires(&self) -> i64 {
        self.raw.expires
    }

    /// A state, or for a search the states that are wanted, 0 meaning all.
    pub fn state(&self) -> u32 {
        self.raw.reg_state
    }

    /// The Path of the REGISTER, if one is given.
    ///
    /// # Errors
    ///
    /// [`BadInfo`]
    pub fn path(&self) -> Result<Option<&'a [u8]>, BadInfo> {
        // SAFETY: a client that gives an address keeps a string there.
        unsafe { optional("path", self.raw.path) }
    }

    /// The public identities, for a record; empty: none are given.
    ///
    /// # Errors
    ///
    /// [`BadInfo`]
    pub fn public_ids(&self) -> Result<Few<&'a [u8]>, BadInfo> {
        // SAFETY: a client that gives a number of them gives that many.
        unsafe { list("public_ids", self.raw.public_ids, self.raw.num_public_ids) }
    }

    /// The service routes, for a record; empty: none are given.
    ///
    /// # Errors
    ///
    /// [`BadInfo`]
    pub fn service_routes(&self) -> Result<Few<&'a [u8]>, BadInfo> {
        // SAFETY: a client that gives a number of them gives that many.
        unsafe { list("service_routes", self.raw.service_routes, self.raw.num_service_routes) }
    }

    /// The service routes that a search asks for; empty: it does not.
    ///
    /// A client of this API searches with a struct whose lists it never set, so nothing is believed
    /// here: what is no list of texts in the memory of this process is none.
    pub fn searched_routes(&self) -> Vec<Vec<u8>> {
        let asked = u32::from(self.raw.extra_search_criteria) & sys::SEARCH_SERVICE_ROUTES != 0;
        let count = usize::try_from(self.raw.num_service_routes).unwrap_or(0);
        if !asked || count == 0 || count > SEARCHED_MAX {
            return Vec::new();
        }
        let none = core_sys::str_ { s: core::ptr::null_mut(), len: 0 };
        let mut items = vec![none; count];
        if !probe(&mut items, self.raw.service_routes) {
            return Vec::new();
        }
        let texts = items.into_iter().map(|item| {
            let len = usize::try_from(item.len).ok().filter(|len| *len <= super::TEXT_MAX)?;
            let mut text = vec![0; len];
            probe(&mut text, item.s.cast()).then_some(text)
        });
        texts.collect::<Option<_>>().unwrap_or_default()
    }

    /// The identifier of the session for Rx, if one is given.
    ///
    /// # Errors
    ///
    /// [`BadInfo`]
    pub fn rx_session_id(&self) -> Result<Option<&'a [u8]>, BadInfo> {
        // SAFETY: a client that gives an address keeps a string there.
        unsafe { optional("rx_regsession_id", self.raw.rx_regsession_id) }
    }
}

/// Copies what a client says is at `from`, as much as `to` takes; false if there is no such memory.
fn probe<T: Copy>(to: &mut [T], from: *const T) -> bool {
    let size = size_of_val(to);
    if size == 0 {
        return true;
    }
    let to = to.as_mut_ptr().cast();
    let size = core::ffi::c_ulong::try_from(size).unwrap_or(0);
    // SAFETY: the place to copy to has that size; the other one may be anything. Every caller
    // asks for plain bytes, of which any are valid.
    from.is_aligned() && unsafe { core_sys::ks_read(to, from.cast(), size) } != 0
}

/// The text at `place`, if there is one that is not empty.
///
/// # Safety
///
/// `place` is null or a string of a client that stays for `'a`.
unsafe fn optional<'a>(
    name: &'static str,
    place: *mut core_sys::str_,
) -> Result<Option<&'a [u8]>, BadInfo> {
    let Some(place) = NonNull::new(place) else { return Ok(None) };
    // SAFETY: by the contract of this function.
    let value = unsafe { place.read() };
    // SAFETY: as above.
    let text = unsafe { checked(name, value) }?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// The text of a client; one without a length is empty.
///
/// # Safety
///
/// If it has an address, that many bytes stay there for `'a`.
pub(super) unsafe fn checked<'a>(
    name: &'static str,
    value: core_sys::str_,
) -> Result<&'a [u8], BadInfo> {
    if value.len == 0 {
        return Ok(b"");
    }
    // SAFETY: by the contract of this function.
    unsafe { text::bytes(value) }.ok_or(BadInfo::Text(name))
}

/// # Safety
///
/// At `first` are as many strings as `count` says, and their texts stay for `'a`.
pub(super) unsafe fn list<'a>(
    name: &'static str,
    first: *const core_sys::str_,
    count: c_int,
) -> Result<Few<&'a [u8]>, BadInfo> {
    let mut texts = Few::new(&b""[..]);
    if count == 0 || first.is_null() {
        return Ok(texts);
    }
    let bad = BadInfo::List { name, count };
    let number = usize::try_from(count).ok().filter(|n| *n <= LIST_MAX).ok_or(bad)?;
    // SAFETY: by the contract of this function.
    let items = unsafe { core::slice::from_raw_parts(first, number) };
    for item in items {
        // SAFETY: as above.
        texts.push(unsafe { checked(name, *item) }?);
    }
    Ok(texts)
}
