//! Somebody who watches a registration, and what the NOTIFYs say.

use crate::{
    draft::Draft,
    message::Message,
    scscf::{Lab, Ue},
    wait::PATIENCE,
};
use libxml::{
    parser::Parser,
    schemas::{SchemaParserContext, SchemaValidationContext},
};
use std::{ops::Deref, time::Duration};

/// What RFC 3680 says of a document.
const SCHEMA: &str = include_str!("../../../libs/reginfo/tests/reginfo.xsd");

/// Somebody who watches; dereferences to its phone.
#[derive(Debug)]
pub struct Watcher {
    ue: Ue,
    identity: String,
    asserted: String,
    draft: Draft,
    number: u32,
}

impl Deref for Watcher {
    type Target = Ue;

    fn deref(&self) -> &Ue {
        &self.ue
    }
}

impl Watcher {
    /// `ue` is about to watch `identity`, in a new dialog, and asserts to be `asserted`.
    pub fn new(ue: &Ue, identity: &str, asserted: &str) -> Self {
        let draft = ue
            .draft("SUBSCRIBE", identity)
            .set("To", &format!("<{identity}>"))
            .add("P-Asserted-Identity", &format!("<{asserted}>"))
            .add("Event", "reg");
        let (identity, asserted) = (identity.to_owned(), asserted.to_owned());
        Self { ue: ue.clone(), identity, asserted, draft, number: 1 }
    }

    /// The client itself watches its registration.
    pub fn own(ue: &Ue) -> Self {
        Self::new(ue, &ue.identity(), &ue.identity())
    }

    /// A new proxy of `lab` that watches `identity`: see [`Watcher::path`].
    pub fn proxy(lab: &Lab, identity: &str) -> Self {
        let ue = lab.ue("pcscf");
        let asserted = ue.address();
        Self::new(&ue, identity, &asserted)
    }

    /// The value of Path that clients behind this proxy register with.
    pub fn path(&self) -> String {
        format!("<sip:term@{};lr>", self.ue.local())
    }

    /// `ue` registers through this proxy.
    pub fn registers(&self, ue: &Ue, seconds: u32) -> Message {
        let draft = ue.register(seconds).add("Path", &self.path()).add("Supported", "path");
        let reply = ue.ask(&draft);
        assert_eq!(reply.status(), 200, "{reply:?}");
        reply
    }

    /// The identity that is watched.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Whom it asserts to be.
    pub fn asserted(&self) -> &str {
        &self.asserted
    }

    /// Its next SUBSCRIBE, for so many seconds.
    pub fn subscribe(&self, seconds: u32) -> Draft {
        let number = self.number;
        self.draft
            .clone()
            .set("CSeq", &format!("{number} SUBSCRIBE"))
            .set("Via", self.ue.draft("SUBSCRIBE", "sip:x").find("Via").unwrap_or_default())
            .set("Expires", &seconds.to_string())
    }

    /// Subscribes for so many seconds and gives the 200. Further requests are within its dialog.
    pub fn watches(&mut self, seconds: u32) -> Message {
        let reply = self.ue.ask(&self.subscribe(seconds));
        assert_eq!(reply.status(), 200, "{reply:?}");
        self.number += 1;
        self.draft = self.draft.clone().set("To", reply.header("To"));
        reply
    }

    /// As [`Watcher::watches`], and takes the NOTIFY that follows.
    pub fn begins(&mut self, seconds: u32) -> Told {
        self.watches(seconds);
        self.hears()
    }

    /// The next NOTIFY.
    pub fn hears(&self) -> Told {
        Told::read(self.ue.notified("reg"))
    }

    /// The next NOTIFY that comes within `limit`.
    pub fn hears_within(&self, limit: Duration) -> Told {
        let notify = self.ue.wait(limit, |message| message.method() == "NOTIFY");
        Told::read(notify.unwrap_or_else(|| panic!("no NOTIFY within {limit:?}")))
    }

