//! NOTIFYs: who is told what.

use crate::{Context, Event, Line, Subscription, call_info};
use bstr::BStr;
use bytes::Bytes;
use std::{fmt, ops::Range};

/// The most bytes that the headers of one NOTIFY may take; the host sends no more than 65535 in
/// all.
pub(crate) const HEADERS_LIMIT: usize = 60_000;

/// The highest CSeq number (RFC 3261 8.1.1.5).
const CSEQ_LIMIT: u32 = 0x7fff_ffff;

/// One NOTIFY to be sent within the dialog of a subscription.
///
/// The NOTIFYs of a group share one block of memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Notify {
    /// URI of both From and To.
    pub aor: Bytes,
    /// Request-URI.
    pub contact: Bytes,
    /// Call-ID.
    pub call_id: Bytes,
    /// Tag of From: ours.
    pub local_tag: Bytes,
    /// Tag of To: the subscriber's.
    pub remote_tag: Bytes,
    /// The route set as Record-Route bodies, first hop first, comma separated; may be empty.
    pub routes: Bytes,
    /// CSeq number on the wire.
    pub cseq: u32,
    /// The event package.
    pub event: Event,
    /// Whether the subscription is over with it: a failure of this NOTIFY changes nothing more.
    pub is_last: bool,
    /// `Contact: …\r\nCall-Info: …\r\nEvent: …\r\nSubscription-State: …\r\n`
    pub headers: Bytes,
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
) -> Option<Notify> {
    let head = head(aor, ctx, subscription.event, call_info, standing);
    jobs(aor, ctx, core::iter::once(subscription), &head, standing).pop()
}

/// About what the identifiers of a subscription take in a NOTIFY, in bytes.
const TEXTS: usize = 256;

/// The same NOTIFY to several subscribers with this `head`, each with the Subscription-State of its own.
fn jobs<'s, 'l: 's>(
    aor: &[u8],
    ctx: &Context<'_>,
    subscriptions: impl Iterator<Item = &'s mut Subscription<'l>>,
    head: &[u8],
    standing: Standing,
) -> Vec<Notify> {
    let (_, members) = subscriptions.size_hint();
    let members = members.unwrap_or(1);
    let each = head.len().saturating_add(TEXTS).saturating_mul(members.min(64));
    let mut text = Vec::with_capacity(aor.len().saturating_add(each));
    text.extend_from_slice(aor);
    let mut drafts = Vec::with_capacity(members);
    for subscription in subscriptions {
        subscription.quiet_until = None;
        subscription.notify_cseq = subscription.notify_cseq.saturating_add(1).min(CSEQ_LIMIT);
        let parts = [
            &subscription.contact,
            &subscription.dialog.call_id,
            &subscription.dialog.to_tag,
            &subscription.dialog.from_tag,
            &subscription.record_route,
        ]
        .map(|part| append(&mut text, |text| text.extend_from_slice(part)));
        let headers = append(&mut text, |text| {
            text.extend_from_slice(head);
            if standing == Standing::Active {
                let left = subscription.seconds_left(ctx.now);
                text.extend_from_slice(itoa::Buffer::new().format(left).as_bytes());
                text.extend_from_slice(b"\r\n");
            }
        });
        drafts.push((parts, headers, subscription.notify_cseq, subscription.event));
    }
    let text = Bytes::from(text);
    let aor = text.slice(..aor.len());
    drafts
        .into_iter()
        .map(|(parts, headers, cseq, event)| {
            let [contact, call_id, local_tag, remote_tag, routes] =
                parts.map(|part| text.slice(part));
            Notify {
                aor: aor.clone(),
                contact,
                call_id,
                local_tag,
                remote_tag,
                routes,
                cseq,
                event,
                is_last: !matches!(standing, Standing::Granted | Standing::Active),
                headers: text.slice(headers),
            }
        })
        .collect()
}

/// Where in `text` stands what `write` appends to it.
fn append(text: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
    let start = text.len();
    write(text);
    start..text.len()
}

/// The headers of a NOTIFY, up to what differs between the members of a group.
fn head(
    aor: &[u8],
    ctx: &Context<'_>,
    event: Event,
    call_info: &[u8],
    standing: Standing,
) -> Vec<u8> {
    let contact = if ctx.server_address.is_empty() { aor } else { ctx.server_address };
    let event = event.name().as_bytes();
    let state: &[u8] = match standing {
        Standing::Granted => b"active\r\n",
        Standing::Active => b"active;expires=",
        Standing::Unsubscribed => b"terminated\r\n",
        Standing::NoResource => b"terminated;reason=noresource\r\n",
        Standing::Timeout => b"terminated;reason=timeout\r\n",
        Standing::Deactivated => b"terminated;reason=deactivated\r\n",
    };
    let names: [&[u8]; 3] = [b"Contact: ", b"Event: ", b"\r\nSubscription-State: "];
    let [contact_name, event_name, state_name] = names;
    [contact_name, contact, b"\r\n", call_info, event_name, event, state_name, state].concat()
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
        let head = head(aor, ctx, Event::CallInfo, &text, Standing::Active);
        jobs(aor, ctx, members, &head, Standing::Active)
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
        job(&self.aor, ctx, subscription, &text, standing)
    }
}
