//! `pcscf_save`: the registrar answered a REGISTER.

use crate::{
    callbacks,
    events::{self, Event},
    ids,
    reading::{self, Listed, Origin},
    refused::{Refused, identity, shown},
    settings::Settings,
    store::{find, find_known, judged, of_identity, peer, place_of},
};
use bstr::ByteSlice;
use kamailio::{
    msg::{Header, Msg},
    pcscf::client::{Contact, Domain, Guard, Info},
    script::Verdict,
    timer,
};
use pcscf_core::{
    State,
    decide::{
        Asked, Contacts, Judgement, MAX_CONTACTS, Place, Query, Via, expires,
        save::{self, Change, Plan, Reply, Step},
        subscribe::{self, Subscribe},
    },
    route_set::{self, BadRoutes},
};

/// So many contacts of one source are removed for one `Contact: *`.
const STAR_MAX: usize = 1000;

/// What the answer grants besides contacts.
struct Granted<'m> {
    /// The P-Associated-URIs, without angle brackets.
    ids: Vec<&'m [u8]>,
    /// The Service-Routes, without angle brackets.
    routes: Vec<&'m [u8]>,
}

/// `pcscf_save(domain)`
pub(crate) fn save(
    settings: &'static Settings,
    msg: &Msg<'_>,
    domain: Domain,
) -> Result<Verdict, Refused> {
    msg.parse().map_err(|why| Refused::new(msg, why))?;
    let transaction = settings.tm.current();
    let request = transaction.as_ref().and_then(|transaction| transaction.request());
    let request = request.ok_or_else(|| Refused::new(msg, "no transaction, so no register"))?;
    let origin = Origin::of(settings, &request);
    let place = origin.place().map_err(|why| Refused::new(msg, why))?;
    let granted = granted(msg);
    let listed = Listed::all(msg);
    let (mut contacts, sorted) = (listed.contacts(), own_first(&listed, &request));
    if let Some(sorted) = &sorted {
        kamailio::notice!(
            "{}: {} contacts, {MAX_CONTACTS} are looked at",
            identity(msg),
            sorted.len()
        );
        contacts = Contacts::List(sorted);
    }
    let reply = Reply {
        contacts,
        expires: msg.header(b"Expires"),
        removes_all: removes_all(msg, &request),
        place,
        ids: &granted.ids,
        trust_alias: settings.trusts_alias,
        trust_bottom_via: settings.trusts_bottom_via,
        now: timer::now(),
    };
    let task = Task { settings, msg, request: &request, domain, reply: &reply, granted: &granted };
    // Read only if it is needed: most contacts are found without it.
    let via = || origin.via(&request);
    match save::plan(&reply).map_err(|why| Refused::new(msg, why))? {
        Plan::RemoveAll(step) => task.remove_all(&step, via),
        Plan::Contacts(steps) => {
            for step in steps {
                match step {
                    Ok(step) => task.carry_out(&step, via),
                    Err(why) => kamailio::notice!("{}: passed over: {why}", identity(msg)),
                }
            }
        }
    }
    task.subscribe()
}

/// The contacts of an answer that has more than are looked at: those that the phone asked for come
/// first. A registrar lists all contacts of a user, whoever registered them.
fn own_first<'m>(listed: &'m Listed<'_>, request: &Msg<'_>) -> Option<Vec<Asked<'m>>> {
    let Contacts::List(all) = listed.contacts() else { return None };
    if all.len() <= MAX_CONTACTS {
        return None;
    }
    let asked = Listed::all(request);
    let asked = asked.contacts().list().unwrap_or_default();
    let is_own = |contact: &Asked<'_>| asked.iter().any(|own| save::is_same(own.uri, contact.uri));
    let mut sorted = all.to_vec();
    sorted.sort_by_cached_key(|contact| !is_own(contact));
    Some(sorted)
}

/// Whether the registrar agreed to end all registrations of the phone.
fn removes_all(msg: &Msg<'_>, request: &Msg<'_>) -> bool {
    let granted = msg.status().is_some_and(|status| (200..300).contains(&status));
    let ends = request.header(b"Expires").and_then(expires::seconds) == Some(0);
    granted && ends && matches!(Listed::first(request), Listed::Star)
}

/// The identities and routes of the answer; what cannot be read counts as absent.
fn granted<'m>(msg: &'m Msg<'_>) -> Granted<'m> {
    let mut ids = List::new("P-Associated-URI");
    let mut routes = List::new("Service-Route");
    // One walk over the headers for both.
    for header in msg.unnumbered() {
        if let Some(list) = [&mut ids, &mut routes].into_iter().find(|list| list.is_in(&header)) {
            list.add(&header);
        }
    }
    Granted { ids: ids.read_some(msg), routes: routes.read(msg) }
}

