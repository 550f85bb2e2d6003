//! What a phone asked for to protect its signalling (TS 33.203), in the form that C modules read
//! and replace: each part a block of its own.

use crate::{
    error::Result,
    shm::{Shm, try_box, try_boxed_slice},
};
use allocator_api2::boxed::Box;
use core::{mem, ptr::NonNull};
use kamailio_sys::{self as sys, pcscf as raw};
use pcscf_core::sec_agree::Security;

/// A copy of `security` for the module, to be given away or dropped.
pub(super) fn shared(security: &Security<'_>) -> Result<Shared> {
    // SAFETY: a struct of numbers and texts, for which zeroes are none.
    let mut ipsec: raw::ipsec_t = unsafe { mem::zeroed() };
    ipsec.spi_uc = security.spi_uc;
    ipsec.spi_us = security.spi_us;
    ipsec.spi_pc = security.spi_pc;
    ipsec.spi_ps = security.spi_ps;
    ipsec.port_uc = security.port_uc;
    ipsec.port_us = security.port_us;
    ipsec.port_pc = security.port_pc;
    ipsec.port_ps = security.port_ps;
    let ipsec = NonNull::from(Box::leak(try_box(ipsec)?));
    // Owns the block from here on, and each text once it is set.
    let mut parts = Parts(ipsec);
    for (copy, text) in [
        (Part::RAlg, security.r_alg),
        (Part::REalg, security.r_ealg),
        (Part::Prot, security.prot),
        (Part::Mode, security.mode),
    ] {
        if !text.is_empty() {
            let block = Box::leak(try_boxed_slice(text)?);
            *copy.of(parts.ipsec()) = crate::text::lend(block);
        }
    }
    // SAFETY: as above; in some versions the header itself stands before the rest.
    let mut outer: raw::security_t = unsafe { mem::zeroed() };
    outer.type_ = raw::sec_type::SECURITY_IPSEC;
    outer.data.ipsec = ipsec.as_ptr();
    let security = NonNull::from(Box::leak(try_box(outer)?));
    Ok(Shared { security, parts: Some(parts) })
}

/// The texts that are set here.
#[derive(Clone, Copy)]
enum Part {
    RAlg,
    REalg,
    Prot,
    Mode,
}

impl Part {
    const ALL: [Self; 4] = [Self::RAlg, Self::REalg, Self::Prot, Self::Mode];

    fn of(self, ipsec: &mut raw::ipsec_t) -> &mut sys::str_ {
        match self {
            Self::RAlg => &mut ipsec.r_alg,
            Self::REalg => &mut ipsec.r_ealg,
            Self::Prot => &mut ipsec.prot,
            Self::Mode => &mut ipsec.mod_,
        }
    }
}

/// The parameters in shared memory, freed when dropped.
struct Parts(NonNull<raw::ipsec_t>);

impl Parts {
    fn ipsec(&mut self) -> &mut raw::ipsec_t {
        // SAFETY: the block is ours until it is given away.
        unsafe { self.0.as_mut() }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        for part in Part::ALL {
            let text = *part.of(self.ipsec());
            if !text.s.is_null() {
                // SAFETY: a block of its own that came from the same manager.
                unsafe { sys::ks_shm_free(text.s.cast()) };
            }
        }
        // SAFETY: leaked from such a box in `shared`.
        drop(unsafe { Box::from_raw_in(self.0.as_ptr(), Shm) });
    }
}

/// The whole, freed when dropped.
pub(super) struct Shared {
    security: NonNull<raw::security_t>,
    parts: Option<Parts>,
}

impl Shared {
    pub(super) fn as_raw(&self) -> *mut raw::security_t {
        self.security.as_ptr()
    }

    /// The module owns it now.
    pub(super) fn give_away(mut self) {
        // Without its parts nothing is freed.
        if let Some(parts) = self.parts.take() {
            let _theirs = mem::ManuallyDrop::new(parts);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.parts.take().is_some() {
            // SAFETY: leaked from such a box in `shared`.
            drop(unsafe { Box::from_raw_in(self.security.as_ptr(), Shm) });
        }
    }
}
