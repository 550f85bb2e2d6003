//! The pseudo-variables `$probe` and `$probes(what)`.

use kamailio::{Error, msg::Msg, pv::Value};

pub(crate) fn get(_: &Msg<'_>) -> Result<Value, Error> {
    Ok(Value::Int(7))
}

#[expect(clippy::panic, reason = "what this module is for")]
pub(crate) fn named(_: &Msg<'_>, what: &[u8]) -> Result<Value, Error> {
    match what {
        b"number" => Ok(Value::Int(-42)),
        b"huge" => Ok(Value::Text(vec![b'x'; 100_000].into())),
        b"panic" => panic!("on purpose in a variable"),
        b"error" => Err(Error::NoArgument(0)),
        b"nothing" => Ok(Value::Null),
        text => Ok(Value::Text(text.into())),
    }
}
