//! The node that authorizes bearers: answers Rx, 3GPP TS 29.214.

use super::{
    SUCCESS, UNSUPPORTED_COMMAND,
    avp::{Avp, Avps as _},
    message::{Application, Message},
    node::{Node, Reply},
};
use parking_lot::Mutex;
use std::{ops::Deref, sync::Arc};

/// Commands of Rx.
pub const AA: u32 = 265;
/// Abort-Session: the bearer is lost.
pub const ABORT_SESSION: u32 = 274;
/// Session-Termination: the bearer is no longer needed.
pub const SESSION_TERMINATION: u32 = 275;

/// What the node does with AA requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Grants them.
    Grant,
    /// Refuses them with this Result-Code.
    Refuse(u32),
    /// Answers nothing.
    Silence,
}

/// A PCRF; clones are the same one.
///
/// It is a [`Node`] and dereferences to it.
#[derive(Clone, Debug)]
pub struct Pcrf {
    node: Node,
    answer: Arc<Mutex<Answer>>,
}

impl Pcrf {
    /// A PCRF that grants everything.
    pub fn start() -> Self {
        let answer = Arc::new(Mutex::new(Answer::Grant));
        let current = Arc::clone(&answer);
        // The client looks up the name that it is configured with, so it is an address.
        let node = Node::start("127.0.0.1", "ims.test", &[Application::RX], move |request| {
            respond(request, *current.lock())
        });
        Self { node, answer }
    }

    /// Sets what AA requests get from now on.
    pub fn set(&self, answer: Answer) {
        *self.answer.lock() = answer;
    }

    /// Says that the bearer of `session` is lost, and gives the Result-Code of the answer.
    pub fn abort(&self, session: &str, client: &Client) -> Option<u32> {
        let avps = aborting(session, client);
        self.node.ask(Application::RX.id, ABORT_SESSION, &avps).avps.value(268)
    }

    /// As [`Pcrf::abort`] without waiting: a session that ends just now may get no answer.
    pub fn lose(&self, session: &str, client: &Client) {
        self.node.tell(Application::RX.id, ABORT_SESSION, &aborting(session, client));
    }
}

fn aborting(session: &str, client: &Client) -> [Avp; 5] {
    [
        Avp::new(263, session.as_bytes()),
        Avp::new(293, client.host.as_bytes()),
        Avp::new(283, client.realm.as_bytes()),
        Avp::number(258, Application::RX.id),
        // Abort-Cause: the bearer was released.
        Avp::number(500, 0).of(super::VENDOR_3GPP),
    ]
}

impl Deref for Pcrf {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.node
    }
}

/// Name and realm of a client, as its requests carry them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    host: String,
    realm: String,
}

impl Client {
    /// Who sent `request`.
    pub fn of(request: &Message) -> Self {
        Self { host: request.avps.text(264), realm: request.avps.text(296) }
    }
}

fn respond(request: &Message, answer: Answer) -> Reply {
    match (request.command, answer) {
        (AA, Answer::Silence) => Reply::Silence,
        (AA, Answer::Refuse(code)) => Reply::result(code),
        (AA | SESSION_TERMINATION, _) => Reply::result(SUCCESS),
        _ => Reply::result(UNSUPPORTED_COMMAND),
    }
}
