//! Sending a NOTIFY, and what its answer means.

use super::{counters, rules, tell, trouble};
use crate::settings;
use bstr::BStr;
use kamailio::{
    scscf::client::{Domain, Usrloc},
    socket::Socket,
    timer,
    tm::{Completed, InDialog},
};
use scscf_core::event::{
    SubscriptionState, Watcher,
    delivery::{self, Answer, Fate, Next},
};

/// The token of the last NOTIFY of a subscription: no domain has this number.
const LAST: usize = 0;

/// Sends a NOTIFY with the numbers of `watcher`.
pub(super) fn notify(domain: Domain, watcher: &Watcher, state: SubscriptionState, body: &[u8]) {
    let Some(settings) = settings::get() else { return };
    let shown = state.to_string();
    let headers: [&[u8]; 7] = [
        b"Contact: <",
        settings.scscf_name,
        b">\r\nEvent: reg\r\nMax-Forwards: 70\r\nSubscription-State: ",
        shown.as_bytes(),
        b"\r\nContent-Type: ",
        reginfo::CONTENT_TYPE.as_bytes(),
        b"\r\n",
    ];
    let request = InDialog {
        method: b"NOTIFY",
        local_uri: &watcher.presentity,
        remote_uri: &watcher.uri,
        target: &watcher.contact,
        call_id: &watcher.call_id,
        local_tag: &watcher.local_tag,
        remote_tag: &watcher.remote_tag,
        // The store counts one behind.
        cseq: watcher.cseq.saturating_add(1),
        routes: &watcher.routes,
        headers: &headers.concat(),
        body,
        socket: Socket::find(&watcher.socket),
    };
    // Of a subscription that has ended nothing is remembered.
    let token = if state.is_last() { LAST } else { trouble::domain_token(domain) };
    match settings.tm.request_within_then(&request, token, completed) {
        Ok(()) => counters::SENT.increment(),
        Err(error) => {
            kamailio::error!("NOTIFY to {} not sent: {error}", watcher.shown());
            if token == LAST {
                counters::FAILED.increment();
                return;
            }
            settle(domain, watcher, Fate::Unanswered, "not sent");
        }
    }
}

/// A NOTIFY has its final reply, or none came. Runs in any process.
fn completed(done: &Completed<'_>) {
    let (answer, said) = match &done.reply {
        Some(_) => (Answer::Real(done.status, done.retry_after()), "answered"),
        None => (Answer::Local(done.status), "not answered, says this server:"),
    };
    let fate = Fate::of(answer);
    if fate == Fate::Delivered && trouble::is_empty() {
        return;
    }
    if done.token == LAST {
        if fate != Fate::Delivered {
            counters::FAILED.increment();
            let status = done.status;
            kamailio::info!("the last NOTIFY of a subscription was {said} {status}");
        }
        return;
    }
    let transaction = &done.transaction;
    let (Some(to), Some(from), Some(call_id), Some(domain)) = (
        transaction.to(),
        transaction.from(),
        transaction.call_id(),
        trouble::domain_of(done.token),
    ) else {
        return;
    };
    // Our side of the dialog is From here.
    let watcher = Watcher {
        presentity: from.uri.into(),
        uri: to.uri.into(),
        call_id: call_id.into(),
        local_tag: from.tag.unwrap_or_default().into(),
        remote_tag: to.tag.unwrap_or_default().into(),
        ..Watcher::default()
    };
    settle(domain, &watcher, fate, &format!("{said} {}", done.status));
}

/// Does what follows for `watcher` from the `fate` of a NOTIFY, which was `said` to be so.
fn settle(domain: Domain, watcher: &Watcher, fate: Fate, said: &str) {
    if fate != Fate::Delivered {
        counters::FAILED.increment();
    }
    let (Some(usrloc), Some(rules)) = (Usrloc::get(), rules::get()) else { return };
    let dialog = watcher.dialog();
    let next = delivery::next(fate, trouble::of(&dialog), timer::now(), rules.unanswered);
    let who = format!(
        "{} to {} with Call-ID {}",
        BStr::new(&watcher.presentity),
        BStr::new(&watcher.uri),
        BStr::new(&watcher.call_id)
    );
    match next {
        Next::Forget => trouble::forget(&dialog),
        Next::Remember(trouble) => {
            let after = match fate {
                Fate::Later(seconds) => format!("the next one goes in {seconds} s"),
                _ => format!("{} in a row, {} end it", trouble.unanswered, rules.unanswered),
            };
            kamailio::notice!("NOTIFY of {who} {said}: {after}");
            trouble::remember(domain, watcher, trouble);
        }
        Next::Drop => {
            if tell::remove(usrloc, domain, watcher) {
                counters::WATCHERS_DROPPED.increment();
                kamailio::notice!("subscription of {who} dropped, NOTIFY {said}");
            }
        }
    }
}
