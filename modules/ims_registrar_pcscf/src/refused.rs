//! Why a function said no: one line of the log that names the message and what was compared.

pub(crate) use kamailio::refused::{Refused, identity, reply_only, request_only, shown};
