//! Server-Assignment: the question to the HSS, and its way back.

use crate::{settings::Settings, waiting};
use kamailio::{
    Error,
    cdp::{self, Answered, Command, Constant, NotSent, Part},
    refused::shown,
};
use scscf_core::assignment::{self, APPLICATION, AvpRef, Kind, Saa, Sar, sar};

/// The command as `cdp` sends it.
const ASSIGNMENT: Command =
    Command { application: APPLICATION, code: sar::COMMAND, proxiable: true };

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) kind: Kind,
    pub(crate) available: bool,
    pub(crate) identity: &'q [u8],
    /// The wildcarded identity that stands for it; empty: none.
    pub(crate) wildcard: &'q [u8],
    /// Empty: it is not told.
    pub(crate) private: &'q [u8],
    /// Empty: it is not told.
    pub(crate) call_id: &'q [u8],
}

/// Sends it; `F` gets the answer.
pub(crate) fn ask<F>(
    settings: &Settings,
    question: &Question<'_>,
    token: usize,
    answered: F,
) -> Result<(), NotSent>
where
    F: Fn(&Answered<'_>) + Copy,
{
    let call_id = if settings.tells_call_id { question.call_id } else { b"" };
    let sar = Sar {
        call_id,
        realm: settings.realm,
        identity: question.identity,
        wildcard: question.wildcard,
        server_name: settings.scscf_name,
        private: question.private,
        kind: question.kind,
        available: question.available,
    };
    let avps = sar.avps();
    let parts = avps.iter().map(|avp| part(settings, avp));
    settings.cdp.request(ASSIGNMENT, parts, settings.peer, token, answered)
}

/// An AVP as `cdp` takes it.
fn part<'a>(settings: &Settings, avp: &'a assignment::Avp<'_>) -> Part<'a> {
    let lent = cdp::Avp { code: avp.code, vendor: avp.vendor, flags: avp.flags, data: &avp.data };
    match settings.constants.iter().find(|constant| constant.data() == lent.data) {
        Some(constant) => Part::Constant(lent, *constant),
        None => Part::Copied(lent),
    }
}

/// The data that stands in every request: the realm, the application, the name of this server, and
/// small numbers.
pub(crate) fn constants(realm: &[u8], server: &[u8]) -> Result<Vec<Constant>, Error> {
    let application = sar::vendor_specific_application();
    let numbers = (0..4_u32).chain([5]).map(|number| Constant::new(&number.to_be_bytes()));
    let texts = [realm, server, &*application.data].into_iter().map(Constant::new);
    texts.chain(numbers).collect()
}

/// An AVP as `scscf-core` reads it.
pub(crate) fn read(avp: cdp::Avp<'_>) -> AvpRef<'_> {
    AvpRef { code: avp.code, vendor: avp.vendor, data: avp.data }
}

/// What is told and not waited for: the end of a registration that the HSS has not asked for, or that
/// there will be none. Whether it was sent.
pub(crate) fn tell(settings: &Settings, kind: Kind, identity: &[u8], private: &[u8]) -> bool {
    let question =
        Question { kind, available: true, identity, wildcard: b"", private, call_id: b"" };
    let shown = bstr::BStr::new(shown(identity));
    let sent = ask(settings, &question, 0, told);
    match &sent {
        Ok(()) => kamailio::info!("the hss is told of {shown}: {kind:?}"),
        Err(why) => kamailio::error!("the hss is not told of {shown}: {kind:?}: {why}"),
    }
    sent.is_ok()
}

/// The answer to [`tell`].
fn told(answered: &Answered<'_>) {
    let Some(answer) = &answered.answer else {
        kamailio::warn!("the hss has not answered that it knows of the end of a registration");
        return;
    };
    let saa = Saa::read(answer.clone().map(read));
    if saa.result != Some(assignment::SUCCESS) {
        let (result, experimental) = (saa.result, saa.experimental);
        kamailio::warn!(
            "the hss does not take the end of a registration: result {result:?}, experimental \
             {experimental:?}"
        );
    }
}

/// A question that could not be sent takes back what waits for its answer. `None`: somebody answered
/// it in the meantime.
pub(crate) fn take_back(token: usize) -> Option<waiting::Waiting> {
    waiting::take(token)
}
