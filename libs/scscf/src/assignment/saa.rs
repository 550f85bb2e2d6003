//! Server-Assignment-Answer.

use super::{
    Failure, SUCCESS, VENDOR,
    avp::{AvpRef, MOST},
};
use crate::refusal::Refusal;

/// What the HSS answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saa<'a> {
    /// Result-Code.
    pub result: Option<u32>,
    /// Experimental-Result-Code of 3GPP.
    pub experimental: Option<u32>,
    /// User-Data, the document; `None` also when it is empty.
    pub user_data: Option<&'a [u8]>,
    /// Charging-Information; `None`: nothing is said of it.
    pub charging: Option<Charging<'a>>,
}

/// Who is told of what a user costs; empty: nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charging<'a> {
    /// Primary-Charging-Collection-Function-Name.
    pub ccf1: &'a [u8],
    /// Secondary-Charging-Collection-Function-Name.
    pub ccf2: &'a [u8],
    /// Primary-Event-Charging-Function-Name.
    pub ecf1: &'a [u8],
    /// Secondary-Event-Charging-Function-Name.
    pub ecf2: &'a [u8],
}

impl<'a> Charging<'a> {
    /// Those of a Charging-Information.
    pub(super) fn read(group: &AvpRef<'a>) -> Self {
        let mut found = Self::default();
        for avp in group.members().filter(|avp| avp.vendor == VENDOR) {
            let place = match avp.code {
                619 => &mut found.ecf1,
                620 => &mut found.ecf2,
                621 => &mut found.ccf1,
                622 => &mut found.ccf2,
                _ => continue,
            };
            if place.is_empty() {
                *place = avp.data;
            }
        }
        found
    }
}

impl<'a> Saa<'a> {
    /// Reads the AVPs of an answer. The first one of a kind counts; what has the wrong length is not
    /// there.
    pub fn read(avps: impl IntoIterator<Item = AvpRef<'a>>) -> Self {
        let mut saa = Self::default();
        for avp in avps.into_iter().take(MOST) {
            match (avp.code, avp.vendor) {
                (268, 0) if saa.result.is_none() => saa.result = avp.number(),
                (297, 0) if saa.experimental.is_none() => {
                    saa.experimental = avp.members().find(298, 0).and_then(|avp| avp.number());
                }
                (606, VENDOR) if saa.user_data.is_none() => {
                    saa.user_data = Some(avp.data).filter(|data| !data.is_empty());
                }
                (618, VENDOR) if saa.charging.is_none() => {
                    saa.charging = Some(Charging::read(&avp));
                }
                _ => {}
            }
        }
        saa
    }

    /// Whether the assignment stands. `required`: a profile must come with it.
    ///
    /// # Errors
    ///
    /// Why not, as an answer and as what the script sees.
    pub fn judge(&self, required: bool) -> Result<(), Failure> {
        match (self.result, self.experimental) {
            (Some(SUCCESS), _) if required && self.user_data.is_none() => Err(Failure::NO_PROFILE),
            (Some(SUCCESS), _) => Ok(()),
            (_, Some(code)) => Err(Failure::of(of_cx(code))),
            (Some(code), None) => Err(Failure::of(of_diameter(code))),
            (None, None) => Err(Failure::of(Refusal::Assignment)),
        }
    }
}

/// What a code of Cx means for the client (TS 29.229 6.2).
fn of_cx(code: u32) -> Refusal {
    match code {
        // ERROR_USER_UNKNOWN, ERROR_IDENTITIES_DONT_MATCH, ERROR_IDENTITY_NOT_REGISTERED
        5001..=5003 => Refusal::UnknownUser,
        // ERROR_ROAMING_NOT_ALLOWED, ERROR_IDENTITY_ALREADY_REGISTERED, ERROR_IN_ASSIGNMENT_TYPE
        5004 | 5005 | 5007 => Refusal::NotAllowed,
        _ => Refusal::Assignment,
    }
}

/// What a code of Diameter means for the client (RFC 6733 7.1).
fn of_diameter(code: u32) -> Refusal {
    match code {
        // UNABLE_TO_DELIVER, REALM_NOT_SERVED, LOOP_DETECTED
        3002 | 3003 | 3005 => Refusal::NoHss,
        // TOO_BUSY, OUT_OF_SPACE
        3004 | 4002 => Refusal::BusyHss,
        // AUTHORIZATION_REJECTED
        5003 => Refusal::NotAllowed,
        _ => Refusal::Assignment,
    }
}

/// No answer came, or the request could not be sent: there is no peer.
pub const UNANSWERED: Failure = Failure::of(Refusal::NoHss);
