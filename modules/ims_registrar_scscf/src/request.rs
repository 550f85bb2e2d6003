//! What the parts of a message say to `scscf-core`.

use crate::{settings::Settings, tunable, tunable::Number};
use kamailio::{msg::Msg, socket::Socket};
use scscf_core::{refusal::Refusal, register::Request};

/// The parts of a REGISTER. `received` is the value of `received_avp`.
pub(crate) fn read<'m>(
    msg: &'m Msg<'_>,
    received: Option<&'m [u8]>,
) -> Result<Request<'m>, Refusal> {
    msg.parse().map_err(|_| Refusal::Message)?;
    let all = |name: &'static [u8]| msg.headers(name).map(|header| header.body());
    let authorization = all(b"Authorization").chain(all(b"Proxy-Authorization")).collect();
    let cseq = msg.header(b"CSeq").ok_or(Refusal::NoCSeq)?;
    let number = cseq.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    Ok(Request {
        to: msg.to().map_err(|_| Refusal::NoTo)?.uri,
        call_id: msg.call_id().map_err(|_| Refusal::NoCallId)?,
        cseq: number,
        expires: msg.header(b"Expires"),
        contacts: all(b"Contact").collect(),
        paths: all(b"Path").collect(),
        supported: all(b"Supported").collect(),
        authorization,
        allow: all(b"Allow").collect(),
        user_agent: msg.header(b"User-Agent"),
        received,
        random: random(),
    })
}

/// Any number, if chance is wanted.
fn random() -> u32 {
    if tunable::number(Number::DefaultExpiresRange) == 0 {
        return 0;
    }
    /// Takes the least away.
    const NO_CHANCE: u32 = 99;
    getrandom::u32().unwrap_or(NO_CHANCE)
}

/// The socket that contacts of `msg` are reached from.
pub(crate) fn socket(settings: &Settings, msg: &Msg<'_>) -> Option<Socket> {
    let named = settings.socket_header.filter(|(flag, _)| msg.flag(*flag));
    let named = named.and_then(|(_, name)| msg.header(name));
    let found = named.and_then(|text| {
        let found = Socket::find(text);
        if found.is_none() {
            let text = bstr::BStr::new(text);
            kamailio::notice!("no socket of this server is {text:?}, as a header says");
        }
        found
    });
    found.or_else(|| msg.receiving_socket())
}
