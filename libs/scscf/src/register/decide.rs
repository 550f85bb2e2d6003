//! How a REGISTER goes on, by what is known of the user.

use super::{Lifetime, Plan, Wants};
use crate::{
    assignment::{Cause, Kind},
    matching::{Mode, Wanted, same_contact, same_uri},
    refusal::Refusal,
};

/// For so many seconds the same CSeq again is the same request again.
pub const CSEQ_DELAY: i64 = 20;

/// A contact that is bound to the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound<'s> {
    /// Its URI.
    pub uri: &'s [u8],
    /// The Call-ID that it was last registered with.
    pub call_id: &'s [u8],
    /// The Path that it was last registered with.
    pub path: &'s [u8],
    /// The CSeq that it was last registered with.
    pub cseq: u32,
    /// When that was.
    pub modified: i64,
    /// Whether it counts: it has not ended, and is not about to.
    pub valid: bool,
}

/// How a request stands to what was registered before (RFC 3261 10.3, 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// It comes later, or from another client.
    #[default]
    New,
    /// It is the one that was registered.
    Retransmission,
    /// It is older.
    OutOfOrder,
}

/// What is known of the identity of a REGISTER.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// There is a record, in state registered.
    pub registered: bool,
    /// The record has a profile.
    pub profiled: bool,
    /// How many of its contacts are valid.
    pub live: usize,
    /// The worst [`Plan::order`] of its contacts.
    pub order: Order,
}

/// What is set about assignments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Parameter `store_profile_dereg`: the profile is kept when a user left.
    pub stores_profile: bool,
    /// Parameter `user_data_always`: the HSS always sends the profile.
    pub always_asks: bool,
}

/// How it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// With a 200 that says what is bound.
    Answer,
    /// With the removal of all contacts that [`Plan::takes`]; then [`Plan::removed`].
    Remove,
    /// With a question to the HSS.
    Assign(Assignment),
}

/// A question to the HSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// What for.
    pub kind: Kind,
    /// Whether it must bring a profile.
    pub required: bool,
    /// What it says of the profile: whether it is here already.
    pub available: bool,
}

/// Places of contacts that end, of which one is bound with the same parameters: no other one is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends(Vec<usize>);

impl Assignment {
    /// One of that kind.
    pub fn of(kind: Kind, policy: &Policy) -> Self {
        let required = matches!(kind, Kind::Registration | Kind::UnregisteredUser);
        Self { kind, required, available: !(required || policy.always_asks) }
    }
}

impl Plan<'_> {
    /// Which of its contacts a bound one is: the place in [`Plan::contacts`].
    ///
    /// A contact that is registered must say the same as the bound one, whose text stays: with a
    /// parameter that only one of them has it is another one, since that may say how the client is
    /// reached. A contact that ends may leave such parameters out (RFC 3261 19.1.4).
    pub fn find(&self, bound: &Bound<'_>, mode: Mode) -> Option<usize> {
        self.find_among(bound, mode, &Ends::default())
    }

    /// As [`Plan::find`]; a contact that ends leaves no parameters out if `ends` has one with all of
    /// them.
    pub fn find_among(&self, bound: &Bound<'_>, mode: Mode, ends: &Ends) -> Option<usize> {
        let path = (!self.path.is_empty()).then_some(&*self.path);
        let fits = self.contacts().iter().enumerate().filter_map(|(place, contact)| {
            let wanted = Wanted { uri: &contact.uri, call_id: Some(&self.call_id), path };
            let fit = mode.fit(&wanted, bound.uri, bound.call_id, bound.path);
            let ends = || {
                mode == Mode::Uri
                    && contact.lifetime == Lifetime::Remove
                    && !ends.0.contains(&place)
                    && same_uri(&contact.uri, bound.uri)
            };
            (fit.is_some() || ends()).then_some((fit, place))
        });
        fits.reduce(|best, fit| if fit.0 > best.0 { fit } else { best }).map(|(_, place)| place)
    }

    /// Which of its contacts that end are among those with the URIs `bound`, with all parameters.
    pub fn ends<'b>(&self, bound: impl IntoIterator<Item = &'b [u8]>) -> Ends {
        let mut found = Vec::new();
        for uri in bound {
            for (place, contact) in self.contacts().iter().enumerate() {
                let ends = contact.lifetime == Lifetime::Remove;
                if ends && same_contact(&contact.uri, uri) && !found.contains(&place) {
                    found.push(place);
                }
            }
        }
        Ends(found)
    }

    /// Whether a bound contact is to be removed, where `ends` are bound.
    pub fn takes(&self, bound: &Bound<'_>, mode: Mode, ends: &Ends) -> bool {
        let removed = |place: usize| {
            let contact = self.contacts().get(place);
            contact.is_some_and(|contact| contact.lifetime == Lifetime::Remove)
        };
        match self.wants {
            Wants::Query => false,
            Wants::RemoveAll => true,
            Wants::Contacts(_) => self.find_among(bound, mode, ends).is_some_and(removed),
        }
    }

    /// How it stands to a bound contact; for `cseq_delay` seconds the same `CSeq` is a retransmission.
    pub fn order(&self, bound: &Bound<'_>, mode: Mode, now: i64, cseq_delay: i64) -> Order {
        let concerned = match self.wants {
            Wants::Query => false,
            Wants::RemoveAll => true,
            Wants::Contacts(_) => self.find(bound, mode).is_some(),
        };
        if !concerned || !bound.valid || *self.call_id != *bound.call_id {
            return Order::New;
        }
        let soon = now <= bound.modified.saturating_add(cseq_delay);
        match self.cseq.cmp(&bound.cseq) {
            std::cmp::Ordering::Less => Order::OutOfOrder,
            std::cmp::Ordering::Equal if soon => Order::Retransmission,
            _ => Order::New,
        }
    }

    /// How it goes on.
    pub fn next(&self, known: &Known, policy: &Policy) -> Next {
        if self.wants == Wants::Query || known.order != Order::New {
            return Next::Answer;
        }
        if !self.registers() {
            return Next::Remove;
        }
        let again = known.registered && known.profiled && known.live > 0;
        let kind = if again { Kind::ReRegistration } else { Kind::Registration };
        Next::Assign(Assignment::of(kind, policy))
    }

    /// How it goes on after `hit` contacts were removed and `left` valid ones are left.
    ///
    /// # Errors
    ///
    /// None of the contacts was bound.
    pub fn removed(&self, hit: usize, left: usize, policy: &Policy) -> Result<Next, Refusal> {
        if hit == 0 && self.wants != Wants::RemoveAll {
            return Err(Refusal::ContactDelete);
        }
        if left > 0 {
            return Ok(Next::Answer);
        }
        let kind = Kind::of_removal(Cause::User, policy.stores_profile);
        Ok(Next::Assign(Assignment::of(kind, policy)))
    }
}
