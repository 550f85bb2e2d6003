//! What time makes of a contact and of an identity.
//!
//! The states of a contact are those that clients of the C API see and set. Here stands which of them
//! follows which, what has to be done on the way, and when to look again.

/// The state of a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// 0: registered.
    #[default]
    Valid,
    /// 1: a client is about to remove it.
    DeletePending,
    /// 2: its time is over, the watchers are being told.
    ExpirePendingNotify,
    /// 3: removed; its identities are about to let go of it.
    Deleted,
    /// 4: no identity has it any more.
    DelayedDelete,
    /// 5: its time is over and the watchers were told.
    NotifyReady,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Valid,
        Self::DeletePending,
        Self::ExpirePendingNotify,
        Self::Deleted,
        Self::DelayedDelete,
        Self::NotifyReady,
    ];

    /// The state with that number of the C API.
    pub fn of(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// Its number in the C API.
    pub fn number(self) -> u32 {
        match self {
            Self::Valid => 0,
            Self::DeletePending => 1,
            Self::ExpirePendingNotify => 2,
            Self::Deleted => 3,
            Self::DelayedDelete => 4,
            Self::NotifyReady => 5,
        }
    }

    /// The words for it in a listing.
    pub fn words(self) -> &'static str {
        match self {
            Self::Valid => "Contact valid",
            Self::DeletePending => "Contact in delete pending",
            Self::ExpirePendingNotify => "Contact expired with pending NOTIFY",
            Self::Deleted => "Contact deleted",
            Self::DelayedDelete => "Contact with delayed delete",
            Self::NotifyReady => "Contact expired with prepared NOTIFY",
        }
    }
}

/// Whether requests may go to a contact: it is registered, and its time is not over. `expires` 0: it
/// has no end.
pub fn is_valid(state: Option<State>, expires: i64, now: i64) -> bool {
    state == Some(State::Valid) && (expires == 0 || expires > now)
}

/// Seconds that a contact without an identity waits for clients that still count on it, beyond the
/// time that all of them get.
pub const REFERENCED: i64 = 300;

/// What is known of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its state; none: a client has set a number that is none.
    pub state: Option<State>,
    /// The end of its registration, or of the time it stays without an identity; 0: none.
    pub expires: i64,
    /// How many clients and identities count on it.
    pub references: i32,
    /// Some identity has it.
    pub linked: bool,
}

/// What is to be done with a contact, and when to look at it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing before that time; none: not before somebody changes it.
    Wait(Option<i64>),
    /// It is [`State::ExpirePendingNotify`] now, with a reference of the timer; every identity that has
    /// it raises `UL_IMPU_EXPIRE_CONTACT`. Then look again: at once, and at the next tick.
    Expire,
    /// It is [`State::Deleted`] now, and the timer gives its reference up. Then look again at once.
    Delete,
    /// Every identity lets go of it. Then look again at once.
    Unlink,
    /// It is freed: rows, dialogs, memory.
    Free {
        /// Some client has never given its reference back.
        forgotten: bool,
    },
}

/// The next step of `contact` at `now`. `told`: the identities raised their callbacks at an earlier
/// tick, so whatever a client wanted to do about it is done.
pub fn contact(contact: Contact, now: i64, told: bool) -> Step {
    let Contact { expires, references, linked, .. } = contact;
    let over = expires != 0 && expires <= now;
    match contact.state {
        Some(State::Valid | State::DeletePending) | None => match over {
            true => Step::Expire,
            false => Step::Wait((expires != 0).then_some(expires)),
        },
        Some(State::ExpirePendingNotify) if told => Step::Delete,
        Some(State::ExpirePendingNotify) => Step::Wait(Some(now.saturating_add(1))),
        Some(State::NotifyReady) => Step::Delete,
        Some(State::Deleted) if linked => Step::Unlink,
        // Nobody has it and nobody said so: a record was removed with its contacts.
        Some(State::Deleted | State::DelayedDelete) => {
            let patience = expires.saturating_add(REFERENCED);
            // No end of a registration any more, but the moment at which it goes.
            match (expires <= now, references > 0) {
                (false, _) => Step::Wait(Some(expires.max(now.saturating_add(1)))),
                (true, false) => Step::Free { forgotten: false },
                (true, true) if patience <= now => Step::Free { forgotten: true },
                (true, true) => Step::Wait(Some(patience)),
            }
        }
    }
}

