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
pub(crate) const HOME: &str = "home.example.com";

/// The telephones and their home network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home;

impl Talk for Home {
    fn request(&self, job: Job, address: SocketAddrV4, serial: u32) -> String {
        let Job { user, method, expires } = job;
        let mut text = format!(
            "{method} sip:{HOME} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {address};branch=z9hG4bK{user}.{serial}\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:u{user:07}@{HOME}>;tag=f{serial}\r\n\
             To: <sip:u{user:07}@{HOME}>\r\n\
             Call-ID: {call}\r\n\
             CSeq: {serial} {method}\r\n\
             Contact: <{contact}>\r\n",
            call = call_id(user, serial, address),
            contact = contact(user, address),
        );
        if let Some(seconds) = expires {
            // Writing into a string cannot fail.
            let _ = write!(text, "Expires: {seconds}\r\n");
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        text
    }

    fn answer(&self, network: &Network, request: Message<'_>) -> Option<Answer> {
        Some(Answer { user: None, text: grant(request, network.core())? })
    }
}

/// The contact of a telephone.
pub(crate) fn contact(user: usize, address: SocketAddrV4) -> String {
    format!("sip:u{user:07}@{address}")
}

/// The identities that a telephone is granted: the URIs, the first one is the default.
pub(crate) fn identities(user: usize) -> [String; 3] {
    [
        format!("sip:u{user:07}@{HOME}"),
        format!("tel:+4930{user:07}"),
        format!("sip:+4930{user:07}@{HOME}"),
    ]
}

/// The route that every telephone is granted.
pub(crate) fn service_route(core: impl std::fmt::Display) -> String {
    format!("<sip:orig@{core};lr>")
}

/// What the home network answers to a REGISTER: as long as it asks for, with three identities and a
/// route.
pub(crate) fn grant(message: Message<'_>, core: impl std::fmt::Display) -> Option<String> {
    if message.kind != Kind::Request("REGISTER") {
        return None;
    }
    let (user, _) = owner(message)?;
    let [first, second, third] = identities(user);
    let more = format!(
        "Contact: {};expires={}\r\nP-Associated-URI: <{first}>, <{second}>, <{third}>\r\n\
         Service-Route: {}\r\n",
        message.header("Contact")?,
        message.header("Expires")?,
        service_route(core)
    );
    Some(message.reply("200 OK", "home", &more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_network_grants_what_is_asked_for() {
        let address = "127.64.0.7:4000".parse().unwrap();
        let job = Job { user: 7, method: "REGISTER", expires: Some(90) };
        let text = Home.request(job, address, 12);
        let asked = Message::parse(text.as_bytes()).unwrap();
        assert_eq!(owner(asked), Some((7, 12)));
        let granted = grant(asked, "127.251.0.1:9").unwrap();
        let reply = Message::parse(granted.as_bytes()).unwrap();
        assert_eq!(reply.kind, Kind::Reply(200, "REGISTER"));
        let contact = "<sip:u0000007@127.64.0.7:4000>;expires=90";
        assert_eq!(reply.header("Contact"), Some(contact));
        assert_eq!(reply.header("Service-Route"), Some("<sip:orig@127.251.0.1:9;lr>"));
        assert_eq!(owner(reply), Some((7, 12)));
        assert_eq!(grant(reply, "c"), None);
    }
}
