//! The user data of the HSS (TS 29.228 annex B and E): from the document to a [`Subscription`].
//!
//! Elements are known by their full names, without case and name space. What is not there has the
//! meaning that its absence has by the schema; what is there and cannot be used is an error that
//! names the element, and the document is not used: the profile that was there stays.

use crate::profile::{PublicIdentity, ServiceProfile, Subscription};
use crate::refusal::Refusal;
use bstr::BString;
use std::path::Path;
use xml_read::{BadXml, Limits, Node, Schema, Tree};

pub use xml_read::BadSchema;

mod criteria;
mod place;
mod trigger;

use place::{Place, members};

/// A profile of some thousand identities or criteria.
pub const LIMITS: Limits = Limits { bytes: 1024 * 1024, depth: 32, tag: 64 * 1024 };

/// The longest identity, in bytes.
const LONGEST: usize = crate::aor::MAX;

/// Why user data cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUserData {
    /// No document.
    #[error("user data: {0}")]
    Xml(#[from] BadXml),
    /// Not as a schema wants it.
    #[error("user data is not valid: {0}")]
    Invalid(String),
    /// An element cannot be used.
    #[error("user data: {0}: {1}")]
    Element(String, String),
}

impl BadUserData {
    /// Whether there is only more of it than this server takes.
    pub const fn is_too_much(&self) -> bool {
        matches!(self, Self::Xml(BadXml::Long(..) | BadXml::LongTag(_) | BadXml::Deep(_)))
    }

    /// How the request that waits for the user data is refused.
    pub const fn refusal(&self) -> Refusal {
        if self.is_too_much() { Refusal::TooMuchData } else { Refusal::UserData }
    }
}

/// The schemas that user data is held against, each compiled once.
#[derive(Debug, Default)]
pub struct Schemas(Vec<Schema>);

impl Schemas {
    /// The files of `user_data_dtd` and `user_data_xsd`.
    ///
    /// # Errors
    ///
    /// One of them cannot be read or is no schema.
    pub fn load(dtd: Option<&Path>, xsd: Option<&Path>) -> Result<Self, BadSchema> {
        let dtd = dtd.map(Schema::dtd).transpose()?;
        let xsd = xsd.map(Schema::xsd).transpose()?;
        Ok(Self(dtd.into_iter().chain(xsd).collect()))
    }
}

/// Reads user data.
///
/// # Errors
///
/// It cannot be used; why.
pub fn read(text: &[u8], schemas: &Schemas) -> Result<Subscription, BadUserData> {
    // Some send the end of a text of C with it, or count what fills the last word of the AVP.
    let end = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    let text = text.get(..end).unwrap_or(text);
    let tree = Tree::read(text, &LIMITS)?;
    for schema in &schemas.0 {
        schema.validate(&tree).map_err(BadUserData::Invalid)?;
    }
    let root = tree.root().ok_or(BadXml::Empty)?;
    let place = Place::root(root);
    if !root.is("IMSSubscription") {
        return Err(place.bad("must be IMSSubscription"));
    }
    subscription(root, &place)
}

fn subscription(node: Node<'_>, place: &Place<'_>) -> Result<Subscription, BadUserData> {
    let (mut private, mut profiles) = (None, Vec::new());
    for (child, name) in members(node) {
        match &*name {
            "privateid" if private.is_none() => private = Some(text(child, &place.of(child))?),
            "serviceprofile" => {
                profiles.push(service_profile(child, &place.at(child, profiles.len()))?);
            }
            _ => {}
        }
    }
    let private_identity = private.ok_or_else(|| place.bad("has no PrivateID"))?;
    if profiles.iter().all(|profile: &ServiceProfile| profile.identities.is_empty()) {
        return Err(place.bad("has no PublicIdentity"));
    }
    Ok(Subscription { private_identity, profiles })
}

fn service_profile(node: Node<'_>, place: &Place<'_>) -> Result<ServiceProfile, BadUserData> {
    let mut profile = ServiceProfile::default();
    for (child, name) in members(node) {
        match &*name {
            "publicidentity" => {
                let at = place.at(child, profile.identities.len());
                profile.identities.push(public_identity(child, &at)?);
            }
            "initialfiltercriteria" => {
                let at = place.at(child, profile.criteria.len());
                profile.criteria.push(criteria::read(child, &at)?);
            }
            "corenetworkservicesauthorization" => {
                let place = place.of(child);
                for (inner, name) in members(child) {
                    if name == "subscribedmediaprofileid" && profile.media_profile.is_none() {
                        profile.media_profile = Some(number(inner, &place.of(inner))?);
                    }
                }
            }
            "sharedifcsetid" => profile.shared_sets.push(number(child, &place.of(child))?),
            _ => {}
        }
    }
    // Stable: those of one priority stay in the order of the document.
    profile.criteria.sort_by_key(|criteria| criteria.priority);
    Ok(profile)
}

fn public_identity(node: Node<'_>, place: &Place<'_>) -> Result<PublicIdentity, BadUserData> {
    let (mut uri, mut barred, mut wildcard) = (None, None, BString::default());
    for (child, name) in members(node) {
        let at = || place.of(child);
        match &*name {
            "identity" if uri.is_none() => uri = Some(text(child, &at())?),
            "barringindication" if barred.is_none() => barred = Some(boolean(child, &at())?),
            "wildcardedpsi" | "wildcardedimpu" if wildcard.is_empty() => {
                wildcard = text(child, &at())?;
            }
            _ => {}
        }
    }
    let uri = uri.ok_or_else(|| place.bad("has no Identity"))?;
    Ok(PublicIdentity { barred: barred.unwrap_or(false), uri, wildcard })
}

/// An identity or a name: not empty, nothing that ends a line.
fn text(node: Node<'_>, place: &Place<'_>) -> Result<BString, BadUserData> {
    let text = node.text();
    match text.len() {
        0 => return Err(place.bad("must not be empty")),
        length if length > LONGEST => {
            return Err(place.bad(&format!("has {length} bytes, must have at most {LONGEST}")));
        }
        _ => {}
    }
    if text.chars().any(char::is_control) {
        return Err(place.bad("has a control character, must have none"));
    }
    Ok(text.into())
}

/// A whole number.
fn number(node: Node<'_>, place: &Place<'_>) -> Result<i32, BadUserData> {
    let text = node.text();
    text.parse().map_err(|_| place.value(&text, "a number of 32 bits"))
}

/// A truth value.
fn boolean(node: Node<'_>, place: &Place<'_>) -> Result<bool, BadUserData> {
    let text = node.text();
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(place.value(&text, "0, 1, false or true")),
    }
}

/// One of a list of words, each as itself or as its place in the list. Some have two, with a `|`
/// between.
fn choice(node: Node<'_>, place: &Place<'_>, words: &[&str]) -> Result<u8, BadUserData> {
    let text = node.text();
    let numbered = || text.parse().ok().filter(|number: &usize| *number < words.len());
    let found = words
        .iter()
        .position(|words| words.split('|').any(|word| word.eq_ignore_ascii_case(&text)))
        .or_else(numbered);
    let found = found.and_then(|place| u8::try_from(place).ok());
    found.ok_or_else(|| place.value(&text, &format!("a number or word of {}", words.join(", "))))
}

#[cfg(test)]
mod tests;