/// The registration state of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// 0
    Not,
    /// 1
    Registered,
    /// -1: the profile is kept for services of users that are not registered.
    Unregistered,
}

impl Registration {
    /// The state with that number of the C API.
    pub fn of(number: i32) -> Option<Self> {
        match number {
            0 => Some(Self::Not),
            1 => Some(Self::Registered),
            -1 => Some(Self::Unregistered),
            _ => None,
        }
    }

    /// Its number in the C API.
    pub fn number(self) -> i32 {
        match self {
            Self::Not => 0,
            Self::Registered => 1,
            Self::Unregistered => -1,
        }
    }

    /// The words for it in a listing.
    pub fn words(self) -> &'static str {
        match self {
            Self::Not => "not registered",
            Self::Registered => "registered",
            Self::Unregistered => "unregistered",
        }
    }
}

/// What is known of an identity; watchers whose time is over have gone before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its state; none: a client has set a number that is none.
    pub state: Option<Registration>,
    /// Until when it stays without contacts if it is [`Registration::Unregistered`]; 0: that long
    /// only as it has watchers.
    pub expires: i64,
    /// Some contact is linked to it, in whatever state.
    pub has_contacts: bool,
    /// When the first of its watchers ends.
    pub watched_until: Option<i64>,
}

/// What becomes of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays; look again at that time, if any.
    Stays(Option<i64>),
    /// It lost its last contact and is [`Registration::Unregistered`] now, since it has watchers:
    /// `UL_IMPU_UNREG_NC`. Look again at that time.
    LosesContacts(i64),
    /// It goes.
    Goes(End),
}

/// Why an identity goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was registered and has no contact left: `UL_IMPU_REG_NC_DELETE`.
    NoContacts,
    /// It is not registered: `UL_IMPU_NR_DELETE`.
    NotRegistered,
    /// It was unregistered, and its time is over: `UL_IMPU_UNREG_EXPIRED`.
    UnregisteredExpired,
}

