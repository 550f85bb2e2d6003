//! Sending NOTIFYs, and what becomes of them.

use crate::{lines, settings, stats};
use bstr::BStr;
use kamailio::tm::{Completed, InDialog};
use sca_core::{Dialog, Event, Notify, delivery};

/// Sends `notifies` in their order. False if one could not be sent; the others are sent all the
/// same.
pub(crate) fn send(notifies: &[Notify]) -> bool {
    let mut all = true;
    for notify in notifies {
        all &= send_one(notify);
    }
    all
}

fn send_one(notify: &Notify) -> bool {
    let Some(settings) = settings::get() else { return false };
    let request = InDialog {
        method: b"NOTIFY",
        local_uri: &notify.aor,
        remote_uri: &notify.aor,
        target: &notify.contact,
        call_id: &notify.call_id,
        local_tag: &notify.local_tag,
        remote_tag: &notify.remote_tag,
        cseq: notify.cseq,
        routes: &notify.routes,
        headers: &notify.headers,
        body: b"",
    };
    let token = usize::from(notify.event.number());
    match settings.tm.request_within_then(&request, token, completed) {
        Ok(()) => {
            stats::NOTIFIES_SENT.increment();
            true
        }
        Err(error) => {
            stats::NOTIFIES_FAILED.increment();
            kamailio::error!(
                "{} NOTIFY of {} to {} not sent: {error}",
                notify.event,
                BStr::new(&notify.aor),
                BStr::new(&notify.contact)
            );
            false
        }
    }
}

/// A NOTIFY has its final reply, or none came.
fn completed(done: &Completed<'_>) {
    if done.status < 300 {
        return;
    }
    stats::NOTIFIES_FAILED.increment();
    let transaction = &done.transaction;
    let (Some(to), Some(from), Some(call_id)) =
        (transaction.to(), transaction.from(), transaction.call_id())
    else {
        return;
    };
    kamailio::error!(
        "NOTIFY of {} with Call-ID {} was answered {}{}",
        BStr::new(to.uri),
        BStr::new(call_id),
        done.status,
        if done.reply.is_some() { "" } else { " by this server: no reply from the subscriber" }
    );
    let event = u8::try_from(done.token).ok().and_then(Event::from_number);
    let (Some(event), Some(settings)) = (event, settings::get()) else { return };
    let fate = delivery::Fate::of(done.status, done.retry_after());
    let wanted = match fate {
        delivery::Fate::Delivered => false,
        delivery::Fate::Later(_) => settings.obey_retry_after,
        delivery::Fate::Gone => settings.drop_failed,
    };
    if !wanted {
        return;
    }
    // Our side of the dialog is From here, so that the tag of the subscriber is in To.
    let dialog =
        Dialog::new(call_id, to.tag.unwrap_or_default(), from.tag.unwrap_or_default());
    let ctx = lines::context();
    let outcome = lines::with(to.uri, |line, _| {
        delivery::notify_failed(line, &ctx, event, &dialog, fate)
    });
    match outcome {
        Ok(undelivered) => {
            if undelivered.dropped {
                kamailio::notice!(
                    "{event} subscription to {} with Call-ID {} dropped after {}",
                    BStr::new(to.uri),
                    BStr::new(call_id),
                    done.status
                );
            }
            send(&undelivered.notifies);
        }
        Err(error) => kamailio::error!("line {}: {error}", BStr::new(to.uri)),
    }
}
