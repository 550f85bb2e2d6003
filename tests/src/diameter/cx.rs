//! Words of Cx, 3GPP TS 29.229: commands, results, and AVPs that messages are made of.

use super::{VENDOR_3GPP, avp::Avp, message::Application};

/// The realm of all subscribers.
pub const REALM: &str = "ims.test";

/// Commands of Cx.
pub const SERVER_ASSIGNMENT: u32 = 301;
/// Multimedia-Auth: vectors for a challenge.
pub const MULTIMEDIA_AUTH: u32 = 303;
/// Registration-Termination: the network ends a registration.
pub const REGISTRATION_TERMINATION: u32 = 304;
/// Push-Profile: a profile changed.
pub const PUSH_PROFILE: u32 = 305;

/// The only scheme that this database has vectors for: MD5 over a password.
pub(super) const SCHEME: &str = "SIP Digest";

/// Result-Code: the request cannot be served in this state.
pub const UNABLE_TO_COMPLY: u32 = 5012;
/// Result-Code: an AVP that must be there is not.
pub const MISSING_AVP: u32 = 5005;
/// Result-Code: an AVP has a value that it cannot have.
pub const INVALID_AVP_VALUE: u32 = 5004;

/// Experimental-Result-Codes, TS 29.229, 6.2.2: nobody is called so.
pub const USER_UNKNOWN: u32 = 5001;
/// Private and public identity belong to different subscribers.
pub const IDENTITIES_DO_NOT_MATCH: u32 = 5002;
/// Another S-CSCF serves the subscriber.
pub const ALREADY_REGISTERED: u32 = 5005;
/// No vectors for this scheme.
pub const SCHEME_NOT_SUPPORTED: u32 = 5006;

/// What every message of Cx carries: the application, and that no state is kept.
pub(super) fn stateless() -> [Avp; 2] {
    let inner = [Avp::number(266, VENDOR_3GPP), Avp::number(258, Application::CX.id)];
    [Avp::group(260, &inner), Avp::number(277, 1)]
}

/// Charging-Information: TS 29.229, 6.3.19.
pub(super) fn charging(names: &[String; 4]) -> Option<Avp> {
    // Primary and secondary collection functions, then those of events.
    let codes = [621, 622, 619, 620];
    let named = codes.iter().zip(names).filter(|(_, name)| !name.is_empty());
    let members: Vec<_> =
        named.map(|(code, name)| Avp::new(*code, name.as_bytes()).of(VENDOR_3GPP)).collect();
    (!members.is_empty()).then(|| Avp::group(618, &members).of(VENDOR_3GPP))
}

/// A profile as an AVP.
pub fn user_data(profile: &str) -> Avp {
    Avp::new(606, profile).of(VENDOR_3GPP)
}