/// What becomes of `identity` at `now`.
pub fn identity(identity: Identity, now: i64) -> Fate {
    let Identity { state, expires, has_contacts, watched_until } = identity;
    if has_contacts {
        return Fate::Stays(watched_until);
    }
    let unregistered = state == Some(Registration::Unregistered);
    match watched_until {
        Some(end) if unregistered => Fate::Stays(Some(end)),
        Some(end) => Fate::LosesContacts(end),
        None if unregistered && expires > now => Fate::Stays(Some(expires)),
        None => Fate::Goes(match state {
            Some(Registration::Unregistered) => End::UnregisteredExpired,
            Some(Registration::Not) => End::NotRegistered,
            _ => End::NoContacts,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Contact, End, Fate, Identity, REFERENCED, Registration, State, Step, contact, identity,
        is_valid,
    };
    use proptest::prelude::{Just, any, prop_oneof, proptest};

    fn at(state: State, expires: i64, references: i32, linked: bool) -> Contact {
        Contact { state: Some(state), expires, references, linked }
    }

    #[test]
    fn u6_a_contact_that_is_over_is_found_by_nobody() {
        assert!(is_valid(Some(State::Valid), 101, 100));
        assert!(is_valid(Some(State::Valid), 0, 100), "permanent");
        assert!(!is_valid(Some(State::Valid), 100, 100));
        assert!(!is_valid(Some(State::Deleted), 101, 100));
        assert!(!is_valid(None, 0, 100));
    }

    #[test]
    fn u6_a_contact_goes_through_its_states() {
        assert_eq!(contact(at(State::Valid, 100, 1, true), 99, false), Step::Wait(Some(100)));
        assert_eq!(contact(at(State::Valid, 0, 1, true), 99, false), Step::Wait(None));
        assert_eq!(contact(at(State::Valid, 100, 1, true), 100, false), Step::Expire);
        let pending = at(State::ExpirePendingNotify, 100, 2, true);
        assert_eq!(contact(pending, 100, false), Step::Wait(Some(101)));
        assert_eq!(contact(pending, 101, true), Step::Delete);
        assert_eq!(contact(at(State::NotifyReady, 100, 2, true), 100, false), Step::Delete);
        assert_eq!(contact(at(State::Deleted, 100, 1, true), 100, false), Step::Unlink);
        let delayed = at(State::DelayedDelete, 130, 0, false);
        assert_eq!(contact(delayed, 100, false), Step::Wait(Some(130)));
        assert_eq!(contact(delayed, 130, false), Step::Free { forgotten: false });
        let permanent = at(State::Deleted, 0, 0, false);
        assert_eq!(contact(permanent, 100, false), Step::Free { forgotten: false });
    }

    #[test]
    fn a_reference_that_is_never_given_back_ends() {
        let held = at(State::DelayedDelete, 130, 1, false);
        assert_eq!(contact(held, 130, false), Step::Wait(Some(130 + REFERENCED)));
        assert_eq!(contact(held, 130 + REFERENCED, false), Step::Free { forgotten: true });
    }

    #[test]
    fn u7_a_contact_that_registers_again_lives() {
        assert_eq!(contact(at(State::Valid, 500, 1, true), 100, true), Step::Wait(Some(500)));
    }

    #[test]
    fn u8_an_unregistered_identity_stays_for_its_time() {
        let one = Identity {
            state: Some(Registration::Unregistered),
            expires: 1800,
            has_contacts: false,
            watched_until: None,
        };
        assert_eq!(identity(one, 10), Fate::Stays(Some(1800)));
        assert_eq!(identity(one, 1800), Fate::Goes(End::UnregisteredExpired));
    }

    #[test]
    fn u9_watchers_keep_an_identity() {
        let one = Identity {
            state: Some(Registration::Registered),
            expires: 0,
            has_contacts: false,
            watched_until: Some(50),
        };
        assert_eq!(identity(one, 10), Fate::LosesContacts(50));
        let one = Identity { state: Some(Registration::Unregistered), ..one };
        assert_eq!(identity(one, 10), Fate::Stays(Some(50)));
        let one = Identity { watched_until: None, ..one };
        assert_eq!(identity(one, 50), Fate::Goes(End::UnregisteredExpired));
    }

    #[test]
    fn an_identity_without_contacts_goes() {
        let one = |state| Identity { state, expires: 0, has_contacts: false, watched_until: None };
        let gone = |state| identity(one(state), 10);
        assert_eq!(gone(Some(Registration::Registered)), Fate::Goes(End::NoContacts));
        assert_eq!(gone(Some(Registration::Not)), Fate::Goes(End::NotRegistered));
        assert_eq!(gone(None), Fate::Goes(End::NoContacts));
        let kept = Identity { has_contacts: true, ..one(Some(Registration::Not)) };
        assert_eq!(identity(kept, 10), Fate::Stays(None));
    }

    #[test]
    fn numbers_are_those_of_the_api() {
        for number in 0..6 {
            assert_eq!(State::of(number).map(State::number), Some(number));
        }
        assert_eq!((State::of(6), Registration::of(2)), (None, None));
        for number in -1..2 {
            assert_eq!(Registration::of(number).map(Registration::number), Some(number));
        }
    }

    proptest! {
        /// Whatever clients do, a contact that nobody touches any more is freed in the end, and never
        /// while an identity has it.
        #[test]
        fn every_life_ends(
            state in 0_u32..8,
            expires in prop_oneof![Just(1_i64), 1_i64..400],
            references in -1_i32..4,
            linked in any::<bool>(),
            delay in 0_i64..100,
        ) {
            let mut now = 0;
            let mut it = Contact { state: State::of(state), expires, references, linked };
            let (mut told, mut freed) = (false, false);
            for _ in 0..64 {
                match contact(it, now, told) {
                    Step::Wait(at) => {
                        told = it.state == Some(State::ExpirePendingNotify);
                        let at = at.expect("it has an end");
                        assert!(at > now, "time goes on");
                        now = at;
                    }
                    Step::Expire => {
                        it.state = Some(State::ExpirePendingNotify);
                        told = false;
                    }
                    Step::Delete => it.state = Some(State::Deleted),
                    Step::Unlink => {
                        assert!(it.linked);
                        it.linked = false;
                        it.state = Some(State::DelayedDelete);
                        it.expires = now + delay;
                    }
                    Step::Free { forgotten } => {
                        assert!(!it.linked || it.state == Some(State::DelayedDelete));
                        assert_eq!(forgotten, it.references > 0);
                        freed = true;
                        break;
                    }
                }
            }
            assert!(freed, "it never ends: {it:?} at {now}");
        }
    }
}
