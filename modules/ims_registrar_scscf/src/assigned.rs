//! The answer of the HSS: the store is changed, the request replied to, and the script goes on.

use crate::{
    hss::{self, Question},
    recent,
    registered::{self, Done},
    settings::{self, Settings},
    stats, undone, unregistered, user_data,
    waiting::{self, Texts, Waiting},
};
use bstr::ByteSlice;
use kamailio::{cdp::Answered, refused::shown, tm::Resume};
use scscf_core::{
    assignment::{Cause, Failure, Kind, SUCCESS, Saa, saa},
    refusal::Refusal,
    register::Plan,
    reply::{self, Reply},
};

/// What the script finds in `saa_return_code`: all went well.
const DONE: i32 = 1;
/// It did not.
pub(crate) const FAILED: i32 = -2;

/// Called by `cdp`, in a process of its own.
pub(crate) fn answered(answered: &Answered<'_>) {
    let Some(settings) = settings::get() else { return };
    let Some(waiting) = waiting::take(answered.token) else {
        kamailio::info!("an answer of the hss that nobody waits for any more");
        return;
    };
    count(answered);
    let Some(texts) = Texts::of(&waiting.texts) else { return };
    let Some(plan) = Plan::unpack(texts.plan) else { return };
    let transaction = settings.tm.waiting(waiting.transaction);
    let Some(transaction) = transaction.filter(|transaction| !transaction.is_answered()) else {
        late(settings, answered, &waiting, &plan);
        return;
    };
    let outcome = take(settings, answered, &waiting, &texts, &plan);
    if let Err(failure) = &outcome
        && answered.answer.is_some()
    {
        let gone = failure.refusal == Refusal::RecordGet;
        if gone && waiting.is_save && !waiting.required {
            drop(transaction);
            ask_again(settings, &waiting, &texts, &plan);
            return;
        }
        if was_assigned(answered) {
            undone::tell(settings, &waiting, &plan, failure.cause());
        }
    }
    let (code, goes_on, reply) = match outcome {
        Ok(reply) => {
            stats::ACCEPTED.increment();
            (DONE, true, reply)
        }
        Err(failure) => {
            // Only what nobody is to blame for is not counted: the HSS has no profile.
            if failure.return_code == FAILED {
                stats::REJECTED.increment();
            }
            let who = shown(&plan.identity).as_bstr();
            kamailio::notice!("{who}: refused: {}", failure.refusal);
            let goes_on = !waiting.is_save || failure.continues_save();
            let reply = reply::refused(&failure.refusal, &settings.refusals());
            (failure.return_code, goes_on, Some(reply))
        }
    };
    let set = transaction.with_avps(|| settings.return_code.set_int(code.into()));
    if let Err(error) = set {
        kamailio::error!("saa_return_code is not set: {error}");
    }
    if let Some(reply) = reply.filter(|_| waiting.is_save) {
        let sent = transaction.reply(reply.code, reply.reason.as_bytes(), &reply.headers);
        if let Err(error) = sent {
            let (who, code) = (shown(&plan.identity).as_bstr(), reply.code);
            kamailio::error!("{who}: reply {code} failed: {error}");
        }
    } else {
        drop(transaction);
    }
    if goes_on {
        go_on(settings, &waiting, &texts);
    }
}

/// Counts what the HSS has said, or that it said nothing; also when nobody waits for it any more.
fn count(answered: &Answered<'_>) {
    if answered.answer.is_none() {
        stats::SAR_TIMEOUTS.increment();
        return;
    }
    stats::SAR_REPLIES.increment();
    stats::SAR_REPLY_TIME.add(i32::try_from(answered.elapsed).unwrap_or(i32::MAX));
}

/// Whether the HSS has agreed.
fn was_assigned(answered: &Answered<'_>) -> bool {
    let answer = answered.answer.as_ref();
    let saa = answer.map(|answer| Saa::read(answer.clone().map(hss::read)));
    saa.is_some_and(|saa| saa.result == Some(SUCCESS))
}

