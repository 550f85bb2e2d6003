//! What a request or a reply means for the stored contacts: each function of the registrar as a
//! decision from plain values to plain values.
//!
//! A function of the module reads the message, asks for the *plan* (which records to look for, and
//! what is to become of them), looks each record up and lets the plan *judge* what was found: that
//! is where it is said that nobody touches the contact of somebody else. An error is a refusal:
//! its text is the line for the log, and the script function returns -1.

use crate::{Host, Parts, State, States, uri};
use bstr::BStr;
use sip_text::scan;
use std::fmt;

pub mod expires;
pub mod follows;
pub mod lookup;
pub mod notify;
pub mod pending;
pub mod place;
pub mod save;
pub mod subscribe;
pub mod unregister;

/// The longest Contact URI that is stored. A request is answered before anybody authenticated it,
/// so that one packet must not take much of the memory that all share.
pub const MAX_URI: usize = 4096;

/// The most contacts of one message that are looked at. A phone has one or two, and each costs a
/// search.
pub const MAX_CONTACTS: usize = 64;

/// Address, port and transport of one side, as texts and numbers of the host.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'m> {
    /// Address, or a name; IPv6 with or without brackets.
    pub host: &'m [u8],
    /// Port.
    pub port: u16,
    /// Transport: 1 UDP, 2 TCP, 3 TLS, 4 SCTP, 5 WS, 6 WSS, 0 unknown.
    pub proto: u16,
}

impl Place<'_> {
    /// Whether both have the same address, in whatever spelling.
    pub fn same_host(&self, other: &Place<'_>) -> bool {
        // The same text is the same host, and nearly all are.
        self.host == other.host || Host::of(self.host) == Host::of(other.host)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proto = match self.proto {
            1 => "udp",
            2 => "tcp",
            3 => "tls",
            4 => "sctp",
            5 => "ws",
            6 => "wss",
            _ => "any",
        };
        let host = scan::shown(self.host);
        // Without its brackets nobody could tell an IPv6 address from its port.
        let bare = host.contains(&b':') && !host.starts_with(b"[");
        let (open, close) = if bare { ("[", "]") } else { ("", "") };
        write!(f, "{proto}:{open}{}{close}:{}", BStr::new(&host), self.port)
    }
}

/// A Via header.
#[derive(Clone, Copy, Debug, Default)]
pub struct Via<'m> {
    /// Host of sent-by.
    pub host: &'m [u8],
    /// Port of sent-by; 0 when there is none.
    pub port: u16,
    /// Transport.
    pub proto: u16,
    /// Value of the parameter `received`.
    pub received: Option<&'m [u8]>,
    /// Value of the parameter `rport`.
    pub rport: Option<&'m [u8]>,
}

impl<'m> Via<'m> {
    /// What it says of itself, with the default port.
    pub fn sent_by(&self) -> Place<'m> {
        let port = if self.port == 0 { uri::DEFAULT_PORT } else { self.port };
        Place { host: self.host, port, proto: self.proto }
    }
}

/// One Contact.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'m> {
    /// Its URI, without brackets.
    pub uri: &'m [u8],
    /// Value of its parameter `expires`.
    pub expires: Option<&'m [u8]>,
}

/// The Contact headers of a message.
#[derive(Clone, Copy, Debug)]
pub enum Contacts<'m> {
    /// There is none.
    Missing,
    /// The host cannot read one of them.
    Unreadable,
    /// `Contact: *`
    Star,
    /// In the order of the message.
    List(&'m [Asked<'m>]),
}

/// Why there is no Contact to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoContact {
    /// No header, or an empty one.
    #[error("no contact header")]
    Missing,
    /// The host cannot read it.
    #[error("contact header is not readable")]
    Unreadable,
    /// `Contact: *`
    #[error("contact is *, must be an address")]
    Star,
}

impl<'m> Contacts<'m> {
    /// The contacts, of which there is at least one; no more than [`MAX_CONTACTS`].
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn list(&self) -> Result<&'m [Asked<'m>], NoContact> {
        match self {
            Self::Missing | Self::List([]) => Err(NoContact::Missing),
            Self::Unreadable => Err(NoContact::Unreadable),
            Self::Star => Err(NoContact::Star),
            Self::List(contacts) => Ok(contacts.get(..MAX_CONTACTS).unwrap_or(contacts)),
        }
    }
}

/// What is read of a record that was found.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'r> {
    /// Its Contact URI.
    pub aor: &'r [u8],
    /// Where it was registered from.
    pub received: Place<'r>,
    /// Protected client port of the phone, when it agreed on IPsec (`security`, else
    /// `security_temp`, of type IPsec).
    pub port_uc: Option<u16>,
    /// State.
    pub state: State,
    /// When it expires.
    pub expires: i64,
    /// Its public identities.
    pub ids: &'r [&'r [u8]],
}

impl Bound<'_> {
    /// Whether requests from `place` are its own: same address, and the port that it registered
    /// from or its protected one.
    pub fn is_from(&self, place: &Place<'_>) -> bool {
        self.received.same_host(place)
            && (self.received.port == place.port || self.port_uc == Some(place.port))
    }
}

/// What a record is looked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Host and port of its Contact URI, which must be those of `via`: search flag 0.
    Contact,
    /// Where it was received from: search flag 1.
    Source,
}

