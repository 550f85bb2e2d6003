//! Why the watchers of a registration hear something.

use reginfo::Event;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A watcher subscribed, or refreshed its subscription: nothing happened to the registration.
    Subscribed,
    /// A watcher ended its subscription, or let it run out.
    Unsubscribed,
    /// Contacts were registered.
    Registered,
    /// Contacts were registered again.
    Refreshed,
    /// The time of contacts was cut, so that they register again soon.
    Shortened,
    /// The time of contacts is over.
    Expired,
    /// The user ended contacts, or the operator did.
    Unregistered,
    /// The network ended contacts; they may register again at once.
    Deactivated,
    /// The network ended contacts; they may register again after so many seconds, 0: some time later.
    Probation(u32),
    /// The network ended contacts for good.
    Rejected,
}

impl Cause {
    /// All causes, without a time to wait.
    pub const ALL: [Self; 10] = [
        Self::Subscribed,
        Self::Unsubscribed,
        Self::Registered,
        Self::Refreshed,
        Self::Shortened,
        Self::Expired,
        Self::Unregistered,
        Self::Deactivated,
        Self::Probation(0),
        Self::Rejected,
    ];

    /// Whether it is about one watcher only.
    pub const fn is_of_watcher(self) -> bool {
        matches!(self, Self::Subscribed | Self::Unsubscribed)
    }

    /// Whether the contacts it is about are registered no more.
    pub const fn ends(self) -> bool {
        match self {
            Self::Subscribed
            | Self::Unsubscribed
            | Self::Registered
            | Self::Refreshed
            | Self::Shortened => false,
            Self::Expired
            | Self::Unregistered
            | Self::Deactivated
            | Self::Probation(_)
            | Self::Rejected => true,
        }
    }

    /// Seconds after which contacts that the network ended may register again; 0: nothing is said.
    pub const fn retry_after(self) -> u32 {
        match self {
            Self::Probation(seconds) => seconds,
            _ => 0,
        }
    }

    /// Whether one NOTIFY can tell of both causes: who hears of one hears of the other, and contacts
    /// have the same event or one that says as much.
    pub(super) fn tells_with(self, older: Self) -> bool {
        let registers = |cause| matches!(cause, Self::Registered | Self::Refreshed);
        self == older || registers(self) && registers(older)
    }

    /// The event of the contacts it is about (RFC 3680 5.2). The identity that was named in the
    /// REGISTER (`named`) is `registered`, those that came with it are `created` (3GPP TS 24.229
    /// 5.4.2.1.2).
    pub const fn event(self, named: bool) -> Event {
        match self {
            Self::Subscribed | Self::Unsubscribed => Event::Registered,
            Self::Registered if named => Event::Registered,
            Self::Registered => Event::Created,
            Self::Refreshed => Event::Refreshed,
            Self::Shortened => Event::Shortened,
            Self::Expired => Event::Expired,
            Self::Unregistered => Event::Unregistered,
            Self::Deactivated => Event::Deactivated,
            Self::Probation(_) => Event::Probation,
            Self::Rejected => Event::Rejected,
        }
    }

    /// Its number in a note.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Subscribed => 0,
            Self::Unsubscribed => 1,
            Self::Registered => 2,
            Self::Refreshed => 3,
            Self::Shortened => 4,
            Self::Expired => 5,
            Self::Unregistered => 6,
            Self::Deactivated => 7,
            Self::Probation(_) => 8,
            Self::Rejected => 9,
        }
    }

    /// The cause with this number and these seconds to wait, which count for one cause only.
    pub(super) fn from_number(number: u8, retry_after: u32) -> Option<Self> {
        let cause = Self::ALL.into_iter().find(|cause| cause.number() == number)?;
        Some(if let Self::Probation(_) = cause { Self::Probation(retry_after) } else { cause })
    }
}

#[cfg(test)]
mod tests {
    use super::Cause;
    use reginfo::Event;

    #[test]
    fn every_cause_has_its_event() {
        let events = Cause::ALL.map(|cause| cause.event(true));
        assert_eq!(
            events,
            [
                Event::Registered,
                Event::Registered,
                Event::Registered,
                Event::Refreshed,
                Event::Shortened,
                Event::Expired,
                Event::Unregistered,
                Event::Deactivated,
                Event::Probation,
                Event::Rejected,
            ]
        );
        assert_eq!(Cause::Registered.event(false), Event::Created);
        for cause in Cause::ALL {
            assert_eq!(Cause::from_number(cause.number(), 0), Some(cause));
        }
        assert_eq!(Cause::from_number(10, 0), None);
    }

    #[test]
    fn only_who_may_come_back_later_is_told_when() {
        let numbers = Cause::ALL.map(Cause::number);
        let causes = numbers.map(|number| Cause::from_number(number, 30).unwrap());
        let waits = causes.map(Cause::retry_after);
        assert_eq!(waits.iter().filter(|seconds| **seconds == 30).count(), 1);
        assert_eq!(causes[8], Cause::Probation(30));
    }
}
