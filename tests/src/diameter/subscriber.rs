//! What the HSS knows of one subscriber.

use crate::digest;
use std::fmt::Write as _;

/// How far a subscriber is registered, seen from the HSS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Not at all.
    #[default]
    Not,
    /// An S-CSCF keeps the profile although nobody is registered.
    Unregistered,
    /// Registered.
    Registered,
}

/// A subscription: a private identity with the public ones that are registered together.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// The private identity.
    pub private: String,
    /// What the client proves itself with.
    pub password: String,
    /// The implicit registration set, each with whether it is barred.
    pub public: Vec<(String, bool)>,
    /// Initial filter criteria as they stand in the profile.
    pub criteria: String,
    /// Sent instead of the profile made of all that.
    pub profile: Option<String>,
    /// Charging functions `[ccf1, ccf2, ecf1, ecf2]`, sent with the profile; empty ones are left out.
    pub charging: Option<[String; 4]>,
    /// The S-CSCF that serves it.
    pub server: Option<String>,
    /// How far it is registered.
    pub registration: Registration,
}

impl Subscriber {
    /// A subscriber that is not registered.
    pub fn new(private: &str, password: &str, public: &[&str]) -> Self {
        Self {
            private: private.to_owned(),
            password: password.to_owned(),
            public: public.iter().map(|identity| ((*identity).to_owned(), false)).collect(),
            criteria: String::new(),
            profile: None,
            charging: None,
            server: None,
            registration: Registration::default(),
        }
    }

    /// Whether `identity` is one of its public identities.
    pub fn owns(&self, identity: &str) -> bool {
        self.public.iter().any(|(own, _)| own == identity)
    }

    /// H(A1) in `realm`.
    pub fn secret(&self, realm: &str) -> String {
        digest::secret(&self.private, realm, &self.password)
    }

    /// The profile as a document of TS 29.228, annex E.
    pub fn profile(&self) -> String {
        if let Some(text) = &self.profile {
            return text.clone();
        }
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<IMSSubscription>\n\
             <PrivateID>{}</PrivateID>\n<ServiceProfile>\n",
            self.private
        );
        for (identity, barred) in &self.public {
            let barring = if *barred { "<BarringIndication>1</BarringIndication>" } else { "" };
            writeln!(
                text,
                "<PublicIdentity>{barring}<Identity>{identity}</Identity></PublicIdentity>"
            )
            .unwrap();
        }
        text + &self.criteria + "</ServiceProfile>\n</IMSSubscription>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::Subscriber;

    #[test]
    fn the_profile_lists_the_set_and_says_who_is_barred() {
        let mut alice = Subscriber::new("alice@h", "secret", &["sip:alice@h", "tel:+1"]);
        alice.public[1].1 = true;
        let text = alice.profile();
        assert!(text.contains("<PublicIdentity><Identity>sip:alice@h</Identity>"), "{text}");
        assert!(text.contains("<BarringIndication>1</BarringIndication><Identity>tel:+1"));
        assert!(alice.owns("tel:+1") && !alice.owns("tel:+"));
        alice.profile = Some("<nothing/>".to_owned());
        assert_eq!(alice.profile(), "<nothing/>");
    }
}
