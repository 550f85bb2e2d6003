//! A profile as bytes: the column `ims_subscription_data` of table `impu`.
//!
//! Numbers are little-endian, a text is its length in two bytes and its bytes. There is no version:
//! what is read may be anything. `wildcard` and the two flags of an application server that ask for
//! parts of a REGISTER have no place in what the C module writes. They follow it, if there are any,
//! behind `MORE`: the C module passes over what follows, and writes none of it.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{BadBlob, decode};
pub use write::{Unfit, encode};

/// What begins the end of a profile that the C module does not know. It has a list of entries: a kind, the
/// number of a profile, the number of an identity or of a criterion of it, and what it says.
const MORE: &[u8] = b"more";

/// Kinds of entries behind [`MORE`].
mod more {
    /// The wildcard of an identity: a text.
    pub(super) const WILDCARD: u8 = 1;
    /// What the server of a criterion is sent of a REGISTER: a byte with the bits below.
    pub(super) const REGISTER: u8 = 2;
    pub(super) const REQUEST: u8 = 1;
    pub(super) const RESPONSE: u8 = 2;
}

/// The condition of a criterion that has none.
const NO_TRIGGER: u8 = 100;

/// What stands for `SubscribedMediaProfileId` if there is none.
const NO_MEDIA_PROFILE: i32 = -1;

/// The byte for a server of which nothing is said: what to do when it is not there.
const UNSAID: u8 = 0xff;

/// Kinds of parts of a condition, in the lower half of a byte.
mod kind {
    pub(super) const REQUEST_URI: u8 = 1;
    pub(super) const METHOD: u8 = 2;
    pub(super) const HEADER: u8 = 3;
    pub(super) const SESSION_CASE: u8 = 4;
    pub(super) const SESSION_DESCRIPTION: u8 = 5;
}

/// A case that no session is: a part that looks at something else is never met, as with the
/// readers of the C struct.
const NEVER: u8 = 0xff;

/// Bits of the first byte of a part: whether it is negated, and where its registration types and
/// its kind stand.
const NEGATED: u8 = 0x80;
const REGISTRATION_SHIFT: u32 = 4;
const REGISTRATION_MASK: u8 = 0x07;
const KIND_MASK: u8 = 0x0f;
