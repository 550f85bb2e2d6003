//! The rest of the network, as the P-CSCF sees it: one peer that answers as I-CSCF and S-CSCF.

use crate::{
    draft::Draft,
    message::Message,
    pcscf::HOME,
    phone::{Answer, Phone, unique},
};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    ops::Deref,
    sync::Arc,
};

/// To-tag of the core in dialogs that others begin.
const TAG: &str = "core";

/// A peer that leaves REGISTER and INVITE to the test, and grants every SUBSCRIBE and PUBLISH.
///
/// It dereferences to [`Phone`]; clones are the same core.
#[derive(Clone, Debug)]
pub struct Core(Phone);

impl Deref for Core {
    type Target = Phone;

    fn deref(&self) -> &Phone {
        &self.0
    }
}

impl Core {
    /// A core for the P-CSCF at `host`.
    pub fn new(host: SocketAddr) -> Self {
        let phone = Phone::at((Ipv4Addr::LOCALHOST, 0).into(), host, "core");
        for method in ["REGISTER", "SUBSCRIBE", "PUBLISH", "INVITE"] {
            phone.answer(method, Answer::None);
        }
        phone.script(|phone, message, from| {
            Self::grant(phone, message, from);
            false
        });
        Self(phone)
    }

    /// Says yes to a SUBSCRIBE or a PUBLISH.
    fn grant(phone: &Phone, message: &Message, from: SocketAddr) {
        let expires = message.find("Expires").unwrap_or("3600");
        let yes = || Draft::reply(message, 200, TAG).add("Expires", expires);
        match message.method() {
            "SUBSCRIBE" => {
                phone.send_to(&yes().add("Contact", &format!("<{}>", phone.address())), from);
            }
            "PUBLISH" => phone.send_to(&yes().add("SIP-ETag", &unique()), from),
            _ => {}
        }
    }

    /// Its address as a URI.
    pub fn uri(&self) -> String {
        self.address()
    }

    /// The route that it teaches registered clients: `<sip:orig@127.0.0.1:port;lr>`.
    pub fn service_route(&self) -> String {
        format!("<sip:orig@{};lr>", self.local())
    }

    /// 200 to a REGISTER: the same Contact for 600 seconds (0 if that was asked for), three public
    /// identities, one route.
    pub fn ok(&self, register: &Message) -> Draft {
        let user = user(register);
        let contact = register.find("Contact").unwrap_or("<sip:nobody@127.0.0.1>");
        let contact = contact.split(";expires=").next().unwrap_or_default();
        let expires = if register.find("Expires") == Some("0") { 0 } else { 600 };
        Draft::reply(register, 200, TAG)
            .add("Contact", &format!("{contact};expires={expires}"))
            .add("P-Associated-URI", &identities(user))
            .add("Service-Route", &self.service_route())
    }

    /// 401 to a REGISTER.
    pub fn challenge(&self, register: &Message) -> Draft {
        let value = format!("Digest realm=\"{HOME}\", nonce=\"n\", algorithm=MD5, qop=\"auth\"");
        Draft::reply(register, 401, TAG).add("WWW-Authenticate", &value)
    }

    /// From now on answers every REGISTER by itself, as `answer` says.
    pub fn registrar(&self, answer: impl Fn(&Self, &Message) -> Draft + Send + Sync + 'static) {
        let core = self.downgraded();
        self.0.script(move |phone, message, from| {
            Self::grant(phone, message, from);
            if message.method() != "REGISTER" {
                return false;
            }
            phone.send_to(&answer(&core(phone), message), from);
            true
        });
    }

