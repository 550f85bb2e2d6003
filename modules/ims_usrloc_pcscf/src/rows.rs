//! Contacts as rows of a table, and back.

use crate::{
    db::{self, Access, Adopted, Change, Contacts, Direct, Job, Named, RowError, STORAGE},
    domains::{self, ASKED, DEVICE, Domain, LOADED, RX, SECURED, STORED, State},
    find::second,
    store, supersede,
};
use bstr::BStr;
use kamailio::{
    Error, Few,
    db::{
        Connection, DbError,
        storage::{Rows, Storage, Which, own, review},
    },
    pcscf::{Changes, Contact, Event, Ipsec, NewContact, Records, Security},
    stats::Counter,
    timer,
};
use pcscf_core::{
    Id,
    directory::Cursor,
    journal::{self, Outcome, Ticket, Work},
    row::{self, Extent, Key, LeftOut, Row, RowRef, SecurityRef},
};

impl Contacts for Domain {
    fn table(&self) -> &[u8] {
        self.name()
    }

    fn written(&self) -> u64 {
        self.with(|_, state| state.recent.count()).unwrap_or(u64::MAX)
    }

    fn adopt(&self, row: &Row, written: u64, now: i64) -> Adopted {
        let adopted = self.with(|records, state| match renew(records, state, row, written, now)? {
            Some(renewed) => Ok((renewed, None)),
            None => load(records, state, row, now),
        });
        match adopted {
            Some(Ok((adopted, calls))) => {
                if let Some(calls) = calls {
                    self.call(calls);
                }
                adopted
            }
            Some(Err(_)) | None => Adopted::NoMemory,
        }
    }

    fn arrange(&self) {
        self.with(|_, state| {
            let mut all: Vec<(i64, Id)> = Vec::new();
            let mut cursor = Cursor::START;
            while let Some((id, next)) = state.directory.next(cursor) {
                cursor = next;
                if all.try_reserve(1).is_err() {
                    kamailio::error!("contacts stay in the order of their rows: out of memory");
                    return;
                }
                let contact = state.directory.get(id);
                all.extend(contact.map(|contact| (row::last_moment(contact.expires()), id)));
            }
            if all.is_sorted_by_key(|(end, _)| *end) {
                return;
            }
            all.sort_by_key(|(end, _)| *end);
            for (_, id) in all {
                state.directory.refresh(id);
            }
        });
    }

    fn renew(&self, row: &Row, written: u64, now: i64) -> Option<Adopted> {
        let renewed = self.with(|records, state| renew(records, state, row, written, now));
        Some(renewed?.transpose()?.unwrap_or(Adopted::NoMemory))
    }

    fn gone(&self, key: &Key, written: u64) {
        let taken = self.with(|records, state| {
            if state.journal.pending(borrowed(key)).is_some()
                || state.recent.has_since(borrowed(key), written) != Some(false)
            {
                return None;
            }
            let id = state.directory.find_row(&key.aor, &key.received, key.received_port)?;
            state.recent.add(borrowed(key));
            if asks_again(state, id) {
                return None;
            }
            let mut contact = state.directory.remove(id)?;
            let calls = store::calls(records, &mut contact, Event::Expire);
            Some((contact, calls))
        });
        if let Some((contact, calls)) = taken.flatten() {
            self.call(calls);
            self.with(|records, state| {
                records.bury(contact, timer::now());
                state.count_expired(1);
            });
        }
    }
}

/// The rows of a domain that are to be written.
#[derive(Debug)]
pub(crate) struct Writer<'d>(pub(crate) &'d Domain);

