//! The record of an identity itself. The store may also find a wildcarded identity that stands for it:
//! that is somebody else's, whom a registration does not concern.

use kamailio::scscf::client::{Guard, Identity, Look};
use scscf_core::aor;

/// What has found a record.
pub(crate) trait Own {
    /// The record of `key` itself, in whatever spelling.
    fn own(&self, key: &[u8]) -> Option<Identity<'_>>;
}

impl Own for Guard<'_> {
    fn own(&self, key: &[u8]) -> Option<Identity<'_>> {
        self.identity().filter(|record| is_own(record, key))
    }
}

impl Own for Look<'_> {
    fn own(&self, key: &[u8]) -> Option<Identity<'_>> {
        self.identity().filter(|record| is_own(record, key))
    }
}

/// Whether `record` is that of `key`, and no wildcarded identity that stands for it.
pub(crate) fn is_own(record: &Identity<'_>, key: &[u8]) -> bool {
    aor::same(record.public(), key)
}
