//! The load: many virtual phones in one process, which speak SIP over UDP and check what the
//! server tells them.

mod fleet;
mod message;
mod operation;
mod party;
mod request;
pub mod script;

pub use fleet::{Fleet, Tally};
pub use message::{Kind, Message};
pub use party::{CallId, DOMAIN, Party, Purpose};
pub use request::Request;