/// The URIs that all headers of one name list.
struct List<'m> {
    name: &'static str,
    uris: Vec<&'m [u8]>,
    /// What is wrong with it.
    bad: Option<BadRoutes>,
}

impl<'m> List<'m> {
    fn new(name: &'static str) -> Self {
        Self { name, uris: Vec::new(), bad: None }
    }

    fn is_in(&self, header: &Header<'_>) -> bool {
        header.is_called(self.name.as_bytes())
    }

    fn add(&mut self, header: &Header<'m>) {
        if self.bad.is_some() {
            return;
        }
        let before = self.uris.len();
        self.bad = route_set::add(&mut self.uris, header.body()).err();
        if !matches!(self.bad, None | Some(BadRoutes::TooMany)) {
            // Of a header that cannot be read nothing counts.
            self.uris.truncate(before);
        }
    }

    /// What was added; nothing, and a line of the log, if some of it cannot be read.
    fn read(self, msg: &Msg<'_>) -> Vec<&'m [u8]> {
        let Self { name, uris, bad } = self;
        let Some(why) = bad else { return uris };
        kamailio::notice!("{}: {name} passed over: {why}", identity(msg));
        Vec::new()
    }

    /// The same, but what stands before the end of a list that is too long, or in headers before one
    /// that cannot be read, counts: each of its URIs does so alone.
    fn read_some(self, msg: &Msg<'_>) -> Vec<&'m [u8]> {
        let (count, name) = (self.uris.len(), self.name);
        match &self.bad {
            Some(BadRoutes::TooMany) => kamailio::notice!(
                "{}: {name} has more than {count} uris, the others are left out",
                identity(msg)
            ),
            Some(why) if count > 0 => kamailio::notice!(
                "{}: {name} has {count} uris that count, the header behind them is passed over: {why}",
                identity(msg)
            ),
            _ => return self.read(msg),
        }
        self.uris
    }
}

/// One answer at work.
struct Task<'a, 'm> {
    settings: &'static Settings,
    msg: &'a Msg<'m>,
    request: &'a Msg<'m>,
    domain: Domain,
    reply: &'a Reply<'a>,
    granted: &'a Granted<'a>,
}

impl Task<'_, '_> {
    /// Finds the record of one contact of the answer and does to it what the answer says.
    fn carry_out<'v>(&self, step: &Step<'v>, via: impl FnOnce() -> Option<Via<'v>>) {
        if let Some(distrusted) = &step.distrusted {
            kamailio::notice!("{}: {distrusted}", identity(self.msg));
        }
        let done = keys(&step.query, via).any(|query| self.at(&query, step, false).is_some());
        if !done {
            kamailio::debug!("{}: no such contact here", identity(self.msg));
        }
    }

    /// Ends all contacts of the user that were registered from the source of the REGISTER. Where
    /// none is known to be his, all of the source are taken for his.
    fn remove_all<'v>(&self, step: &Step<'v>, via: impl FnOnce() -> Option<Via<'v>>) {
        let some_are_his = self.remove_own(step);
        for query in keys(&step.query, via) {
            for _ in 0..STAR_MAX {
                match self.at(&query, step, some_are_his) {
                    // What is delayed is in a state that is not searched for again.
                    Some(Judgement::Delete | Judgement::Delay { .. }) => {}
                    _ => break,
                }
            }
        }
    }

    /// Ends the contacts of the source that have an identity of the user; whether there are any. The
    /// store of C cannot be asked for them.
    fn remove_own(&self, step: &Step<'_>) -> bool {
        let to = self.request.to().ok().map(|to| to.uri);
        let mut found = false;
        for id in to.iter().chain(&self.granted.ids) {
            let guard = self.settings.usrloc.lock(self.domain, peer(&step.query.via));
            for contact in of_identity(&guard, self.msg, id) {
                let record = place_of(&contact);
                let searched = step.query.states.admits(record.state);
                if searched && record.is_from(&step.query.received) {
                    let delay = self.settings.delete_delay;
                    let judgement = save::judge(&record, step, self.reply, delay, || None);
                    self.apply(&guard, contact, &step.query, &judgement);
                    found = true;
                }
            }
        }
        found
    }

