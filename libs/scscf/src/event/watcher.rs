//! Who watches a registration.

use bstr::{BStr, BString};

/// The dialog of a subscription; the local side is the registrar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialog<'t> {
    /// Its Call-ID.
    pub call_id: &'t [u8],
    /// Our tag: that of To in the SUBSCRIBE.
    pub local_tag: &'t [u8],
    /// The watcher's tag: that of From in the SUBSCRIBE.
    pub remote_tag: &'t [u8],
}

/// A watcher, as it is copied out of the store to be told something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watcher {
    /// Identity that is watched: the key of the record it stands in.
    pub presentity: BString,
    /// URI of the watcher: From of its SUBSCRIBE.
    pub uri: BString,
    /// Where NOTIFYs go: Contact of its SUBSCRIBE.
    pub contact: BString,
    /// Call-ID of the dialog.
    pub call_id: BString,
    /// Our tag.
    pub local_tag: BString,
    /// The watcher's tag.
    pub remote_tag: BString,
    /// Route set, as Route lists it; empty: none.
    pub routes: BString,
    /// The socket that the SUBSCRIBE came to.
    pub socket: BString,
    /// Unix time at which the subscription ends.
    pub expires: i64,
    /// Stored number: the last NOTIFY had the next one in its CSeq.
    pub cseq: u32,
    /// Number of the last document.
    pub version: i32,
}

impl Watcher {
    /// Its dialog.
    pub fn dialog(&self) -> Dialog<'_> {
        Dialog { call_id: &self.call_id, local_tag: &self.local_tag, remote_tag: &self.remote_tag }
    }

    /// Who it is, for the log.
    pub fn shown(&self) -> String {
        format!(
            "{:?} at {:?}, watching {:?}, call-id {:?}",
            BStr::new(&self.uri),
            BStr::new(&self.contact),
            BStr::new(&self.presentity),
            BStr::new(&self.call_id)
        )
    }

    /// The seconds that its subscription lasts; 0: it is over.
    pub fn left(&self, now: i64) -> u32 {
        u32::try_from(self.expires.saturating_sub(now).max(0)).unwrap_or(u32::MAX)
    }
}
