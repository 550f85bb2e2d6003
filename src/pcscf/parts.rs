//! The parts of a Contact URI on their way from our registrar to our store: each has a copy of this
//! code, and they meet at this struct of C.

use super::info::{BadInfo, checked};
use crate::text;
use core::{ffi::c_uint, ptr::NonNull};
use kamailio_sys as sys;
use pcscf_core::{Parts, uri::Scheme};

/// [`Parts`] as numbers and strings.
#[repr(C)]
pub(super) struct Raw {
    scheme: c_uint,
    port: c_uint,
    user: sys::str_,
    host: sys::str_,
    rinstance: sys::str_,
}

/// The schemes by their number.
const SCHEMES: [Scheme; 4] = [Scheme::Sip, Scheme::Sips, Scheme::Tel, Scheme::Urn];

impl Raw {
    /// `parts` for a call; it borrows the texts.
    pub(super) fn lend(parts: &Parts<'_>) -> Self {
        let scheme = match parts.scheme {
            Scheme::Sip => 0,
            Scheme::Sips => 1,
            Scheme::Tel => 2,
            Scheme::Urn => 3,
        };
        let [user, host, rinstance] = [parts.user, parts.host, parts.rinstance].map(text::lend);
        Self { scheme, port: parts.port.into(), user, host, rinstance }
    }

    /// What a client gave; nothing if it gave nothing.
    ///
    /// # Safety
    ///
    /// `raw` is null or a struct of a client, whose texts stay as they are for `'a`.
    pub(super) unsafe fn read<'a>(raw: *const Self) -> Result<Option<Parts<'a>>, BadInfo> {
        let Some(raw) = NonNull::new(raw.cast_mut()) else { return Ok(None) };
        // SAFETY: by the contract of this function; plain values.
        let Self { scheme, port, user, host, rinstance } = unsafe { raw.read() };
        let scheme = usize::try_from(scheme).ok().and_then(|number| SCHEMES.get(number));
        Ok(Some(Parts {
            scheme: *scheme.ok_or(BadInfo::Text("scheme"))?,
            // SAFETY: by the contract of this function.
            user: unsafe { checked("user", user) }?,
            // SAFETY: as above.
            host: unsafe { checked("host", host) }?,
            port: u16::try_from(port).map_err(|_| BadInfo::Text("port"))?,
            // SAFETY: as above.
            rinstance: unsafe { checked("rinstance", rinstance) }?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_arrive_as_they_were_sent() {
        for uri in ["sip:a@h;rinstance=x", "sips:[::1]:5061", "tel:+1", "urn:service:sos"] {
            let parts = Parts::parse(uri.as_bytes()).unwrap();
            let raw = Raw::lend(&parts);
            // SAFETY: the texts are literals.
            let read = unsafe { Raw::read(&raw const raw) };
            assert_eq!(read, Ok(Some(parts)), "{uri}");
        }
        // SAFETY: null is allowed.
        assert_eq!(unsafe { Raw::read(core::ptr::null()) }, Ok(None));
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        let good = || Raw::lend(&Parts::parse(b"sip:a@h").unwrap());
        let none = sys::str_ { s: core::ptr::null_mut(), len: 4 };
        for bad in [
            Raw { scheme: 4, ..good() },
            Raw { port: 65_536, ..good() },
            Raw { user: none, ..good() },
            Raw { host: none, ..good() },
            Raw { rinstance: none, ..good() },
        ] {
            // SAFETY: a text without an address is not looked at.
            assert!(unsafe { Raw::read(&raw const bad) }.is_err());
        }
    }
}