/// `tm` has given the request up, and the client has heard that it failed: it is not registered. A user
/// that is served without being registered has heard of nothing, and is served from now on.
fn late(settings: &Settings, answered: &Answered<'_>, waiting: &Waiting, plan: &Plan<'_>) {
    let who = shown(&plan.identity).as_bstr();
    kamailio::error!("the answer of the hss for {who} comes after the end of its transaction");
    if waiting.is_save {
        stats::REJECTED.increment();
        if was_assigned(answered) {
            undone::tell(settings, waiting, plan, Cause::Timeout);
        }
        return;
    }
    let Some(texts) = Texts::of(&waiting.texts) else { return };
    match take(settings, answered, waiting, &texts, plan) {
        Ok(_) => stats::ACCEPTED.increment(),
        Err(failure) => {
            if failure.return_code == FAILED {
                stats::REJECTED.increment();
            }
            kamailio::notice!("{who}: refused: {}", failure.refusal);
            if was_assigned(answered) {
                undone::tell(settings, waiting, plan, failure.cause());
            }
        }
    }
}

/// The user has left while the HSS was asked to register it again, and what was known of it is gone
/// with it: the HSS is asked for a first registration, which brings the profile.
fn ask_again(settings: &Settings, waiting: &Waiting, texts: &Texts<'_>, plan: &Plan<'_>) {
    let who = shown(&plan.identity).as_bstr();
    kamailio::info!("{who} has left meanwhile: the hss is asked for a first registration");
    let question = Question {
        kind: Kind::Registration,
        available: false,
        identity: &plan.identity,
        wildcard: b"",
        private: &plan.private,
        call_id: &plan.call_id,
    };
    let sent = texts.to_shared().map_err(|error| error.to_string()).and_then(|texts| {
        let again = Waiting { required: true, again: false, texts, ..*waiting };
        let token = waiting::put(again).map_err(|error| error.to_string())?;
        match hss::ask(settings, &question, token, answered) {
            // Somebody else may have it by now: then it is answered there.
            Err(error) if hss::take_back(token).is_some() => Err(error.to_string()),
            _ => Ok(()),
        }
    });
    let Err(why) = sent else { return };
    kamailio::error!("{who}: {why}");
    stats::REJECTED.increment();
    let reply = reply::refused(&saa::UNANSWERED.refusal, &settings.refusals());
    let Some(transaction) = settings.tm.waiting(waiting.transaction) else { return };
    if let Err(error) = transaction.reply(reply.code, reply.reason.as_bytes(), &reply.headers) {
        kamailio::error!("{who}: reply {} failed: {error}", reply.code);
    }
}

/// The script goes on.
fn go_on(settings: &Settings, waiting: &Waiting, texts: &Texts<'_>) {
    let resume = match waiting.block {
        Some(block) => Resume::Block(block),
        None => Resume::Function(texts.function),
    };
    if let Err(error) = settings.tm.resume(waiting.transaction, resume) {
        kamailio::info!("the script does not go on after the answer of the hss: {error}");
    }
}

/// What the answer comes to; the reply, if there is to be one.
fn take(
    settings: &Settings,
    answered: &Answered<'_>,
    waiting: &Waiting,
    texts: &Texts<'_>,
    plan: &Plan<'_>,
) -> Result<Option<Reply>, Failure> {
    let Some(answer) = &answered.answer else { return Err(saa::UNANSWERED) };
    let saa = Saa::read(answer.clone().map(hss::read));
    saa.judge(waiting.required)?;
    if waiting.is_save && !plan.registers() {
        // The contacts went before the HSS was asked.
        recent::remember(settings, plan);
        return Ok(Some(gone(settings, texts)));
    }
    let profile = match saa.user_data {
        Some(document) => Some(user_data::read(document).map_err(|why| {
            let who = shown(&plan.identity).as_bstr();
            kamailio::error!("the user data of {who} cannot be used: {why}");
            Failure::of(why.refusal())
        })?),
        None => None,
    };
    let charging = registered::charging(saa.charging);
    let done = Done { settings, waiting, plan, charging };
    if waiting.is_save {
        registered::store(&done, profile.as_ref()).map(Some).map_err(Failure::of)
    } else {
        unregistered::store(&done, profile.as_ref()).map(|()| None).map_err(Failure::of)
    }
}

/// The reply to who has left.
fn gone(settings: &Settings, texts: &Texts<'_>) -> Reply {
    let none = scscf_core::reply::ContactList::new(0, 0);
    let mut reply = crate::answer::accepted(settings, none, None, []);
    reply.headers = [texts.removed, &reply.headers].concat();
    reply
}