impl Rows for Writer<'_> {
    type Job = Job;
    type Access<'a>
        = Access<'a>
    where
        Self: 'a;
    type Unfit = LeftOut;

    fn storage(&self) -> &Storage {
        &STORAGE
    }

    fn counters(&self) -> (&Counter, &Counter) {
        (&db::stats::ROWS_WRITTEN, &db::stats::WRITE_ERRORS)
    }

    fn place(&self) -> String {
        format!("table {}", BStr::new(self.0.table()))
    }

    fn attempts(job: &Job) -> u32 {
        job.attempts
    }

    fn name(&self, job: &Job) -> String {
        let key = self.0.with(|_, state| {
            state.journal.key(job.ticket.ticket).map(|key| Named(&owned(key)).to_string())
        });
        key.flatten().unwrap_or_else(|| "a contact".to_owned())
    }

    fn access(&self) -> Option<Access<'_>> {
        Access::open(self.0.table())
    }

    fn connection<'a>(access: &'a Access<'_>) -> &'a Connection<'a> {
        &access.connection
    }

    fn answers(access: &Access<'_>) -> Result<(), DbError> {
        access.answers()
    }

    fn write(&self, access: &Access<'_>, job: &Job) -> Result<(), RowError> {
        match &job.change {
            Change::Put(row) => access.put(job, row),
            Change::Remove(key) => Ok(access.remove(key)?),
            Change::Say(said) if access.say(said)? => Ok(()),
            Change::Say(_) => {
                let whole = self.0.with(|_, state| self::job(state, job.ticket, None)).flatten();
                match whole.map(|job| job.change) {
                    Some(Change::Put(row)) => access.make_up(&row),
                    Some(Change::Remove(key)) => Ok(access.remove(&key)?),
                    Some(Change::Say(_)) | None => Ok(()),
                }
            }
        }
    }

    fn take(&self, which: Which, limit: usize) -> Vec<Job> {
        let direct = Direct::of(self.0.table());
        let jobs = self.0.with(|_, state| {
            let now = timer::now();
            // Mostly it is one.
            let mut jobs = Vec::with_capacity(1);
            let mut cursor = 0;
            let mut own = own(state.number()).map(Vec::into_iter);
            while jobs.len() < limit {
                let work = match which {
                    Which::Own => match &mut own {
                        Some(own) => own.find_map(|ticket| state.journal.take_this(ticket, now)),
                        None => state.journal.take(now),
                    },
                    Which::Due(now) => state.journal.take(now),
                    Which::All => state.journal.take_any(cursor, now).map(|(work, next)| {
                        cursor = next;
                        work
                    }),
                };
                let Some(work) = work else { break };
                jobs.extend(job(state, work, direct.as_ref()));
            }
            jobs
        });
        jobs.unwrap_or_default()
    }

    fn written(&self, job: &Job) -> Option<Job> {
        let again = self.0.with(|_, state| {
            let stored = !matches!(job.change, Change::Remove(_));
            // In other modes no row is read once the server runs.
            if db::mode() == db::Mode::DbOnly
                && let Some(key) = state.journal.key(job.ticket.ticket)
            {
                state.recent.add(key);
            }
            mark(state, job.ticket.ticket, stored);
            let outcome = state.journal.finish(&job.ticket, timer::now());
            let ticket = job.ticket.ticket;
            if outcome != Outcome::Lost
                && let Some(flags) = state.journal.flags(ticket)
            {
                let bit = u8::try_from(STORED).unwrap_or(0);
                state.journal.set_flags(ticket, if stored { flags | bit } else { flags & !bit });
            }
            match outcome {
                Outcome::Again(work) => self::job(state, work, None),
                Outcome::Done | Outcome::Lost => None,
            }
        });
        again.flatten()
    }

    fn failed(&self, job: &Job, retry_at: i64) {
        self.0.with(|_, state| state.journal.failed(&job.ticket, retry_at));
    }

    fn unanswered(&self, job: &Job, retry_at: i64) {
        self.0.with(|_, state| state.journal.unanswered(&job.ticket, retry_at));
    }

    fn forsake(&self) {
        self.0.with(|_, state| state.journal.forsake());
    }

    fn awaits(&self) -> bool {
        let awaits = self.0.with(|_, state| {
            let (journal, now) = (&state.journal, timer::now());
            review(state.number(), |ticket| journal.is_open(ticket, now))
        });
        awaits.unwrap_or(false)
    }
}

fn borrowed(key: &Key) -> journal::Key<'_> {
    journal::Key { name: &key.aor, detail: &key.received, number: key.received_port }
}

fn owned(key: journal::Key<'_>) -> Key {
    Key { aor: key.name.to_vec(), received: key.detail.to_vec(), received_port: key.number }
}

/// Says of all contacts of the row of `ticket` whether it is in the table.
fn mark(state: &mut State, ticket: Ticket, stored: bool) {
    let Some(key) = state.journal.key(ticket) else { return };
    let rows = state.directory.rows(key.name, key.detail, key.number);
    let ids: Vec<Id> = rows.map(|(id, _)| id).collect();
    let now = second(timer::now());
    for id in ids {
        if let Some(contact) = state.directory.get_mut(id) {
            let flags = contact.flags() & !(STORED | ASKED);
            contact.set_flags(if stored { flags | STORED } else { flags });
            contact.set_checked(now);
        }
    }
}

/// Whether the telephone of contact `id`, which another server ended, registers again: then it waits
/// for the answer.
fn asks_again(state: &mut State, id: Id) -> bool {
    /// Seconds that are usual for an answer to come.
    const PENDING: i64 = 30;
    let Some(contact) = state.directory.get_mut(id) else { return false };
    let flags = contact.flags();
    if flags & ASKED == 0 {
        return false;
    }
    contact.set_flags(flags & !(ASKED | STORED));
    contact.set_state(pcscf_core::State::PENDING.0);
    contact.set_expires(timer::now().saturating_add(PENDING));
    state.directory.refresh(id);
    state.schedule(id);
    true
}

