//! A document that was read.

use crate::{Skipped, Told};
use std::fmt;

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its number; the next one of a subscription has the next number.
    pub version: Option<u32>,
    /// Whether it tells everything.
    pub extent: Option<Extent>,
    /// What it tells, in its order.
    pub registrations: Vec<Registration>,
    /// What it says besides, and cannot be used.
    pub skipped: Vec<Skipped>,
}

/// How much a document tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All registrations: what is not told is no more.
    Full,
    /// What changed.
    Partial,
}

/// The registration of one address of record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// Address of record; never empty.
    pub aor: String,
    /// Its name in the documents of one subscription; empty when there is none.
    pub id: String,
    /// Its state. Only documents of [`crate::Kind::Publish`] may leave it out.
    pub state: Option<State>,
    /// Its contacts.
    pub contacts: Vec<Contact>,
}

/// A contact of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its name in the registration; empty when there is none.
    pub id: String,
    /// Active or terminated.
    pub state: State,
    /// What brought it there.
    pub event: Event,
    /// Seconds that it has left.
    pub expires: u64,
    /// Seconds until it should try again, after [`Event::Probation`].
    pub retry_after: Option<u64>,
    /// Seconds since it was registered.
    pub duration_registered: Option<u64>,
    /// Preference, as written.
    pub q: Option<String>,
    /// Call-ID of the REGISTER that brought it there.
    pub callid: Option<String>,
    /// `CSeq` of that REGISTER.
    pub cseq: Option<u32>,
    /// Its URIs: one, by the schema.
    pub uris: Vec<String>,
    /// Display name.
    pub display_name: Option<String>,
    /// Parameters of the Contact that have no place of their own: name and value.
    pub unknown: Vec<(String, String)>,
}

impl Contact {
    /// The contact as the writer takes it, with its first URI.
    pub fn told(&self) -> Told<'_> {
        Told {
            id: self.id.as_bytes(),
            state: self.state,
            event: self.event,
            expires: Some(self.expires),
            retry_after: self.retry_after,
            duration_registered: self.duration_registered,
            q: self.q.as_deref().map(str::as_bytes),
            callid: self.callid.as_deref().map(str::as_bytes),
            cseq: self.cseq,
            uri: self.uris.first().map(String::as_bytes).unwrap_or_default(),
            display_name: self.display_name.as_deref().map(str::as_bytes),
        }
    }

    /// Its unknown parameters as the writer takes them.
    pub fn parameters(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.unknown.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))
    }
}

/// State of a registration or of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Never registered; only of a registration.
    Init,
    /// Registered.
    Active,
    /// Not registered any more.
    Terminated,
}

/// What happened to a contact (RFC 3680 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was registered.
    Registered,
    /// It was created by other means than a REGISTER.
    Created,
    /// It was registered again.
    Refreshed,
    /// Its time was cut: it should register again soon.
    Shortened,
    /// Its time is over.
    Expired,
    /// It was removed, and may register again at once.
    Deactivated,
    /// It was removed, and may register again later.
    Probation,
    /// It asked for its end.
    Unregistered,
    /// It may not register again.
    Rejected,
    /// Not of the standard; some registrars send it.
    Terminated,
}

impl State {
    const ALL: [Self; 3] = [Self::Init, Self::Active, Self::Terminated];

    /// Its name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Active => "active",
            Self::Terminated => "terminated",
        }
    }

    pub(crate) fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl Event {
    const ALL: [Self; 10] = [
        Self::Registered,
        Self::Created,
        Self::Refreshed,
        Self::Shortened,
        Self::Expired,
        Self::Deactivated,
        Self::Probation,
        Self::Unregistered,
        Self::Rejected,
        Self::Terminated,
    ];

    /// Its name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Created => "created",
            Self::Refreshed => "refreshed",
            Self::Shortened => "shortened",
            Self::Expired => "expired",
            Self::Deactivated => "deactivated",
            Self::Probation => "probation",
            Self::Unregistered => "unregistered",
            Self::Rejected => "rejected",
            Self::Terminated => "terminated",
        }
    }

    pub(crate) fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

impl Extent {
    /// Its name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
        }
    }

    pub(crate) fn read(name: &str) -> Option<Self> {
        [Self::Full, Self::Partial].into_iter().find(|extent| extent.name() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
