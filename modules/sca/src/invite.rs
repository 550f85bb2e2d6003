//! INVITE and its replies.

use crate::{
    calls::{self, Call, CallError, line_error},
    lines, names,
    notify::Outgoing,
    parties::Parties,
};
use bstr::{BStr, BString};
use kamailio::{
    msg::{Contact, Media, Msg, Uri},
    script::Verdict,
};
use sca_core::{
    aor,
    call::{self, CalleeAnswer, CallerAnswer, Failure, Invite, Invited, Retrieval},
    call_info,
};

/// An INVITE, first or within the call.
pub(crate) fn request(call: &Call<'_, '_>) -> Result<Verdict, CallError> {
    let Some(contact) = call.parties.contact else { return Ok(Verdict::TRUE) };
    calls::follow(call)?;
    if !call.caller {
        return Ok(Verdict::TRUE);
    }
    let Parties { dialog, from, from_aor, to_aor, .. } = &call.parties;
    let invite = Invite {
        contact,
        dialog: dialog.clone(),
        cseq: cseq(call.msg),
        call_info: call.call_info,
        hold: is_hold(call),
        same_line: from_aor == to_aor,
    };
    let ctx = lines::context();
    let outcome = lines::with(from_aor, |line, _| call::invite(line, &ctx, &invite));
    let (invited, outgoing) = outcome.map_err(line_error(from_aor))?;
    let taken = matches!(invited, Invited::Relayed { .. } | Invited::Retrieved(_));
    if taken && aor::of_uri(from.uri) != &**from_aor {
        names::note(&dialog.call_id, &dialog.from_tag, from_aor);
    }
    match invited {
        Invited::Relayed { .. } => Ok(Verdict::from(outgoing.send())),
        Invited::Retrieved(retrieval) => retrieve(call, &invite, &retrieval, outgoing),
        Invited::Forbidden { index, owner } => {
            kamailio::notice!(
                "INVITE of {} refused with 403: appearance-index {index} of {} is on private hold by {owner}",
                BStr::new(contact),
                BStr::new(&**from_aor)
            );
            let reply = call.settings.sl.reply(call.msg, 403, "Forbidden - private call");
            reply.map_err(|why| CallError::Core { call_id: call.id(), why })?;
            Ok(Verdict::DROP)
        }
        Invited::Unreachable { index } => Err(CallError::Unreachable {
            call_id: call.id(),
            aor: BString::from(&**from_aor),
            index,
        }),
    }
}

/// The number by which a failure is told from that of another INVITE of the call.
pub(crate) fn cseq(msg: &Msg<'_>) -> u32 {
    msg.cseq().map_or(0, |cseq| cseq.number)
}

fn is_hold(call: &Call<'_, '_>) -> bool {
    call.settings.onhold_flag.is_some_and(|bit| call.msg.branch_flag(bit))
        || call.msg.media() == Media::Held
}

/// Changes the INVITE so that it takes the held call over; if that cannot be done, the line is as
/// it was.
fn retrieve(
    call: &Call<'_, '_>,
    invite: &Invite<'_>,
    retrieval: &Retrieval,
    outgoing: Outgoing,
) -> Result<Verdict, CallError> {
    let replaces = [b"Replaces: ".as_slice(), &retrieval.replaces, b"\r\n"].concat();
    let changed = call.msg.append_header(&replaces).and_then(|()| {
        call.msg.drop_branches();
        call.msg.set_request_uri(&retrieval.target)
    });
    let ctx = lines::context();
    if let Err(why) = changed {
        let failure = Failure {
            status: 500,
            dialog: invite.dialog.clone(),
            cseq: invite.cseq,
            contact: invite.contact,
            call_info: call.call_info,
            stateless: true,
        };
        fail(&call.parties.from_aor, &failure)?;
        return Err(CallError::Change { call_id: call.id(), why });
    }
    if let Some(far) = &retrieval.far_aor
        && lines::is_shared(far)
    {
        let outcome =
            lines::with(far, |line, _| call::retarget(line, &ctx, &retrieval.replaced, invite));
        outcome.map_err(line_error(far))?.1.send();
    }
    Ok(Verdict::from(outgoing.send()))
}

