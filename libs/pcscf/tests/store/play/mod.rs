//! Plays operations that bytes choose on a directory and on a list, and compares the two.

pub(crate) mod record;
#[path = "../../../../store/tests/containers/short.rs"]
pub(crate) mod short;

use allocator_api2::alloc::AllocError;
use pcscf_core::directory::{Config, Cursor};
use pcscf_core::search::{By, Search};
use pcscf_core::{Binding, Directory, Host, Id, State, States};
use record::Record;
use short::Short;
use std::collections::{BTreeMap, BTreeSet};

const SEED: shm_table::Seed = shm_table::Seed::new(*b"0123456789abcdef");

/// What is left to be read; zeros at the end.
pub(crate) struct Bytes<'b>(pub(crate) &'b [u8]);

impl Bytes<'_> {
    /// The next byte.
    pub(crate) fn next(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.next()) % end
    }

    /// One of `choices`.
    pub(crate) fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

#[derive(Debug, Clone)]
struct Known {
    record: Record,
    stamp: u64,
    due: Option<i64>,
}

struct World {
    directory: Directory<Record, Short>,
    memory: Short,
    known: BTreeMap<u64, Known>,
    gone: BTreeSet<u64>,
    stamp: u64,
    now: i64,
    /// A listing under way: where it is, who it met, and who was there from its start.
    listing: (Cursor, Vec<u64>, BTreeSet<u64>),
    seen: BTreeSet<&'static str>,
}

/// Plays `bytes` and says what was reached.
pub(crate) fn play(bytes: &[u8]) -> BTreeSet<&'static str> {
    let mut bytes = Bytes(bytes);
    let memory = Short::default();
    let now = 1_700_000_000;
    let config = Config { bits: 2, by_user: bytes.next() & 1 != 0, now };
    let directory = Directory::try_new_in(config, SEED, memory.clone()).unwrap();
    let held = memory.held();
    let mut world = World {
        directory,
        memory,
        known: BTreeMap::new(),
        gone: BTreeSet::new(),
        stamp: 0,
        now,
        listing: (Cursor::START, Vec::new(), BTreeSet::new()),
        seen: BTreeSet::new(),
    };
    while !bytes.0.is_empty() {
        world.step(&mut bytes);
        world.compare();
    }
    for id in world.known.clone().into_keys() {
        assert!(world.directory.remove(Id::from_u64(id)).is_some());
    }
    assert_eq!(world.memory.held(), held, "the last binding takes all memory with it");
    world.seen
}

impl World {
    fn step(&mut self, bytes: &mut Bytes<'_>) {
        match bytes.below(16) {
            0..4 => self.insert(bytes),
            4 => self.remove(bytes),
            5 | 6 => self.change(bytes),
            7 | 8 => self.search(bytes),
            9 => self.schedule(bytes),
            10 => self.expire(bytes),
            11 => self.set_device(bytes),
            12 | 13 => self.set_ids(bytes),
            14 => self.set_spis(bytes),
            _ => self.list(),
        }
    }

    fn some(&self, bytes: &mut Bytes<'_>) -> Option<u64> {
        let at = bytes.below(self.known.len().max(1));
        self.known.keys().nth(at).copied()
    }

    fn insert(&mut self, bytes: &mut Bytes<'_>) {
        let record = Record::read(bytes);
        if bytes.next() > 200 {
            self.memory.end_after(usize::from(bytes.next() % 4));
        }
        let inserted = self.directory.try_insert(record.clone());
        self.memory.end_never();
        let Ok(id) = inserted else {
            assert_eq!(inserted, Err(record), "a record that has no place comes back");
            self.seen.insert("no memory");
            return;
        };
        self.seen.insert("inserted");
        self.stamp += 1;
        let known = Known { record, stamp: self.stamp, due: None };
        assert!(self.known.insert(id.to_u64(), known).is_none(), "names are used once");
        assert!(!self.gone.contains(&id.to_u64()), "names are used once");
    }

    fn remove(&mut self, bytes: &mut Bytes<'_>) {
        let Some(id) = self.some(bytes) else { return };
        let known = self.known.remove(&id).map(|known| known.record);
        assert_eq!(self.directory.remove(Id::from_u64(id)), known);
        assert_eq!(self.directory.remove(Id::from_u64(id)), None);
        self.listing.2.remove(&id);
        self.gone.insert(id);
    }

    fn change(&mut self, bytes: &mut Bytes<'_>) {
        let Some(id) = self.some(bytes) else { return };
        let state = State(bytes.choose(&record::STATES));
        self.directory.get_mut(Id::from_u64(id)).unwrap().state = state;
        self.directory.refresh(Id::from_u64(id));
        self.stamp += 1;
        let known = self.known.get_mut(&id).unwrap();
        (known.record.state, known.stamp) = (state, self.stamp);
    }

