//! The load: many virtual phones in one process, which speak SIP over UDP and check what the
//! server tells them.

pub(crate) mod fleet;
pub(crate) mod message;
pub(crate) mod operation;
pub(crate) mod party;
pub(crate) mod request;
pub(crate) mod script;

pub(crate) use fleet::{Fleet, Tally};
pub(crate) use message::{Kind, Message};
pub(crate) use party::{CallId, DOMAIN, Party, Purpose};
pub(crate) use request::Request;
