//! Contacts as rows of the location table, `pcscf_location` or, before Kamailio 6.0, `location`.
//!
//! A row is found by its [`Key`]. [`Row::read`] takes nothing for granted: the table may hold what another
//! server, an older version or a person wrote. [`insert`] and [`update`] make a row fit the columns that there
//! are, which [`Layout`] describes, and say what they left out.

mod column;
mod layout;
mod list;
mod read;
mod reference;
mod spelling;
#[cfg(test)]
mod tests;
mod write;

pub use column::Column;
pub use layout::{Described, Layout, MissingColumns};
pub use list::{join, split};
pub use read::Read;
pub use reference::{Lists, RowRef, SecurityRef};
pub use shm_store::cells::{BadCell, Cells};
pub use spelling::spellings;
pub use write::{Cell, Extent, LeftOut, Sink, insert, update};

/// What tells a row from all others: one phone behind one address and port has one for each
/// Contact. All three never change while a contact lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Key {
    /// Column `aor`: the Contact URI with its parameters.
    pub aor: Vec<u8>,
    /// Column `received`: the address that the REGISTER came from; empty for NULL.
    pub received: Vec<u8>,
    /// Column `received_port`.
    pub received_port: u16,
}

/// The content of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// What the row is found by.
    pub key: Key,
    /// Column `received_proto`, by the numbers of the core: 1 UDP, 2 TCP, 3 TLS, …
    pub received_proto: u16,
    /// Column `host`: the host of the Via header; never empty.
    pub host: Vec<u8>,
    /// Column `port`: the port of the Via header.
    pub port: u16,
    /// Column `protocol`: the transport of the Via header, by the numbers of the core.
    pub protocol: u16,
    /// Column `rinstance`, also a parameter of the Contact URI; empty for NULL.
    pub rinstance: Vec<u8>,
    /// Column `path`; empty for NULL.
    pub path: Vec<u8>,
    /// Column `rx_session_id`: the Diameter session that watches the bearer; empty for NULL.
    pub rx_session_id: Vec<u8>,
    /// Column `reg_state`.
    pub reg_state: u8,
    /// Column `expires`, seconds since 1970; 0: never.
    pub expires: i64,
    /// Column `service_routes`, first hop first.
    pub service_routes: Vec<Vec<u8>>,
    /// Column `public_ids`, the default identity first.
    pub public_ids: Vec<Vec<u8>>,
    /// Column `socket`, which nobody else uses: the [`device::key`](crate::device::key) of the device
    /// that registered the contact, 0 if that is not known. Nothing: the column stays as it is.
    pub device: Option<u64>,
    /// The security association in use (columns `security_type`, `mode`, …), if it is IPsec.
    pub security: Option<Security>,
    /// The security association that is being set up (columns `t_…`), if it is IPsec.
    pub security_temp: Option<Security>,
}

/// Until when a contact with this `expires` is registered: one without an end until the last moment
/// that there is. Of two that registered for the same time the one that did so later has the later one.
pub const fn last_moment(expires: i64) -> i64 {
    if expires == 0 { i64::MAX } else { expires }
}

/// The parameters of a pair of IPsec security associations (TS 33.203, annex H).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are those of TS 33.203: client and server, UE and P-CSCF"
)]
pub struct Security {
    pub protocol: Vec<u8>,
    pub mode: Vec<u8>,
    pub ck: Vec<u8>,
    pub ik: Vec<u8>,
    pub ealg: Vec<u8>,
    pub ialg: Vec<u8>,
    pub port_pc: u16,
    pub port_ps: u16,
    pub port_uc: u16,
    pub port_us: u16,
    pub spi_pc: u32,
    pub spi_ps: u32,
    pub spi_uc: u32,
    pub spi_us: u32,
}

/// The number of IPsec in the columns `security_type` and `t_security_type`.
const IPSEC: i64 = 1;
