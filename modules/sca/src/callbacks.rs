//! What `tm` and `sl` tell of an INVITE after the script has let it go.

use crate::{
    calls::{CallError, line_error},
    invite, lines,
    parties::{Parties, StandIns, Unreadable},
};
use kamailio::{
    error::Report,
    msg::{Contact, Media, Method, Msg},
    tm::{ResponseReady, Transaction},
};
use sca_core::{
    call::{self, Failure},
    call_info::CallInfo,
};

/// The ACK of a 2xx: an answered call is up, and a phone that offers hold music in it holds.
pub(crate) fn ack(transaction: &Transaction<'_>, msg: &Msg<'_>) {
    report("ACK", take_ack(transaction, msg));
}

/// A reply to the INVITE of a shared line is about to be sent.
pub(crate) fn response_ready(transaction: &Transaction<'_>, ready: &ResponseReady<'_>) {
    if ready.status < 300 {
        return;
    }
    let Some(invite) = transaction.request() else { return };
    report("failed INVITE", take_failure(&invite, ready.status, false));
}

/// A reply is about to be sent without a transaction.
pub(crate) fn reply_ready(msg: &Msg<'_>, status: u16) {
    if msg.method() != Method::Invite || status < 400 || matches!(status, 401 | 407) {
        return;
    }
    report("refused INVITE", take_failure(msg, status, true));
}

/// The one line of the log about what went wrong where no script waits for a code.
fn report(of: &str, done: Result<(), CallError>) {
    if let Err(error) = done {
        kamailio::log_at!(error.level(), "{of}: {error}");
    }
}

fn take_ack(transaction: &Transaction<'_>, msg: &Msg<'_>) -> Result<(), CallError> {
    msg.parse().map_err(Unreadable::from)?;
    // Few ACKs have a Contact, and it may be what tells the line.
    let invite = transaction.request();
    let contact = match invite.as_ref().map(|invite| invite.contact()) {
        Some(Contact::One(uri)) => Some(uri),
        _ => None,
    };
    let stand_ins = StandIns::remembered();
    let Parties { from_aor, to_aor, dialog, .. } = Parties::read(msg, &stand_ins, contact)?;
    let ctx = lines::context();
    if lines::is_shared(&from_aor) {
        let hold = msg.media() == Media::Held;
        let outcome =
            lines::with(&from_aor, |line, _| call::ack_by_sender(line, &ctx, &dialog, hold));
        outcome.map_err(line_error(&from_aor))?.1.send();
    }
    if lines::is_shared(&to_aor) {
        let outcome = lines::with(&to_aor, |line, _| call::ack_to_answerer(line, &ctx, &dialog));
        outcome.map_err(line_error(&to_aor))?.1.send();
    }
    Ok(())
}

fn take_failure(invite: &Msg<'_>, status: u16, stateless: bool) -> Result<(), CallError> {
    invite.parse().map_err(Unreadable::from)?;
    let stand_ins = StandIns::remembered();
    let parties = Parties::read(invite, &stand_ins, None)?;
    if !lines::is_shared(&parties.from_aor) {
        return Ok(());
    }
    let call_info = invite.headers(b"Call-Info").map(|header| header.body());
    let failure = Failure {
        status,
        dialog: parties.dialog,
        cseq: invite::cseq(invite),
        contact: parties.contact.unwrap_or_default(),
        call_info: call_info.into_iter().find_map(|body| CallInfo::parse(body).ok()),
        stateless,
    };
    invite::fail(&parties.from_aor, &failure)
}
