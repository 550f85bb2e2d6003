//! One side's view of a dialog (RFC 3261, 12).

use crate::{
    draft::Draft,
    message::Message,
    phone::{Phone, unique},
};

/// What a phone knows of a dialog it is in.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Whose view it is.
    pub phone: Phone,
    /// Call-ID.
    pub call_id: String,
    /// Own address with tag, as in From of a request.
    pub local: String,
    /// The other's address with tag, as in To of a request.
    pub remote: String,
    /// Where requests go.
    pub target: String,
    /// Route set.
    pub routes: Vec<String>,
    /// Number of the last request.
    pub cseq: u32,
}

impl Leg {
    /// The caller's view when it sends `request`; complete once [`Leg::confirm`] saw a reply.
    pub fn caller(phone: &Phone, request: &Draft) -> Self {
        let get = |name| request.find(name).unwrap_or_default().to_owned();
        let cseq = get("CSeq").split(' ').next().and_then(|number| number.parse().ok());
        Self {
            phone: phone.clone(),
            call_id: get("Call-ID"),
            local: get("From"),
            remote: get("To"),
            target: String::new(),
            routes: Vec::new(),
            cseq: cseq.unwrap_or(1),
        }
    }

    /// The callee's view of an `invite` that it answers with a new tag.
    pub fn callee(phone: &Phone, invite: &Message) -> Self {
        Self {
            phone: phone.clone(),
            call_id: invite.header("Call-ID").to_owned(),
            local: format!("{};tag={}", invite.header("To"), unique()),
            remote: invite.header("From").to_owned(),
            target: invite.find("Contact").map(|_| invite.contact().to_owned()).unwrap_or_default(),
            routes: invite.all("Record-Route").into_iter().map(str::to_owned).collect(),
            cseq: 100,
        }
    }

    /// Learns the other's tag, target and route set from its reply.
    pub fn confirm(&mut self, reply: &Message) {
        reply.header("To").clone_into(&mut self.remote);
        if reply.find("Contact").is_some() {
            reply.contact().clone_into(&mut self.target);
        }
        self.routes = reply.all("Record-Route").into_iter().rev().map(str::to_owned).collect();
    }

    /// Own tag.
    pub fn tag(&self) -> &str {
        self.local.rsplit_once(";tag=").map_or("", |(_, tag)| tag)
    }

    /// The other's tag.
    pub fn remote_tag(&self) -> &str {
        self.remote.rsplit_once(";tag=").map_or("", |(_, tag)| tag)
    }

    /// The next request within the dialog.
    pub fn request(&mut self, method: &str) -> Draft {
        if method != "ACK" {
            self.cseq += 1;
        }
        let draft = self
            .phone
            .request(method, &self.target)
            .set("From", &self.local)
            .set("To", &self.remote)
            .set("Call-ID", &self.call_id)
            .set("CSeq", &format!("{} {method}", self.cseq));
        self.routes.iter().fold(draft, |draft, route| draft.add("Route", route))
    }
}
