//! A Diameter peer for tests: the codec of RFC 6733, a node that Kamailio's `cdp` connects to, and
//! the nodes of an IMS network that answer applications on it.

pub mod assignment;
pub mod avp;
pub mod cx;
pub mod hss;
pub mod message;
pub mod node;
pub mod package;
pub mod pcrf;
pub mod setup;
pub mod subscriber;

pub use assignment::Assignment;
pub use avp::{Avp, Avps};
pub use hss::Hss;
pub use message::{Application, Message};
pub use node::{Node, Reply};
pub use package::Package;
pub use pcrf::{Answer, Pcrf};
pub use subscriber::Subscriber;

/// The vendor 3GPP (10415), whose AVPs carry its number.
pub const VENDOR_3GPP: u32 = 10_415;

/// The Result-Code of success.
pub const SUCCESS: u32 = 2001;

/// The Result-Code for what an application does not know.
pub const UNSUPPORTED_COMMAND: u32 = 3001;
