//! What a phone and this proxy agreed on (RFC 3329): structs that modules of C change in place, so
//! every struct and every text is a block of its own.

use super::block;
use crate::{Result, shm, text};
use core::{
    ffi::{c_int, c_uint},
    fmt,
    mem::ManuallyDrop,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as core_sys, pcscf as sys};

/// The security associations of a contact, as they are now.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Ipsec<'a> {
    /// The ports of phone and proxy as client and as server: `port_uc`, `port_us`, `port_pc`,
    /// `port_ps`.
    pub ports: [u16; 4],
    /// The SPIs in the same order.
    pub spis: [u32; 4],
    /// Algorithm of encryption that is in use; C modules fill the next one only.
    pub ealg: &'a [u8],
    /// Algorithm of encryption that the phone offered.
    pub r_ealg: &'a [u8],
    /// Key of encryption.
    pub ck: &'a [u8],
    /// Algorithm of integrity that is in use; C modules fill the next one only.
    pub alg: &'a [u8],
    /// Algorithm of integrity that the phone offered.
    pub r_alg: &'a [u8],
    /// Key of integrity.
    pub ik: &'a [u8],
    /// `esp` or `ah`.
    pub prot: &'a [u8],
    /// `trans` or `tun`.
    pub mode: &'a [u8],
}

impl fmt::Debug for Ipsec<'_> {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ipsec")
            .field("ports", &self.ports)
            .field("spis", &self.spis)
            .finish_non_exhaustive()
    }
}

/// A `security_t` with IPsec, until a contact takes it.
pub struct Security(NonNull<sys::security>);

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Security")
    }
}

impl Security {
    /// Copies `ipsec`; `header` is the text of the header that it came in.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`](crate::Error::OutOfShm)
    pub fn try_new(header: &[u8], ipsec: &Ipsec<'_>) -> Result<Self> {
        let block: NonNull<sys::security> = shm::malloc(size_of::<sys::security>())?.cast();
        // SAFETY: a struct of numbers and pointers, for which zeroes are none.
        unsafe { block.write_bytes(0, 1) };
        let mut made = Self(block);
        // SAFETY: just made.
        let security = unsafe { made.0.as_mut() };
        security.type_ = sys::sec_type::SECURITY_IPSEC;
        let block: NonNull<sys::ipsec> = shm::malloc(size_of::<sys::ipsec>())?.cast();
        // SAFETY: as above.
        unsafe { block.write_bytes(0, 1) };
        security.data.ipsec = block.as_ptr();
        if let Some(place) = header_of(made.0) {
            // SAFETY: the place of the text in the struct.
            unsafe { place.write(copy(header)?) };
        }
        // SAFETY: just made and hung into `made`, which frees it.
        let c = unsafe { block.as_ptr().as_mut() };
        if let Some(c) = c {
            fill(c, ipsec)?;
        }
        Ok(made)
    }

    /// The struct, which is the caller's from now on.
    pub fn into_raw(self) -> *mut sys::security {
        ManuallyDrop::new(self).0.as_ptr()
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        // SAFETY: no contact has taken it.
        unsafe { free(self.0.as_ptr()) };
    }
}

fn fill(c: &mut sys::ipsec, ipsec: &Ipsec<'_>) -> Result {
    [c.port_uc, c.port_us, c.port_pc, c.port_ps] = ipsec.ports;
    [c.spi_uc, c.spi_us, c.spi_pc, c.spi_ps] = ipsec.spis;
    c.ealg = copy(ipsec.ealg)?;
    c.r_ealg = copy(ipsec.r_ealg)?;
    c.ck = copy(ipsec.ck)?;
    c.alg = copy(ipsec.alg)?;
    c.r_alg = copy(ipsec.r_alg)?;
    c.ik = copy(ipsec.ik)?;
    c.prot = copy(ipsec.prot)?;
    c.mod_ = copy(ipsec.mode)?;
    Ok(())
}

/// A text in a block of its own; an empty one has none.
fn copy(text: &[u8]) -> Result<core_sys::str_> {
    block::check_length(text)?;
    if text.is_empty() {
        return Ok(core_sys::str_ { s: ptr::null_mut(), len: 0 });
    }
    let block = shm::malloc(text.len())?;
    // SAFETY: a new block of that size.
    unsafe { ptr::copy_nonoverlapping(text.as_ptr(), block.as_ptr(), text.len()) };
    Ok(core_sys::str_ { s: block.as_ptr().cast(), len: c_int::try_from(text.len()).unwrap_or(0) })
}

