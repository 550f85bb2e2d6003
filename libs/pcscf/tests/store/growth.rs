//! What a binding costs, whatever their number and wherever they come from: records that are looked
//! at, and bytes.

use super::play::record::Record;
use super::play::short::Short;
use pcscf_core::directory::Config;
use pcscf_core::search::{By, Search};
use pcscf_core::{Binding, Directory, Host, Id, State, States};
use std::cell::Cell;

thread_local! {
    static LOOKS: Cell<usize> = const { Cell::new(0) };
    /// How many looks there had been when a record was last fetched.
    static FETCHED: Cell<Option<usize>> = const { Cell::new(None) };
}

/// A record of 8 bytes that counts looks at its first texts.
struct Handle(Box<Record>);

impl Binding for Handle {
    fn aor(&self) -> &[u8] {
        LOOKS.with(|looks| looks.set(looks.get() + 1));
        self.0.aor()
    }
    fn contact_host(&self) -> &[u8] {
        self.0.contact_host()
    }
    fn contact_port(&self) -> u16 {
        self.0.contact_port()
    }
    fn contact_user(&self) -> &[u8] {
        self.0.contact_user()
    }
    fn rinstance(&self) -> &[u8] {
        self.0.rinstance()
    }
    fn received_host(&self) -> &[u8] {
        self.0.received_host()
    }
    fn received_port(&self) -> u16 {
        LOOKS.with(|looks| looks.set(looks.get() + 1));
        self.0.received_port()
    }
    fn via_host(&self) -> &[u8] {
        self.0.via_host()
    }
    fn state(&self) -> State {
        self.0.state()
    }
    fn public_ids(&self) -> usize {
        self.0.public_ids()
    }
    fn each_public_id(&self, look: &mut dyn FnMut(&[u8])) {
        self.0.each_public_id(look);
    }
    fn service_routes(&self) -> usize {
        self.0.service_routes()
    }
    fn service_route(&self, at: usize) -> Option<&[u8]> {
        self.0.service_route(at)
    }
    fn fetch(&self) {
        FETCHED.with(|fetched| fetched.set(Some(LOOKS.with(Cell::get))));
    }
}

/// Where the phones of a network come from: how the binding of each is made out of its number.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Network {
    /// An address each.
    Open,
    /// One address, a port each, and one more for IPsec.
    Ipsec,
    /// One address, a port each, and behind it the same private address and port in each home.
    Homes,
    /// One address, a port each, and behind it a private address each.
    Carrier,
    /// One address and port, a Via of its own each: a proxy that multiplexes.
    Multiplexed,
    /// One address and port and Contact for all, told apart by the instance.
    Instances,
    /// The same, told apart by the user.
    Users,
}

const NETWORKS: [Network; 7] = [
    Network::Open,
    Network::Ipsec,
    Network::Homes,
    Network::Carrier,
    Network::Multiplexed,
    Network::Instances,
    Network::Users,
];

impl Network {
    fn record(self, number: u32) -> Record {
        let [_, one, two, three] = number.to_be_bytes();
        let private = format!("10.{one}.{two}.{three}");
        let port = u16::try_from(1024 + number % 60_000).unwrap();
        let shared = format!("192.0.{}.1", number / 60_000);
        let public = match self {
            Self::Open => private.clone(),
            Self::Ipsec | Self::Homes | Self::Carrier => shared,
            Self::Multiplexed | Self::Instances | Self::Users => "192.0.2.1".into(),
        };
        let host = match self {
            Self::Homes => "192.168.1.2",
            Self::Carrier | Self::Multiplexed => private.as_str(),
            _ => public.as_str(),
        };
        let own_port = if self == Self::Ipsec { port + 1 } else { 5060 };
        let from = match self {
            Self::Open | Self::Multiplexed | Self::Instances | Self::Users => 5060,
            Self::Ipsec | Self::Homes | Self::Carrier => port,
        };
        let rinstance = match self {
            Self::Instances => format!(";rinstance={number:x}"),
            _ => String::new(),
        };
        let aor = format!("sip:user{number}@{host}:{own_port}{rinstance}");
        Record::new(&aor, (&public, from), host)
    }

    fn by_user(self) -> bool {
        self == Self::Users
    }
}

/// What the owner of `record` asks for.
fn own_search(record: &Record, by_user: bool) -> Search<'_> {
    Search {
        via_host: Host::of(&record.via_host),
        via_port: record.contact_port,
        received_host: Host::of(&record.received_host),
        received_port: record.received_port,
        states: States::REGISTERED,
        ..Search::new(By::Source, &record.aor, by_user).unwrap()
    }
}

struct Measured {
    worst_find: usize,
    worst_change: usize,
    bytes: usize,
    blocks: usize,
}

fn looks(work: impl FnOnce()) -> usize {
    let before = LOOKS.with(Cell::get);
    work();
    LOOKS.with(Cell::get) - before
}

