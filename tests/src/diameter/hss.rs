//! The subscriber database: answers Cx, 3GPP TS 29.228 and 29.229.

use super::{
    Assignment, SUCCESS, UNSUPPORTED_COMMAND, VENDOR_3GPP,
    avp::{Avp, Avps as _},
    cx::{SCHEME, charging, stateless},
    message::{Application, Message},
    node::{Node, Reply},
    subscriber::{Registration, Subscriber},
};
use parking_lot::Mutex;
use std::{collections::HashMap, fmt, ops::Deref, sync::Arc};

pub use super::cx::{
    ALREADY_REGISTERED, IDENTITIES_DO_NOT_MATCH, INVALID_AVP_VALUE, MISSING_AVP, MULTIMEDIA_AUTH,
    PUSH_PROFILE, REALM, REGISTRATION_TERMINATION, SCHEME_NOT_SUPPORTED, SERVER_ASSIGNMENT,
    UNABLE_TO_COMPLY, USER_UNKNOWN, user_data,
};

/// What the database does with requests of one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Answers them as it should.
    #[default]
    Serve,
    /// Refuses them with this Result-Code.
    Refuse(u32),
    /// Refuses them with this Experimental-Result-Code of 3GPP.
    RefuseExperimentally(u32),
    /// Answers nothing.
    Silence,
}

/// An HSS; clones are the same one.
///
/// It is a [`Node`] and dereferences to it.
#[derive(Clone, Debug)]
pub struct Hss {
    node: Node,
    data: Arc<Mutex<Data>>,
}

/// What the answers to a command are changed by.
type Edit = Arc<dyn Fn(&Message, Vec<Avp>) -> Reply + Send + Sync>;

/// One for each command that has one.
#[derive(Default)]
struct Edits(HashMap<u32, Edit>);

impl fmt::Debug for Edits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

#[derive(Debug, Default)]
struct Data {
    moods: HashMap<u32, Mood>,
    edits: Edits,
    /// What makes a subscriber of whoever is asked for and unknown.
    stranger: Option<fn(&str) -> Subscriber>,
    subscribers: Vec<Subscriber>,
    /// Name and realm of the client that asked last: where own requests go.
    client: Option<[Avp; 2]>,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Base(u32),
    Experimental(u32),
}

impl Hss {
    /// An HSS that knows these subscribers.
    pub fn start(subscribers: Vec<Subscriber>) -> Self {
        let data = Data { subscribers, ..Data::default() };
        let data = Arc::new(Mutex::new(data));
        let own = Arc::clone(&data);
        // The client looks up the name that it is configured with, so it is an address.
        let node = Node::start("127.0.0.1", REALM, &[Application::CX], move |request| {
            own.lock().respond(request)
        });
        Self { node, data }
    }

    /// Sets what requests `command` get from now on.
    pub fn set(&self, command: u32, mood: Mood) {
        self.data.lock().moods.insert(command, mood);
    }

    /// Has `edit` make the answers to `command` of the AVPs of the usual one.
    pub fn edit(
        &self,
        command: u32,
        edit: impl Fn(&Message, Vec<Avp>) -> Reply + Send + Sync + 'static,
    ) {
        self.data.lock().edits.0.insert(command, Arc::new(edit));
    }

    /// Answers `command` as usual again.
    pub fn plain(&self, command: u32) {
        self.data.lock().edits.0.remove(&command);
        self.set(command, Mood::Serve);
    }

    /// Knows everybody from now on: `subscriber` makes one of a public identity.
    pub fn welcome(&self, subscriber: fn(&str) -> Subscriber) {
        self.data.lock().stranger = Some(subscriber);
    }

    /// Adds a subscriber.
    pub fn add(&self, subscriber: Subscriber) {
        self.data.lock().subscribers.push(subscriber);
    }