/// What is to be written for an entry of the journal; nothing, and no entry any more, for a row that
/// was never stored and is not to be. One that was tried in vain may be there nevertheless.
fn job(state: &mut State, work: Work, direct: Option<&Direct<'_>>) -> Option<Job> {
    let key = state.journal.key(work.ticket)?;
    let flags = u32::from(state.journal.flags(work.ticket).unwrap_or(0));
    let id = state.directory.find_row(key.name, key.detail, key.number);
    let attempts = work.attempts;
    let Some(contact) = id.and_then(|id| state.directory.get(id)) else {
        if flags & STORED == 0 && attempts == 0 {
            state.journal.forget(work.ticket);
            return None;
        }
        let change = Change::Remove(owned(key));
        return Some(Job {
            ticket: work,
            attempts,
            stored: true,
            extent: Extent::default(),
            change,
        });
    };
    let known = flags | contact.flags();
    let stored = known & STORED != 0;
    let extent = Extent {
        whole: contact.flags() & STORED == 0,
        security: known & SECURED != 0,
        rx_session: known & RX != 0,
    };
    let lists = Lists::of(contact);
    let row = row_of(contact, &lists);
    // What failed is looked at more closely.
    let said = direct.filter(|_| attempts == 0).and_then(|direct| direct.put(&row, stored, extent));
    let change = match said {
        Some(said) => Change::Say(said),
        None => Change::Put(Box::new(row.to_row())),
    };
    Some(Job { ticket: work, attempts, stored, extent, change })
}

/// The lists of a contact; most have a route or two, and three identities.
struct Lists<'c> {
    routes: Few<&'c [u8], 2>,
    ids: Few<&'c [u8], 4>,
}

impl<'c> Lists<'c> {
    fn of(contact: &'c Contact) -> Self {
        let mut lists = Self { routes: Few::new(b""), ids: Few::new(b"") };
        for at in 0..contact.service_routes() {
            contact.service_route(at).into_iter().for_each(|route| lists.routes.push(route));
        }
        contact.public_ids().for_each(|id| lists.ids.push(id));
        lists
    }
}

fn row_of<'c>(contact: &'c Contact, lists: &'c Lists<'c>) -> RowRef<'c> {
    RowRef {
        aor: contact.aor(),
        received: contact.received_host(),
        received_port: contact.received_port(),
        received_proto: contact.received_proto(),
        host: contact.via_host(),
        port: contact.via_port(),
        protocol: contact.via_proto(),
        rinstance: contact.rinstance(),
        path: contact.path(),
        rx_session_id: contact.rx_session_id(),
        reg_state: u8::try_from(contact.state()).unwrap_or(0),
        expires: contact.expires(),
        service_routes: &lists.routes,
        public_ids: &lists.ids,
        device: (contact.flags() & DEVICE != 0).then(|| contact.device()),
        security: contact.security().as_ref().map(of_security),
        security_temp: contact.security_temp().as_ref().map(of_security),
    }
}

fn of_security<'c>(ipsec: &Ipsec<'c>) -> SecurityRef<'c> {
    let either = |used: &'c [u8], offered: &'c [u8]| if used.is_empty() { offered } else { used };
    let [port_uc, port_us, port_pc, port_ps] = ipsec.ports;
    let [spi_uc, spi_us, spi_pc, spi_ps] = ipsec.spis;
    SecurityRef {
        texts: [
            ipsec.prot,
            ipsec.mode,
            ipsec.ck,
            ipsec.ik,
            either(ipsec.ealg, ipsec.r_ealg),
            either(ipsec.alg, ipsec.r_alg),
        ],
        ports: [port_pc, port_ps, port_uc, port_us],
        spis: [spi_pc, spi_ps, spi_uc, spi_us],
    }
}

fn from_row(row: &row::Security) -> Result<Security, Error> {
    Security::try_new(
        b"",
        &Ipsec {
            ports: [row.port_uc, row.port_us, row.port_pc, row.port_ps],
            spis: [row.spi_uc, row.spi_us, row.spi_pc, row.spi_ps],
            r_ealg: &row.ealg,
            r_alg: &row.ialg,
            ck: &row.ck,
            ik: &row.ik,
            prot: &row.protocol,
            mode: &row.mode,
            ..Ipsec::default()
        },
    )
}

