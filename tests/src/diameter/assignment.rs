//! What a Server-Assignment is for.

use super::{avp::Avps as _, message::Message};

/// Server-Assignment-Type, TS 29.229, 6.3.15.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// Only the profile is asked for.
    None = 0,
    /// A first registration.
    Registration = 1,
    /// One more registration.
    ReRegistration = 2,
    /// Service for somebody who is not registered.
    UnregisteredUser = 3,
    /// The time of the registration is over.
    TimeoutDeregistration = 4,
    /// The client left.
    UserDeregistration = 5,
    /// As 4; the S-CSCF keeps the profile.
    TimeoutDeregistrationStored = 6,
    /// As 5; the S-CSCF keeps the profile.
    UserDeregistrationStored = 7,
    /// The network ended the registration.
    AdministrativeDeregistration = 8,
    /// The client could not prove who it is.
    AuthenticationFailure = 9,
    /// The client did not answer the challenge.
    AuthenticationTimeout = 10,
    /// The profile is too large for the S-CSCF.
    TooMuchData = 11,
}

impl Assignment {
    const ALL: [Self; 12] = [
        Self::None,
        Self::Registration,
        Self::ReRegistration,
        Self::UnregisteredUser,
        Self::TimeoutDeregistration,
        Self::UserDeregistration,
        Self::TimeoutDeregistrationStored,
        Self::UserDeregistrationStored,
        Self::AdministrativeDeregistration,
        Self::AuthenticationFailure,
        Self::AuthenticationTimeout,
        Self::TooMuchData,
    ];

    /// What a Server-Assignment `request` is for; `None` when it does not say.
    pub fn of(request: &Message) -> Option<Self> {
        let number = request.avps.value(614)?;
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }
}