    /// The subscriber `private` as it is now.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn subscriber(&self, private: &str) -> Subscriber {
        let data = self.data.lock();
        let found = data.subscribers.iter().find(|it| it.private == private);
        found.unwrap_or_else(|| panic!("no subscriber {private}")).clone()
    }

    /// Changes the subscriber `private`.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn change(&self, private: &str, change: impl FnOnce(&mut Subscriber)) {
        let mut data = self.data.lock();
        let found = data.subscribers.iter_mut().find(|it| it.private == private);
        change(found.unwrap_or_else(|| panic!("no subscriber {private}")));
    }

    /// Waits for a Server-Assignment request and gives what it is for.
    ///
    /// # Panics
    ///
    /// When it does not say.
    pub fn assigned(&self) -> (Assignment, Message) {
        let request = self.node.take(SERVER_ASSIGNMENT);
        (Assignment::of(&request).expect("a Server-Assignment-Type"), request)
    }

    /// Ends the registration of `private` for `reason` (0: for good, 1: another S-CSCF, 2: service
    /// profile, 3: this S-CSCF shall go), of the public identities `public` only if there are any;
    /// gives the answer.
    pub fn terminate(&self, private: &str, public: &[&str], reason: u32) -> Message {
        self.change(private, |it| it.registration = Registration::Not);
        self.tell_client(REGISTRATION_TERMINATION, Self::termination(private, public, reason))
    }

    /// What a Registration-Termination request says beside what all do.
    pub fn termination(private: &str, public: &[&str], reason: u32) -> Vec<Avp> {
        let why = Avp::group(615, &[Avp::number(616, reason).of(VENDOR_3GPP)]).of(VENDOR_3GPP);
        let listed = public.iter().map(|it| Avp::new(601, it.as_bytes()).of(VENDOR_3GPP));
        let user = Avp::new(1, private.as_bytes());
        [user].into_iter().chain(listed).chain([why]).collect()
    }

    /// Sends the profile of `private` as it is now; gives the answer.
    pub fn push(&self, private: &str) -> Message {
        let profile = self.subscriber(private).profile();
        let user = Avp::new(1, private.as_bytes());
        self.tell_client(PUSH_PROFILE, vec![user, user_data(&profile)])
    }

    /// Sends a request `command` to the client that asked last; gives the answer.
    pub fn tell_client(&self, command: u32, avps: Vec<Avp>) -> Message {
        let avps = self.addressed(command, avps);
        self.node.ask(Application::CX.id, command, &avps)
    }

    /// As [`Hss::tell_client`]; `None` when no answer comes.
    pub fn answer_to(&self, command: u32, avps: Vec<Avp>) -> Option<Message> {
        let number = self.send_client(command, avps);
        self.node.answered(number)
    }

    /// As [`Hss::tell_client`] without waiting for an answer.
    pub fn send_client(&self, command: u32, avps: Vec<Avp>) -> u32 {
        let avps = self.addressed(command, avps);
        self.node.tell(Application::CX.id, command, &avps)
    }

    fn addressed(&self, command: u32, avps: Vec<Avp>) -> Vec<Avp> {
        let client = self.data.lock().client.clone().expect("a client that asked before");
        // No session is kept, but every request has an identifier: TS 29.229, 6.1.
        let session = Avp::new(263, format!("{};{command}", self.node.host()));
        [vec![session], client.to_vec(), stateless().to_vec(), avps].concat()
    }
}

impl Deref for Hss {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.node
    }
}

impl Data {
    fn respond(&mut self, request: &Message) -> Reply {
        let asked = &request.avps;
        let whom = [Avp::new(293, asked.text(264)), Avp::new(283, asked.text(296))];
        self.client = Some(whom);
        let answered = match self.moods.get(&request.command).copied().unwrap_or_default() {
            Mood::Silence => return Reply::Silence,
            Mood::Refuse(code) => Err(Refusal::Base(code)),
            Mood::RefuseExperimentally(code) => Err(Refusal::Experimental(code)),
            Mood::Serve => match request.command {
                MULTIMEDIA_AUTH => self.vectors(request),
                SERVER_ASSIGNMENT => self.assign(request),
                _ => Err(Refusal::Base(UNSUPPORTED_COMMAND)),
            },
        };
        let (result, rest) = match answered {
            Ok(rest) => (Avp::number(268, SUCCESS), rest),
            Err(Refusal::Base(code)) => (Avp::number(268, code), Vec::new()),
            Err(Refusal::Experimental(code)) => {
                let inner = [Avp::number(266, VENDOR_3GPP), Avp::number(298, code)];
                (Avp::group(297, &inner), Vec::new())
            }
        };
        // Who was asked for: clients look for that in refusals, too.
        let names = asked.iter().filter(|avp| [1, 601].contains(&avp.code)).cloned().collect();
        let avps = [vec![result], stateless().to_vec(), names, rest].concat();
        match self.edits.0.get(&request.command) {
            Some(edit) => edit(request, avps),
            None => Reply::With(avps),
        }
    }