/// Carries out the failure of an INVITE on the line of its caller, and what follows from it on the
/// line of the far side.
pub(crate) fn fail(aor: &[u8], failure: &Failure<'_>) -> Result<(), CallError> {
    let ctx = lines::context();
    let failed = lines::with(aor, |line, _| call::failure(line, &ctx, failure));
    let (failed, outgoing) = failed.map_err(line_error(aor))?;
    outgoing.send();
    let Some(far) = failed.far_aor else { return Ok(()) };
    if !lines::is_shared(&far) {
        return Ok(());
    }
    let failed = lines::with(&far, |line, _| call::failure(line, &ctx, failure));
    failed.map_err(line_error(&far))?.1.send();
    Ok(())
}

/// A reply to an INVITE that the script passes in.
pub(crate) fn reply(call: &Call<'_, '_>) -> Result<Verdict, CallError> {
    let Some(contact) = call.parties.contact else { return Ok(Verdict::TRUE) };
    match call.msg.status() {
        Some(180 | 183) => ringing(call),
        Some(200) => answer(call, contact),
        _ => Ok(Verdict::TRUE),
    }
}

/// The far side rings. The mask does not matter here, as in C.
fn ringing(call: &Call<'_, '_>) -> Result<Verdict, CallError> {
    let Parties { dialog, from_aor, .. } = &call.parties;
    if !lines::is_shared(from_aor) {
        return Ok(Verdict::TRUE);
    }
    let ctx = lines::context();
    let outcome = lines::with(from_aor, |line, _| call::progress(line, &ctx, dialog));
    let (outcome, outgoing) = outcome.map_err(line_error(from_aor))?;
    Ok(Verdict::from(outgoing.send() && outcome.index.is_some()))
}

fn answer(call: &Call<'_, '_>, contact: &[u8]) -> Result<Verdict, CallError> {
    let Parties { from, to, from_aor, to_aor, dialog, .. } = &call.parties;
    let same_line = from_aor == to_aor;
    let ctx = lines::context();
    if call.callee && !same_line {
        let transaction = call.settings.tm.current();
        let invite = transaction.as_ref().and_then(|transaction| transaction.request());
        let answer = CalleeAnswer {
            dialog: dialog.clone(),
            contact,
            call_info: call.call_info,
            in_dialog: invite.as_ref().and_then(|invite| Some(invite.to().ok()?.tag.is_some())),
            from_display: from.display,
            from_uri: from.uri,
            // It may become a Request-URI, and the INVITE may have passed unread.
            remote_target: match invite.as_ref().map(|invite| invite.contact()) {
                Some(Contact::One(uri)) if Uri::is_valid(uri) => uri,
                _ => b"",
            },
        };
        let outcome = lines::with(to_aor, |line, _| call::answer_by_callee(line, &ctx, &answer));
        if let Some(why) = outcome.map_err(line_error(to_aor))?.0.refused {
            let aor = BString::from(&**to_aor);
            return Err(CallError::NoAppearance { call_id: call.id(), aor, why });
        }
        if aor::of_uri(to.uri) != &**to_aor {
            names::note(&dialog.call_id, &dialog.to_tag, to_aor);
        }
    }
    if !call.caller {
        return Ok(Verdict::TRUE);
    }
    assert_identity(call)?;
    let answer =
        CallerAnswer { dialog: dialog.clone(), contact, to_display: to.display, to_aor, same_line };
    let outcome = lines::with(from_aor, |line, _| call::answer_to_caller(line, &ctx, &answer));
    Ok(Verdict::from(outcome.map_err(line_error(from_aor))?.1.send()))
}

/// Tells the caller whom the call has reached (RFC 3325): the value of the AVP if there is one to
/// look at, else the party called.
fn assert_identity(call: &Call<'_, '_>) -> Result<(), CallError> {
    let value = match call.settings.pai_avp {
        Some(avp) => match avp.text().filter(|text| !text.is_empty()) {
            Some(text) => call_info::one_line(&text),
            None => return Ok(()),
        },
        None => {
            // Not by the Contact that stands in for one of the phone: it tells nobody's name.
            let given = call.settings.contact_fallback;
            let contact = call.parties.contact.filter(|uri| Some(*uri) != given);
            let to = aor::canonical(call.parties.to.uri, contact);
            let to = to.unwrap_or_else(|_| call.parties.to_aor.clone());
            call_info::asserted_identity(call.parties.to.display, &to)
        }
    };
    let header = [b"P-Asserted-Identity: ".as_slice(), &value, b"\r\n"].concat();
    let added = call.msg.append_header(&header);
    added.map_err(|why| CallError::Change { call_id: call.id(), why })
}
