//! Why the watchers of a registration hear something.

use reginfo::Event;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A watcher subscribed, or refreshed its subscription: nothing happened to the registration.
    Subscribed,
    /// A watcher ended its subscription.
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
    /// The network ended contacts; they may register again later.
    Probation,
    /// The network ended contacts for good.
    Rejected,
}

/// `Deregistration-Reason` of a Registration-Termination-Request (3GPP TS 29.228 6.3.17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// `PERMANENT_TERMINATION`, 0.
    PermanentTermination,
    /// `NEW_SERVER_ASSIGNED`, 1.
    NewServerAssigned,
    /// `SERVER_CHANGE`, 2.
    ServerChange,
    /// `REMOVE_S-CSCF`, 3.
    RemoveScscf,
}

impl Reason {
    /// By its number; of one that is not known nothing worse follows than a new registration.
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::PermanentTermination,
            1 => Self::NewServerAssigned,
            3 => Self::RemoveScscf,
            _ => Self::ServerChange,
        }
    }

    /// What it means to the watchers (3GPP TS 24.229 5.4.1.5): a user that is gone for good must not
    /// register again, all others are to do so.
    pub const fn cause(self) -> Cause {
        match self {
            Self::PermanentTermination => Cause::Rejected,
            Self::NewServerAssigned | Self::ServerChange | Self::RemoveScscf => Cause::Deactivated,
        }
    }
}

impl Cause {
    /// All causes.
    pub const ALL: [Self; 10] = [
        Self::Subscribed,
        Self::Unsubscribed,
        Self::Registered,
        Self::Refreshed,
        Self::Shortened,
        Self::Expired,
        Self::Unregistered,
        Self::Deactivated,
        Self::Probation,
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
            | Self::Probation
            | Self::Rejected => true,
        }
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
            Self::Probation => Event::Probation,
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
            Self::Probation => 8,
            Self::Rejected => 9,
        }
    }

    /// The cause with this number.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cause, Reason};
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
            assert_eq!(Cause::from_number(cause.number()), Some(cause));
        }
        assert_eq!(Cause::from_number(10), None);
    }

    #[test]
    fn a_reason_of_the_hss_says_whether_the_phone_may_come_back() {
        let causes = [0, 1, 2, 3, 4, u32::MAX].map(|number| Reason::from_number(number).cause());
        assert_eq!(causes.iter().filter(|cause| **cause == Cause::Rejected).count(), 1);
        assert_eq!(causes[0], Cause::Rejected);
    }
}
