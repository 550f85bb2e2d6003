//! Transactions: the module `tm`.
//!
//! [`Tm::bind`] at start, then requests of our own ([`Tm::request_within`]) and notice of what
//! becomes of the transactions of others ([`Tm::on_e2e_ack`], [`Tm::on_response_ready`]).

mod callback;
mod request;
mod suspend;
mod transaction;

pub use callback::{Completed, ResponseReady};
pub use request::{InDialog, RequestError};
pub use suspend::{NotSuspended, Resume, Suspended, Waiting};
pub use transaction::Transaction;

use crate::error::{Error, Result};
use core::{fmt, mem};
use kamailio_sys as sys;

/// The functions of `tm`, bound in `mod_init` and good in every process.
#[derive(Clone)]
pub struct Tm {
    api: sys::tm_binds,
}

// SAFETY: addresses of functions, the same in every process; nothing writes to them.
unsafe impl Send for Tm {}
// SAFETY: as for `Send`.
unsafe impl Sync for Tm {}

impl fmt::Debug for Tm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tm").finish_non_exhaustive()
    }
}

impl Tm {
    /// Binds to the module `tm`, which must be loaded before this one.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoaded`] if it is not.
    pub fn bind() -> Result<Self> {
        // SAFETY: a struct of addresses and options of functions, for which zeroes are none.
        let mut api: sys::tm_binds = unsafe { mem::zeroed() };
        // SAFETY: `api` is the struct that `tm` fills.
        let code = unsafe { sys::load_tm_api(&raw mut api) };
        if code < 0 {
            return Err(Error::NotLoaded { module: "tm", export: "load_tm" });
        }
        Ok(Self { api })
    }

    /// The transaction of the message that this process works on, if it has one by now.
    pub fn current(&self) -> Option<Transaction<'_>> {
        let get = self.api.t_gett?;
        // SAFETY: looks at the state of this process only.
        let cell = unsafe { get() };
        // SAFETY: the current transaction stays for as long as its message is worked on, which
        // the caller does: nothing that ends it is offered here.
        unsafe { Transaction::from_raw(cell) }
    }
}
