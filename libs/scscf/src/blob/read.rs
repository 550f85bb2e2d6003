//! Bytes into profiles. The bytes may have been cut off or may never have been a profile.

use super::{
    KIND_MASK, MORE, NEGATED, NEVER, NO_MEDIA_PROFILE, NO_TRIGGER, REGISTRATION_MASK,
    REGISTRATION_SHIFT, kind, more,
};
use crate::profile::{
    ApplicationServer, DefaultHandling, FilterCriteria, ProfilePart, PublicIdentity, ServicePoint,
    ServiceProfile, Subscription, Trigger, TriggerPoint,
};
use bstr::BString;

/// Why bytes are no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBlob {
    /// The bytes end before the profile does.
    #[error("the profile ends at byte {at}, within {what}")]
    Short {
        /// What is not there.
        what: &'static str,
        /// Where it should begin, in bytes.
        at: usize,
    },
    /// There is something behind the profile.
    #[error("{0} bytes follow the profile, must be none")]
    Rest(usize),
    /// There is no private identity.
    #[error("the profile has no private identity")]
    Nobody,
    /// A byte that cannot be.
    #[error("{what} at byte {at} is {value}, must be {allowed}")]
    Range {
        /// What the byte says.
        what: &'static str,
        /// Where it is.
        at: usize,
        /// What it is.
        value: u8,
        /// What it may be.
        allowed: &'static str,
    },
}

/// The profile that `bytes` are. Numbers of headers are passed over: they differ between the
/// versions of the host, and the names say the same.
///
/// # Errors
///
/// [`BadBlob`]
pub fn decode(bytes: &[u8]) -> Result<Subscription, BadBlob> {
    let mut reader = Reader { bytes, at: 0 };
    let subscription = reader.subscription()?;
    match bytes.len().saturating_sub(reader.at) {
        0 if subscription.private_identity.is_empty() => Err(BadBlob::Nobody),
        0 => Ok(subscription),
        rest => Err(BadBlob::Rest(rest)),
    }
}