    /// From now on answers every REGISTER, asking for credentials first if `challenging`, and passes
    /// calls on: to the Contact that the callee registered, through the P-CSCF that it came from.
    pub fn network(&self, challenging: bool) {
        let bindings: Arc<Mutex<HashMap<String, (String, SocketAddr)>>> = Arc::default();
        let core = self.downgraded();
        self.0.script(move |phone, message, from| {
            Self::grant(phone, message, from);
            if message.is_reply() {
                return pass_back(phone, message);
            }
            if message.method() == "REGISTER" {
                if challenging && message.find("Authorization").is_none() {
                    phone.send_to(&core(phone).challenge(message), from);
                    return true;
                }
                let contact = message.contact().to_owned();
                bindings.lock().insert(user(message).to_owned(), (contact, from));
                phone.send_to(&core(phone).ok(message), from);
                return true;
            }
            if message.all("Route").is_empty() || message.method() == "NOTIFY" {
                return false;
            }
            let callee = part(message.uri());
            let found = bindings.lock().get(callee).cloned();
            match found {
                Some((contact, at)) => pass_on(phone, message, &contact, at),
                None if message.method() != "ACK" => {
                    phone.send_to(&Draft::reply(message, 404, TAG), from);
                }
                None => {}
            }
            // Stays in the inbox: tests look at what came this way.
            false
        });
    }

    fn downgraded(&self) -> impl Fn(&Phone) -> Self + Send + Sync + 'static {
        // A script that kept its own phone would keep it for ever.
        |phone| Self(phone.clone())
    }

    /// A NOTIFY in the dialog that `subscribe` opened, with `body` in it; the route hands it to the
    /// registrar and answers what that returned.
    pub fn notify(&self, subscribe: &Message, number: u32, body: &str) -> Draft {
        self.stray_notify(body)
            .uri(subscribe.contact())
            .set("From", &format!("{};tag={TAG}", subscribe.header("To")))
            .set("To", subscribe.header("From"))
            .set("Call-ID", subscribe.header("Call-ID"))
            .set("CSeq", &format!("{number} NOTIFY"))
    }

    /// A NOTIFY that belongs to no dialog.
    pub fn stray_notify(&self, body: &str) -> Draft {
        self.request("NOTIFY", &format!("sip:{}", self.host()))
            .add("Event", "reg")
            .add("Subscription-State", "active;expires=600")
            .add("X-Do", "notify")
            .body("application/reginfo+xml", body)
    }
}

/// User part of the To of a request.
fn user(message: &Message) -> &str {
    part(message.header("To"))
}

/// What stands before the `@` of the first sip URI of `text`.
fn part(text: &str) -> &str {
    let uri = text.split_once("sip:").map_or(text, |(_, rest)| rest);
    uri.split('@').next().unwrap_or_default()
}

/// The three public identities of a user, as P-Associated-URI lists them.
pub fn identities(user: &str) -> String {
    format!("<sip:{user}@{HOME}>, <tel:+4930{0}>, <sip:+4930{0}@{HOME}>", number(user))
}

/// The telephone number of a user.
pub fn number(user: &str) -> u32 {
    user.bytes()
        .fold(123, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(byte.into()) % 900_000)
}

fn pass_on(phone: &Phone, request: &Message, contact: &str, to: SocketAddr) {
    let via = format!("SIP/2.0/UDP {};branch=z9hG4bK{}", phone.local(), request.branch());
    let mut draft = Draft::new(&format!("{} {contact} SIP/2.0", request.method()));
    draft = draft.add("Via", &via);
    // Its own Route is done with; the reply finds its way by the Via below.
    for (name, value) in request.pairs() {
        let skip = ["route", "content-length", "content-type"];
        if !skip.contains(&name.to_ascii_lowercase().as_str()) {
            draft = draft.add(name, value);
        }
    }
    if let Some(kind) = request.find("Content-Type") {
        draft = draft.body(kind, &request.body);
    }
    phone.send_to(&draft, to);
}

fn pass_back(phone: &Phone, reply: &Message) -> bool {
    if reply.sent_by(0) != Some(phone.local()) {
        return false;
    }
    let Some(to) = reply.sent_by(1) else { return false };
    let mut draft = Draft::new(&reply.start);
    let mut first = true;
    for (name, value) in reply.pairs() {
        if name.eq_ignore_ascii_case("Via") && std::mem::take(&mut first) {
            continue;
        }
        let skip = ["content-length", "content-type"];
        if !skip.contains(&name.to_ascii_lowercase().as_str()) {
            draft = draft.add(name, value);
        }
    }
    if let Some(kind) = reply.find("Content-Type") {
        draft = draft.body(kind, &reply.body);
    }
    phone.send_to(&draft, to);
    true
}