    /// The next NOTIFY that tells something of `event`.
    pub fn hears_of(&self, event: &str) -> Told {
        let what = format!(" event=\"{event}\"");
        let wanted = |message: &Message| {
            message.method() == "NOTIFY" && message.body.contains(what.as_str())
        };
        let notify = self.ue.wait(PATIENCE * 2, wanted);
        let others = || panic!("no NOTIFY of {event}, but {:?}", self.ue.notifies());
        Told::read(notify.unwrap_or_else(others))
    }
}

/// What a NOTIFY tells; its document follows the schema.
#[derive(Clone, Debug)]
pub struct Told {
    /// The NOTIFY.
    pub message: Message,
    /// The number of the document.
    pub version: u32,
    /// What is registered.
    pub registrations: Vec<Registration>,
}

/// One identity of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// The identity.
    pub aor: String,
    /// `active` or `terminated`.
    pub state: String,
    /// Its contacts.
    pub contacts: Vec<Contact>,
}

/// One contact of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// The URI.
    pub uri: String,
    /// State and event, with a blank between.
    pub state: String,
    /// Seconds that it has left.
    pub expires: u64,
}

impl Told {
    /// Reads a NOTIFY.
    ///
    /// # Panics
    ///
    /// When its document is not well-formed.
    pub fn read(message: Message) -> Self {
        let tree = Parser::default()
            .parse_string(&message.body)
            .unwrap_or_else(|error| panic!("{error:?} in\n{message:?}"));
        let root = tree.get_root_element().unwrap();
        let read = |node: &libxml::tree::Node| Contact {
            uri: node.get_child_elements().first().map(|uri| uri.get_content()).unwrap_or_default(),
            state: format!(
                "{} {}",
                node.get_attribute("state").unwrap_or_default(),
                node.get_attribute("event").unwrap_or_default()
            ),
            expires: node
                .get_attribute("expires")
                .and_then(|expires| expires.parse().ok())
                .unwrap_or_default(),
        };
        let registrations = root
            .get_child_elements()
            .iter()
            .map(|node| Registration {
                aor: node.get_attribute("aor").unwrap_or_default(),
                state: node.get_attribute("state").unwrap_or_default(),
                contacts: node.get_child_elements().iter().map(read).collect(),
            })
            .collect();
        let version = root.get_attribute("version").and_then(|version| version.parse().ok());
        Self { version: version.unwrap_or_default(), registrations, message }
    }

    /// Fails when the document does not follow the schema.
    ///
    /// # Panics
    ///
    /// With what is wrong.
    pub fn valid(self) -> Self {
        let tree = Parser::default().parse_string(&self.message.body).unwrap();
        let mut schema = SchemaParserContext::from_buffer(SCHEMA);
        let mut check = SchemaValidationContext::from_parser(&mut schema)
            .unwrap_or_else(|errors| panic!("{} errors in the schema", errors.len()));
        if let Err(errors) = check.validate_document(&tree) {
            let messages: Vec<_> = errors.iter().map(|error| error.message.clone()).collect();
            panic!("{messages:?} in\n{}", self.message.body);
        }
        self
    }

    /// The value of Subscription-State.
    pub fn subscription(&self) -> &str {
        self.message.header("Subscription-State")
    }

    /// What is told of `aor`.
    ///
    /// # Panics
    ///
    /// When nothing is.
    pub fn of(&self, aor: &str) -> &Registration {
        let found = self.registrations.iter().find(|registration| registration.aor == aor);
        found.unwrap_or_else(|| panic!("nothing of {aor} in\n{}", self.message.body))
    }

    /// States and events of all contacts, registration by registration.
    pub fn events(&self) -> Vec<&str> {
        let contacts = self.registrations.iter().flat_map(|registration| &registration.contacts);
        contacts.map(|contact| contact.state.as_str()).collect()
    }

    /// States of all registrations.
    pub fn states(&self) -> Vec<&str> {
        self.registrations.iter().map(|registration| registration.state.as_str()).collect()
    }
}
