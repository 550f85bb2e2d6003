//! What an operator does to a line by RPC.

use crate::call_info::appearance_uri;
use crate::line::SeizeError;
use crate::listing::SubscriptionEntry;
use crate::notify::{Notify, Standing};
use crate::{Context, Line, State};
use bstr::BString;
use std::borrow::Cow;

/// Why a command fails; the `Display` is the text of the fault 500.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// `sca.seize_appearance`: no appearance could be taken.
    #[error("Failed to seize line")]
    Seize(SeizeError),
    /// `sca.update_appearance`: the state has no such name.
    #[error("{0}: invalid state")]
    State(BString),
    /// `sca.update_appearance`: the appearance is not in use.
    #[error("Failed to update {aor} appearance-index {index}")]
    Update {
        /// The address of record given.
        aor: BString,
        /// The index given.
        index: i64,
    },
    /// `sca.release_appearance`: no index.
    #[error("appearance-index must be > 0")]
    Index,
    /// `sca.release_appearance`: not a shared line.
    #[error("No appearances for {0}")]
    NoAppearances(BString),
    /// `sca.release_appearance`: the appearance is not in use.
    #[error("{aor} appearance index {index} is not in use")]
    NotInUse {
        /// The line.
        aor: BString,
        /// The index given.
        index: i64,
    },
}

/// An appearance taken by an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the notifications have to be sent"]
pub struct Seized {
    /// Its index.
    pub index: u32,
    /// The line of the reply.
    pub text: Vec<u8>,
    /// To be sent, in this order.
    pub notifies: Vec<Notify>,
}

/// `sca.seize_appearance`: takes the lowest free appearance for `contact`; an unknown line becomes
/// a shared one.
///
/// # Errors
///
/// The line has no room for one more.
pub fn seize<'a>(
    line: &mut Line<'a>,
    ctx: &Context<'_>,
    contact: &'a [u8],
) -> Result<Seized, CommandError> {
    let index = line.seize(ctx, 0, contact, State::Seized).map_err(CommandError::Seize)?;
    line.registered = true;
    let number = index.to_string();
    let parts =
        [b"Seized ", line.aor(), b" appearance-index ", number.as_bytes(), b" for ", contact];
    let text = parts.concat();
    Ok(Seized { index, text, notifies: line.notify_group(ctx) })
}

/// `sca.update_appearance`: sets the state, and the far party where one is given.
///
/// # Errors
///
/// The state is unknown or the appearance not in use.
pub fn update(
    line: &mut Line<'_>,
    ctx: &Context<'_>,
    index: i64,
    state: &[u8],
    uri: Option<&[u8]>,
) -> Result<Vec<Notify>, CommandError> {
    let state = State::parse(state).ok_or_else(|| CommandError::State(BString::from(state)))?;
    let at = u32::try_from(index).ok().and_then(|index| line.at_index(index));
    let Some(appearance) = at.and_then(|at| line.edit(ctx, at)) else {
        return Err(CommandError::Update { aor: BString::from(line.aor()), index });
    };
    appearance.set_state(state, ctx.now);
    if let Some(uri) = uri.filter(|uri| !uri.is_empty()) {
        appearance.uri = Cow::Owned(appearance_uri(b"", uri));
    }
    Ok(line.notify_group(ctx))
}

/// `sca.release_appearance`: gives an appearance back, whatever it is doing.
///
/// # Errors
///
/// No such line or appearance.
pub fn release(
    line: &mut Line<'_>,
    ctx: &Context<'_>,
    index: i64,
) -> Result<Vec<Notify>, CommandError> {
    if index <= 0 {
        return Err(CommandError::Index);
    }
    if !line.is_registered() {
        return Err(CommandError::NoAppearances(BString::from(line.aor())));
    }
    let at = u32::try_from(index).ok().and_then(|index| line.at_index(index));
    match at.and_then(|at| line.free(ctx, at)) {
        Some(_) => Ok(line.notify_group(ctx)),
        None => Err(CommandError::NotInUse { aor: BString::from(line.aor()), index }),
    }
}

/// `sca.deactivate_all_subscriptions`, for one line: ends all subscriptions. What a line-seize
/// subscription held stays taken until it grows stale.
pub fn deactivate_all(line: &mut Line<'_>, ctx: &Context<'_>) -> Vec<(SubscriptionEntry, Notify)> {
    let entries = crate::listing::subscriptions(line, ctx.now, None, None);
    let end = |entry: SubscriptionEntry| {
        let at = line.subscription_of(entry.event, &entry.contact)?;
        Some((entry, line.end(ctx, at, Standing::Deactivated)?))
    };
    entries.into_iter().filter_map(end).collect()
}
