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
    let default = contact.default_id().filter(|id| ids.contains(id)).map(<[u8]>::to_vec);
    let rest = ids.iter().copied().filter(|id| Some(*id) != default.as_deref());
    let wanted: Vec<&[u8]> = default.as_deref().into_iter().chain(rest).collect();
    if contact.public_ids().eq(wanted.iter().copied()) {
        return Ok(());
    }
    guard.replace_ids(contact, &wanted)
}
