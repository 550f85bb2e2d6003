//! SUBSCRIBE line-seize: taking an appearance, keeping it, giving it back.

use super::{Accepted, Refusal, Request, finish, store};
use crate::line::{INDEX_LIMIT, SeizeError};
use crate::notify::Standing;
use crate::{Context, Line, State};
use bstr::BString;
use std::borrow::Cow;

pub(super) fn line_seize<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    request: &Request<'a>,
    known: Option<usize>,
) -> Result<Accepted, Refusal> {
    let mut seized = None;
    let mut notifies = Vec::new();
    if request.expires == 0 {
        release(line, ctx, request, known)?;
        notifies.extend(finish(line, ctx, request));
    } else {
        let at = match known {
            Some(at) if request.in_dialog => {
                touch(line, ctx, at);
                store(line, ctx, request)
            }
            _ => {
                let index = take(line, ctx, request)?;
                let at = store(line, ctx, request);
                if let Some(subscription) = line.subscriptions.get_mut(at) {
                    subscription.index = index;
                }
                seized = Some(index);
                at
            }
        };
        notifies.extend(line.notify_one(ctx, at, Standing::Granted));
    }
    notifies.extend(line.notify_group(ctx));
    Ok(Accepted { status: 200, reason: "OK", expires: request.expires, seized, notifies })
}

fn take<'a>(line: &mut Line<'a>, ctx: &Context<'_>, request: &Request<'a>) -> Result<u32, Refusal> {
    let aor = BString::from(line.aor());
    if !line.is_registered() {
        return Err(Refusal::NotShared { aor });
    }
    if let Some(index) = take_back(line, ctx, request) {
        return Ok(index);
    }
    let appearances = line.appearances.len();
    line.seize(ctx, request.index, request.contact, State::Seized).map_err(|error| match error {
        SeizeError::Busy(index) => Refusal::Busy {
            aor,
            index,
            contact: BString::from(request.contact),
            owner: owner_of(line, index),
        },
        SeizeError::TooLong => Refusal::Crowded { aor, appearances },
    })
}

/// What the phone had taken before a restart, in which its subscription went, it may take again: the index
/// that it asks for, or any.
fn take_back<'a>(line: &mut Line<'a>, ctx: &Context<'_>, request: &Request<'a>) -> Option<u32> {
    let is_meant = |index| index == request.index || !(1..=INDEX_LIMIT).contains(&request.index);
    let at = line.appearances.iter().position(|appearance| {
        appearance.orphaned
            && appearance.state == State::Seized
            && appearance.dialog.is_none()
            && appearance.belongs_to(request.contact)
            && is_meant(appearance.index)
    })?;
    let appearance = line.edit(ctx, at)?;
    appearance.orphaned = false;
    appearance.owner = Cow::Borrowed(request.contact);
    appearance.changed_at = ctx.now;
    Some(appearance.index)
}

/// As long as the member renews its line-seize, what it holds does not grow stale.
fn touch(line: &mut Line<'_>, ctx: &Context<'_>, at: usize) {
    let held = line.subscriptions.get(at).and_then(|subscription| line.held_by(subscription));
    if let Some(appearance) = held.and_then(|at| line.edit(ctx, at)) {
        appearance.changed_at = ctx.now;
    }
}

/// Gives back the appearance that the request names. One with an answered call stays until BYE.
fn release<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    request: &Request<'a>,
    known: Option<usize>,
) -> Result<(), Refusal> {
    let Request { index, contact, .. } = *request;
    let not_in_use = || Refusal::NotInUse {
        aor: BString::from(line.aor()),
        index,
        contact: BString::from(contact),
    };
    if !(1..=INDEX_LIMIT).contains(&index) {
        return Err(not_in_use());
    }
    if known.is_none() {
        return Ok(());
    }
    let at = line.at_index(index).ok_or_else(not_in_use)?;
    let appearance = line.appearances.get(at).ok_or_else(not_in_use)?;
    if *appearance.owner != *contact {
        return Err(Refusal::NotOwner {
            aor: BString::from(line.aor()),
            index,
            contact: BString::from(contact),
            owner: BString::from(&*appearance.owner),
        });
    }
    if !(appearance.state.is_answered() && appearance.dialog.is_confirmed()) {
        line.free(ctx, at);
    }
    Ok(())
}

fn owner_of(line: &Line<'_>, index: u32) -> BString {
    let appearance = line.at_index(index).and_then(|at| line.appearances.get(at));
    appearance.map(|appearance| BString::from(&*appearance.owner)).unwrap_or_default()
}
