//! NOTIFYs: who is told what.

use crate::{Context, Event, Line, Subscription, call_info};
use bstr::BStr;
use std::fmt;

/// The most bytes that the headers of one NOTIFY may take; the host sends no more than 65535 in
/// all.
pub(crate) const HEADERS_LIMIT: usize = 60_000;

/// The highest CSeq number (RFC 3261 8.1.1.5).
const CSEQ_LIMIT: u32 = 0x7fff_ffff;

/// One NOTIFY to be sent within the dialog of a subscription.
#[derive(Clone, PartialEq, Eq)]
pub struct Notify {
    /// URI of both From and To.
    pub aor: Vec<u8>,
    /// Request-URI.
    pub contact: Vec<u8>,
    /// Call-ID.
    pub call_id: Vec<u8>,
    /// Tag of From: ours.
    pub local_tag: Vec<u8>,
    /// Tag of To: the subscriber's.
    pub remote_tag: Vec<u8>,
    /// The route set as Record-Route bodies, first hop first, comma separated; may be empty.
    pub routes: Vec<u8>,
    /// CSeq number on the wire.
    pub cseq: u32,
    /// The event package.
    pub event: Event,
    /// Whether the subscription is over with it: a failure of this NOTIFY changes nothing more.
    pub is_last: bool,
    /// `Contact: …\r\nCall-Info: …\r\nEvent: …\r\nSubscription-State: …\r\n`
    pub headers: Vec<u8>,
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify")
            .field("aor", &BStr::new(&self.aor))
            .field("contact", &BStr::new(&self.contact))
            .field("call_id", &BStr::new(&self.call_id))
            .field("local_tag", &BStr::new(&self.local_tag))
            .field("remote_tag", &BStr::new(&self.remote_tag))
            .field("routes", &BStr::new(&self.routes))
            .field("cseq", &self.cseq)
            .field("event", &self.event)
            .field("is_last", &self.is_last)
            .field("headers", &BStr::new(&self.headers))
            .finish()
    }
}

/// The value of Subscription-State.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// `active` without `expires`: answers a SUBSCRIBE, whose 2xx has just told the time.
    Granted,
    /// `active;expires=` with the seconds left.
    Active,
    /// `terminated`: the subscriber asked for it.
    Unsubscribed,
    /// `terminated;reason=noresource`: the line-seize has done its work or its call failed.
    NoResource,
    /// `terminated;reason=timeout`: it was not refreshed.
    Timeout,
    /// `terminated;reason=deactivated`: the operator ended it.
    Deactivated,
}

/// The NOTIFY to one subscriber; advances its CSeq. `call_info` is a whole header line.
pub(crate) fn job(
    aor: &[u8],
    ctx: &Context<'_>,
    subscription: &mut Subscription<'_>,
    call_info: &[u8],
    standing: Standing,
) -> Notify {
    subscription.notify_cseq = subscription.notify_cseq.saturating_add(1).min(CSEQ_LIMIT);
    Notify {
        aor: aor.to_vec(),
        contact: subscription.contact.to_vec(),
        call_id: subscription.dialog.call_id.to_vec(),
        local_tag: subscription.dialog.to_tag.to_vec(),
        remote_tag: subscription.dialog.from_tag.to_vec(),
        routes: subscription.record_route.to_vec(),
        cseq: subscription.notify_cseq,
        event: subscription.event,
        is_last: !matches!(standing, Standing::Granted | Standing::Active),
        headers: headers(aor, ctx, subscription, call_info, standing),
    }
}

fn headers(
    aor: &[u8],
    ctx: &Context<'_>,
    subscription: &Subscription<'_>,
    call_info: &[u8],
    standing: Standing,
) -> Vec<u8> {
    let contact = if ctx.server_address.is_empty() { aor } else { ctx.server_address };
    let left = subscription.seconds_left(ctx.now).to_string();
    let (state, left) = match standing {
        Standing::Granted => ("active", ""),
        Standing::Active => ("active;expires=", left.as_str()),
        Standing::Unsubscribed => ("terminated", ""),
        Standing::NoResource => ("terminated;reason=noresource", ""),
        Standing::Timeout => ("terminated;reason=timeout", ""),
        Standing::Deactivated => ("terminated;reason=deactivated", ""),
    };
    [
        b"Contact: ".as_slice(),
        contact,
        b"\r\n",
        call_info,
        b"Event: ",
        subscription.event.name().as_bytes(),
        b"\r\nSubscription-State: ",
        state.as_bytes(),
        left.as_bytes(),
        b"\r\n",
    ]
    .concat()
}

impl Line<'_> {
    /// Tells all call-info members of the line how its appearances stand, newest member first.
    ///
    /// Each gets the Subscription-State of its own. Left out are those whose time is over and
    /// those that asked by Retry-After to be left alone.
    pub fn notify_group(&mut self, ctx: &Context<'_>) -> Vec<Notify> {
        let listens = |subscription: &Subscription<'_>| {
            subscription.event == Event::CallInfo
                && subscription.is_active()
                && subscription.expires > ctx.now
                && subscription.quiet_until.is_none_or(|until| until <= ctx.now)
        };
        if !self.subscriptions.iter().any(listens) {
            return Vec::new();
        }
        let text = self.group_text(ctx);
        let Self { aor, subscriptions, .. } = self;
        let members = subscriptions.iter_mut().filter(|subscription| listens(subscription));
        members
            .map(|member| {
                member.quiet_until = None;
                job(aor, ctx, member, &text, Standing::Active)
            })
            .collect()
    }

    /// The Call-Info header for the members; without the appearance-uris when it would not fit
    /// into a NOTIFY with them.
    pub(crate) fn group_text(&self, ctx: &Context<'_>) -> Vec<u8> {
        let text = call_info::group(&self.aor, self.registered, self.appearances.iter(), true);
        if text.len().saturating_add(self.around_call_info(ctx)) <= HEADERS_LIMIT {
            return text;
        }
        call_info::group(&self.aor, self.registered, self.appearances.iter(), false)
    }

    /// Bytes of the other headers of a NOTIFY, at most.
    pub(crate) fn around_call_info(&self, ctx: &Context<'_>) -> usize {
        const NAMES: usize = 160;
        ctx.server_address.len().max(self.aor.len()).saturating_add(NAMES)
    }

    /// The NOTIFY to the subscription at `at`; none when there is no such subscription.
    pub(crate) fn notify_one(
        &mut self,
        ctx: &Context<'_>,
        at: usize,
        standing: Standing,
    ) -> Option<Notify> {
        let subscription = self.subscriptions.get(at)?;
        let text = match subscription.event {
            Event::CallInfo => self.group_text(ctx),
            Event::LineSeize => call_info::single(&self.aor, subscription.index),
        };
        let subscription = self.subscriptions.get_mut(at)?;
        subscription.quiet_until = None;
        Some(job(&self.aor, ctx, subscription, &text, standing))
    }
}