/// A search, field by field what the API of the location store takes.
#[derive(Clone, Copy, Debug)]
pub struct Query<'m> {
    /// Contact URI, for its `rinstance` and user; may be empty.
    pub aor: &'m [u8],
    /// Its parts, unless it is empty.
    pub parts: Option<Parts<'m>>,
    /// `via_host`, `via_port`, `via_prot`.
    pub via: Place<'m>,
    /// `received_host`, `received_port`, `received_proto`.
    pub received: Place<'m>,
    /// `searchflag`.
    pub mode: Mode,
    /// `reg_state`.
    pub states: States,
}

/// What becomes of a record that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is registered until then.
    Update {
        /// When it expires.
        expires: i64,
    },
    /// It goes.
    Delete,
    /// It goes, but only later: until then it is neither registered nor in the way of a new
    /// registration.
    Delay {
        /// When it expires.
        expires: i64,
        /// The state until then.
        state: State,
    },
    /// It stays as it is, for this reason.
    Skip(String),
}

impl Judgement {
    /// A record goes, at once or `delay` seconds after `now` (parameter `delete_delay`).
    fn remove(record: &Bound<'_>, now: i64, delay: i64) -> Self {
        if delay <= 0 {
            return Self::Delete;
        }
        // Never later than it would have gone.
        let expires = expires::after(now, delay).min(record.expires.max(now));
        Self::Delay { expires, state: State::UNREGISTERED }
    }
}

/// Number of the transport that a URI asks for; 0 for none and for others.
fn transport(uri: &uri::Uri<'_>) -> u16 {
    const NAMES: [&[u8]; 6] = [b"udp", b"tcp", b"tls", b"sctp", b"ws", b"wss"];
    let name = uri.param(b"transport").unwrap_or_default();
    let known = NAMES.into_iter().zip(1..).find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map_or(0, |(_, number)| number)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{
        Asked, Bound, Contacts, Judgement, MAX_CONTACTS, NoContact, Place, Via, transport,
    };
    use crate::{State, uri::Uri};

    pub(crate) const NOW: i64 = 1_700_000_000;

    pub(crate) fn place(host: &str, port: u16) -> Place<'_> {
        Place { host: host.as_bytes(), port, proto: 1 }
    }

    /// Registered from 127.0.0.1:22100 with the same Contact for ten minutes.
    pub(crate) fn alice() -> Bound<'static> {
        Bound {
            aor: b"sip:alice@127.0.0.1:22100",
            received: place("127.0.0.1", 22100),
            port_uc: None,
            state: State::REGISTERED,
            expires: NOW + 600,
            ids: &[b"sip:alice@ims.test", b"tel:+4930123456", b"sip:+4930123456@ims.test"],
        }
    }

    #[test]
    fn p13_p14_sp1_sp2_only_a_list_has_contacts() {
        assert_eq!(Contacts::Missing.list().unwrap_err(), NoContact::Missing);
        assert_eq!(Contacts::List(&[]).list().unwrap_err(), NoContact::Missing);
        assert_eq!(Contacts::Unreadable.list().unwrap_err(), NoContact::Unreadable);
        assert_eq!(Contacts::Star.list().unwrap_err(), NoContact::Star);
    }

    #[test]
    fn contacts_have_an_end() {
        let many = [Asked { uri: b"sip:a@b", expires: None }; 6000];
        assert_eq!(Contacts::List(&many).list().unwrap().len(), MAX_CONTACTS);
    }

    #[test]
    fn sp12_a_via_without_a_port_means_5060() {
        let via = Via { host: b"10.0.0.1", port: 0, proto: 1, ..Via::default() };
        assert_eq!(via.sent_by().port, 5060);
    }

    #[test]
    fn a_place_is_shown_with_brackets_where_it_needs_them() {
        for (host, shown) in [
            ("127.0.0.1", "udp:127.0.0.1:5060"),
            ("::1", "udp:[::1]:5060"),
            ("[::1]", "udp:[::1]:5060"),
            ("phone.example.com", "udp:phone.example.com:5060"),
        ] {
            assert_eq!(place(host, 5060).to_string(), shown);
        }
    }

    #[test]
    fn a_record_is_from_its_source_and_from_its_protected_port() {
        let ipsec = Bound { port_uc: Some(22120), ..alice() };
        for (host, port, own) in [
            ("127.0.0.1", 22100, true),
            ("127.0.0.1", 22120, true),
            ("127.0.0.1", 22121, false),
            ("127.0.0.2", 22100, false),
        ] {
            assert_eq!(ipsec.is_from(&place(host, port)), own, "{host}:{port}");
        }
        let six = Bound { received: place("2001:DB8:0::1", 5060), ..alice() };
        assert!(six.is_from(&place("[2001:db8::1]", 5060)));
    }

    #[test]
    fn no10_a_delayed_removal_leaves_a_state_that_can_be_registered_again() {
        let record = alice();
        assert_eq!(Judgement::remove(&record, NOW, 0), Judgement::Delete);
        let state = State::UNREGISTERED;
        let delay = |expires| Judgement::Delay { expires, state };
        assert_eq!(Judgement::remove(&record, NOW, 4), delay(NOW + 4));
        assert_eq!(Judgement::remove(&record, NOW, 4000), delay(NOW + 600));
        let past = Bound { expires: NOW - 5, ..record };
        assert_eq!(Judgement::remove(&past, NOW, 4), delay(NOW));
    }

    #[test]
    fn transports_have_the_numbers_of_the_host() {
        for (uri, number) in [
            ("sip:a@b", 0),
            ("sip:a@b;transport=UDP", 1),
            ("sip:a@b;transport=tcp", 2),
            ("sip:a@b;transport=wss", 6),
            ("sip:a@b;transport=x", 0),
        ] {
            assert_eq!(transport(&Uri::parse(uri.as_bytes()).unwrap()), number, "{uri}");
        }
    }
}