    /// Judges the record that `query` finds, and does it; nothing if there is none, or if it is of
    /// somebody although those of the user have gone, as `known_user` says.
    fn at(&self, query: &Query<'_>, step: &Step<'_>, known_user: bool) -> Option<Judgement> {
        let guard = self.settings.usrloc.lock(self.domain, peer(&query.via));
        let delay = self.settings.delete_delay;
        // The To of the REGISTER, not that of the reply: it is what the registrar looked at.
        let to = || self.request.to().ok().map(|to| to.uri);
        let judge = |contact: &Contact<'_>| {
            judged(contact, |record| save::judge(record, step, self.reply, delay, to))
        };
        let known = self.replaces_all(step);
        let mut contact = if known { find_known(&guard, query)? } else { find(&guard, query)? };
        let mut judgement = judge(&contact);
        // Whose it is may be known better elsewhere.
        if known && matches!(judgement, Judgement::Skip(_)) {
            contact = find(&guard, query)?;
            judgement = judge(&contact);
        }
        if known_user && contact.public_ids().next().is_some() {
            return None;
        }
        // Behind the Via of the phone there is also its contact when the answer names another one.
        let by_via = !same_text(&query.via, &step.query.via);
        if by_via && !query.aor.is_empty() && !save::is_same(contact.aor(), query.aor) {
            return None;
        }
        self.apply(&guard, contact, query, &judgement);
        Some(judgement)
    }

    /// Whether nothing stays of what another server may have written about the record.
    fn replaces_all(&self, step: &Step<'_>) -> bool {
        let Granted { ids, routes } = self.granted;
        matches!(step.change, Change::Update { .. }) && !ids.is_empty() && !routes.is_empty()
    }

    fn apply(
        &self,
        guard: &Guard<'_>,
        contact: Contact<'_>,
        query: &Query<'_>,
        judgement: &Judgement,
    ) {
        let failed = |why| {
            let aor = shown(query.aor).as_bstr();
            kamailio::error!("{}: contact {aor} not changed: {why}", identity(self.msg));
        };
        match judgement {
            Judgement::Update { expires } => self.register(guard, &contact, query, *expires),
            Judgement::Delete => guard.delete(contact).unwrap_or_else(failed),
            Judgement::Delay { expires, state } => {
                let change = Info { expires: *expires, ..Info::state(state.0) };
                guard.update(&contact, change).unwrap_or_else(failed);
                contact.set_expires(*expires);
            }
            Judgement::Skip(why) => kamailio::notice!("{}: left alone: {why}", identity(self.msg)),
        }
    }

    /// The contact is registered from now on.
    fn register(&self, guard: &Guard<'_>, contact: &Contact<'_>, query: &Query<'_>, expires: i64) {
        let settings = self.settings;
        let updated = guard.update(
            contact,
            Info {
                aor: query.aor,
                parts: None,
                via: peer(&query.via),
                received: peer(&query.received),
                state: State::REGISTERED.0,
                expires,
                public_ids: &self.granted.ids,
                service_routes: &self.granted.routes,
                path: b"",
            },
        );
        let updated = updated.and_then(|()| {
            ids::replace(guard, contact, &self.granted.ids)?;
            guard.watch(contact, callbacks::changed)?;
            match &settings.ipsec {
                Some(ipsec) => {
                    ipsec.watch(guard, contact)?;
                    guard.forget_pending_callbacks(contact)
                }
                None => Ok(()),
            }
        });
        contact.set_expires(expires);
        let done = updated.and_then(|()| {
            if !settings.usrloc.is_ours() {
                return Ok(());
            }
            // Only now that the identities are those of its user: contacts of others stay.
            match reading::device(self.reply.contacts, self.msg, self.request, query.aor) {
                Some(device) => guard.supersede(contact, device),
                None => Ok(()),
            }
        });
        if let Err(why) = done {
            let aor = shown(query.aor).as_bstr();
            kamailio::error!("{}: contact {aor} incomplete: {why}", identity(self.msg));
        }
    }

    /// Asks the registrar to tell what becomes of the registration.
    fn subscribe(&self) -> Result<Verdict, Refused> {
        if !self.settings.subscribes {
            return Ok(Verdict::TRUE);
        }
        let Reply { contacts, expires, .. } = self.reply;
        let target = subscribe::target(contacts, *expires, &self.granted.ids);
        match target.map_err(|why| Refused::new(self.msg, why))? {
            Subscribe::No(why) => {
                kamailio::debug!("{}: no subscription: {why}", identity(self.msg));
                Ok(Verdict::TRUE)
            }
            Subscribe::To(presentity) => {
                let pushed = events::push(&Event::Subscribe {
                    presentity,
                    routes: &self.granted.routes,
                    expires: self.settings.subscription_expires,
                });
                pushed.map_err(|why| Refused::new(self.msg, why).failure())?;
                Ok(Verdict::TRUE)
            }
        }
    }
}

/// The searches for one record: by the host of its URI, and by the host that the phone wrote into
/// its `Via`, under which a store may keep it.
fn keys<'q>(
    query: &Query<'q>,
    via: impl FnOnce() -> Option<Via<'q>>,
) -> impl Iterator<Item = Query<'q>> {
    let query = *query;
    let other = core::iter::once_with(move || {
        let via = via()?.sent_by();
        (!same_text(&via, &query.via)).then_some(Query { via, ..query })
    });
    core::iter::once(query).chain(other.flatten())
}

fn same_text(one: &Place<'_>, other: &Place<'_>) -> bool {
    one.host == other.host
}
