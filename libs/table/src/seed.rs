//! Where a key goes.

use core::hash::Hasher;
use siphasher::sip::SipHasher13;

/// The secret of one table.
///
/// Keys come from the network, so their places must not be foreseeable; and every process must
/// compute the same place, so the secret is drawn once, before the host forks.
#[derive(Clone, Copy)]
pub struct Seed(u64, u64);

impl Seed {
    /// A seed of these 16 bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        let whole = u128::from_ne_bytes(bytes);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
        Self(whole as u64, (whole >> 64) as u64)
    }

    /// The hash of `key`, in one go: a fraction of the work of [`Seed::hasher`], which would give the
    /// same.
    pub fn hash(self, key: &[u8]) -> u64 {
        SipHasher13::new_with_keys(self.0, self.1).hash(key)
    }

    /// A hasher with this secret, for keys that do not lie in one piece.
    pub fn hasher(self) -> impl Hasher + Clone + use<> {
        SipHasher13::new_with_keys(self.0, self.1)
    }
}

impl core::fmt::Debug for Seed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seed")
    }
}
