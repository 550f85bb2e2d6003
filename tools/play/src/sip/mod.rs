//! Messages, and telephones of this program.

pub(crate) mod message;
pub(crate) mod phone;
