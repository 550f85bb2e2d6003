//! SUBSCRIBE: joining a line, and taking an appearance of it.

mod refusal;
mod seize;

pub use refusal::Refusal;

use crate::notify::{Notify, Standing};
use crate::subscription::Stored;
use crate::{Context, Dialog, Event, Line, Subscription};
use bstr::BString;
use std::borrow::Cow;

/// A SUBSCRIBE whose headers are known to be well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The event package.
    pub event: Event,
    /// The member: the one Contact URI, byte for byte; not empty.
    pub contact: &'a [u8],
    /// Call-ID.
    pub call_id: &'a [u8],
    /// Tag of From: the subscriber's.
    pub from_tag: &'a [u8],
    /// Tag of To: the one in the request, or the one that the 2xx is going to carry.
    pub to_tag: &'a [u8],
    /// The request came with a To-tag.
    pub in_dialog: bool,
    /// Record-Route bodies in the order received, comma separated; may be empty.
    pub record_route: &'a [u8],
    /// What is stored as the CSeq of the SUBSCRIBE.
    pub cseq: u32,
    /// The seconds granted ([`crate::expires::granted`]); 0 ends the subscription.
    pub expires: u32,
    /// line-seize: the appearance-index asked for ([`seize_index`]).
    pub index: u32,
}

/// What a SUBSCRIBE led to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the reply and the notifications have to be sent"]
pub struct Accepted {
    /// 202 for call-info, 200 for line-seize.
    pub status: u16,
    /// Reason phrase of the reply.
    pub reason: &'static str,
    /// Expires of the reply, in seconds.
    pub expires: u32,
    /// The appearance that was taken.
    pub seized: Option<u32>,
    /// To be sent after the reply, in this order.
    pub notifies: Vec<Notify>,
}

/// The appearance-index that a line-seize SUBSCRIBE asks for, from the body of its first Call-Info
/// header.
///
/// # Errors
///
/// The header is missing or is not one of a shared line.
pub fn seize_index(call_info: Option<&[u8]>) -> Result<u32, Refusal> {
    let body = call_info.ok_or(Refusal::MissingCallInfo)?;
    crate::call_info::CallInfo::parse(body).map(|info| info.index).map_err(Refusal::BadCallInfo)
}

/// Carries out a SUBSCRIBE.
///
/// # Errors
///
/// The line stays as it is when the request is refused.
pub fn subscribe<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    request: &Request<'a>,
) -> Result<Accepted, Refusal> {
    let known = line.subscription_of(request.event, request.contact);
    if known.is_none() && request.in_dialog {
        return Err(Refusal::UnknownDialog {
            aor: BString::from(line.aor()),
            event: request.event,
            contact: BString::from(request.contact),
        });
    }
    match request.event {
        Event::CallInfo => Ok(call_info(line, ctx, request, known)),
        Event::LineSeize => seize::line_seize(line, ctx, request, known),
    }
}

fn call_info<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    request: &Request<'a>,
    known: Option<usize>,
) -> Accepted {
    let mut freed = 0;
    if known.is_some() && !request.in_dialog {
        freed = free_all_of(line, ctx, request.contact);
    }
    let mut notifies = Vec::new();
    if request.expires == 0 {
        notifies.extend(finish(line, ctx, request));
    } else {
        let at = store(line, ctx, request);
        notifies.extend(line.notify_one(ctx, at, Standing::Granted));
    }
    if freed > 0 {
        notifies.extend(line.notify_group(ctx));
    }
    Accepted { status: 202, reason: "Accepted", expires: request.expires, seized: None, notifies }
}

/// A member that subscribes anew has restarted: its calls and what it had taken are gone.
fn free_all_of(line: &mut Line<'_>, ctx: &Context<'_>, contact: &[u8]) -> usize {
    let mut freed = 0_usize;
    while let Some(at) = line.appearances.iter().position(|other| other.belongs_to(contact)) {
        if let Some(gone) = line.free(ctx, at) {
            // The phone has forgotten this subscription too; nobody is there to hear of its end.
            if let Some(seize) = line.seize_of(&gone) {
                line.drop_subscription(seize);
            }
            freed = freed.saturating_add(1);
        }
    }
    freed
}

/// Ends the subscription of the member, or answers one that never was, with a last NOTIFY.
fn finish<'a>(line: &mut Line<'a>, ctx: &Context<'_>, request: &Request<'a>) -> Option<Notify> {
    let Some(at) = line.subscription_of(request.event, request.contact) else {
        let mut stranger = subscription(ctx, request);
        let text = match request.event {
            Event::CallInfo => line.group_text(ctx),
            Event::LineSeize => crate::call_info::single(line.aor(), request.index),
        };
        let standing = Standing::Unsubscribed;
        return crate::notify::job(line.aor(), ctx, &mut stranger, &text, standing);
    };
    if let Some(subscription) = line.subscriptions.get_mut(at) {
        renew(subscription, ctx, request);
        if request.event == Event::LineSeize {
            subscription.index = request.index;
        }
    }
    line.end(ctx, at, Standing::Unsubscribed)
}

/// Adds or renews the subscription of the member; returns its position.
fn store<'a>(line: &mut Line<'a>, ctx: &Context<'_>, request: &Request<'a>) -> usize {
    line.registered = true;
    if let Some(at) = line.subscription_of(request.event, request.contact) {
        if let Some(subscription) = line.subscriptions.get_mut(at) {
            renew(subscription, ctx, request);
        }
        return at;
    }
    let mut new = subscription(ctx, request);
    let waiting = line.subscriptions.iter().position(|other| {
        other.ended && other.event == request.event && *other.contact == *request.contact
    });
    if let Some(at) = waiting {
        // The row that waits for its deletion serves the new subscription.
        new.stored = Stored::Changed;
        new.written_cseq = line.subscriptions.remove(at).written_cseq;
    }
    line.subscriptions.insert(0, new);
    0
}

fn subscription<'a>(ctx: &Context<'_>, request: &Request<'a>) -> Subscription<'a> {
    Subscription {
        event: request.event,
        contact: Cow::Borrowed(request.contact),
        dialog: Dialog::new(request.call_id, request.from_tag, request.to_tag),
        record_route: Cow::Borrowed(request.record_route),
        expires: ctx.now.plus(request.expires),
        notify_cseq: 0,
        subscribe_cseq: request.cseq,
        index: 0,
        ended: false,
        stored: Stored::New,
        written_cseq: 0,
        quiet_until: None,
    }
}

/// Takes over time, dialog and route of a repeated SUBSCRIBE. Neither tags nor CSeq are compared:
/// handsets rely on a new dialog replacing the old one.
fn renew<'a>(subscription: &mut Subscription<'a>, ctx: &Context<'_>, request: &Request<'a>) {
    let Request { call_id, from_tag, to_tag, .. } = *request;
    subscription.dialog = Dialog::new(call_id, from_tag, to_tag);
    // Within a dialog a request without Record-Route leaves the route set as it is (RFC 3261
    // 12.2); a new dialog has the route of its own.
    if !request.in_dialog || !request.record_route.is_empty() {
        subscription.record_route = Cow::Borrowed(request.record_route);
    }
    subscription.expires = ctx.now.plus(request.expires);
    subscription.subscribe_cseq = request.cseq;
    subscription.quiet_until = None;
    if subscription.stored == Stored::Clean {
        subscription.stored = Stored::Changed;
    }
}
