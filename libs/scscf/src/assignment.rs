//! Cx (TS 29.228, TS 29.229) as values: what the server and the HSS tell each other, independent of
//! who carries it.

use crate::refusal::Refusal;

pub mod avp;
pub mod ppr;
pub mod rtr;
pub mod saa;
pub mod sar;

pub use avp::{Avp, AvpRef, Group};
pub use ppr::Ppr;
pub use rtr::Rtr;
pub use saa::{Charging, Saa};
pub use sar::Sar;

/// The Diameter application Cx.
pub const APPLICATION: u32 = 16_777_216;

/// The vendor 3GPP.
pub const VENDOR: u32 = 10_415;

/// Server-Assignment-Type (TS 29.229 6.3.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Only the profile is asked for.
    NoAssignment = 0,
    /// A first registration.
    Registration = 1,
    /// One that follows.
    ReRegistration = 2,
    /// Service for a user that is not registered.
    UnregisteredUser = 3,
    /// A registration ran out.
    TimeoutDeregistration = 4,
    /// The user left.
    UserDeregistration = 5,
    /// As 4; the server is kept.
    TimeoutDeregistrationStored = 6,
    /// As 5; the server is kept.
    UserDeregistrationStored = 7,
    /// The operator ended it.
    AdministrativeDeregistration = 8,
    /// The user could not prove who it is.
    AuthenticationFailure = 9,
    /// The user did not answer.
    AuthenticationTimeout = 10,
    /// The profile is too much for this server.
    DeregistrationTooMuchData = 11,
}

/// Why a registration ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The user asked for it.
    User,
    /// It ran out.
    Timeout,
    /// The operator ended it (`dereg_impu`, `unregister`).
    Administrative,
    /// The user could not prove who it is.
    AuthenticationFailure,
    /// The user did not answer the challenge.
    AuthenticationTimeout,
    /// The profile cannot be kept here.
    TooMuchData,
}

impl Kind {
    /// What the HSS is told when a registration ends. `stores_profile`: this server keeps the
    /// profile and stays responsible.
    pub const fn of_removal(cause: Cause, stores_profile: bool) -> Self {
        match (cause, stores_profile) {
            (Cause::User, false) => Self::UserDeregistration,
            (Cause::User, true) => Self::UserDeregistrationStored,
            (Cause::Timeout, false) => Self::TimeoutDeregistration,
            (Cause::Timeout, true) => Self::TimeoutDeregistrationStored,
            (Cause::Administrative, _) => Self::AdministrativeDeregistration,
            (Cause::AuthenticationFailure, _) => Self::AuthenticationFailure,
            (Cause::AuthenticationTimeout, _) => Self::AuthenticationTimeout,
            (Cause::TooMuchData, _) => Self::DeregistrationTooMuchData,
        }
    }

    /// The number of the AVP.
    pub const fn number(self) -> u32 {
        self as u32
    }
}

/// Result-Code of success.
pub const SUCCESS: u32 = 2001;

/// How the end of a question to the HSS is answered, unless all went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The answer to the client.
    pub refusal: Refusal,
    /// What the script sees in `saa_return_code`.
    pub return_code: i32,
}

impl Failure {
    /// One that ends the request: `saa_return_code` is -2.
    pub const fn of(refusal: Refusal) -> Self {
        Self { refusal, return_code: -2 }
    }

    /// The HSS sent no profile where one was needed: `saa_return_code` is -1, and the route goes on.
    pub const NO_PROFILE: Self = Self { refusal: Refusal::UserData, return_code: -1 };

    /// What the HSS is told when it has agreed and the registration does not stand all the same: that
    /// the profile is too much to take, or too much for the memory that there is; or no more than that.
    pub const fn cause(&self) -> Cause {
        match self.refusal {
            Refusal::TooMuchData | Refusal::RecordNew => Cause::TooMuchData,
            _ => Cause::Administrative,
        }
    }

    /// Whether the route of `save` goes on: only when nothing but the profile was missing. The
    /// route of `assign_server_unreg` always does.
    pub const fn continues_save(&self) -> bool {
        self.return_code == -1
    }
}

#[cfg(test)]
mod tests;