/// A profile without its criteria, and these as they were written: none for one that is never met.
type Read = (ServiceProfile, Vec<Option<FilterCriteria>>);

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn subscription(&mut self) -> Result<Subscription, BadBlob> {
        let private_identity = self.text("the private identity")?;
        let mut read = self.list("the service profiles", Self::profile)?;
        if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(MORE)) {
            self.take(MORE.len(), "what follows the profile")?;
            for _ in 0..self.short("what follows the profile")? {
                self.more(&mut read)?;
            }
        }
        let profiles = read.into_iter().map(|(mut profile, criteria)| {
            profile.criteria = criteria.into_iter().flatten().collect();
            profile.criteria.sort_by_key(|criteria| criteria.priority);
            profile
        });
        Ok(Subscription { private_identity, profiles: profiles.collect() })
    }

    /// An entry of what the C module has no place for. One about something that is not there says
    /// nothing.
    fn more(&mut self, read: &mut [Read]) -> Result<(), BadBlob> {
        let kind = self.byte("a kind of entry")?;
        let number = self.short("the number of a profile")?;
        let place = usize::from(self.short("the number of an identity or a criterion")?);
        let profile = read.get_mut(usize::from(number));
        match kind {
            more::WILDCARD => {
                let wildcard = self.text("a wildcard")?;
                if let Some(one) = profile.and_then(|(all, _)| all.identities.get_mut(place)) {
                    one.wildcard = wildcard;
                }
            }
            more::REGISTER => {
                let flags = self.byte("what a server is sent")?;
                if let Some(Some(one)) = profile.and_then(|(_, all)| all.get_mut(place)) {
                    one.server.include_request = flags & more::REQUEST != 0;
                    one.server.include_response = flags & more::RESPONSE != 0;
                }
            }
            value => return Err(self.range("a kind of entry", value, "1 or 2")),
        }
        Ok(())
    }

    fn profile(&mut self) -> Result<Read, BadBlob> {
        let identities = self.list("the public identities", Self::identity)?;
        let criteria = self.list("the filter criteria", Self::criteria)?;
        let media_profile = self.int("the media profile")?;
        let media_profile = (media_profile != NO_MEDIA_PROFILE).then_some(media_profile);
        let shared_sets = self.list("the shared sets", |reader| reader.int("a shared set"))?;
        let profile =
            ServiceProfile { identities, media_profile, shared_sets, ..ServiceProfile::default() };
        Ok((profile, criteria))
    }

    fn identity(&mut self) -> Result<PublicIdentity, BadBlob> {
        let barred = self.byte("the barring of an identity")? != 0;
        let uri = self.text("a public identity")?;
        Ok(PublicIdentity { barred, uri, wildcard: BString::default() })
    }

    /// A criterion; none for one that is never met.
    fn criteria(&mut self) -> Result<Option<FilterCriteria>, BadBlob> {
        let priority = self.int("a priority")?;
        let part = match self.byte("the part of the profile")? {
            0 => None,
            1 => Some(ProfilePart::Registered),
            2 => Some(ProfilePart::Unregistered),
            value => return Err(self.range("the part of the profile", value, "0, 1 or 2")),
        };
        let trigger = match self.byte("the form of a condition")? {
            NO_TRIGGER => None,
            form => Some(self.trigger(form != 0)?),
        };
        let name = self.text("a server name")?;
        let handling = match self.byte("the handling of an absent server")? {
            0 => DefaultHandling::Continued,
            1 => DefaultHandling::Terminated,
            _ => DefaultHandling::Unsaid,
        };
        let info = self.text("service info")?;
        let server = ApplicationServer { name, handling, info, ..ApplicationServer::default() };
        // Of no parts all are met, and none is.
        let trigger = match trigger {
            Some(TriggerPoint { cnf, points }) if points.is_empty() => match cnf {
                true => None,
                false => return Ok(None),
            },
            trigger => trigger,
        };
        Ok(Some(FilterCriteria { priority, trigger, server, part }))
    }

    fn trigger(&mut self, cnf: bool) -> Result<TriggerPoint, BadBlob> {
        let mut points = self.list("the service points", Self::point)?;
        points.sort_by_key(|point| point.group);
        Ok(TriggerPoint { cnf, points })
    }

    fn point(&mut self) -> Result<ServicePoint, BadBlob> {
        let first = self.byte("a service point")?;
        let group = self.int("the group of a service point")?;
        let what = match first & KIND_MASK {
            kind::REQUEST_URI => Trigger::RequestUri(self.text("a request URI")?),
            kind::METHOD => Trigger::Method(self.text("a method")?),
            kind::HEADER => {
                self.take(2, "the number of a header")?;
                let name = self.text("a header name")?;
                Trigger::Header { name, content: self.text("header content")? }
            }
            kind::SESSION_CASE => Trigger::SessionCase(self.byte("a session case")?),
            kind::SESSION_DESCRIPTION => {
                let line = self.text("an SDP line")?;
                Trigger::SessionDescription { line, content: self.text("SDP content")? }
            }
            _ => Trigger::SessionCase(NEVER),
        };
        let registration = (first >> REGISTRATION_SHIFT) & REGISTRATION_MASK;
        Ok(ServicePoint { negated: first & NEGATED != 0, group, what, registration })
    }

    /// As many as the next two bytes say. Room is made as they come, whatever the number.
    fn list<T>(
        &mut self,
        what: &'static str,
        one: impl Fn(&mut Self) -> Result<T, BadBlob>,
    ) -> Result<Vec<T>, BadBlob> {
        (0..self.short(what)?).map(|_| one(self)).collect()
    }

    fn text(&mut self, what: &'static str) -> Result<BString, BadBlob> {
        let len = self.short(what)?;
        Ok(self.take(len.into(), what)?.into())
    }

    fn int(&mut self, what: &'static str) -> Result<i32, BadBlob> {
        Ok(i32::from_le_bytes(self.array(what)?))
    }

    fn short(&mut self, what: &'static str) -> Result<u16, BadBlob> {
        Ok(u16::from_le_bytes(self.array(what)?))
    }

    fn byte(&mut self, what: &'static str) -> Result<u8, BadBlob> {
        let [byte] = self.array(what)?;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], BadBlob> {
        let at = self.at;
        let bytes = self.take(N, what)?;
        bytes.try_into().map_err(|_| BadBlob::Short { what, at })
    }

    fn take(&mut self, len: usize, what: &'static str) -> Result<&'b [u8], BadBlob> {
        let at = self.at;
        let end = at.saturating_add(len);
        let taken = self.bytes.get(at..end).ok_or(BadBlob::Short { what, at })?;
        self.at = end;
        Ok(taken)
    }

    /// The byte before this place is wrong.
    fn range(&self, what: &'static str, value: u8, allowed: &'static str) -> BadBlob {
        BadBlob::Range { what, at: self.at.saturating_sub(1), value, allowed }
    }
}
