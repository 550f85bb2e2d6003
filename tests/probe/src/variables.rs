//! The pseudo-variable `$probe(what)`.

use kamailio::{Error, msg::Msg, pv::Value};

#[expect(clippy::panic, reason = "what this module is for")]
pub(crate) fn get(_: &Msg<'_>, what: Option<&[u8]>) -> Result<Value, Error> {
    match what {
        Some(b"number") => Ok(Value::Int(-42)),
        Some(b"huge") => Ok(Value::Text(vec![b'x'; 100_000].into())),
        Some(b"panic") => panic!("on purpose in a variable"),
        Some(b"error") => Err(Error::NoArgument(0)),
        Some(text) => Ok(Value::Text(text.into())),
        None => Ok(Value::Null),
    }
}
