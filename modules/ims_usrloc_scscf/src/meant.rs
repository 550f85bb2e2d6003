//! Whom a client means by an identity: the one of this name, or also a wildcarded one that stands for
//! it.
//!
//! A call goes to whoever has the wildcard. But who registers, and whom the HSS speaks of, has the
//! identity himself (3GPP TS 23.003 13.5): a client that took the record of the wildcard for his, as
//! the registrar of C does, would give him the calls of its owner.

use kamailio::{
    module::Rank,
    msg::{Method, Msg},
};
use std::cell::Cell;

/// The processes of `cdp` have such ranks.
const DIAMETER: i32 = 1000;

thread_local! {
    /// The process is one that hears from the HSS.
    static IS_DIAMETER: Cell<bool> = const { Cell::new(false) };
    /// Whether the request whose script runs is a REGISTER; none: no script runs.
    static REGISTERS: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Runs in every process.
pub(crate) fn child(rank: Rank) {
    IS_DIAMETER.set(rank.code() >= DIAMETER);
}

/// The script of a request begins, or has ended.
pub(crate) fn request(msg: Option<&Msg<'_>>) {
    REGISTERS.set(msg.map(|msg| msg.method() == Method::Register));
}

/// Whether an identity is meant itself, and no wildcarded one, by a client that asks for both alike.
pub(crate) fn is_itself() -> bool {
    REGISTERS.get().unwrap_or_else(|| IS_DIAMETER.get())
}