/// The place of the text of the header, where this version has one: at the start.
fn header_of(security: NonNull<sys::security>) -> Option<NonNull<core_sys::str_>> {
    sys::SECURITY_HAS_HEADER.then(|| security.cast())
}

/// The kind of security: 0 none, 1 IPsec, 2 TLS.
///
/// # Safety
///
/// `raw` is null or a `security_t` of a client.
pub(super) unsafe fn kind(raw: *mut sys::security) -> c_uint {
    // SAFETY: by the contract of this function.
    unsafe { raw.as_ref() }.map_or(0, |security| security.type_)
}

/// The associations in `raw`, if there are any.
///
/// # Safety
///
/// `raw` is null or a `security_t` of a client that stays for `'a`.
pub(super) unsafe fn ipsec<'a>(raw: *mut sys::security) -> Option<Ipsec<'a>> {
    // SAFETY: by the contract of this function.
    let security = unsafe { raw.as_ref() }?;
    if security.type_ != sys::sec_type::SECURITY_IPSEC {
        return None;
    }
    // SAFETY: of that type, the union holds this pointer.
    let ipsec = unsafe { security.data.ipsec };
    // SAFETY: by the contract of this function.
    let c = unsafe { ipsec.as_ref() }?;
    // SAFETY: clients keep pointer and length together.
    let bytes = |text| unsafe { text::bytes(text) }.unwrap_or_default();
    Some(Ipsec {
        ports: [c.port_uc, c.port_us, c.port_pc, c.port_ps],
        spis: [c.spi_uc, c.spi_us, c.spi_pc, c.spi_ps],
        ealg: bytes(c.ealg),
        r_ealg: bytes(c.r_ealg),
        ck: bytes(c.ck),
        alg: bytes(c.alg),
        r_alg: bytes(c.r_alg),
        ik: bytes(c.ik),
        prot: bytes(c.prot),
        mode: bytes(c.mod_),
    })
}

/// From 6.0 on, `ims_ipsec_pcscf` puts parameters of its own into the `security_t` that is being
/// agreed on, and forgets those that were there; 6.1.4 ended that, with another layout.
pub(super) const FORGETS: bool = core_sys::VERSION_NUMBER >= 6_000_000 && sys::SECURITY_HAS_HEADER;

/// Where the parameters of IPsec in `raw` are.
///
/// # Safety
///
/// As for [`ipsec`].
pub(super) unsafe fn parameters(raw: *mut sys::security) -> *mut sys::ipsec {
    // SAFETY: by the contract of this function.
    let security = unsafe { raw.as_ref() };
    match security {
        // SAFETY: of that type, the union holds this pointer.
        Some(security) if security.type_ == sys::sec_type::SECURITY_IPSEC => unsafe {
            security.data.ipsec
        },
        _ => ptr::null_mut(),
    }
}

/// A `security_t` of its own around `parameters`, so that they can be given back as one is.
///
/// # Safety
///
/// `parameters` were those of a `security_t` that has others now.
pub(super) unsafe fn around(parameters: *mut sys::ipsec) -> Result<Security> {
    let block: NonNull<sys::security> = shm::malloc(size_of::<sys::security>())?.cast();
    // SAFETY: a struct of numbers and pointers, for which zeroes are none.
    unsafe { block.write_bytes(0, 1) };
    let mut made = Security(block);
    // SAFETY: just made.
    let security = unsafe { made.0.as_mut() };
    security.type_ = sys::sec_type::SECURITY_IPSEC;
    security.data.ipsec = parameters;
    Ok(made)
}

