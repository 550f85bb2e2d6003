//! `assign_server_auth_failed`: a user did not prove who it is, or did not answer the challenge.

use crate::{hss, settings::Settings};
use bstr::ByteSlice;
use kamailio::{msg::Msg, refused::Refused, script::Verdict};
use scscf_core::{
    assignment::{Cause, Kind},
    register,
};

/// The HSS could not be told.
const NOT_TOLD: Verdict = Verdict::other(-2);

/// Tells the HSS of the identity `uri` (TS 24.229 5.4.1.2.3, TS 29.228 6.1.2). Nothing changes here: a
/// registration that there is goes on, at the HSS as well; of a user without one it forgets this server.
pub(crate) fn tell(
    settings: &Settings,
    msg: &Msg<'_>,
    uri: &[u8],
    reason: &[u8],
) -> Result<Verdict, Refused> {
    let cause = match reason {
        b"failure" => Cause::AuthenticationFailure,
        b"timeout" => Cause::AuthenticationTimeout,
        other => {
            let why = format_args!("reason is {:?}, must be failure or timeout", other.as_bstr());
            return Err(Refused::new(msg, why).failure());
        }
    };
    msg.parse().map_err(|why| Refused::new(msg, why))?;
    let all = |name: &'static [u8]| msg.headers(name).map(|header| header.body());
    let authorization = all(b"Authorization").chain(all(b"Proxy-Authorization"));
    let whose = register::whose(uri, authorization, true);
    let (identity, private) =
        whose.map_err(|why| Refused::new(msg, format_args!("{why}: {:?}", uri.as_bstr())))?;
    let told = hss::tell(settings, Kind::of_removal(cause, false), &identity, &private);
    Ok(if told { Verdict::TRUE } else { NOT_TOLD })
}
