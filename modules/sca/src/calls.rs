//! INVITE, BYE, CANCEL, PRACK and REFER, requests and replies.

use crate::{
    callbacks, invite,
    lines::{self, LineError},
    names,
    parties::{Parties, StandIns, Unreadable},
    settings::{self, Settings},
};
use bstr::BString;
use kamailio::{
    Error,
    error::Report,
    log::Level,
    msg::{ChangeError, Contact, Header, Method, Msg},
    script::Verdict,
};
use sca_core::{
    Line, call,
    call_info::{BadCallInfo, CallInfo},
};

/// Why a message did not change the state of a call; the script goes on with -1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("mask is {0}, must be 0 to 3")]
    Mask(i32),
    #[error("Call-ID {call_id}: {why}")]
    CallInfo { call_id: BString, why: BadCallInfo },
    #[error("line {aor}: {why}")]
    Line { aor: BString, why: LineError },
    #[error("Call-ID {call_id}: the message cannot be changed: {why}")]
    Change { call_id: BString, why: ChangeError },
    #[error("Call-ID {call_id}: {why}")]
    Core { call_id: BString, why: Error },
    #[error("Call-ID {call_id}: no appearance of {aor} is free for the answered call: {why:?}")]
    NoAppearance { call_id: BString, aor: BString, why: sca_core::line::SeizeError },
    #[error(
        "Call-ID {call_id}: appearance-index {index} of {aor} is held, but its far side is not known"
    )]
    Unreachable { call_id: BString, aor: BString, index: u32 },
}

impl Report for CallError {
    fn level(&self) -> Level {
        match self {
            Self::Unreadable(_) | Self::CallInfo { .. } | Self::Unreachable { .. } => Level::Notice,
            _ => Level::Error,
        }
    }
}

/// A message of a call and which of its sides are shared lines.
#[derive(Debug)]
pub(crate) struct Call<'m, 'a> {
    pub(crate) msg: &'m Msg<'a>,
    pub(crate) settings: &'static Settings,
    pub(crate) parties: Parties<'m>,
    pub(crate) call_info: Option<CallInfo>,
    pub(crate) caller: bool,
    pub(crate) callee: bool,
}

impl Call<'_, '_> {
    pub(crate) fn id(&self) -> BString {
        BString::from(&*self.parties.dialog.call_id)
    }

    /// The index of the Call-Info header, 0 without one.
    fn index(&self) -> u32 {
        self.call_info.map_or(0, |info| info.index)
    }
}

/// The error of a line that could not be stored.
pub(crate) fn line_error(aor: &[u8]) -> impl FnOnce(LineError) -> CallError {
    move |why| CallError::Line { aor: BString::from(aor), why }
}

/// Takes over what the message says of the call. -1 also for a call without a shared line.
pub(crate) fn update(msg: &Msg<'_>, mask: i32, stand_ins: &StandIns) -> Result<Verdict, CallError> {
    let method = msg.method();
    let concerned = matches!(
        method,
        Method::Invite | Method::Bye | Method::Cancel | Method::Prack | Method::Refer
    );
    if !concerned {
        return Ok(Verdict::TRUE);
    }
    let Some(settings) = settings::get() else { return Ok(Verdict::FALSE) };
    msg.parse().map_err(Unreadable::from)?;
    let (mask_caller, mask_callee) = match mask {
        0 | 3 => (true, true),
        1 => (true, false),
        2 => (false, true),
        other => return Err(CallError::Mask(other)),
    };
    let mut parties = Parties::read(msg, stand_ins, None)?;
    // It stands in for the address of the phone; which line it is, the phone did not say.
    parties.contact = parties.contact.or(settings.contact_fallback);
    let call_infos: Vec<_> = msg.headers(b"Call-Info").collect();
    let call_info = call_info(&call_infos, &parties)?;
    let mut call = Call { msg, settings, parties, call_info, caller: false, callee: false };
    call.caller = mask_caller && is_shared(&call, true)?;
    call.callee = mask_callee && is_shared(&call, false)?;
    if matches!(method, Method::Invite) && msg.is_request() && !call.caller && !call.callee {
        // The Contact of the phone that answers may name a line that the To header does not.
        follow(&call)?;
    }
    for header in call_infos.iter().filter(|header| is_ours(header.body())) {
        msg.remove_header(header).map_err(|why| CallError::Change { call_id: call.id(), why })?;
    }
    let bye_of_caller = mask_caller && matches!(method, Method::Bye) && msg.is_request();
    let nameless = bye_of_caller && matches!(msg.contact(), Contact::Absent);
    let ended = nameless && bye_of_other_name(&call);
    if !call.caller && !call.callee {
        return Ok(Verdict::from(ended));
    }
    if call.call_info.is_some_and(|info| info.is_empty()) {
        (call.caller, call.callee) = (false, false);
    }
    match (method, msg.is_request()) {
        (Method::Invite, true) => invite::request(&call),
        (Method::Invite, false) => invite::reply(&call),
        (Method::Cancel, true) => cancel(&call),
        (Method::Bye, true) => bye(&call, ended),
        (Method::Bye, false) => bye_reply(&call),
        _ => Ok(Verdict::TRUE),
    }
}

/// Whether a Call-Info header is one of shared lines; others (RFC 3261 section 20.9) are not ours
/// to read or to remove.
fn is_ours(body: &[u8]) -> bool {
    body.is_empty() || bstr::ByteSlice::contains_str(body, "appearance")
}