/// The blocks that `raw` is made of, the outer ones last.
///
/// # Safety
///
/// As for [`ipsec`].
unsafe fn blocks(raw: *mut sys::security) -> [*mut u8; 11] {
    let mut all = [ptr::null_mut(); 11];
    let Some(outer) = NonNull::new(raw) else { return all };
    // SAFETY: by the contract of this function.
    let security = unsafe { outer.as_ref() };
    let mut places = all.iter_mut();
    let mut add = |block: *mut u8| {
        if let Some(place) = places.next() {
            *place = block;
        }
    };
    if let Some(header) = header_of(outer) {
        // SAFETY: the place of the text in the struct.
        add(unsafe { header.read() }.s.cast());
    }
    // SAFETY: both members are a pointer, and no other reads it.
    let data = unsafe { security.data.ipsec };
    if security.type_ == sys::sec_type::SECURITY_IPSEC {
        // SAFETY: by the contract of this function.
        if let Some(c) = unsafe { data.as_ref() } {
            for text in [c.ealg, c.r_ealg, c.ck, c.alg, c.r_alg, c.ik, c.prot, c.mod_] {
                add(text.s.cast());
            }
        }
    }
    add(data.cast());
    add(raw.cast());
    all
}

/// Gives all blocks of `raw` back.
///
/// # Safety
///
/// As for [`ipsec`], and nobody uses any of it any more.
pub(super) unsafe fn free(raw: *mut sys::security) {
    // SAFETY: by the contract of this function.
    let all = unsafe { blocks(raw) };
    for block in all.into_iter().filter_map(NonNull::new) {
        // SAFETY: each block was allocated by itself.
        unsafe { block::free(block) };
    }
}

/// Gives back what [`around`] made, and leaves alone what it was made around.
///
/// # Safety
///
/// `around` is what it made, and nobody uses it.
pub(super) unsafe fn give_up(around: *mut sys::security) {
    let Some(mut outer) = NonNull::new(around) else { return };
    // SAFETY: by the contract of this function.
    unsafe { outer.as_mut() }.data.ipsec = ptr::null_mut();
    // SAFETY: as above.
    unsafe { free(around) };
}

/// Gives `parameters` back but for what `users` use.
///
/// # Safety
///
/// `parameters` were those of a `security_t`, and nobody else uses them any more; for `users` as for
/// [`ipsec`].
pub(super) unsafe fn free_parameters(parameters: *mut sys::ipsec, users: [*mut sys::security; 2]) {
    // SAFETY: a struct of numbers and pointers, for which zeroes are none.
    let mut around: sys::security = unsafe { core::mem::zeroed() };
    around.type_ = sys::sec_type::SECURITY_IPSEC;
    around.data.ipsec = parameters;
    let outer = &raw mut around;
    for user in users {
        // SAFETY: by the contract of this function.
        unsafe { part(outer, user) };
    }
    // SAFETY: as above.
    let all = unsafe { blocks(outer) };
    for block in all.into_iter().filter(|block| *block != outer.cast()).filter_map(NonNull::new) {
        // SAFETY: each block was allocated by itself.
        unsafe { block::free(block) };
    }
}

/// Takes out of `old` what `new` goes on using, so that [`free`] leaves it alone.
///
/// # Safety
///
/// As for [`ipsec`], for both; they are two structs.
pub(super) unsafe fn part(old: *mut sys::security, new: *mut sys::security) {
    // SAFETY: by the contract of this function.
    let kept = unsafe { blocks(new) };
    let keeps = |block: *mut u8| !block.is_null() && kept.contains(&block);
    let Some(mut outer) = NonNull::new(old) else { return };
    if let Some(mut header) = header_of(outer) {
        // SAFETY: the place of the text in the struct.
        let header = unsafe { header.as_mut() };
        if keeps(header.s.cast()) {
            header.s = ptr::null_mut();
        }
    }
    // SAFETY: by the contract of this function.
    let security = unsafe { outer.as_mut() };
    // SAFETY: as in `blocks`.
    let data = unsafe { security.data.ipsec };
    if keeps(data.cast()) {
        security.data.ipsec = ptr::null_mut();
    } else if security.type_ == sys::sec_type::SECURITY_IPSEC {
        // SAFETY: by the contract of this function.
        let Some(c) = (unsafe { data.as_mut() }) else { return };
        for text in [
            &mut c.ealg,
            &mut c.r_ealg,
            &mut c.ck,
            &mut c.alg,
            &mut c.r_alg,
            &mut c.ik,
            &mut c.prot,
            &mut c.mod_,
        ] {
            if keeps(text.s.cast()) {
                text.s = ptr::null_mut();
            }
        }
    }
}
