//! Who hears of what.

use super::Cause;
use sip_text::Uri;

/// What the parameters say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A phone ends its own subscription when it unregisters, and is told until then
    /// (`ue_unsubscribe_on_dereg`); else its own subscription ends in silence.
    pub phone_unsubscribes: bool,
    /// Only the phone itself hears that it registered, as in the C module; else everybody does.
    pub quiet_registrations: bool,
}

/// How a watcher stands to the contacts that something happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// It is the phone behind one of them.
    Yes,
    /// It is somebody else: a P-CSCF, an application server, another phone of the user.
    No,
}

/// What becomes of a watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is told.
    Told,
    /// It is not told, and goes on watching.
    Silent,
    /// It is not told, and its subscription ends.
    Dropped,
}

/// What a watcher hears of `cause`. Causes of one watcher are told to nobody else, which the caller
/// sees to.
pub const fn hears(cause: Cause, own: Own, rules: Rules) -> Verdict {
    match (cause, own) {
        (Cause::Subscribed | Cause::Unsubscribed | Cause::Shortened, _) => Verdict::Told,
        (Cause::Registered | Cause::Refreshed, Own::Yes) => Verdict::Told,
        (Cause::Registered | Cause::Refreshed, Own::No) if rules.quiet_registrations => {
            Verdict::Silent
        }
        (Cause::Registered | Cause::Refreshed, Own::No) => Verdict::Told,
        (Cause::Expired, Own::Yes) if !rules.phone_unsubscribes => Verdict::Silent,
        (Cause::Unregistered, Own::Yes) if !rules.phone_unsubscribes => Verdict::Dropped,
        (Cause::Expired | Cause::Unregistered, _) => Verdict::Told,
        // The network ended it: the phone does not know yet.
        (Cause::Deactivated | Cause::Probation(_) | Cause::Rejected, _) => Verdict::Told,
    }
}

impl Own {
    /// Whether `watcher` (the Contact of a SUBSCRIBE) is the phone that registered `contact`: host,
    /// port and the place behind a NAT (`alias`) are the same. The user part need not be: phones
    /// choose another one for their own subscriptions.
    pub fn of(watcher: &[u8], contact: &[u8]) -> Self {
        if watcher == contact {
            return Self::Yes;
        }
        let (Ok(watcher), Ok(contact)) = (Uri::parse(watcher), Uri::parse(contact)) else {
            return Self::No;
        };
        let same = !watcher.host().is_empty()
            && watcher.host() == contact.host()
            && watcher.port_or_default() == contact.port_or_default()
            && place(watcher.param(b"alias")) == place(contact.param(b"alias"));
        if same { Self::Yes } else { Self::No }
    }

    /// Whether `watcher` is behind one of `contacts`.
    pub fn any<'c>(watcher: &[u8], contacts: impl IntoIterator<Item = &'c [u8]>) -> Self {
        let own = contacts.into_iter().any(|contact| Self::of(watcher, contact) == Self::Yes);
        if own { Self::Yes } else { Self::No }
    }
}

/// Address and port of an alias, `ip~port~transport`.
fn place(alias: Option<&[u8]>) -> Option<(&[u8], &[u8])> {
    let mut parts = alias?.split(|byte| *byte == b'~');
    Some((parts.next()?, parts.next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::{Own, Rules, Verdict, hears};
    use crate::event::Cause;

    const RULES: Rules = Rules { phone_unsubscribes: false, quiet_registrations: false };

    fn row(own: Own, rules: Rules) -> String {
        let letter = |cause| match hears(cause, own, rules) {
            Verdict::Told => 't',
            Verdict::Silent => 's',
            Verdict::Dropped => 'd',
        };
        Cause::ALL.map(letter).iter().collect()
    }

    #[test]
    fn r63_r64_r65_every_watcher_and_every_cause() {
        // Subscribed Unsubscribed Registered Refreshed Shortened Expired Unregistered Deactivated
        // Probation Rejected
        assert_eq!(row(Own::No, RULES), "tttttttttt");
        assert_eq!(row(Own::Yes, RULES), "tttttsdttt");
        let stays = Rules { phone_unsubscribes: true, ..RULES };
        assert_eq!(row(Own::No, stays), "tttttttttt");
        assert_eq!(row(Own::Yes, stays), "tttttttttt");
        let quiet = Rules { quiet_registrations: true, ..RULES };
        assert_eq!(row(Own::No, quiet), "ttsstttttt");
        assert_eq!(row(Own::Yes, quiet), "tttttsdttt");
    }

    #[test]
    fn a_phone_is_known_by_its_place() {
        let same = |a: &str, b: &str| Own::of(a.as_bytes(), b.as_bytes()) == Own::Yes;
        for (watcher, contact) in [
            ("sip:bob@192.0.2.1:5060", "sip:other@192.0.2.1"),
            ("sip:bob@192.0.2.1:5070;ob", "SIP:bob@192.0.2.1:5070;transport=tcp"),
            ("sip:b@[2001:db8::1]", "sip:b@[2001:DB8:0::1]:5060"),
            ("sip:b@10.0.0.1;alias=192.0.2.9~1~1", "sip:b@10.0.0.1;alias=192.0.2.9~1~2"),
            ("garbage", "garbage"),
        ] {
            assert!(same(watcher, contact), "{watcher} {contact}");
        }
        for (watcher, contact) in [
            ("sip:bob@192.0.2.1", "sip:bob@192.0.2.1:5070"),
            ("sip:bob@192.0.2.1", "sip:bob@192.0.2.11"),
            ("sip:b@10.0.0.1;alias=192.0.2.9~1~1", "sip:b@10.0.0.1;alias=192.0.2.9~2~1"),
            ("sip:b@10.0.0.1;alias=192.0.2.9~1~1", "sip:b@10.0.0.1"),
            ("tel:+1", "tel:+2"),
            ("", "garbage"),
        ] {
            assert!(!same(watcher, contact), "{watcher} {contact}");
        }
    }
}
