//! A location store of a few records, and what a registrar does with it by the decisions.

use pcscf_core::decide::{Bound, Judgement, Mode, Place, Query, notify, pending, save};
use pcscf_core::search::By;
use pcscf_core::uri::Uri;
use pcscf_core::{Binding, Host, Search, State};

/// A record with texts of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) aor: String,
    pub(crate) received: (String, u16),
    pub(crate) via_host: String,
    pub(crate) state: State,
    pub(crate) expires: i64,
    pub(crate) ids: Vec<String>,
}

impl Record {
    fn uri(&self) -> Uri<'_> {
        Uri::parse(self.aor.as_bytes()).unwrap()
    }

    fn judged<T>(&self, judge: impl FnOnce(&Bound<'_>) -> T) -> T {
        let ids: Vec<&[u8]> = self.ids.iter().map(String::as_bytes).collect();
        judge(&Bound {
            aor: self.aor.as_bytes(),
            received: Place { host: self.received.0.as_bytes(), port: self.received.1, proto: 1 },
            port_uc: None,
            state: self.state,
            expires: self.expires,
            ids: &ids,
        })
    }
}

impl Binding for Record {
    fn aor(&self) -> &[u8] {
        self.aor.as_bytes()
    }
    fn contact_host(&self) -> &[u8] {
        self.uri().host
    }
    fn contact_port(&self) -> u16 {
        self.uri().port_or_default()
    }
    fn contact_user(&self) -> &[u8] {
        self.uri().user
    }
    fn rinstance(&self) -> &[u8] {
        self.uri().param(b"rinstance").unwrap_or_default()
    }
    fn received_host(&self) -> &[u8] {
        self.received.0.as_bytes()
    }
    fn received_port(&self) -> u16 {
        self.received.1
    }
    fn via_host(&self) -> &[u8] {
        self.via_host.as_bytes()
    }
    fn state(&self) -> State {
        self.state
    }
    fn public_ids(&self) -> usize {
        self.ids.len()
    }
    fn each_public_id(&self, look: &mut dyn FnMut(&[u8])) {
        self.ids.iter().for_each(|id| look(id.as_ref()));
    }
    fn service_routes(&self) -> usize {
        0
    }
    fn service_route(&self, _: usize) -> Option<&[u8]> {
        None
    }
}

/// All records, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    pub(crate) records: Vec<Record>,
}

impl Store {
    /// The record that is found: those of exactly this source first, of them registered ones, then
    /// the newest.
    pub(crate) fn find(&self, query: &Query<'_>) -> Option<usize> {
        let by = match query.mode {
            Mode::Contact => By::Contact,
            Mode::Source => By::Source,
        };
        let search = Search {
            via_host: Host::of(query.via.host),
            via_port: query.via.port,
            received_host: Host::of(query.received.host),
            received_port: query.received.port,
            states: query.states,
            ..Search::new(by, query.aor, false).ok()?
        };
        let found = self.records.iter().enumerate().filter(|(_, record)| search.matches(*record));
        let rank = |record: &Record| (search.is_exact(record), record.state == State::REGISTERED);
        found.max_by_key(|(at, record)| (rank(record), *at)).map(|(at, _)| at)
    }

    /// `pcscf_save_pending`; the code that the script gets.
    pub(crate) fn save_pending(&mut self, request: &pending::Request<'_>) -> i32 {
        let pending = match pending::plan(request) {
            Err(_) => return -1,
            Ok(pending::Plan::Nothing(_)) => return 1,
            Ok(pending::Plan::Pending(pending)) => pending,
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let query = &pending.query;
        let new = Record {
            aor: text(query.aor),
            received: (text(query.received.host), query.received.port),
            via_host: text(query.via.host),
            state: State::PENDING,
            expires: pending.expires,
            ids: Vec::new(),
        };
        let Some(record) = self.find(query).and_then(|at| self.records.get_mut(at)) else {
            self.records.push(new);
            return 1;
        };
        match record.judged(|bound| pending::found(bound, &pending, request.now, false)) {
            pending::Found::Other => self.records.push(new),
            pending::Found::Leave => {}
            pending::Found::Refresh { expires } => record.expires = expires,
            pending::Found::Again { expires } => {
                (record.state, record.expires) = (State::PENDING, expires);
            }
            pending::Found::Refuse(_) | pending::Found::PublishAndRefuse(_) => return -2,
        }
        1
    }

    /// `pcscf_save`; the code that the script gets.
    pub(crate) fn save(&mut self, reply: &save::Reply<'_>, delay: i64) -> i32 {
        match save::plan(reply) {
            Err(_) => return -1,
            Ok(save::Plan::RemoveAll(step)) => while self.follow(&step, reply, delay) {},
            Ok(save::Plan::Contacts(steps)) => {
                for step in steps.iter().flatten() {
                    self.follow(step, reply, delay);
                }
            }
        }
        1
    }

    /// Whether a record was found and goes.
    fn follow(&mut self, step: &save::Step<'_>, reply: &save::Reply<'_>, delay: i64) -> bool {
        let Some(at) = self.find(&step.query) else { return false };
        let judgement =
            self.records[at].judged(|bound| save::judge(bound, step, reply, delay, || None));
        let ids: Vec<String> =
            reply.ids.iter().map(|id| String::from_utf8_lossy(id).into_owned()).collect();
        self.apply(at, &judgement, Some(ids))
    }

    /// `reginfo_handle_notify` for one URI.
    pub(crate) fn notify(&mut self, told: &notify::Told<'_>, now: i64, delay: i64) {
        let Some(at) = notify::search(told).ok().and_then(|query| self.find(&query)) else {
            return;
        };
        let judgement = self.records[at].judged(|bound| notify::judge(bound, told, now, delay));
        self.apply(at, &judgement, None);
    }

    fn apply(&mut self, at: usize, judgement: &Judgement, ids: Option<Vec<String>>) -> bool {
        let record = &mut self.records[at];
        match *judgement {
            Judgement::Update { expires } => {
                (record.state, record.expires) = (State::REGISTERED, expires);
                record.ids = ids.unwrap_or_else(|| record.ids.clone());
            }
            Judgement::Delete => {
                self.records.remove(at);
                return true;
            }
            Judgement::Delay { expires, state } => {
                (record.state, record.expires) = (state, expires);
                return true;
            }
            Judgement::Skip(_) => {}
        }
        false
    }
}
