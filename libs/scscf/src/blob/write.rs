//! Profiles into bytes.

use super::{
    MORE, NEGATED, NO_MEDIA_PROFILE, NO_TRIGGER, REGISTRATION_MASK, REGISTRATION_SHIFT, UNSAID,
    kind, more,
};
use crate::profile::{
    DefaultHandling, FilterCriteria, ProfilePart, PublicIdentity, ServicePoint, ServiceProfile,
    Subscription, Trigger, TriggerPoint,
};

/// Why a profile has no bytes: something in it is larger than its length can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the profile has {count} {what}, must have at most {}", u16::MAX)]
pub struct Unfit {
    /// What there is too much of.
    pub what: &'static str,
    /// How much.
    pub count: usize,
}

/// The bytes of `subscription`. `header_type` gives the number that the running host has for the
/// name of a header, 0 for one that it does not know.
///
/// # Errors
///
/// [`Unfit`]
pub fn encode(
    subscription: &Subscription,
    header_type: impl Fn(&[u8]) -> i16,
) -> Result<Vec<u8>, Unfit> {
    let mut writer = Writer { bytes: Vec::with_capacity(256), header_type };
    writer.subscription(subscription)?;
    Ok(writer.bytes)
}

struct Writer<F> {
    bytes: Vec<u8>,
    header_type: F,
}

/// What follows a profile.
enum Entry<'s> {
    Wildcard(&'s [u8]),
    Register(u8),
}

impl<F: Fn(&[u8]) -> i16> Writer<F> {
    fn subscription(&mut self, subscription: &Subscription) -> Result<(), Unfit> {
        self.text("bytes of a private identity", &subscription.private_identity)?;
        self.count("service profiles", subscription.profiles.len())?;
        subscription.profiles.iter().try_for_each(|profile| self.profile(profile))?;
        self.more(subscription)
    }

    /// What the C module has no place for; nothing if there is none of it.
    fn more(&mut self, subscription: &Subscription) -> Result<(), Unfit> {
        let mut all = Vec::new();
        for (number, profile) in subscription.profiles.iter().enumerate() {
            for (place, identity) in profile.identities.iter().enumerate() {
                if !identity.wildcard.is_empty() {
                    all.push((number, place, Entry::Wildcard(&identity.wildcard)));
                }
            }
            for (place, criteria) in profile.criteria.iter().enumerate() {
                let flag = |is_set, flag| if is_set { flag } else { 0 };
                let flags = flag(criteria.server.include_request, more::REQUEST)
                    | flag(criteria.server.include_response, more::RESPONSE);
                if flags != 0 {
                    all.push((number, place, Entry::Register(flags)));
                }
            }
        }
        if all.is_empty() {
            return Ok(());
        }
        self.bytes.extend(MORE);
        self.count("wildcards and servers that are sent a REGISTER", all.len())?;
        for (number, place, entry) in all {
            let kind = match entry {
                Entry::Wildcard(_) => more::WILDCARD,
                Entry::Register(_) => more::REGISTER,
            };
            self.byte(kind);
            self.count("service profiles", number)?;
            self.count("identities or criteria", place)?;
            match entry {
                Entry::Wildcard(wildcard) => self.text("bytes of a wildcard", wildcard)?,
                Entry::Register(flags) => self.byte(flags),
            }
        }
        Ok(())
    }

    fn profile(&mut self, profile: &ServiceProfile) -> Result<(), Unfit> {
        self.count("public identities", profile.identities.len())?;
        profile.identities.iter().try_for_each(|identity| self.identity(identity))?;
        self.count("filter criteria", profile.criteria.len())?;
        profile.criteria.iter().try_for_each(|criteria| self.criteria(criteria))?;
        self.int(profile.media_profile.unwrap_or(NO_MEDIA_PROFILE));
        self.count("shared sets of criteria", profile.shared_sets.len())?;
        profile.shared_sets.iter().for_each(|set| self.int(*set));
        Ok(())
    }

    fn identity(&mut self, identity: &PublicIdentity) -> Result<(), Unfit> {
        self.byte(identity.barred.into());
        self.text("bytes of a public identity", &identity.uri)
    }

    fn criteria(&mut self, criteria: &FilterCriteria) -> Result<(), Unfit> {
        self.int(criteria.priority);
        self.byte(match criteria.part {
            None => 0,
            Some(ProfilePart::Registered) => 1,
            Some(ProfilePart::Unregistered) => 2,
        });
        match &criteria.trigger {
            None => self.byte(NO_TRIGGER),
            Some(trigger) => self.trigger(trigger)?,
        }
        self.text("bytes of a server name", &criteria.server.name)?;
        self.byte(match criteria.server.handling {
            DefaultHandling::Unsaid => UNSAID,
            DefaultHandling::Continued => 0,
            DefaultHandling::Terminated => 1,
        });
        self.text("bytes of service info", &criteria.server.info)
    }

    fn trigger(&mut self, trigger: &TriggerPoint) -> Result<(), Unfit> {
        self.byte(trigger.cnf.into());
        self.count("service points", trigger.points.len())?;
        trigger.points.iter().try_for_each(|point| self.point(point))
    }

    fn point(&mut self, point: &ServicePoint) -> Result<(), Unfit> {
        let kind = match &point.what {
            Trigger::RequestUri(_) => kind::REQUEST_URI,
            Trigger::Method(_) => kind::METHOD,
            Trigger::Header { .. } => kind::HEADER,
            Trigger::SessionCase(_) => kind::SESSION_CASE,
            Trigger::SessionDescription { .. } => kind::SESSION_DESCRIPTION,
        };
        let registration = (point.registration & REGISTRATION_MASK) << REGISTRATION_SHIFT;
        self.byte(if point.negated { NEGATED } else { 0 } | registration | kind);
        self.int(point.group);
        match &point.what {
            Trigger::RequestUri(uri) => self.text("bytes of a request URI", uri),
            Trigger::Method(method) => self.text("bytes of a method", method),
            Trigger::Header { name, content } => {
                let number = (self.header_type)(name);
                self.bytes.extend(number.to_le_bytes());
                self.text("bytes of a header name", name)?;
                self.text("bytes of header content", content)
            }
            Trigger::SessionCase(case) => {
                self.byte(*case);
                Ok(())
            }
            Trigger::SessionDescription { line, content } => {
                self.text("bytes of an SDP line", line)?;
                self.text("bytes of SDP content", content)
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn int(&mut self, number: i32) {
        self.bytes.extend(number.to_le_bytes());
    }

    fn count(&mut self, what: &'static str, count: usize) -> Result<(), Unfit> {
        let short = u16::try_from(count).map_err(|_| Unfit { what, count })?;
        self.bytes.extend(short.to_le_bytes());
        Ok(())
    }

    fn text(&mut self, what: &'static str, text: &[u8]) -> Result<(), Unfit> {
        self.count(what, text.len())?;
        self.bytes.extend(text);
        Ok(())
    }
}