    fn set_ids(&mut self, bytes: &mut Bytes<'_>) {
        let Some(id) = self.some(bytes) else { return };
        let ids = Record::read_ids(bytes);
        let texts: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes()).collect();
        if bytes.next() > 200 {
            self.memory.end_after(usize::from(bytes.next() % 3));
        }
        let refuses = bytes.next() > 230;
        let set = self.directory.try_change_ids(Id::from_u64(id), &texts, |record| {
            if refuses {
                return Err(AllocError);
            }
            record.ids.clone_from(&ids);
            Ok(())
        });
        self.memory.end_never();
        if set.is_err() {
            self.seen.insert("no memory for identities");
            return;
        }
        self.stamp += 1;
        let known = self.known.get_mut(&id).unwrap();
        (known.record.ids, known.stamp) = (ids, self.stamp);
    }

    fn set_device(&mut self, bytes: &mut Bytes<'_>) {
        let Some(id) = self.some(bytes) else { return };
        let device = bytes.choose(&record::DEVICES);
        if bytes.next() > 150 {
            self.memory.end_after(usize::from(bytes.next() % 3));
        }
        let set = self.directory.try_set_device(Id::from_u64(id), device, |record| {
            record.device = device;
        });
        self.memory.end_never();
        if set.is_err() {
            self.seen.insert("no memory for a device");
            return;
        }
        self.seen.insert("device");
        self.stamp += 1;
        let known = self.known.get_mut(&id).unwrap();
        (known.record.device, known.stamp) = (device, self.stamp);
    }

    fn set_spis(&mut self, bytes: &mut Bytes<'_>) {
        let Some(id) = self.some(bytes) else { return };
        let spis = bytes.choose(&record::SPIS);
        if bytes.next() > 150 {
            self.memory.end_after(usize::from(bytes.next() % 3));
        }
        let set = self.directory.try_set_spis(Id::from_u64(id), spis, |record| record.spis = spis);
        self.memory.end_never();
        if set.is_err() {
            self.seen.insert("no memory for spis");
            return;
        }
        self.seen.insert("spis");
        self.known.get_mut(&id).unwrap().record.spis = spis;
    }

    fn search(&mut self, bytes: &mut Bytes<'_>) {
        let like = Record::read(bytes);
        let by = bytes.choose(&[By::Contact, By::Source]);
        let Ok(mut search) = Search::new(by, &like.aor, bytes.next() & 1 != 0) else { return };
        search.via_host = Host::of(bytes.choose(&record::HOSTS));
        search.via_port = bytes.choose(&record::PORTS);
        search.received_host = Host::of(bytes.choose(&record::HOSTS));
        search.received_port = bytes.choose(&record::PORTS);
        search.states = States(bytes.choose(&[0, 2, 2, 4, 14, 32, 46]));
        let routes: Vec<&[u8]> = like.routes.iter().map(Vec::as_slice).collect();
        if bytes.next() > 200 {
            search.routes = &routes;
        }
        if bytes.next() > 128 {
            search.rinstance = None;
        }
        let matching = self.known.iter().filter(|(_, known)| search.matches(&known.record));
        let best = matching
            .clone()
            .max_by_key(|(_, known)| (search.is_exact(&known.record), known.rank()))
            .map(|(id, _)| *id);
        assert_eq!(self.directory.find(&search).map(Id::to_u64), best, "{search:?}");
        let newest = matching
            .clone()
            .max_by_key(|(_, known)| (search.is_exact(&known.record), known.stamp))
            .map(|(id, _)| *id);
        let found = self.directory.find_newest(&search);
        assert_eq!(found.map(Id::to_u64), newest, "{search:?}");
        match matching.count() {
            0 => {}
            1 => _ = self.seen.insert("found"),
            _ => _ = self.seen.insert("best of several"),
        }
        for known in self.known.values() {
            let all_passed = pcscf_core::search::explain(&search, &known.record)
                .iter()
                .all(|finding| finding.passed);
            assert_eq!(all_passed, search.matches(&known.record), "an explanation is the truth");
        }
    }

    fn schedule(&mut self, bytes: &mut Bytes<'_>) {
        let Some(id) = self.some(bytes) else { return };
        let known = self.known.get_mut(&id).unwrap();
        if bytes.next() > 230 {
            self.directory.cancel(Id::from_u64(id));
            known.due = None;
        } else {
            let due = self.now + i64::from(bytes.next()) * bytes.choose(&[1, 1, 60, 3600]) - 10;
            self.directory.schedule(Id::from_u64(id), due);
            known.due = Some(due);
        }
    }

    fn expire(&mut self, bytes: &mut Bytes<'_>) {
        let jump = i64::from(bytes.next()) * bytes.choose(&[0, 1, 1, 60, 3600]);
        self.now += if bytes.next() > 240 { -jump } else { jump };
        let mut budget = u32::from(bytes.next());
        while let Some(id) = self.directory.pop_due(self.now, &mut budget) {
            let due = self.known.get_mut(&id.to_u64()).unwrap().due.take();
            assert!(due.is_some_and(|due| due <= self.now), "{due:?} is not due at {}", self.now);
            self.seen.insert("due");
        }
        if budget > 0 {
            let late = self.known.values().filter_map(|known| known.due).min();
            assert!(late.is_none_or(|due| due > self.now), "{late:?} is due at {}", self.now);
        }
    }

    /// Some steps of a listing, which goes on whatever happens in between.
    fn list(&mut self) {
        for _ in 0..3 {
            if let Some((id, cursor)) = self.directory.next(self.listing.0) {
                self.listing.0 = cursor;
                self.listing.1.push(id.to_u64());
                continue;
            }
            let (_, met, there) = core::mem::take(&mut self.listing);
            let once: BTreeSet<u64> = met.iter().copied().collect();
            assert_eq!(once.len(), met.len(), "nobody is listed twice");
            assert!(there.is_subset(&once), "{there:?} were there all the time, met {once:?}");
            self.listing.2 = self.known.keys().copied().collect();
            self.seen.insert("listed");
        }
    }

    fn compare(&mut self) {
        assert_eq!(self.directory.len(), self.known.len());
        let counts = self.directory.counts();
        assert_eq!(counts.all().contacts, self.known.len());
        for state in State::NAMED {
            let those = self.known.values().filter(|known| known.record.state == state);
            assert_eq!(counts.in_state(state).contacts, those.clone().count());
            let ids = those.map(|known| known.record.ids.len()).sum::<usize>();
            assert_eq!(counts.in_state(state).public_ids, ids);
        }
        for (id, known) in &self.known {
            let id = Id::from_u64(*id);
            assert_eq!(self.directory.get(id), Some(&known.record));
            assert_eq!(self.directory.due(id), known.due);
        }
        for id in self.gone.iter().rev().take(8) {
            assert_eq!(self.directory.get(Id::from_u64(*id)), None);
        }
        // One of them at a time, or else the player is quadratic.
        let at = usize::try_from(self.stamp).unwrap() % self.known.len().max(1);
        let Some(known) = self.known.values().nth(at).cloned() else { return };
        self.compare_walks(&known.record);
    }

    fn compare_walks(&mut self, like: &Record) {
        let best_first = |is: &dyn Fn(&Record) -> bool| {
            let those = self.known.iter().filter(|(_, known)| is(&known.record));
            let mut those: Vec<_> = those.map(|(id, known)| (known.rank(), *id)).collect();
            those.sort_unstable_by(|one, other| other.cmp(one));
            those.into_iter().map(|(_, id)| id).collect::<Vec<u64>>()
        };
        let contact = Host::of(&like.contact_host);
        let mut asked = best_first(&|record| {
            Host::of(&record.contact_host) == contact
                && record.contact_port == like.contact_port
                && record.spis == like.spis
                && record.spis != 0
        });
        let same = best_first(&|record| record.aor == like.aor);
        let row = best_first(&|record| {
            record.aor == like.aor
                && record.received_host == like.received_host
                && record.received_port == like.received_port
        });
        let device = best_first(&|record| record.device != 0 && record.device == like.device);
        let ids = |found: &mut dyn Iterator<Item = (Id, &Record)>| {
            found.map(|(id, _)| id.to_u64()).collect::<Vec<u64>>()
        };
        let directory = &self.directory;
        let (port, spis) = (like.contact_port, like.spis);
        // Who asks anew goes before others without becoming the newest of all.
        asked.sort_unstable();
        let mut found = ids(&mut directory.with_spis(contact, port, spis));
        found.sort_unstable();
        assert_eq!(found, asked);
        if asked.len() > 1 {
            self.seen.insert("same spis");
        }
        assert_eq!(ids(&mut directory.with_aor(&like.aor)), same);
        assert_eq!(ids(&mut directory.of_device(like.device)), device);
        for id in record::IDS {
            let has = |record: &Record| record.ids.iter().any(|own| own.eq_ignore_ascii_case(id));
            let those = best_first(&has);
            assert_eq!(ids(&mut directory.with_id(id.as_bytes())), those);
            let spelled = format!("{id};user=phone");
            assert_eq!(ids(&mut directory.of_user(spelled.as_bytes())), those);
            assert_eq!(ids(&mut directory.with_id(spelled.as_bytes())), []);
            if those.len() > 1 {
                self.seen.insert("identity");
            }
        }
        if device.len() > 1 {
            self.seen.insert("devices");
        }
        let (aor, host, port) = (like.aor(), like.received_host(), like.received_port());
        assert_eq!(ids(&mut directory.rows(aor, host, port)), row);
        assert_eq!(directory.find_row(aor, host, port).map(Id::to_u64), row.first().copied());
        if row.len() > 1 {
            self.seen.insert("row");
        }
    }
}

impl Known {
    fn rank(&self) -> (bool, u64) {
        (self.record.state == State::REGISTERED, self.stamp)
    }
}
