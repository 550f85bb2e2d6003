//! `assign_server_unreg`: this server serves a user that is not registered.

use crate::{
    answer, functions::Target, hss::Question, own::Own as _, registered::Done, save::Suspending,
    settings::Settings, waiting::Texts, wildcard,
};
use bstr::ByteSlice;
use kamailio::{
    msg::{Msg, NameAddr},
    refused::shown,
    script::Verdict,
    scscf::client::{Assigned, Domain, Registration, Subscription},
    timer,
};
use scscf_core::{
    aor::Aor,
    assignment::Kind,
    profile::Subscription as Profile,
    refusal::Refusal,
    register::{Plan, Wants, set},
};
use std::borrow::Cow;

/// Asks the HSS for the user that `msg` is from or for; the script goes on at `target`.
pub(crate) fn ask(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    target: &Target,
    direction: &[u8],
) -> Verdict {
    match start(settings, msg, domain, target, direction) {
        Ok(verdict) => verdict,
        Err(refusal) => answer::refuse(settings, msg, &refusal),
    }
}

fn start(
    settings: &Settings,
    msg: &Msg<'_>,
    domain: Domain,
    target: &Target,
    direction: &[u8],
) -> Result<Verdict, Refusal> {
    msg.parse().map_err(|_| Refusal::Message)?;
    let uri = match direction.first() {
        Some(b't' | b'T') => msg.current_uri().unwrap_or_default(),
        Some(b'o' | b'O') => Cow::Borrowed(asserted(msg).ok_or(Refusal::Assignment)?),
        _ => {
            let direction = shown(direction).as_bstr();
            kamailio::error!("direction {direction:?}, must be orig or term");
            return Err(Refusal::Assignment);
        }
    };
    let identity = Aor::exact(&uri).map_err(|_| Refusal::Aor)?.into_text();
    let call_id = msg.call_id().map_err(|_| Refusal::NoCallId)?;
    let plan = Plan {
        identity,
        private: Cow::default(),
        call_id: call_id.into(),
        cseq: 0,
        user_agent: Cow::default(),
        path: Cow::default(),
        echoes_path: false,
        behind_nat: false,
        wants: Wants::Query,
    };
    let texts = Texts { plan: &plan.pack(), removed: b"", function: target.function() };
    let wildcard = wildcard::of_request(settings, msg, domain, &plan.identity);
    let question = Question {
        kind: Kind::UnregisteredUser,
        available: false,
        identity: &plan.identity,
        wildcard: &wildcard,
        private: b"",
        call_id,
    };
    Suspending { settings, msg, domain, target, texts }.start(&question, true, false, false)
}

/// The first identity that a trusted server asserts.
fn asserted<'m>(msg: &'m Msg<'_>) -> Option<&'m [u8]> {
    let header = msg.header(b"P-Asserted-Identity")?;
    let first = sip_text::scan::Pieces::new(header, b',').next()?.ok()?;
    NameAddr::parse(first).map(|address| address.uri)
}

/// Stores the identities of the profile as unregistered; who is registered stays so.
pub(crate) fn store(done: &Done<'_>, profile: Option<&Profile>) -> Result<(), Refusal> {
    let Done { settings, waiting, plan, .. } = done;
    let Some(profile) = profile else { return Err(Refusal::UserData) };
    let failed = |error: &kamailio::Error| {
        kamailio::error!("{}: {error}", shown(&plan.identity).as_bstr());
        Refusal::RecordInsert
    };
    let entries = set::changes([], profile, &plan.identity)?;
    let subscription = Subscription::new(settings.usrloc, profile).map_err(|error| {
        failed(&error);
        Refusal::RecordNew
    })?;
    let now = timer::now();
    let _together = settings.usrloc.together();
    for entry in &entries {
        let guard = settings.usrloc.lock(waiting.domain, &entry.key);
        let is_registered = guard.own(&entry.key).is_some_and(|record| {
            record.state() == Registration::Registered
                && record.contacts().any(|contact| contact.is_valid(now))
        });
        let state =
            if is_registered { Registration::Registered } else { Registration::Unregistered };
        let assigned = Assigned {
            state,
            barred: Some(entry.barred),
            primary: entry.primary,
            subscription: Some(&subscription),
            charging: done.charging,
        };
        guard.assign(&assigned).map_err(|error| failed(&error))?;
    }
    Ok(())
}
