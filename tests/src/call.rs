//! One call between two phones, step by step.

use crate::{draft::Draft, leg::Leg, message::Message, phone::Phone};

/// A side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who sent the first INVITE.
    Caller,
    /// Who got it.
    Callee,
}

/// A call and what both phones know of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The caller's view.
    pub caller: Leg,
    /// The callee's view, once the INVITE arrived.
    pub callee: Leg,
    /// The INVITE as it was sent.
    pub invite: Draft,
    /// The INVITE as it arrived.
    pub arrived: Option<Message>,
    to: Phone,
}

impl Call {
    /// Sends an INVITE from one phone to another's address, routed to the phone itself; `edit`
    /// changes it before.
    pub fn place(from: &Phone, to: &Phone, edit: impl FnOnce(Draft) -> Draft) -> Self {
        let invite = from.request("INVITE", &to.aor()).add("X-Dst", &to.address()).sdp("sendrecv");
        let named = |phone: &Phone| match phone.user() {
            "300" => format!("\"Ext\" <{}>", phone.aor()),
            user => format!("\"Line {user}\" <{}>", phone.aor()),
        };
        let tag = crate::phone::unique();
        let invite = invite.set("From", &format!("{};tag={tag}", named(from)));
        let invite = edit(invite.set("To", &named(to)));
        let caller = Leg::caller(from, &invite);
        let callee = Leg::caller(to, &invite);
        from.send(&invite);
        Self { caller, callee, invite, arrived: None, to: to.clone() }
    }

    /// As [`Call::place`], and waits until the INVITE arrives.
    pub fn dial(from: &Phone, to: &Phone, edit: impl FnOnce(Draft) -> Draft) -> Self {
        let mut call = Self::place(from, to, edit);
        call.arrive();
        call
    }

    /// The same call as another phone sees it that the host sends it to as well.
    #[must_use]
    pub fn to(&self, to: &Phone) -> Self {
        Self { to: to.clone(), arrived: None, ..self.clone() }
    }

    /// Waits until the INVITE arrives at the callee.
    pub fn arrive(&mut self) -> Message {
        let invite = self.to.incoming("INVITE");
        self.callee = Leg::callee(&self.to, &invite);
        self.arrived = Some(invite.clone());
        invite
    }

    /// The INVITE that the callee got.
    pub fn at_callee(&self) -> &Message {
        self.arrived.as_ref().expect("the INVITE has arrived")
    }

    /// The callee's reply `status`, not yet sent.
    pub fn draft(&self, status: u16) -> Draft {
        let reply = Draft::reply(self.at_callee(), status, self.callee.tag());
        let reply = reply.add("Contact", &format!("<{}>", self.to.contact()));
        if status == 200 { reply.sdp("sendrecv") } else { reply }
    }

    /// The callee replies `status` and the caller gets it.
    pub fn reply(&mut self, status: u16) -> Message {
        self.reply_with(status, |reply| reply)
    }

    /// As [`Call::reply`] with a changed reply. A failure is acknowledged.
    pub fn reply_with(&mut self, status: u16, edit: impl FnOnce(Draft) -> Draft) -> Message {
        self.to.send(&edit(self.draft(status)));
        let reply = self.caller.phone.status(&self.invite, status);
        if status >= 300 {
            self.ack_failure(&reply);
        } else {
            self.caller.confirm(&reply);
        }
        reply
    }

    /// Waits for a failure that the host makes itself, and acknowledges it.
    pub fn fails(&self, status: u16) -> Message {
        let reply = self.caller.phone.status(&self.invite, status);
        self.ack_failure(&reply);
        reply
    }

    fn ack_failure(&self, reply: &Message) {
        let cseq = self.invite.find("CSeq").unwrap_or_default().replace("INVITE", "ACK");
        let invite = self.invite.clone();
        let uri = self.callee.phone.aor();
        let mut ack = Draft::new(&format!("ACK {uri} SIP/2.0"));
        for name in ["Via", "Max-Forwards", "From", "Call-ID"] {
            ack = ack.add(name, invite.find(name).unwrap_or_default());
        }
        self.caller.phone.send(&ack.add("To", reply.header("To")).add("CSeq", &cseq));
    }

    /// The callee rings.
    pub fn ring(&mut self) -> Message {
        self.reply(180)
    }

