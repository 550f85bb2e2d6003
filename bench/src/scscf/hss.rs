//! An HSS that answers at once: every user is known, and each has the same services.

use super::text::{self, HOME};
use host_tests::diameter::{Application, Avp, Avps as _, Node, Reply, VENDOR_3GPP};

/// Server-Assignment (3GPP TS 29.229).
const SERVER_ASSIGNMENT: u32 = 301;
const PUBLIC_IDENTITY: u32 = 601;
const USER_DATA: u32 = 606;
const ASSIGNMENT_TYPE: u32 = 614;

/// The assignments that are answered with the profile: registration, re-registration and a user
/// that is not registered.
const WITH_PROFILE: std::ops::RangeInclusive<u32> = 1..=3;

/// An HSS; it ends with the value.
#[derive(Debug)]
pub(crate) struct Hss(Node);

impl Hss {
    /// Starts one whose users have so many public identities each.
    pub(crate) fn start(identities: usize) -> Self {
        let answer = move |request: &host_tests::diameter::Message| {
            let mut avps = vec![Avp::number(268, host_tests::diameter::SUCCESS)];
            let kind = request.avps.value(ASSIGNMENT_TYPE).unwrap_or_default();
            if request.command == SERVER_ASSIGNMENT && WITH_PROFILE.contains(&kind) {
                let identity = request.avps.text(PUBLIC_IDENTITY);
                if let Some(user) = text::user(&identity) {
                    avps.push(Avp::new(USER_DATA, profile(user, identities)).of(VENDOR_3GPP));
                }
            }
            Reply::With(avps)
        };
        // The client resolves the name to connect.
        Self(Node::start("localhost", HOME, &[Application::CX], answer))
    }

    /// The node, for the file of its client.
    pub(crate) fn node(&self) -> &Node {
        &self.0
    }

    /// Drops what came, which the node keeps for those who want to look at it.
    pub(crate) fn forget(&self) {
        self.0.forget(SERVER_ASSIGNMENT);
    }
}

/// The document of a user: one service profile without filter criteria.
fn profile(user: usize, identities: usize) -> String {
    let public: String = text::identities(user)
        .iter()
        .take(identities)
        .map(|uri| format!("<PublicIdentity><Identity>{uri}</Identity></PublicIdentity>"))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><IMSSubscription><PrivateID>{}</PrivateID>\
         <ServiceProfile>{public}</ServiceProfile></IMSSubscription>",
        text::private(user)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_as_many_identities_as_asked_for() {
        assert_eq!(profile(7, 1).matches("<Identity>").count(), 1);
        let three = profile(7, 3);
        assert_eq!(three.matches("<Identity>").count(), 3);
        assert!(three.contains("<PrivateID>u0000007@"), "{three}");
    }
}