    /// Whom a request is about: TS 29.228, 6.1.2.1 and 6.3.1, steps 1 and 2.
    fn find(&mut self, request: &Message) -> Result<&mut Subscriber, Refusal> {
        let (private, public) = (request.avps.text(1), request.avps.text(601));
        if private.is_empty() && public.is_empty() {
            return Err(Refusal::Base(MISSING_AVP));
        }
        if let Some(make) = self.stranger
            && !public.is_empty()
            && !self.subscribers.iter().any(|it| it.owns(&public))
        {
            self.subscribers.push(make(&public));
        }
        let named = |it: &Subscriber| {
            if private.is_empty() { it.owns(&public) } else { it.private == private }
        };
        let known = public.is_empty() || self.subscribers.iter().any(|it| it.owns(&public));
        let found = self.subscribers.iter_mut().find(|it| named(it));
        let found = found.filter(|_| known).ok_or(Refusal::Experimental(USER_UNKNOWN))?;
        if !public.is_empty() && !found.owns(&public) {
            return Err(Refusal::Experimental(IDENTITIES_DO_NOT_MATCH));
        }
        Ok(found)
    }

    /// Multimedia-Auth: TS 29.228, 6.3.
    fn vectors(&mut self, request: &Message) -> Result<Vec<Avp>, Refusal> {
        let found = self.find(request)?;
        let item = request.avps.find(612).and_then(Avp::members);
        let scheme = item.ok_or(Refusal::Base(MISSING_AVP))?.text(608);
        // `Unknown` leaves the choice to the database.
        if ![SCHEME, "Unknown"].contains(&scheme.as_str()) {
            return Err(Refusal::Experimental(SCHEME_NOT_SUPPORTED));
        }
        found.server = Some(request.avps.text(602));
        let digest = [
            Avp::new(104, REALM),
            Avp::new(110, "auth"),
            Avp::new(111, "MD5"),
            Avp::new(121, found.secret(REALM)),
        ];
        let vector = [
            Avp::number(613, 1).of(VENDOR_3GPP),
            Avp::new(608, SCHEME).of(VENDOR_3GPP),
            Avp::group(635, &digest).of(VENDOR_3GPP),
        ];
        let count = Avp::number(607, 1).of(VENDOR_3GPP);
        Ok(vec![count, Avp::group(612, &vector).of(VENDOR_3GPP)])
    }