    /// The callee answers and the caller acknowledges.
    pub fn answer(&mut self) -> Message {
        let reply = self.reply(200);
        self.ack();
        reply
    }

    /// The caller acknowledges the answer.
    pub fn ack(&mut self) -> Message {
        self.ack_with(|ack| ack)
    }

    /// As [`Call::ack`] with a changed ACK.
    pub fn ack_with(&mut self, edit: impl FnOnce(Draft) -> Draft) -> Message {
        let ack = edit(self.caller.request("ACK"));
        self.caller.phone.send(&ack);
        self.to.incoming("ACK")
    }

    /// The caller gives up before an answer; the callee hears of it and ends the INVITE.
    pub fn cancel(&mut self) {
        let mut cancel = Draft::new(&format!("CANCEL {} SIP/2.0", self.to.aor()));
        for name in ["Via", "Max-Forwards", "From", "To", "Call-ID"] {
            cancel = cancel.add(name, self.invite.find(name).unwrap_or_default());
        }
        let number = self.invite.find("CSeq").unwrap_or_default().replace("INVITE", "CANCEL");
        let done = self.caller.phone.ask(&cancel.add("CSeq", &number));
        assert_eq!(done.status(), 200, "{done:?}");
        self.to.incoming("CANCEL");
        self.reply(487);
    }

    /// The view of one side.
    pub fn leg(&mut self, side: Side) -> &mut Leg {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }

    /// The phone that does not belong to `side`.
    fn peer(&self, side: Side) -> Phone {
        match side {
            Side::Caller => self.callee.phone.clone(),
            Side::Callee => self.caller.phone.clone(),
        }
    }

    /// `side` sends a request within the dialog, the other gets it and answers 200; gives the
    /// request as it arrived.
    pub fn send(&mut self, side: Side, method: &str, edit: impl FnOnce(Draft) -> Draft) -> Message {
        let peer = self.peer(side);
        let draft = edit(self.leg(side).request(method));
        let phone = self.leg(side).phone.clone();
        phone.send(&draft);
        let request = peer.incoming(method);
        let reply = phone.final_reply(&draft);
        assert_eq!(reply.status(), 200, "{reply:?}");
        request
    }

    /// `side` hangs up.
    pub fn bye(&mut self, side: Side) -> Message {
        self.send(side, "BYE", |bye| bye)
    }

    /// `side` sends a re-INVITE, not yet answered.
    pub fn reinvite(&mut self, side: Side, edit: impl FnOnce(Draft) -> Draft) -> Reinvite {
        let peer = self.peer(side);
        let draft = edit(self.leg(side).request("INVITE").sdp("sendrecv"));
        let leg = self.leg(side).clone();
        leg.phone.send(&draft);
        let arrived = peer.incoming("INVITE");
        Reinvite { leg, peer, draft, arrived }
    }

    /// `side` sends a re-INVITE that is answered and acknowledged.
    pub fn change(&mut self, side: Side, edit: impl FnOnce(Draft) -> Draft) {
        let mut reinvite = self.reinvite(side, edit);
        reinvite.reply(200);
        reinvite.ack(|ack| ack);
    }
}

/// A re-INVITE on its way.
#[derive(Clone, Debug)]
pub struct Reinvite {
    leg: Leg,
    peer: Phone,
    draft: Draft,
    /// As it arrived.
    pub arrived: Message,
}

impl Reinvite {
    /// The other side replies; gives the reply as it comes back.
    pub fn reply(&mut self, status: u16) -> Message {
        self.reply_with(status, |reply| reply)
    }

    /// As [`Reinvite::reply`] with a changed reply.
    pub fn reply_with(&mut self, status: u16, edit: impl FnOnce(Draft) -> Draft) -> Message {
        let reply = Draft::reply(&self.arrived, status, "");
        let reply = reply.add("Contact", &format!("<{}>", self.peer.contact()));
        let reply = if status == 200 { reply.sdp("sendrecv") } else { reply };
        self.peer.send(&edit(reply));
        self.leg.phone.status(&self.draft, status)
    }

    /// Acknowledges the answer.
    pub fn ack(&mut self, edit: impl FnOnce(Draft) -> Draft) {
        let cseq = self.draft.find("CSeq").unwrap_or_default().replace("INVITE", "ACK");
        let ack = edit(self.leg.request("ACK").set("CSeq", &cseq));
        self.leg.phone.send(&ack);
        self.peer.incoming("ACK");
    }
}
