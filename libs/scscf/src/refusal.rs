//! Why a REGISTER is refused: code, and the text of `P-Registrar-Error`.

use bstr::BString;

/// A reason to refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A record could not be removed.
    RecordDelete,
    /// There is no record where there must be one.
    RecordGet,
    /// A record could not be made.
    RecordNew,
    /// The number of the CSeq header is none.
    CSeq,
    /// A contact could not be added.
    ContactInsert,
    /// A record could not be changed.
    RecordInsert,
    /// A contact could not be removed: the user has no such one.
    ContactDelete,
    /// A contact could not be changed.
    ContactUpdate,
    /// The To has no user.
    ToUser,
    /// The identity is too long.
    AorLong,
    /// The To is no identity, or has no realm.
    Aor,
    /// The lifetime of a contact is no number.
    Expires,
    /// The preference of a contact is none.
    Quality,
    /// Something of the message cannot be read.
    Message,
    /// No To.
    NoTo,
    /// No Call-ID.
    NoCallId,
    /// No CSeq.
    NoCSeq,
    /// The Expires header cannot be read.
    ExpiresHeader,
    /// A Contact header cannot be read.
    Contact,
    /// All contacts are named, but not to end.
    StarNotZero,
    /// All contacts and one of them are named.
    StarNotAlone,
    /// A newer request was here before.
    OutOfOrder,
    /// This request was here before.
    Retransmission,
    /// The user of the To cannot be unescaped.
    Escape,
    /// Too many contacts.
    TooMany,
    /// A contact, or where it was received from, is too long.
    ContactLong,
    /// The Call-ID is too long.
    CallIdLong,
    /// The Path cannot be used.
    Path,
    /// There is a Path, and the client does not say that it knows of paths.
    PathUnsupported(
        /// The Path.
        BString,
    ),
    /// The assignment failed for a reason that has no other name.
    Assignment,
    /// No contact is named for the end of a registration.
    NothingToRemove,
    /// A lifetime is too brief.
    Brief(
        /// The shortest that is granted, in seconds.
        u32,
    ),
    /// The HSS does not know the user, or not with this private identity.
    UnknownUser,
    /// The user may not register.
    NotAllowed,
    /// The HSS cannot be reached, or does not answer.
    NoHss,
    /// The HSS is too busy.
    BusyHss,
    /// The user data of the HSS cannot be used.
    UserData,
    /// There is more user data than this server takes.
    TooMuchData,
}

impl Refusal {
    /// The code of the answer, and the text of its P-Registrar-Error.
    const fn row(&self) -> (u16, &'static str) {
        match self {
            Self::RecordDelete => (500, "usrloc_record_delete failed"),
            Self::RecordGet => (500, "usrloc_record_get failed"),
            Self::RecordNew => (500, "usrloc_record_new failed"),
            Self::CSeq => (400, "Invalid CSeq number"),
            Self::ContactInsert => (500, "usrloc_contact_insert failed"),
            Self::RecordInsert => (500, "usrloc_record_insert failed"),
            Self::ContactDelete => (500, "usrloc_contact_delete failed"),
            Self::ContactUpdate => (500, "usrloc_contact_update failed"),
            Self::ToUser => (400, "No username in To URI"),
            Self::AorLong => (500, "Address Of Record too long"),
            Self::Aor => (400, "Error while parsing AOR"),
            Self::Expires => (400, "Invalid expires param in contact"),
            Self::Quality => (400, "Invalid q param in contact"),
            Self::Message => (400, "Message parse error"),
            Self::NoTo => (400, "To header not found"),
            Self::NoCallId => (400, "Call-ID header not found"),
            Self::NoCSeq => (400, "CSeq header not found"),
            Self::ExpiresHeader => (400, "Expires parse error"),
            Self::Contact => (400, "Contact parse error"),
            Self::StarNotZero => (400, "* used in contact and expires is not zero"),
            Self::StarNotAlone => (400, "* used in contact and more than 1 contact"),
            Self::OutOfOrder => (200, "Out of order request"),
            Self::Retransmission => (200, "Retransmission"),
            Self::Escape => (400, "Error while unescaping username"),
            Self::TooMany => (503, "Too many registered contacts"),
            Self::ContactLong => (400, "Contact/received too long"),
            Self::CallIdLong => (400, "Callid too long"),
            Self::Path => (400, "Path parse error"),
            Self::PathUnsupported(_) => (420, "No support for found Path indicated"),
            Self::Assignment => (500, "SAR failed"),
            Self::NothingToRemove => (400, "No contact to de-register"),
            Self::Brief(_) => (423, "Interval too brief"),
            Self::UnknownUser => (403, "User unknown"),
            Self::NotAllowed => (403, "Registration not allowed"),
            Self::NoHss => (504, "No answer from HSS"),
            Self::BusyHss => (503, "HSS too busy"),
            Self::UserData => (500, "User data not usable"),
            Self::TooMuchData => (500, "Too much user data"),
        }
    }

    /// The code of the answer.
    pub const fn code(&self) -> u16 {
        self.row().0
    }

    /// The text of P-Registrar-Error.
    pub const fn text(&self) -> &'static str {
        self.row().1
    }

    /// What is answered instead unless precise answers are wanted: all causes are one, but for the
    /// few that tell the client what to do.
    pub(crate) fn coarse(&self) -> Self {
        match self {
            Self::PathUnsupported(_) | Self::Brief(_) => self.clone(),
            _ if self.code() == 200 => self.clone(),
            _ => Self::Assignment,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}
