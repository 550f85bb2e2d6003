//! The state of a subscription: the header Subscription-State (RFC 6665 8.2.3).

use super::Cause;
use std::fmt;

/// The value of Subscription-State.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionState {
    /// It goes on for so many seconds.
    Active(u32),
    /// This NOTIFY is the last one.
    Terminated(Why),
}

/// Why a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The watcher may subscribe again at once.
    Deactivated,
    /// The watcher may subscribe again after so many seconds; 0: some time later.
    Probation(u32),
    /// The watcher must not subscribe again.
    Rejected,
    /// It was not refreshed, or the watcher ended it.
    Timeout,
    /// There is no registration any more.
    NoResource,
}

impl Why {
    /// Its name in the header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deactivated => "deactivated",
            Self::Probation(_) => "probation",
            Self::Rejected => "rejected",
            Self::Timeout => "timeout",
            Self::NoResource => "noresource",
        }
    }
}

impl SubscriptionState {
    /// The state after `cause`, of a subscription that lasts `left` seconds more. `active` is
    /// whether any registration of the document is; `ends` whether a subscription ends with the
    /// last registration (3GPP TS 24.229 5.4.2.1.2).
    pub const fn after(cause: Cause, active: bool, left: u32, ends: bool) -> Self {
        if left == 0 || matches!(cause, Cause::Unsubscribed) {
            return Self::Terminated(Why::Timeout);
        }
        if active || !ends {
            return Self::Active(left);
        }
        match cause {
            // A watcher of somebody who is not registered waits for the registration.
            Cause::Subscribed
            | Cause::Unsubscribed
            | Cause::Registered
            | Cause::Refreshed
            | Cause::Shortened => Self::Active(left),
            Cause::Expired | Cause::Unregistered => Self::Terminated(Why::NoResource),
            Cause::Deactivated => Self::Terminated(Why::Deactivated),
            Cause::Probation(seconds) => Self::Terminated(Why::Probation(seconds)),
            Cause::Rejected => Self::Terminated(Why::Rejected),
        }
    }

    /// Whether this NOTIFY is the last one.
    pub const fn is_last(self) -> bool {
        matches!(self, Self::Terminated(_))
    }
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active(left) => write!(f, "active;expires={left}"),
            Self::Terminated(why) => {
                write!(f, "terminated;reason={}", why.name())?;
                match why {
                    Why::Probation(seconds) if *seconds > 0 => write!(f, ";retry-after={seconds}"),
                    _ => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SubscriptionState;
    use crate::event::Cause;

    #[test]
    fn the_state_of_every_cause() {
        let all = |active, left, ends| {
            Cause::ALL
                .map(|cause| SubscriptionState::after(cause, active, left, ends).to_string())
                .join("\n")
        };
        let going = ["active;expires=9"; 8].join("\n");
        // Somebody is registered still, or subscriptions outlive registrations: nothing ends.
        let some = format!("active;expires=9\nterminated;reason=timeout\n{going}");
        assert_eq!(all(true, 9, true), some);
        assert_eq!(all(true, 9, false), some);
        assert_eq!(all(false, 9, false), some);
        assert_eq!(
            all(false, 9, true),
            "active;expires=9\nterminated;reason=timeout\nactive;expires=9\nactive;expires=9\n\
             active;expires=9\nterminated;reason=noresource\nterminated;reason=noresource\n\
             terminated;reason=deactivated\nterminated;reason=probation\nterminated;reason=rejected"
        );
        assert_eq!(all(true, 0, true), ["terminated;reason=timeout"; 10].join("\n"));
        let later = SubscriptionState::after(Cause::Probation(120), false, 9, true);
        assert_eq!(later.to_string(), "terminated;reason=probation;retry-after=120");
    }
}
