//! How many contacts an identity may have, and how many subscriptions a watcher: `maxcontact`,
//! `maxcontact_3gpp`, `maxcontact_behaviour`, `max_subscribes`.

/// What happens to a contact too many (`maxcontact_behaviour`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// 0: nothing is limited.
    #[default]
    Off,
    /// 1: a new one is refused.
    Refuse,
    /// 2: the oldest one goes.
    Overwrite,
}

impl Behaviour {
    /// The behaviour with that number.
    pub fn of(number: i32) -> Option<Self> {
        match number {
            0 => Some(Self::Off),
            1 => Some(Self::Refuse),
            2 => Some(Self::Overwrite),
            _ => None,
        }
    }
}

/// The parameters; 0: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// All contacts of an identity.
    pub contacts: u32,
    /// Those with `+g.3gpp.icsi-ref`.
    pub of_3gpp: u32,
    /// What a contact too many causes.
    pub behaviour: Behaviour,
}

/// How many contacts an identity has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub all: u32,
    /// Those with `+g.3gpp.icsi-ref`.
    pub of_3gpp: u32,
}

/// Why a contact is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// `maxcontact`
    #[error("it has {has} contacts, maxcontact allows {most}")]
    Contacts {
        /// Those that it has.
        has: u32,
        /// Those that it may have.
        most: u32,
    },
    /// `maxcontact_3gpp`
    #[error("it has {has} contacts with +g.3gpp.icsi-ref, maxcontact_3gpp allows {most}")]
    Of3gpp {
        /// Those that it has.
        has: u32,
        /// Those that it may have.
        most: u32,
    },
}

/// Which contacts make room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// So many of the oldest ones with `+g.3gpp.icsi-ref` go first.
    pub of_3gpp: u32,
    /// Then so many of the oldest ones of any kind.
    pub any: u32,
}

impl Limits {
    /// Whether a contact that is new to the server may come to an identity with these `counts`.
    ///
    /// # Errors
    ///
    /// [`Full`] if the identity has what it may have, and contacts too many are refused.
    pub fn admit(&self, counts: Counts, is_3gpp: bool) -> Result<(), Full> {
        if self.behaviour != Behaviour::Refuse {
            return Ok(());
        }
        if self.contacts > 0 && counts.all >= self.contacts {
            return Err(Full::Contacts { has: counts.all, most: self.contacts });
        }
        if is_3gpp && self.of_3gpp > 0 && counts.of_3gpp >= self.of_3gpp {
            return Err(Full::Of3gpp { has: counts.of_3gpp, most: self.of_3gpp });
        }
        Ok(())
    }

    /// Which contacts go when a contact is linked to an identity with these `counts`: one that has
    /// been let in, so whoever is the oldest makes room for it.
    pub fn room(&self, counts: Counts, is_3gpp: bool) -> Room {
        let over = |has: u32, most: u32| match most {
            0 => 0,
            _ => has.saturating_add(1).saturating_sub(most),
        };
        if self.behaviour == Behaviour::Off {
            return Room::default();
        }
        let of_3gpp =
            if is_3gpp { over(counts.of_3gpp, self.of_3gpp).min(counts.of_3gpp) } else { 0 };
        let left = counts.all.saturating_sub(of_3gpp);
        Room { of_3gpp, any: over(left, self.contacts).min(left) }
    }
}

/// How many of the oldest subscriptions of a watcher go before one more of them comes, if it has
/// `has` of them and may have `most`; 0: any number.
pub fn watchers_too_many(has: u32, most: u32) -> u32 {
    match most {
        0 => 0,
        _ => has.saturating_add(1).saturating_sub(most).min(has),
    }
}

#[cfg(test)]
mod tests {
    use super::{Behaviour, Counts, Full, Limits, Room, watchers_too_many};
    use proptest::prelude::{any, proptest};

    const fn limits(contacts: u32, of_3gpp: u32, behaviour: Behaviour) -> Limits {
        Limits { contacts, of_3gpp, behaviour }
    }

