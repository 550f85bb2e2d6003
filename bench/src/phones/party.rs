//! Who a message belongs to: the line, its member, and the dialog that the Call-ID names.

use std::{fmt, net::SocketAddr};

/// The domain of every shared line.
pub(crate) const DOMAIN: &str = "shared.example.com";

/// One phone: a member of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Party {
    /// Which line, counted from zero.
    pub(crate) line: usize,
    /// Which member of the line, counted from zero.
    pub(crate) member: usize,
}

impl Party {
    /// The address of record of the line, the same for all its members.
    pub(crate) fn aor(self) -> String {
        format!("sip:{}@{DOMAIN}", self.user())
    }

    /// The Contact URI. The user is that of the line, because the module derives the line of a
    /// call from it; a parameter tells the members apart.
    pub(crate) fn contact(self, local: SocketAddr) -> String {
        format!("sip:{}@{local};phone={}", self.user(), self.member)
    }

    /// The user part of the address of record.
    pub(crate) fn user(self) -> String {
        format!("line{:06}", self.line)
    }
}

/// What a dialog is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A subscription to `call-info`.
    CallInfo,
    /// A subscription to `line-seize`.
    LineSeize,
    /// A call.
    Call,
}

impl Purpose {
    const fn word(self) -> &'static str {
        match self {
            Self::CallInfo => "ci",
            Self::LineSeize => "ls",
            Self::Call => "call",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::CallInfo, Self::LineSeize, Self::Call].into_iter().find(|it| it.word() == word)
    }
}

/// A Call-ID that says where an incoming message belongs, so that no table is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallId {
    /// What the dialog is for.
    pub(crate) purpose: Purpose,
    /// The phone that opened it.
    pub(crate) party: Party,
    /// Tells apart the dialogs that a phone opens one after the other.
    pub(crate) serial: u32,
}

impl CallId {
    /// Reads what [`fmt::Display`] wrote; `None` for a Call-ID of somebody else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (local, _) = text.split_once('@')?;
        let mut parts = local.split('-');
        let purpose = Purpose::parse(parts.next()?)?;
        let line = parts.next()?.parse().ok()?;
        let member = parts.next()?.parse().ok()?;
        let serial = parts.next()?.parse().ok()?;
        Some(Self { purpose, party: Party { line, member }, serial })
    }

    /// The tag of the side that opened the dialog.
    pub(crate) fn tag(self) -> String {
        format!("{}{:08}", self.purpose.word(), self.serial)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { purpose, party: Party { line, member }, serial } = self;
        write!(out, "{}-{line:06}-{member:02}-{serial:08}@{DOMAIN}", purpose.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_id_reads_back_as_it_was_written() {
        for purpose in [Purpose::CallInfo, Purpose::LineSeize, Purpose::Call] {
            let id = CallId { purpose, party: Party { line: 99_999, member: 49 }, serial: 7 };
            assert_eq!(CallId::parse(&id.to_string()), Some(id));
        }
    }

    #[test]
    fn a_foreign_call_id_is_not_ours() {
        for text in ["", "ci-1-2-3", "xx-1-2-3@h", "ci-1-2@h", "ci-a-2-3@h"] {
            assert_eq!(CallId::parse(text), None, "{text}");
        }
    }
}
