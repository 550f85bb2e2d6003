//! Registration-Termination-Request, 304: the HSS ends registrations.

use super::{
    SUCCESS, VENDOR,
    avp::{Avp, AvpRef, MOST, number},
    sar::vendor_specific_application,
};
use crate::event::Cause;
use bstr::BString;
use sip_text::scan;

/// The command code.
pub const COMMAND: u32 = 304;

/// The most identities of one request.
const MOST_IDENTITIES: usize = 1000;

/// Reason-Code (TS 29.229 6.3.17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 0: for good.
    PermanentTermination,
    /// 1: another server is responsible now.
    NewServerAssigned,
    /// 2: another server will be.
    ServerChange,
    /// 3: this server is to forget the user.
    RemoveServer,
    /// None is said, or one that nobody knows.
    Unknown,
}

impl Reason {
    fn of(number: u32) -> Self {
        match number {
            0 => Self::PermanentTermination,
            1 => Self::NewServerAssigned,
            2 => Self::ServerChange,
            3 => Self::RemoveServer,
            _ => Self::Unknown,
        }
    }

    /// What watchers are told of each contact: `rejected` when the user is not to come back,
    /// `deactivated` when it is to register anew (TS 24.229 5.4.1.5). Nothing when another server
    /// has the user already: this one only forgets it (TS 29.228 6.1.3.1), and a proxy that heard of
    /// an end would end what it has registered there.
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::PermanentTermination | Self::Unknown => Some(Cause::Rejected),
            Self::ServerChange | Self::RemoveServer => Some(Cause::Deactivated),
            Self::NewServerAssigned => None,
        }
    }
}

/// What the HSS asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtr<'a> {
    /// User-Name: the private identity.
    pub private: Option<&'a [u8]>,
    /// The public identities; none: all of the private identity.
    pub identities: Vec<&'a [u8]>,
    /// The private identities of Associated-Identities: of the same user, and concerned alike.
    pub associated: Vec<&'a [u8]>,
    /// Why.
    pub reason: Reason,
    /// What is said about it beside the reason; empty: nothing.
    pub info: &'a [u8],
}

/// Whose registrations end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'r, 'a> {
    /// Those of these public identities; others of their sets go with them as far as they share the
    /// contacts.
    Public(&'r [&'a [u8]]),
    /// Those of all public identities of these private ones.
    Private,
    /// Nobody's: nobody is named.
    Nobody,
}

impl<'a> Rtr<'a> {
    /// Reads the AVPs of a request.
    pub fn read(avps: impl IntoIterator<Item = AvpRef<'a>>) -> Self {
        let mut rtr = Self {
            private: None,
            identities: Vec::new(),
            associated: Vec::new(),
            reason: Reason::Unknown,
            info: b"",
        };
        for avp in avps.into_iter().take(MOST) {
            match (avp.code, avp.vendor) {
                (1, 0) if rtr.private.is_none() => rtr.private = named(avp.data),
                (601, VENDOR) if rtr.identities.len() < MOST_IDENTITIES => {
                    rtr.identities.extend(named(avp.data));
                }
                (632, VENDOR) => {
                    let names = avp.members().filter(|avp| avp.is(1, 0));
                    let names = names.filter_map(|avp| named(avp.data));
                    let left = MOST_IDENTITIES.saturating_sub(rtr.associated.len());
                    rtr.associated.extend(names.take(left));
                }
                (615, VENDOR) => {
                    let code = avp.members().find(616, VENDOR).and_then(|avp| avp.number());
                    rtr.reason = code.map_or(Reason::Unknown, Reason::of);
                    rtr.info = avp.members().find(617, VENDOR).map_or(b"", |avp| avp.data);
                }
                _ => {}
            }
        }
        rtr
    }

    /// Whose registrations end.
    pub fn target(&self) -> Target<'_, 'a> {
        match (&self.identities[..], self.private) {
            ([], Some(_)) => Target::Private,
            ([], None) if !self.associated.is_empty() => Target::Private,
            ([], None) => Target::Nobody,
            (identities, _) => Target::Public(identities),
        }
    }

    /// All private identities it names, each once.
    pub fn privates(&self) -> Vec<&'a [u8]> {
        let mut names: Vec<_> =
            self.private.into_iter().chain(self.associated.iter().copied()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn named(text: &[u8]) -> Option<&[u8]> {
    Some(scan::trim(text)).filter(|text| !text.is_empty())
}

/// What became of a request of the HSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; with identities that nobody knows here, as far as there were others.
    Done,
    /// Nobody of them is known here: `ERROR_USER_UNKNOWN`.
    Unknown,
    /// Nobody is named: `MISSING_AVP`.
    Nobody,
    /// It could not be done: `UNABLE_TO_COMPLY`.
    Failed,
    /// There is more user data than this server takes: `ERROR_TOO_MUCH_DATA`.
    TooMuch,
}

impl Outcome {
    /// By how many of the named ones were known.
    pub fn of(target: &Target<'_, '_>, known: usize) -> Self {
        match target {
            Target::Nobody => Self::Nobody,
            _ if known == 0 => Self::Unknown,
            _ => Self::Done,
        }
    }

    /// The AVPs of the answer behind those that who carries it adds.
    pub fn avps(self) -> Vec<Avp<'static>> {
        let result = match self {
            Self::Done => Avp::base(268, number(SUCCESS)),
            Self::Nobody => Avp::base(268, number(5005)),
            Self::Failed => Avp::base(268, number(5012)),
            Self::Unknown => experimental(5001),
            Self::TooMuch => experimental(5008),
        };
        vec![vendor_specific_application(), Avp::base(277, number(1)), result]
    }
}

/// Experimental-Result with a code of 3GPP.
fn experimental(code: u32) -> Avp<'static> {
    Avp::group(297, &[Avp::base(266, number(VENDOR)), Avp::base(298, number(code))])
}

/// A line for the log about a request.
impl std::fmt::Display for Rtr<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let private = self.private.map_or_else(BString::default, scan::shown);
        let first = self.identities.first().map_or_else(BString::default, |id| scan::shown(id));
        let (count, others) = (self.identities.len(), self.associated.len());
        write!(f, "user {private:?}, {count} identities from {first:?}, ")?;
        write!(f, "{others} associated users, reason {:?}", self.reason)
    }
}