    #[test]
    fn u10_the_third_of_two_is_refused() {
        let limits = limits(2, 0, Behaviour::Refuse);
        assert_eq!(limits.admit(Counts { all: 1, of_3gpp: 0 }, false), Ok(()));
        let full = Err(Full::Contacts { has: 2, most: 2 });
        assert_eq!(limits.admit(Counts { all: 2, of_3gpp: 0 }, false), full);
    }

    #[test]
    fn u11_the_oldest_makes_room() {
        let limits = limits(2, 0, Behaviour::Overwrite);
        let counts = Counts { all: 2, of_3gpp: 1 };
        assert_eq!(limits.admit(counts, false), Ok(()));
        assert_eq!(limits.room(counts, false), Room { of_3gpp: 0, any: 1 });
    }

    #[test]
    fn u12_a_plain_contact_is_none_of_the_limit_for_3gpp() {
        let limits = limits(0, 1, Behaviour::Overwrite);
        assert_eq!(limits.room(Counts { all: 1, of_3gpp: 1 }, true), Room { of_3gpp: 1, any: 0 });
        assert_eq!(limits.room(Counts { all: 1, of_3gpp: 1 }, false), Room::default());
        let refuse = Limits { behaviour: Behaviour::Refuse, ..limits };
        assert_eq!(refuse.admit(Counts { all: 1, of_3gpp: 1 }, false), Ok(()));
        assert!(refuse.admit(Counts { all: 1, of_3gpp: 1 }, true).is_err());
    }

    #[test]
    fn one_that_goes_for_one_limit_counts_for_the_other() {
        let limits = limits(2, 1, Behaviour::Overwrite);
        let room = limits.room(Counts { all: 2, of_3gpp: 1 }, true);
        assert_eq!(room, Room { of_3gpp: 1, any: 0 });
    }

    #[test]
    fn u13_only_the_newest_subscription_stays() {
        assert_eq!(watchers_too_many(0, 1), 0);
        assert_eq!(watchers_too_many(1, 1), 1);
        assert_eq!(watchers_too_many(3, 1), 3);
        assert_eq!(watchers_too_many(100, 0), 0);
    }

    #[test]
    fn without_a_behaviour_nothing_is_limited() {
        let limits = limits(1, 1, Behaviour::Off);
        let counts = Counts { all: 9, of_3gpp: 9 };
        assert_eq!(
            (limits.admit(counts, true), limits.room(counts, true)),
            (Ok(()), Room::default())
        );
        assert_eq!(
            [-1, 0, 1, 2, 3].map(|number| Behaviour::of(number).is_some()),
            [false, true, true, true, false]
        );
    }

    proptest! {
        /// Against a list from which the oldest are taken one by one.
        #[test]
        fn room_is_what_a_list_would_make(
            have in proptest::collection::vec(any::<bool>(), 0..12),
            is_3gpp in any::<bool>(),
            contacts in 0_u32..6,
            of_3gpp in 0_u32..6,
        ) {
            let count = |list: &[bool]| Counts {
                all: u32::try_from(list.len()).unwrap(),
                of_3gpp: u32::try_from(list.iter().filter(|one| **one).count()).unwrap(),
            };
            let limits = limits(contacts, of_3gpp, Behaviour::Overwrite);
            let mut list = have.clone();
            while is_3gpp && of_3gpp > 0 && count(&list).of_3gpp >= of_3gpp {
                let Some(at) = list.iter().position(|one| *one) else { break };
                list.remove(at);
            }
            while contacts > 0 && count(&list).all >= contacts && !list.is_empty() {
                list.remove(0);
            }
            let room = limits.room(count(&have), is_3gpp);
            let mut ours = have;
            for _ in 0..room.of_3gpp {
                let at = ours.iter().position(|one| *one).unwrap();
                ours.remove(at);
            }
            ours.drain(..usize::try_from(room.any).unwrap());
            assert_eq!(ours, list);
        }
    }
}