fn measure(network: Network, many: u32) -> Measured {
    let memory = Short::default();
    let config = Config { bits: 9, by_user: network.by_user(), now: 0 };
    let seed = shm_table::Seed::new([5; 16]);
    let mut directory = Directory::try_new_in(config, seed, memory.clone()).unwrap();
    let empty = memory.held();
    let (mut worst_change, mut worst_find) = (0, 0);
    let mut ids: Vec<Id> = Vec::new();
    for number in 0..many {
        let record = Handle(Box::new(network.record(number)));
        let work = looks(|| ids.push(directory.try_insert(record).ok().unwrap()));
        worst_change = worst_change.max(work);
        directory.schedule(*ids.last().unwrap(), i64::from(number));
    }
    // Registered in an order that has nothing to do with that of arrival.
    for number in 0..many {
        let id = ids[usize::try_from(u64::from(number) * 7919 % u64::from(many)).unwrap()];
        let work = looks(|| {
            directory.get_mut(id).unwrap().0.state = State::REGISTERED;
            directory.refresh(id);
        });
        worst_change = worst_change.max(work);
    }
    let full = memory.held();
    for number in (0..many).step_by(97) {
        let record = network.record(number);
        let search = own_search(&record, network.by_user());
        let mut found = None;
        let work = looks(|| found = directory.find(&search));
        worst_find = worst_find.max(work);
        let id = ids[usize::try_from(number).unwrap()];
        assert_eq!(found, Some(id), "{network:?}: each finds its own");
        // In `Multiplexed` nothing but the Via tells them apart, and a row has no Via.
        if network != Network::Multiplexed {
            let (host, port) = (&record.received_host, record.received_port);
            let work = looks(|| found = directory.find_row(&record.aor, host, port));
            assert_eq!(found, Some(id), "{network:?}: each finds its own row");
            worst_find = worst_find.max(work);
        }
    }
    for id in ids {
        let work = looks(|| drop(directory.remove(id)));
        worst_change = worst_change.max(work);
    }
    assert_eq!(memory.held(), empty, "the last binding takes all memory with it");
    Measured {
        worst_find,
        worst_change,
        bytes: (full.1 - empty.1) / usize::try_from(many).unwrap(),
        blocks: full.0 - empty.0,
    }
}

#[test]
fn a_search_looks_at_no_more_records_among_many() {
    for network in NETWORKS {
        for many in [1_000, 50_000] {
            let measured = measure(network, many);
            assert!(measured.worst_find <= 4, "{network:?} {many}: {}", measured.worst_find);
            assert!(measured.worst_change <= 6, "{network:?} {many}: {}", measured.worst_change);
        }
    }
}

#[test]
fn a_binding_takes_few_bytes_of_the_directory() {
    for (network, most) in [
        (Network::Open, 85),
        (Network::Ipsec, 105),
        (Network::Carrier, 125),
        (Network::Homes, 150),
        (Network::Multiplexed, 120),
        (Network::Instances, 135),
        (Network::Users, 135),
    ] {
        // Where the tables are half empty, not long after they have grown.
        let measured = measure(network, 20_000);
        let Measured { bytes, blocks, .. } = measured;
        assert!(bytes <= most, "{network:?}: {bytes} bytes a binding");
        assert!(blocks < 20_000 / 20, "{network:?}: {blocks} blocks");
    }
}

#[test]
fn a_few_bindings_do_not_pay_for_many_tables() {
    for (network, most) in [(Network::Open, 90), (Network::Carrier, 120), (Network::Users, 145)] {
        let Measured { bytes, blocks, .. } = measure(network, 250);
        assert!(bytes <= most, "{network:?}: {bytes} bytes a binding");
        // Each has a head of its own, which may be larger than what is in it.
        assert!(blocks < 250 / 3, "{network:?}: {blocks} blocks");
    }
}

#[test]
fn more_groups_have_more_tables_that_grow() {
    let empty = |bits: u8| {
        let (config, memory) = (Config { bits, by_user: false, now: 0 }, Short::default());
        let seed = shm_table::Seed::new([5; 16]);
        let _made = Directory::<Handle, _>::try_new_in(config, seed, memory.clone()).unwrap();
        memory.held().1 - (size_of::<u32>() << bits)
    };
    assert_eq!(empty(0), empty(9));
    assert_eq!(empty(12), 8 * empty(9));
}

#[test]
fn a_binding_is_fetched_before_a_search_reads_it() {
    let config = Config { bits: 9, by_user: false, now: 0 };
    let seed = shm_table::Seed::new([5; 16]);
    let mut directory = Directory::try_new_in(config, seed, Short::default()).unwrap();
    let record = || Network::Open.record(7).in_state(State::REGISTERED);
    let id = directory.try_insert(Handle(Box::new(record()))).ok();
    let asking = record();
    let mut found = None;
    let work = looks(|| {
        FETCHED.with(|fetched| fetched.set(None));
        found = directory.find(&own_search(&asking, false));
    });
    let end = LOOKS.with(Cell::get);
    assert_eq!((found, FETCHED.with(Cell::get)), (id, Some(end - work)));
    assert!(work > 0);
}

#[test]
fn the_best_of_many_that_match_is_found_at_once() {
    let mut directory = Directory::try_new_in(
        Config { bits: 9, by_user: false, now: 0 },
        shm_table::Seed::new([5; 16]),
        Short::default(),
    )
    .unwrap();
    let record = |state| {
        let record = Record::new("sip:a@192.0.2.1:5060", ("192.0.2.1", 5060), "192.0.2.1");
        Handle(Box::new(record.in_state(state)))
    };
    let mut newest = |state| {
        (0..20_000).map(|_| directory.try_insert(record(state)).ok()).last().flatten().unwrap()
    };
    let (pending, registered) = (newest(State::PENDING), newest(State::REGISTERED));
    let asking = record(State::NONE);
    for (mask, id) in [
        (States::ANY, Some(registered)),
        (States::REGISTERED, Some(registered)),
        (States(State::PENDING.0), Some(pending)),
    ] {
        let search = Search { states: mask, ..own_search(&asking.0, false) };
        let mut found = None;
        let work = looks(|| found = directory.find(&search));
        assert_eq!(found, id);
        assert!(work <= 4, "{mask:?}: looked at {work}");
    }
}
