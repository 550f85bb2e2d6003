//! Public identities of a contact that registers again.

use kamailio::{
    Result,
    pcscf::client::{Contact, Guard},
};

/// Gives `contact` the identities `ids` in place of those it has, if they are others. The default
/// one stays the default one if it is among them.
///
/// The location store of C keeps those that it got first; ours offers to replace them.
pub(crate) fn replace(guard: &Guard<'_>, contact: &Contact<'_>, ids: &[&[u8]]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let default = contact.default_id().filter(|id| ids.contains(id));
    let is_first = |default: &&[u8]| {
        ids.split_first().is_some_and(|(first, rest)| first == default && !rest.contains(default))
    };
    let moved: Vec<&[u8]>;
    let wanted = match default {
        None => ids,
        Some(default) if is_first(&default) => ids,
        Some(default) => {
            let rest = ids.iter().copied().filter(|id| *id != default);
            moved = core::iter::once(default).chain(rest).collect();
            &moved
        }
    };
    if contact.public_ids().eq(wanted.iter().copied()) {
        return Ok(());
    }
    guard.replace_ids(contact, wanted)
}
