//! Contacts that are stored once more as they are, with another end or for another identity.

use bstr::BString;
use kamailio::{
    Result,
    scscf::client::{Binding, Contact, Guard, Identity},
    socket::Socket,
};

/// All that a contact is, for who has the store write over what it has.
#[derive(Debug)]
pub(crate) struct Copied {
    pub(crate) uri: BString,
    pub(crate) call_id: BString,
    pub(crate) path: BString,
    /// Seconds since 1970.
    expires: i64,
    received: BString,
    user_agent: BString,
    params: Vec<(BString, BString)>,
    cseq: u32,
    q: i32,
    methods: u32,
    branch_flags: u32,
    socket: Option<Socket>,
    modified: i64,
}

impl Copied {
    pub(crate) fn of(contact: &Contact<'_>) -> Self {
        Self {
            uri: contact.uri().into(),
            call_id: contact.call_id().into(),
            path: contact.path().into(),
            expires: contact.expires(),
            received: contact.received().into(),
            user_agent: contact.user_agent().into(),
            params: contact.params().map(|(name, body)| (name.into(), body.into())).collect(),
            cseq: u32::try_from(contact.cseq()).unwrap_or(0),
            q: contact.q(),
            methods: contact.methods(),
            branch_flags: contact.branch_flags(),
            socket: contact.socket(),
            modified: contact.last_modified(),
        }
    }

    /// The same contact with another end, in seconds since 1970.
    pub(crate) fn until(self, expires: i64) -> Self {
        Self { expires, ..self }
    }

    /// Stores it for `record` in the place of what is `known`, or as a new contact. It has not
    /// registered now, so it is as old as it was.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub(crate) fn store(
        &self,
        guard: &Guard<'_>,
        record: &Identity<'_>,
        known: Option<&Contact<'_>>,
    ) -> Result<()> {
        let params: Vec<(&[u8], &[u8])> =
            self.params.iter().map(|(name, body)| (name.as_slice(), body.as_slice())).collect();
        let binding = Binding {
            uri: &self.uri,
            call_id: &self.call_id,
            cseq: self.cseq,
            path: &self.path,
            received: &self.received,
            user_agent: &self.user_agent,
            params: &params,
            expires: self.expires,
            q: self.q,
            methods: self.methods,
            branch_flags: self.branch_flags,
            socket: self.socket,
            now: self.modified,
        };
        guard.bind(record, known, &binding).map(drop)
    }
}
