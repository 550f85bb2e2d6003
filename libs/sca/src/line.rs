//! One line: an address of record, its subscriptions and its appearances.

use crate::notify::{HEADERS_LIMIT, Notify, Standing};
use crate::subscription::Stored;
use crate::{Appearance, Context, Dialog, Event, State, Subscription, Text, call_info};
use std::borrow::Cow;

/// The highest appearance index; above it an index means "any", as does 0.
pub const INDEX_LIMIT: u32 = 0x7fff_ffff;

/// An address of record with all that is known of it.
///
/// Always: the subscriptions stand newest first, one for each (event, Contact); the appearances
/// stand in the order of their indexes, each index once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub(crate) aor: Text<'a>,
    pub(crate) registered: bool,
    pub(crate) states_changed: bool,
    pub(crate) subscriptions: Vec<Subscription<'a>>,
    pub(crate) appearances: Vec<Appearance<'a>>,
}

/// Why no appearance could be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeizeError {
    /// The index is in use.
    Busy(u32),
    /// One appearance more would make the NOTIFYs of the line too long.
    TooLong,
}

impl<'a> Line<'a> {
    /// A line of which nothing is known yet.
    pub fn new(aor: &'a [u8]) -> Self {
        Self {
            aor: Cow::Borrowed(aor),
            registered: false,
            states_changed: false,
            subscriptions: Vec::new(),
            appearances: Vec::new(),
        }
    }

    /// The address of record.
    pub fn aor(&self) -> &[u8] {
        &self.aor
    }

    /// Whether it is a shared line: somebody subscribed to it, the database did, or an operator
    /// took an appearance of it.
    pub fn is_registered(&self) -> bool {
        self.registered
    }

    /// Whether nothing is left that would have to be stored.
    pub fn is_empty(&self) -> bool {
        !self.registered
            && !self.states_changed
            && self.subscriptions.is_empty()
            && self.appearances.is_empty()
    }

