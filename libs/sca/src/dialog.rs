//! The identity of a call: Call-ID and the tags of both sides.

use crate::Text;
use std::borrow::Cow;

/// A dialog as one side of it names it. A tag that is not known (yet) is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dialog<'a> {
    /// Call-ID.
    pub call_id: Text<'a>,
    /// Tag of the side that sent the request, normally of the INVITE.
    pub from_tag: Text<'a>,
    /// Tag of the other side; empty before it answered.
    pub to_tag: Text<'a>,
}

impl<'a> Dialog<'a> {
    /// A dialog from the fields of a message.
    pub fn new(call_id: &'a [u8], from_tag: &'a [u8], to_tag: &'a [u8]) -> Self {
        Self {
            call_id: Cow::Borrowed(call_id),
            from_tag: Cow::Borrowed(from_tag),
            to_tag: Cow::Borrowed(to_tag),
        }
    }

    /// Whether there is no dialog at all: no Call-ID.
    pub fn is_none(&self) -> bool {
        self.call_id.is_empty()
    }

    /// Whether both sides are known: the call was answered, or the message lies within a dialog.
    pub fn is_confirmed(&self) -> bool {
        !self.call_id.is_empty() && !self.to_tag.is_empty()
    }

    /// Whether the two name the same call, whichever side sent the messages they are taken from.
    ///
    /// The Call-IDs must be equal and the tags agree in one of the two orientations. A To-tag
    /// that is unknown to one of them agrees with every tag, as long as the From-tags are equal.
    pub fn matches(&self, other: &Dialog<'_>) -> bool {
        !self.is_none()
            && self.call_id == other.call_id
            && (self.same_way(other) || self.other_way(other))
    }

    /// Whether the two name the same call and the messages went the same way.
    pub(crate) fn same_way(&self, other: &Dialog<'_>) -> bool {
        self.from_tag == other.from_tag
            && (self.to_tag == other.to_tag || self.to_tag.is_empty() || other.to_tag.is_empty())
    }

    fn other_way(&self, other: &Dialog<'_>) -> bool {
        // Without a tag of one's own there is nothing that could agree crosswise.
        !(self.to_tag.is_empty() && other.to_tag.is_empty())
            && (self.from_tag == other.to_tag || other.to_tag.is_empty())
            && (self.to_tag == other.from_tag || self.to_tag.is_empty())
            && (self.from_tag == other.to_tag || self.to_tag == other.from_tag)
    }

    /// The same call named by the other side.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            call_id: self.call_id.clone(),
            from_tag: self.to_tag.clone(),
            to_tag: self.from_tag.clone(),
        }
    }

    /// A copy that borrows nothing.
    pub fn to_owned(&self) -> Dialog<'static> {
        Dialog {
            call_id: Cow::Owned(self.call_id.to_vec()),
            from_tag: Cow::Owned(self.from_tag.to_vec()),
            to_tag: Cow::Owned(self.to_tag.to_vec()),
        }
    }

    /// The value of a Replaces header (RFC 3891) for the side that this dialog calls
    /// the `to` side: `<call-id>;to-tag=<to>;from-tag=<from>`.
    pub fn replaces(&self) -> Vec<u8> {
        [&self.call_id, b";to-tag=".as_slice(), &self.to_tag, b";from-tag=", &self.from_tag].concat()
    }
}
