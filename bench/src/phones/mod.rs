//! The load: many virtual phones in one process, which speak SIP over UDP and check what the
//! server tells them.

pub mod fleet;
pub mod message;
pub mod operation;
pub mod party;
pub mod request;
pub mod script;

pub use fleet::{Fleet, Tally};
pub use message::{Kind, Message};
pub use party::{CallId, DOMAIN, Party, Purpose};
pub use request::Request;
