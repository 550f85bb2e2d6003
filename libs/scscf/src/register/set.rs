//! The implicit registration set: which identities stay, join and leave with a profile.

use crate::{aor::Aor, profile::Subscription, refusal::Refusal, wildcard::Wildcard};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

/// What becomes of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is registered, now or still.
    Registered,
    /// The profile has it no more.
    Leaves,
}

/// An identity that a registration concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'t> {
    /// The key of the store.
    pub key: Cow<'t, [u8]>,
    /// It is barred.
    pub barred: bool,
    /// It is the first one that is not barred.
    pub primary: bool,
    /// What becomes of it.
    pub fate: Fate,
}

/// The key of the store for an identity of a profile: its one form, or its own text when it is no
/// URI.
pub fn key(identity: &[u8]) -> Cow<'_, [u8]> {
    Aor::exact(identity).map_or(Cow::Borrowed(identity), Aor::into_text)
}

/// What a profile means for the identities: all of it in its order, each once, then those of
/// `stored` that it has no more. `stored` are the identities of the profile before.
///
/// # Errors
///
/// The profile does not have the identity that registers, nor a wildcard that stands for it.
pub fn changes<'t>(
    stored: impl IntoIterator<Item = &'t [u8]>,
    new: &'t Subscription,
    asserted: &'t [u8],
) -> Result<Vec<Entry<'t>>, Refusal> {
    let mut places = HashMap::new();
    let mut entries: Vec<Entry<'t>> = Vec::new();
    let mut primary = true;
    for identity in new.identities() {
        let key = key(&identity.uri);
        if places.insert(key.clone(), entries.len()).is_some() {
            continue;
        }
        let barred = identity.barred;
        let is_primary = primary && !barred;
        primary &= !is_primary;
        entries.push(Entry { key, barred, primary: is_primary, fate: Fate::Registered });
    }
    let asserted = key(asserted);
    if !places.contains_key(&asserted) {
        // Who registers under a wildcard gets a record of its own.
        let barred = wildcard_for(&asserted, new).ok_or(Refusal::UserData)?;
        entries.push(Entry {
            key: asserted.clone(),
            barred,
            primary: false,
            fate: Fate::Registered,
        });
    }
    let mut gone = HashSet::new();
    for identity in stored {
        let key = key(identity);
        if !places.contains_key(&key) && key != asserted && gone.insert(key.clone()) {
            entries.push(Entry { key, barred: false, primary: false, fate: Fate::Leaves });
        }
    }
    Ok(entries)
}

/// Whether the wildcarded identity of a profile that stands for `identity` is barred.
fn wildcard_for(identity: &[u8], profile: &Subscription) -> Option<bool> {
    profile.identities().find_map(|own| {
        let wildcard = if own.wildcard.is_empty() { &own.uri } else { &own.wildcard };
        let stands = crate::wildcard::is_wildcard(wildcard)
            && Wildcard::parse(wildcard).is_ok_and(|wildcard| wildcard.is_match(identity));
        stands.then_some(own.barred)
    })
}

#[cfg(test)]
mod tests {
    use super::{Fate, changes};
    use crate::{
        profile::{PublicIdentity, ServiceProfile, Subscription},
        refusal::Refusal,
    };

    fn profile(identities: &[(&str, bool)]) -> Subscription {
        let identities = identities.iter().map(|(uri, barred)| PublicIdentity {
            barred: *barred,
            uri: (*uri).into(),
            wildcard: String::new().into(),
        });
        let profile =
            ServiceProfile { identities: identities.collect(), ..ServiceProfile::default() };
        Subscription { private_identity: "bob@x".into(), profiles: vec![profile] }
    }

    fn of(
        stored: &[&str],
        new: &Subscription,
        asserted: &str,
    ) -> Result<Vec<(String, char)>, Refusal> {
        let stored = stored.iter().map(|id| id.as_bytes());
        Ok(changes(stored, new, asserted.as_bytes())?
            .into_iter()
            .map(|entry| {
                let what = match (entry.fate, entry.primary, entry.barred) {
                    (Fate::Leaves, ..) => '-',
                    (_, true, _) => '1',
                    (_, _, true) => 'x',
                    _ => '+',
                };
                (String::from_utf8(entry.key.into_owned()).unwrap(), what)
            })
            .collect())
    }

    fn list(entries: &[(&str, char)]) -> Result<Vec<(String, char)>, Refusal> {
        Ok(entries.iter().map(|(key, what)| ((*key).to_owned(), *what)).collect())
    }

    #[test]
    fn all_identities_of_the_profile_are_registered_each_once() {
        let new = profile(&[
            ("sip:x@Example.org", true),
            ("sip:bob@example.org", false),
            ("tel:+1-001", false),
            ("sip:bob@example.org;user=phone", false),
        ]);
        let expected =
            [("sip:x@example.org", 'x'), ("sip:bob@example.org", '1'), ("tel:+1001", '+')];
        assert_eq!(of(&[], &new, "sip:bob@example.org"), list(&expected));
    }

    #[test]
    fn r_41_the_identity_that_registers_must_be_in_the_profile() {
        let new = profile(&[("sip:alice@example.org", false)]);
        assert_eq!(of(&[], &new, "sip:bob@example.org"), Err(Refusal::UserData));
        assert_eq!(of(&[], &profile(&[]), "sip:bob@example.org"), Err(Refusal::UserData));
    }

    #[test]
    fn what_the_profile_has_no_more_leaves() {
        let new = profile(&[("sip:bob@example.org", false)]);
        let expected = [("sip:bob@example.org", '1'), ("tel:+1001", '-')];
        let stored = ["tel:+1001", "sip:bob@EXAMPLE.org", "tel:+1-001"];
        assert_eq!(of(&stored, &new, "sip:bob@example.org"), list(&expected));
    }

    #[test]
    fn a_wildcard_stands_for_whom_it_matches() {
        let new = profile(&[("sip:chat!.*!@example.org", false)]);
        let expected = [("sip:chat!.*!@example.org", '1'), ("sip:chat7@example.org", '+')];
        assert_eq!(of(&[], &new, "sip:chat7@example.org"), list(&expected));
        assert_eq!(of(&[], &new, "sip:talk7@example.org"), Err(Refusal::UserData));
    }
}