/// What the Call-Info header of a shared line says, of the first one that says something.
fn call_info(headers: &[Header<'_>], parties: &Parties<'_>) -> Result<Option<CallInfo>, CallError> {
    let mut bodies = headers.iter().map(Header::body);
    let Some(body) = bodies.find(|body| !body.is_empty() && is_ours(body)) else {
        return Ok(None);
    };
    CallInfo::parse(body).map(Some).map_err(|why| CallError::CallInfo {
        call_id: BString::from(&*parties.dialog.call_id),
        why,
    })
}

/// Whether one side is a shared line.
///
/// A line that nobody is subscribed to any more becomes an ordinary address again with the first
/// call that the side sends without Call-Info.
fn is_shared(call: &Call<'_, '_>, caller: bool) -> Result<bool, CallError> {
    let aor = if caller { &call.parties.from_aor } else { &call.parties.to_aor };
    if !lines::is_shared(aor) {
        return Ok(false);
    }
    let sender = call.msg.is_request() == caller;
    let has_members = || lines::look(aor, |line| line.has_members()) == Some(true);
    if !sender || call.msg.header(b"Call-Info").is_some() || has_members() {
        return Ok(true);
    }
    let ctx = lines::context();
    let unregistered = lines::with(aor, |line, _| line.unregister(&ctx));
    let (unregistered, _) = unregistered.map_err(line_error(aor))?;
    if unregistered {
        kamailio::info!("unregistered SCA AoR {}", bstr::BStr::new(&**aor));
    }
    Ok(!unregistered)
}

/// CANCEL gives back what the call had, on the side of the caller and, in a dialog, of the callee.
fn cancel(call: &Call<'_, '_>) -> Result<Verdict, CallError> {
    let Parties { dialog, from_aor, to_aor, .. } = &call.parties;
    let ctx = lines::context();
    let mut sent = true;
    let callee = call.callee && !dialog.to_tag.is_empty();
    for (concerned, aor) in [(call.caller, from_aor), (callee, to_aor)] {
        if !concerned {
            continue;
        }
        let outcome = lines::with(aor, |line, _| call::cancel(line, &ctx, dialog));
        sent &= outcome.map_err(line_error(aor))?.1.send();
    }
    Ok(Verdict::from(sent))
}

/// BYE ends the call on both sides. -1 if the caller's line does not know the call and the
/// callee's does not either, nor has it `ended` on a line that the BYE does not name. As in C it is
/// none, too, if the caller names the appearance of another call, which stays as it is.
fn bye(call: &Call<'_, '_>, ended: bool) -> Result<Verdict, CallError> {
    let Parties { dialog, from_aor, to_aor, .. } = &call.parties;
    let ctx = lines::context();
    let mut sent = true;
    let mut found = ended || !call.caller;
    for (concerned, aor) in [(call.caller, from_aor), (call.callee, to_aor)] {
        if !concerned {
            continue;
        }
        let outcome = lines::with(aor, |line, _| call::bye(line, &ctx, dialog, call.index()));
        let (outcome, outgoing) = outcome.map_err(line_error(aor))?;
        if outcome.index.is_none() {
            kamailio::info!(
                "line {} has no appearance for the BYE of Call-ID {}",
                bstr::BStr::new(&**aor),
                call.id()
            );
        }
        found |= outcome.index.is_some();
        sent &= outgoing.send();
    }
    let of_another = |line: &Line<'_>| {
        line.appearances().iter().any(|appearance| appearance.index == call.index())
    };
    found = found || lines::look(from_aor, of_another) == Some(true);
    Ok(Verdict::from(found && sent))
}

/// BYE of a phone that has its call under another address than its line: From is that address, and
/// few BYEs have the Contact that told the line before. The address may be another shared line: who
/// talked to one and is taken over by its other phone stands in that dialog as the line itself. True
/// if the call was found.
fn bye_of_other_name(call: &Call<'_, '_>) -> bool {
    let Parties { dialog, from_aor, to_aor, .. } = &call.parties;
    let ctx = lines::context();
    let line = names::take(&dialog.call_id, &dialog.from_tag);
    let line = line.filter(|aor| [from_aor, to_aor].iter().all(|named| *aor != ***named));
    let Some(aor) = line else { return false };
    match lines::with(&aor, |line, _| call::bye(line, &ctx, dialog, 0)) {
        Ok((outcome, outgoing)) => {
            outgoing.send();
            outcome.index.is_some()
        }
        Err(error) => {
            kamailio::error!("line {}: {error}", bstr::BStr::new(&aor));
            false
        }
    }
}

/// The reply to a BYE frees what the request did not, should the script have passed that by.
fn bye_reply(call: &Call<'_, '_>) -> Result<Verdict, CallError> {
    if !call.callee {
        return Ok(Verdict::TRUE);
    }
    let Parties { dialog, to_aor, .. } = &call.parties;
    let ctx = lines::context();
    let outcome = lines::with(to_aor, |line, _| call::bye(line, &ctx, dialog, call.index()));
    Ok(Verdict::from(outcome.map_err(line_error(to_aor))?.1.send()))
}

/// Has `tm` tell what becomes of the INVITE: its ACK, and for a shared caller its final reply.
pub(crate) fn follow(call: &Call<'_, '_>) -> Result<(), CallError> {
    let tm = &call.settings.tm;
    let core = |why| CallError::Core { call_id: call.id(), why };
    tm.on_e2e_ack(call.msg, callbacks::ack).map_err(core)?;
    if call.caller {
        tm.on_response_ready(call.msg, callbacks::response_ready).map_err(core)?;
    }
    Ok(())
}