    /// Server-Assignment: TS 29.228, 6.1.2.
    fn assign(&mut self, request: &Message) -> Result<Vec<Avp>, Refusal> {
        let found = self.find(request)?;
        let server = request.avps.text(602);
        let Some(kind) = Assignment::of(request) else {
            return Err(Refusal::Base(INVALID_AVP_VALUE));
        };
        let serves = found.server.as_ref() == Some(&server);
        let registered = found.registration == Registration::Registered;
        match kind {
            Assignment::None => {
                if !serves {
                    return Err(Refusal::Base(UNABLE_TO_COMPLY));
                }
            }
            Assignment::Registration | Assignment::ReRegistration => {
                if registered && !serves {
                    return Err(Refusal::Experimental(ALREADY_REGISTERED));
                }
                found.server = Some(server);
                found.registration = Registration::Registered;
            }
            Assignment::UnregisteredUser => {
                if registered && !serves {
                    return Err(Refusal::Experimental(ALREADY_REGISTERED));
                }
                found.server = Some(server);
                found.registration = Registration::Unregistered;
            }
            Assignment::TimeoutDeregistrationStored | Assignment::UserDeregistrationStored => {
                found.registration = Registration::Unregistered;
            }
            // A failed attempt to register once more ends nothing: 6.1.2.1, step 6.
            Assignment::AuthenticationFailure | Assignment::AuthenticationTimeout if registered => {
            }
            _ => {
                found.server = None;
                found.registration = Registration::Not;
            }
        }
        // A profile is for those who will serve the subscriber and do not have it yet.
        let serving = matches!(
            kind,
            Assignment::None
                | Assignment::Registration
                | Assignment::ReRegistration
                | Assignment::UnregisteredUser
        );
        let has_it = request.avps.value(624) == Some(1);
        let charging = found.charging.iter().flat_map(charging).collect::<Vec<_>>();
        let data = (serving && !has_it).then(|| user_data(&found.profile()));
        Ok(if serving { data.into_iter().chain(charging).collect() } else { Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Application, Assignment, Avp, Data, MULTIMEDIA_AUTH, Message, Reply, SERVER_ASSIGNMENT,
        Subscriber, VENDOR_3GPP,
    };
    use crate::diameter::Avps as _;
    /// Result-Code or Experimental-Result-Code, and the profile that came.
    fn ask(data: &mut Data, command: u32, whom: [&str; 2], more: &[Avp]) -> (u32, String) {
        let own = |code, text: &str| Avp::new(code, text).of(VENDOR_3GPP);
        let [private, public] = whom;
        let named = vec![Avp::new(1, private), own(601, public), own(602, "sip:s")];
        let avps = [named, more.to_vec()].concat();
        let request = Message::request(Application::CX.id, command, avps);
        let Reply::With(avps) = data.respond(&request) else { panic!("silence") };
        let inner = avps.find(297).and_then(Avp::members);
        let code = avps.value(268).or_else(|| inner?.value(298));
        (code.expect("a result"), avps.text(606))
    }

    fn assign(data: &mut Data, whom: [&str; 2], kind: u32, has_it: u32) -> (u32, String) {
        let more = [(614, kind), (624, has_it)].map(|(code, it)| Avp::number(code, it));
        ask(data, SERVER_ASSIGNMENT, whom, &more)
    }

    #[test]
    fn subscribers_are_told_apart_and_get_their_profile_once() {
        let alice = Subscriber::new("a@h", "secret", &["sip:a@h", "tel:+1"]);
        let bob = Subscriber::new("b@h", "secret", &["sip:b@h"]);
        let subscribers = vec![alice, bob];
        let mut data = Data { subscribers, ..Data::default() };
        let (code, profile) = assign(&mut data, ["a@h", "tel:+1"], 1, 0);
        assert!(code == 2001 && profile.contains("sip:a@h"), "{code} {profile}");
        assert_eq!(assign(&mut data, ["a@h", "tel:+1"], 2, 1), (2001, String::new()));
        assert_eq!(assign(&mut data, ["a@h", "sip:b@h"], 1, 0).0, 5002);
        assert_eq!(assign(&mut data, ["c@h", "sip:a@h"], 1, 0).0, 5001);
        assert_eq!(assign(&mut data, ["a@h", "sip:c@h"], 1, 0).0, 5001);
        assert_eq!(assign(&mut data, ["", ""], 1, 0).0, 5005);
        assert_eq!(assign(&mut data, ["b@h", "sip:b@h"], 0, 0).0, 5012);
        assert_eq!(assign(&mut data, ["a@h", "sip:a@h"], 12, 0).0, 5004);
        assert_eq!(assign(&mut data, ["a@h", "sip:a@h"], 5, 1), (2001, String::new()));
        assert_eq!(data.subscribers[0].server, None);
    }

    #[test]
    fn vectors_are_given_for_one_scheme() {
        let alice = Subscriber::new("a@h", "secret", &["sip:a@h"]);
        let mut data = Data { subscribers: vec![alice], ..Data::default() };
        for (scheme, code) in [("SIP Digest", 2001), ("Unknown", 2001), ("Digest-AKAv1-MD5", 5006)]
        {
            let item = Avp::group(612, &[Avp::new(608, scheme)]);
            assert_eq!(ask(&mut data, MULTIMEDIA_AUTH, ["a@h", "sip:a@h"], &[item]).0, code);
        }
        assert_eq!(ask(&mut data, MULTIMEDIA_AUTH, ["a@h", "sip:a@h"], &[]).0, 5005);
        assert_eq!(ask(&mut data, 300, ["a@h", "sip:a@h"], &[]).0, 3001);
        let kind = Message::request(0, SERVER_ASSIGNMENT, vec![Avp::number(614, 11)]);
        assert_eq!(Assignment::of(&kind), Some(Assignment::TooMuchData));
    }
}