    /// The subscriptions that live, newest first.
    pub fn subscriptions(&self) -> impl Iterator<Item = &Subscription<'a>> {
        self.subscriptions.iter().filter(|subscription| subscription.is_active())
    }

    /// The appearances in use, in the order of their indexes.
    pub fn appearances(&self) -> &[Appearance<'a>] {
        &self.appearances
    }

    /// Whether somebody is subscribed to the changes of the line.
    pub fn has_members(&self) -> bool {
        self.subscriptions().any(|subscription| subscription.event == Event::CallInfo)
    }

    /// Makes it an ordinary address of record again and forgets its appearances, unless somebody
    /// is subscribed to its changes. True if that happened.
    pub fn unregister(&mut self, ctx: &Context<'_>) -> bool {
        if !self.registered || self.has_members() {
            return false;
        }
        self.registered = false;
        if !self.appearances.is_empty() {
            self.appearances.clear();
            self.states_changed |= ctx.keeps_states;
        }
        true
    }

    /// Whether the phone with this Contact is subscribed to the changes of the line. The Contact of
    /// an INVITE may be another one, where a proxy or the script rewrites it.
    pub(crate) fn is_member(&self, contact: &[u8]) -> bool {
        self.subscription_of(Event::CallInfo, contact).is_some()
    }

    /// Position of the living subscription of a member.
    pub(crate) fn subscription_of(&self, event: Event, contact: &[u8]) -> Option<usize> {
        self.subscriptions.iter().position(|subscription| {
            subscription.is_active()
                && subscription.event == event
                && *subscription.contact == *contact
        })
    }

    /// Position of the appearance with this index.
    pub(crate) fn at_index(&self, index: u32) -> Option<usize> {
        self.appearances.binary_search_by_key(&index, |appearance| appearance.index).ok()
    }

    /// Position of the appearance with this call.
    pub(crate) fn at_dialog(&self, dialog: &Dialog<'_>) -> Option<usize> {
        self.appearances.iter().position(|appearance| appearance.dialog.matches(dialog))
    }

    /// The appearance at `at` to be changed; notes that the state table is out of date.
    pub(crate) fn edit(&mut self, ctx: &Context<'_>, at: usize) -> Option<&mut Appearance<'a>> {
        let appearance = self.appearances.get_mut(at)?;
        self.states_changed |= ctx.keeps_states;
        Some(appearance)
    }

    /// Gives the appearance at `at` back.
    pub(crate) fn free(&mut self, ctx: &Context<'_>, at: usize) -> Option<Appearance<'a>> {
        if at >= self.appearances.len() {
            return None;
        }
        self.states_changed |= ctx.keeps_states;
        Some(self.appearances.remove(at))
    }

    /// Takes an appearance for `owner`: the one asked for, or the lowest free one when `asked` is
    /// 0 or above [`INDEX_LIMIT`]. Returns its index.
    pub(crate) fn seize(
        &mut self,
        ctx: &Context<'_>,
        asked: u32,
        owner: &'a [u8],
        state: State,
    ) -> Result<u32, SeizeError> {
        let (at, index) = self.place_for(asked)?;
        // One more, and the element that stands for all others.
        let elements = self.appearances.len().saturating_add(2);
        let text = call_info::element_size(&self.aor).saturating_mul(elements);
        if text.saturating_add(self.around_call_info(ctx)) > HEADERS_LIMIT {
            return Err(SeizeError::TooLong);
        }
        self.states_changed |= ctx.keeps_states;
        self.appearances.insert(
            at,
            Appearance {
                index,
                state,
                owner: Cow::Borrowed(owner),
                changed_at: ctx.now,
                created_at: ctx.now,
                ..Appearance::default()
            },
        );
        Ok(index)
    }

    fn place_for(&self, asked: u32) -> Result<(usize, u32), SeizeError> {
        if (1..=INDEX_LIMIT).contains(&asked) {
            return match self.appearances.binary_search_by_key(&asked, |other| other.index) {
                Ok(_) => Err(SeizeError::Busy(asked)),
                Err(at) => Ok((at, asked)),
            };
        }
        let mut lowest = 1_u32;
        let mut at = 0_usize;
        for appearance in &self.appearances {
            if appearance.index != lowest {
                break;
            }
            lowest = lowest.saturating_add(1);
            at = at.saturating_add(1);
        }
        Ok((at, lowest))
    }

    /// Position of the appearance that a line-seize subscription holds: its index, still owned by
    /// its member, taken and nothing more.
    pub(crate) fn held_by(&self, subscription: &Subscription<'_>) -> Option<usize> {
        let at = self.at_index(subscription.index)?;
        let appearance = self.appearances.get(at)?;
        (appearance.owner == subscription.contact && appearance.state == State::Seized)
            .then_some(at)
    }

    /// As [`held_by`](Self::held_by), if no call has begun on it either.
    pub(crate) fn unused_of(&self, subscription: &Subscription<'_>) -> Option<usize> {
        let unused = |at: &usize| {
            self.appearances.get(*at).is_some_and(|appearance| appearance.dialog.is_none())
        };
        self.held_by(subscription).filter(unused)
    }

    /// Position of the living line-seize subscription that belongs to an appearance.
    pub(crate) fn seize_of(&self, appearance: &Appearance<'_>) -> Option<usize> {
        self.subscriptions.iter().position(|subscription| {
            subscription.is_active()
                && subscription.event == Event::LineSeize
                && subscription.index == appearance.index
                && subscription.contact == appearance.owner
        })
    }

    /// Ends the subscription at `at` with a last NOTIFY.
    pub(crate) fn end(
        &mut self,
        ctx: &Context<'_>,
        at: usize,
        standing: Standing,
    ) -> Option<Notify> {
        let last = self.notify_one(ctx, at, standing);
        self.drop_subscription(at);
        last
    }

    /// Forgets the subscription at `at`; where it has a row, that is deleted first.
    pub(crate) fn drop_subscription(&mut self, at: usize) {
        match self.subscriptions.get_mut(at) {
            Some(subscription) if subscription.stored != Stored::New => subscription.ended = true,
            Some(_) => drop(self.subscriptions.remove(at)),
            None => {}
        }
    }
}
