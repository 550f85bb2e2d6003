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
    /// that one of them does not know agrees with every tag, as long as the other tag is equal.
    pub fn matches(&self, other: &Dialog<'_>) -> bool {
        !self.is_none()
            && self.call_id == other.call_id
            && (self.same_way(other) || self.other_way(other))
    }

    fn same_way(&self, other: &Dialog<'_>) -> bool {
        let unknown = self.to_tag.is_empty() || other.to_tag.is_empty();
        self.from_tag == other.from_tag && (unknown || self.to_tag == other.to_tag)
    }

    fn other_way(&self, other: &Dialog<'_>) -> bool {
        let ours = self.from_tag == other.to_tag;
        let theirs = self.to_tag == other.from_tag;
        match (self.to_tag.is_empty(), other.to_tag.is_empty()) {
            (false, false) => ours && theirs,
            (true, false) => ours,
            (false, true) => theirs,
            // Neither knows the tag of the other side, so nothing can agree crosswise.
            (true, true) => false,
        }
    }

    /// Takes over what `other`, the same call or the first message of one, knows more.
    pub(crate) fn complete(&mut self, other: &Dialog<'a>) {
        if self.is_none() {
            *self = other.clone();
        } else if self.to_tag.is_empty() {
            let same_way = self.from_tag == other.from_tag;
            self.to_tag = if same_way { other.to_tag.clone() } else { other.from_tag.clone() };
        }
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
        [&self.call_id, b";to-tag=".as_slice(), &self.to_tag, b";from-tag=", &self.from_tag]
            .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::Dialog;

    fn dialog<'a>(from: &'a str, to: &'a str) -> Dialog<'a> {
        Dialog::new(b"1@call", from.as_bytes(), to.as_bytes())
    }

    #[test]
    fn a_call_is_found_from_both_sides() {
        let call = dialog("a", "x");
        for (same, from, to) in [
            (true, "a", "x"),
            (true, "x", "a"),
            (true, "a", ""),
            (true, "x", ""),
            (false, "a", "y"),
            (false, "y", "a"),
            (false, "y", "x"),
            (false, "", ""),
            (false, "", "x"),
            (false, "", "a"),
        ] {
            assert_eq!(call.matches(&dialog(from, to)), same, "{from} {to}");
            assert_eq!(dialog(from, to).matches(&call), same, "{from} {to}");
        }
    }

    #[test]
    fn before_the_answer_the_one_known_tag_decides() {
        let early = dialog("a", "");
        for (same, from, to) in [
            (true, "a", "x"),
            (true, "x", "a"),
            (true, "a", ""),
            (false, "x", ""),
            (false, "x", "y"),
        ] {
            assert_eq!(early.matches(&dialog(from, to)), same, "{from} {to}");
        }
    }

    #[test]
    fn another_call_id_is_another_call_and_none_is_no_call() {
        assert!(!dialog("a", "x").matches(&Dialog::new(b"2@call", b"a", b"x")));
        assert!(!Dialog::default().matches(&Dialog::default()));
    }

    #[test]
    fn an_answer_completes_a_dialog_once() {
        let mut call = dialog("a", "");
        call.complete(&dialog("a", "x"));
        assert_eq!(call, dialog("a", "x"));
        call.complete(&dialog("a", "y"));
        assert_eq!(call, dialog("a", "x"));
        let mut early = dialog("a", "");
        early.complete(&dialog("x", "a"));
        assert_eq!(early, dialog("a", "x"));
    }

    #[test]
    fn replaces_names_call_id_to_tag_and_from_tag() {
        assert_eq!(dialog("a", "x").replaces(), b"1@call;to-tag=x;from-tag=a");
        assert_eq!(dialog("a", "x").reversed().replaces(), b"1@call;to-tag=a;from-tag=x");
    }
}
