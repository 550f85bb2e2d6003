//! SIP methods.

use kamailio_sys::request_method as number;

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of SIP")]
#[non_exhaustive]
pub enum Method {
    Invite,
    Ack,
    Cancel,
    Bye,
    Prack,
    Update,
    Refer,
    Info,
    Options,
    Message,
    Register,
    Publish,
    Subscribe,
    Notify,
    /// One that the core has no number for.
    Other,
}

impl Method {
    /// The method that the core means by `number`.
    pub(super) fn from_number(number: u32) -> Self {
        match number {
            number::METHOD_INVITE => Self::Invite,
            number::METHOD_ACK => Self::Ack,
            number::METHOD_CANCEL => Self::Cancel,
            number::METHOD_BYE => Self::Bye,
            number::METHOD_PRACK => Self::Prack,
            number::METHOD_UPDATE => Self::Update,
            number::METHOD_REFER => Self::Refer,
            number::METHOD_INFO => Self::Info,
            number::METHOD_OPTIONS => Self::Options,
            number::METHOD_MESSAGE => Self::Message,
            number::METHOD_REGISTER => Self::Register,
            number::METHOD_PUBLISH => Self::Publish,
            number::METHOD_SUBSCRIBE => Self::Subscribe,
            number::METHOD_NOTIFY => Self::Notify,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_methods_is_none_of_them() {
        assert_eq!(Method::from_number(number::METHOD_INVITE), Method::Invite);
        assert_eq!(Method::from_number(number::METHOD_INVITE | number::METHOD_ACK), Method::Other);
        assert_eq!(Method::from_number(0), Method::Other);
    }
}