/// Makes the contact of the row what the row says, unless its changes are not written yet or were
/// written after the row was read; nothing if there is neither.
fn renew(
    records: &mut Records,
    state: &mut State,
    row: &Row,
    written: u64,
    now: i64,
) -> Result<Option<Adopted>, Error> {
    let is_old = state.recent.has_since(borrowed(&row.key), written) == Some(true);
    if is_old || state.journal.pending(borrowed(&row.key)).is_some() {
        return Ok(Some(Adopted::Kept));
    }
    let Key { aor, received, received_port } = &row.key;
    let Some(id) = state.directory.find_row(aor, received, *received_port) else { return Ok(None) };
    take_over(records, state, id, row, now)?;
    Ok(Some(Adopted::Updated))
}

/// Makes contact `id` what the row says.
fn take_over(
    records: &mut Records,
    state: &mut State,
    id: Id,
    row: &Row,
    now: i64,
) -> Result<(), Error> {
    let Some(contact) = state.directory.get(id) else { return Ok(()) };
    let lists = row.lists();
    let known = (0..contact.service_routes()).filter_map(|at| contact.service_route(at));
    let same_routes = known.eq(lists.service_routes.iter().copied());
    let ids = &lists.public_ids;
    let same_ids = ids.is_empty() || contact.public_ids().eq(ids.iter().copied());
    let same_rx = contact.rx_session_id() == row.rx_session_id;
    let changes = Changes {
        ids: (!same_ids).then_some(ids),
        routes: (!same_routes).then_some(&lists.service_routes),
        rx_session_id: (!same_rx).then_some(&row.rx_session_id),
    };
    if let Some(device) = row.device.filter(|device| *device != contact.device()) {
        supersede::set_device(state, id, device)?;
    }
    let Some(contact) = state.directory.get(id) else { return Ok(()) };
    let changed = !(same_ids && same_routes) || contact.state() != u32::from(row.reg_state);
    let set = |contact: &mut Contact| {
        contact.set_state(row.reg_state.into());
        contact.set_expires(row.expires);
        let rx = if row.rx_session_id.is_empty() { 0 } else { RX };
        contact.set_flags(contact.flags() & !ASKED | STORED | rx);
        contact.set_checked(second(now));
    };
    if changed {
        store::change(records, state, id, &changes, now, set)?;
    } else if let Some(contact) = state.directory.get_mut(id) {
        records.change(contact, &changes, now)?;
        set(contact);
    }
    state.schedule(id);
    Ok(())
}

type Loaded = (Adopted, Option<kamailio::pcscf::Calls>);

/// Makes a contact of a row.
fn load(records: &mut Records, state: &mut State, row: &Row, now: i64) -> Result<Loaded, Error> {
    let aor = row.key.aor.as_slice();
    let Ok(plain) = NewContact::of_uri(aor) else {
        kamailio::warn!("a row is left alone: contact {} is no URI", BStr::new(aor));
        return Ok((Adopted::Refused, None));
    };
    let lists = row.lists();
    let changes = Changes {
        ids: (!lists.public_ids.is_empty()).then_some(&lists.public_ids),
        routes: (!lists.service_routes.is_empty()).then_some(&lists.service_routes),
        rx_session_id: (!row.rx_session_id.is_empty()).then_some(&row.rx_session_id),
    };
    let new = NewContact {
        received_host: &row.key.received,
        received_port: row.key.received_port,
        received_proto: row.received_proto,
        via_host: &row.host,
        via_port: row.port,
        via_proto: row.protocol,
        path: &row.path,
        state: row.reg_state.into(),
        expires: row.expires,
        ..plain
    };
    let security = row.security.as_ref().map(from_row).transpose()?;
    let security_temp = row.security_temp.as_ref().map(from_row).transpose()?;
    let secured = if security.is_some() || security_temp.is_some() { SECURED } else { 0 };
    let id = store::insert(records, state, &new, &changes, STORED | LOADED | secured, now)?;
    if let Some(device) = row.device {
        supersede::set_device(state, id, device)?;
    }
    let Some(contact) = state.directory.get_mut(id) else { return Ok((Adopted::NoMemory, None)) };
    contact.set_checked(second(now));
    for (security, temporary) in [(security, false), (security_temp, true)] {
        if let Some(security) = security {
            records.secure(contact, security, temporary);
        }
    }
    state.ask(id);
    let Some(contact) = state.directory.get_mut(id) else { return Ok((Adopted::NoMemory, None)) };
    let Some(domains) = domains::all() else { return Ok((Adopted::Inserted, None)) };
    let methods = domains.methods();
    if let Err(error) = records.attach(contact, &methods) {
        // They are tried again when something happens to the contact.
        kamailio::error!("contact {contact:?}: callbacks are not registered: {error}");
    }
    Ok((Adopted::Inserted, Some(methods.insert_calls(contact))))
}
