//! The messages of the load.

use crate::{
    phones::{Kind, Message},
    telephones::{
        network::Network,
        operation::{Answer, Job, Talk, call_id, owner},
    },
};
use std::{fmt::Write as _, net::SocketAddrV4};

/// The domain of the users.
pub(crate) const HOME: &str = "ims.example.com";

/// A lookup from the wire.
pub(crate) const LOOKUP: &str = "MESSAGE";
/// Many lookups in a loop of the script.
pub(crate) const LOOP: &str = "PUBLISH";
/// A request that uses neither module.
pub(crate) const PLAIN: &str = "OPTIONS";

/// The telephones of the users; each watches only itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Users;

impl Talk for Users {
    fn request(&self, job: Job, address: SocketAddrV4, serial: u32) -> String {
        let Job { user, method, expires } = job;
        let name = format!("sip:u{user:07}@{HOME}");
        let target = if method == "REGISTER" { format!("sip:{HOME}") } else { name.clone() };
        let mut text = format!(
            "{method} {target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {address};branch=z9hG4bK{user}.{serial}\r\n\
             Max-Forwards: 70\r\n\
             From: <{name}>;tag=f{serial}\r\n\
             To: <{name}>\r\n\
             Call-ID: {call}\r\n\
             CSeq: {serial} {method}\r\n\
             User-Agent: bench\r\n\
             Contact: <sip:u{user:07}@{address}>\r\n",
            call = call_id(user, serial, address),
        );
        // Writing into a string cannot fail.
        if let Some(seconds) = expires {
            let _ = write!(text, "Expires: {seconds}\r\n");
        }
        match method {
            "REGISTER" => text.push_str("Supported: path\r\n"),
            "SUBSCRIBE" => {
                let _ = write!(
                    text,
                    "Event: reg\r\nAccept: application/reginfo+xml\r\nP-Asserted-Identity: <{name}>\r\n"
                );
            }
            _ => {}
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        text
    }

    fn answer(&self, _: &Network, request: Message<'_>) -> Option<Answer> {
        if request.kind != Kind::Request("NOTIFY") {
            return None;
        }
        let (user, _) = owner(request)?;
        Some(Answer { user: Some(user), text: request.reply("200 OK", "", "") })
    }
}

/// The private identity of a user: what an S-CSCF makes of the public one without credentials.
pub(crate) fn private(user: usize) -> String {
    format!("u{user:07}@{HOME}")
}

/// The public identities of a user, the one that registers first.
pub(crate) fn identities(user: usize) -> [String; 3] {
    [
        format!("sip:u{user:07}@{HOME}"),
        format!("tel:+4930{user:07}"),
        format!("sip:+4930{user:07}@{HOME}"),
    ]
}

/// The user whose first public identity that is.
pub(crate) fn user(identity: &str) -> Option<usize> {
    let (number, _) = identity.strip_prefix("sip:u")?.split_once('@')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_known_by_the_identity_that_it_registers() {
        let [first, ..] = identities(42);
        assert_eq!(user(&first), Some(42));
        assert_eq!(user("tel:+49300000042"), None);
    }

    #[test]
    fn a_watcher_answers_its_notify_itself() {
        let address = "127.64.0.7:4000".parse().unwrap();
        let job = Job { user: 7, method: "SUBSCRIBE", expires: Some(90) };
        let text = Users.request(job, address, 3);
        let asked = Message::parse(text.as_bytes()).unwrap();
        assert_eq!((asked.header("Event"), owner(asked)), (Some("reg"), Some((7, 3))));
    }
}
