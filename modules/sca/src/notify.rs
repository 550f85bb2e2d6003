//! Sending NOTIFYs, and what becomes of them.

use crate::{
    lines,
    outbox::{Outbox, Turn},
    settings, stats,
};
use bstr::BStr;
use kamailio::tm::{Completed, InDialog};
use sca_core::{
    Dialog, Event, Notify,
    admin::Seized,
    call::{Failed, Invited, Outcome},
    delivery::{self, Undelivered},
    record,
    subscribe::Accepted,
    timers::Passed,
};

/// What a change of a line wants to be sent.
#[must_use = "the members of the line have to hear of it"]
#[derive(Debug)]
pub(crate) struct Outgoing {
    aor: Vec<u8>,
    turn: Option<Turn>,
}

impl Outgoing {
    pub(crate) fn new(aor: &[u8], turn: Option<Turn>) -> Self {
        Self { aor: aor.to_vec(), turn }
    }

    /// Sends it, as soon as what other changes of the line want is sent. False if a NOTIFY could
    /// not be sent; the others are sent all the same.
    pub(crate) fn send(mut self) -> bool {
        self.go()
    }

    fn go(&mut self) -> bool {
        match self.turn.take() {
            None => true,
            Some(Turn::Loose(notifies)) => send_all(&notifies),
            Some(Turn::Sender(notifies)) => {
                // The turn stays with this value until all is sent: see `drop`.
                self.turn = Some(Turn::Sender(Vec::new()));
                let all = send_all(&notifies);
                self.send_waiting();
                all
            }
            Some(Turn::Waiting(ticket)) => {
                if lines::outbox(&self.aor, |outbox| outbox.ready(ticket)) == Some(true) {
                    self.turn = Some(Turn::Sender(Vec::new()));
                    self.send_waiting();
                }
                true
            }
        }
    }

    /// Sends what others left, until the turn is over.
    fn send_waiting(&mut self) {
        while let Some(bytes) = lines::outbox(&self.aor, Outbox::next).flatten() {
            match record::unpack(&bytes) {
                Some(notifies) => {
                    send_all(&notifies);
                }
                None => kamailio::error!("NOTIFYs of {} are damaged", BStr::new(&self.aor)),
            }
        }
        self.turn = None;
    }
}

impl Drop for Outgoing {
    /// An error on the way to `send` takes nothing from the members. After a panic only the turn is
    /// given back: what waits goes with the next change of the line.
    fn drop(&mut self) {
        match self.turn {
            Some(Turn::Sender(_)) if std::thread::panicking() => {
                lines::outbox(&self.aor, Outbox::release);
            }
            Some(Turn::Waiting(ticket)) if std::thread::panicking() => {
                lines::outbox(&self.aor, |outbox| {
                    if outbox.ready(ticket) {
                        outbox.release();
                    }
                });
            }
            _ => {
                self.go();
            }
        }
    }
}

/// The result of a change of a line, with what it wants to be sent.
pub(crate) trait Tells {
    /// Takes the NOTIFYs out.
    fn take_notifies(&mut self) -> Vec<Notify>;
}

macro_rules! tells {
    ($($Type:ty),*) => { $(
        impl Tells for $Type {
            fn take_notifies(&mut self) -> Vec<Notify> {
                core::mem::take(&mut self.notifies)
            }
        }
    )* };
}
tells!(Accepted, Outcome, Failed, Undelivered, Passed, Seized);

impl Tells for Invited {
    fn take_notifies(&mut self) -> Vec<Notify> {
        match self {
            Self::Relayed { notifies, .. } => core::mem::take(notifies),
            Self::Retrieved(retrieval) => core::mem::take(&mut retrieval.notifies),
            Self::Forbidden { .. } | Self::Unreachable { .. } => Vec::new(),
        }
    }
}

impl Tells for Vec<Notify> {
    fn take_notifies(&mut self) -> Vec<Notify> {
        core::mem::take(self)
    }
}

impl<T: Tells, E> Tells for Result<T, E> {
    fn take_notifies(&mut self) -> Vec<Notify> {
        self.as_mut().map(T::take_notifies).unwrap_or_default()
    }
}

macro_rules! silent {
    ($($Type:ty),*) => { $(
        /// A change that nobody hears of.
        impl Tells for $Type {
            fn take_notifies(&mut self) -> Vec<Notify> {
                Vec::new()
            }
        }
    )* };
}
silent!((), bool);

fn send_all(notifies: &[Notify]) -> bool {
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
        socket: None,
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
    let dialog = Dialog::new(call_id, to.tag.unwrap_or_default(), from.tag.unwrap_or_default());
    let ctx = lines::context();
    let outcome =
        lines::with(to.uri, |line, _| delivery::notify_failed(line, &ctx, event, &dialog, fate));
    match outcome {
        Ok((undelivered, outgoing)) => {
            if undelivered.dropped {
                kamailio::notice!(
                    "{event} subscription to {} with Call-ID {} dropped after {}",
                    BStr::new(to.uri),
                    BStr::new(call_id),
                    done.status
                );
            }
            outgoing.send();
        }
        Err(error) => kamailio::error!("line {}: {error}", BStr::new(to.uri)),
    }
}
