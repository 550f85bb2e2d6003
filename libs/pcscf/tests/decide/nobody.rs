//! Nobody touches the registration of somebody else.

use crate::config;
use crate::store::{Record, Store};
use pcscf_core::State;
use pcscf_core::decide::{Asked, Contacts, Place, Via, notify, pending, save};
use proptest::prelude::*;

const NOW: i64 = 1_700_000_000;

/// A user with one address, and the port that stands in the Contact.
#[derive(Clone, Copy, Debug)]
struct User {
    ip: &'static str,
    port: u16,
    contact_port: u16,
    id: &'static str,
}

const ALICE: User =
    User { ip: "127.0.0.1", port: 22100, contact_port: 22100, id: "sip:alice@ims.test" };
const EVE: User =
    User { ip: "127.0.0.2", port: 22666, contact_port: 22666, id: "sip:eve@ims.test" };

/// Alice as she is, and behind an address that gave her another port than her Contact says: the one
/// that Eve comes from.
fn alice() -> impl Strategy<Value = User> {
    prop::sample::select(vec![ALICE, User { contact_port: 22666, ..ALICE }])
}

/// Eve at another address, and behind the same one as Alice.
fn eve() -> impl Strategy<Value = User> {
    prop::sample::select(vec![EVE, User { ip: ALICE.ip, ..EVE }])
}

/// What a user writes into messages.
#[derive(Clone, Debug)]
struct Written {
    contact: String,
    via: (String, u16),
    expires: Option<u32>,
    star: bool,
}

impl User {
    fn place(&self) -> Place<'static> {
        Place { host: self.ip.as_bytes(), port: self.port, proto: 1 }
    }

    /// The contact and the Via that this user honestly writes.
    fn honest(&self, expires: u32) -> Written {
        Written {
            contact: format!("sip:phone@{}:{}", self.ip, self.contact_port),
            via: (self.ip.to_owned(), self.port),
            expires: Some(expires),
            star: false,
        }
    }

    fn ask(&self, store: &mut Store, written: &Written, now: i64) -> i32 {
        let contacts = [Asked { uri: written.contact.as_bytes(), expires: None }];
        let expires = written.expires.map(|seconds| seconds.to_string());
        store.save_pending(&pending::Request {
            contacts: if written.star { Contacts::Star } else { Contacts::List(&contacts) },
            expires: expires.as_deref().map(str::as_bytes),
            via: Via {
                host: written.via.0.as_bytes(),
                port: written.via.1,
                proto: 1,
                ..Via::default()
            },
            place: self.place(),
            now,
            pending_expires: 30,
            pending_on_deregister: false,
        })
    }

    /// The registrar answers as it was asked: it knows who the user is, and believes the contact.
    fn granted(&self, store: &mut Store, written: &Written, now: i64, delay: i64) -> i32 {
        let contacts = [Asked { uri: written.contact.as_bytes(), expires: None }];
        let expires = written.expires.map(|seconds| seconds.to_string());
        let reply = save::Reply {
            contacts: if written.star { Contacts::Missing } else { Contacts::List(&contacts) },
            expires: expires.as_deref().map(str::as_bytes),
            removes_all: written.star,
            place: self.place(),
            ids: &[self.id.as_bytes()],
            trust_alias: false,
            trust_bottom_via: false,
            now,
        };
        store.save(&reply, delay)
    }

    fn told(&self, store: &mut Store, written: &Written, terminated: bool, now: i64, delay: i64) {
        let told = notify::Told {
            aor: self.id.as_bytes(),
            uri: written.contact.as_bytes(),
            terminated,
            expires: u64::from(written.expires.unwrap_or(0)),
        };
        store.notify(&told, now, delay);
    }

    fn register(&self, store: &mut Store, now: i64) {
        let written = self.honest(600);
        assert_eq!(self.ask(store, &written, now), 1);
        assert_eq!(self.granted(store, &written, now, 0), 1);
    }

    fn record<'s>(&self, store: &'s Store) -> Option<&'s Record> {
        store.records.iter().find(|record| record.ids.iter().any(|id| id == self.id))
    }
}

/// Anything that Eve may write, often something of Alice's.
fn written() -> impl Strategy<Value = Written> {
    let hosts = ["127.0.0.1", "127.0.0.2", "[::1]", "phone.example.com", "10.9.9.9", "127.000.0.1"];
    let ports = [22100_u16, 22666, 5060, 9];
    let ends = [
        "",
        ";alias=127.0.0.1~22100~1",
        ";alias=127.0.0.2~22666~1",
        ";alias=~~",
        ";alias=1~2",
        ";rinstance=x",
        ";ob;sos",
        ";alias=127.0.0.1~999999~1",
    ];
    let user = prop::sample::select(vec!["phone", "eve", "alice"]);
    let host = prop::sample::select(hosts.to_vec());
    let contact = (user, host.clone(), prop::sample::select(ports.to_vec())).prop_flat_map(
        move |(user, host, port)| {
            prop::sample::select(ends.to_vec())
                .prop_map(move |end| format!("sip:{user}@{host}:{port}{end}"))
        },
    );
    let contact = prop_oneof![
        12 => contact,
        1 => Just("tel:+1".to_owned()),
        1 => Just("<foo>".to_owned()),
    ];
    let via = (host.prop_map(str::to_owned), prop::sample::select(vec![22100_u16, 22666, 0]));
    let expires = prop::option::of(prop::sample::select(vec![0_u32, 1, 600, u32::MAX]));
    (contact, via, expires, prop::bool::weighted(0.1))
        .prop_map(|(contact, via, expires, star)| Written { contact, via, expires, star })
}

#[derive(Clone, Debug)]
enum Act {
    Ask(Written),
    Granted(Written),
    Told(Written, bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        written().prop_map(Act::Ask),
        written().prop_map(Act::Granted),
        (written(), any::<bool>()).prop_map(|(written, ended)| Act::Told(written, ended)),
    ]
}

fn play(eve: &User, store: &mut Store, acts: &[Act], now: i64, delay: i64) {
    for act in acts {
        match act {
            Act::Ask(written) => {
                eve.ask(store, written, now);
            }
            Act::Granted(written) => {
                eve.granted(store, written, now, delay);
            }
            Act::Told(written, ended) => eve.told(store, written, *ended, now, delay),
        }
    }
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn s1_s2_s3_eve_never_touches_a_registered_contact_of_alice(
        alice in alice(),
        eve in eve(),
        acts in prop::collection::vec(act(), 1..25),
        delay in 0..5_i64,
    ) {
        let mut store = Store::default();
        alice.register(&mut store, NOW);
        let before = alice.record(&store).cloned();
        play(&eve, &mut store, &acts, NOW + 10, delay);
        prop_assert_eq!(alice.record(&store).cloned(), before);
    }

    #[test]
    fn sp24_whatever_eve_did_before_alice_registers(
        alice in alice(),
        eve in eve(),
        acts in prop::collection::vec(act(), 1..25),
    ) {
        let mut store = Store::default();
        play(&eve, &mut store, &acts, NOW, 0);
        alice.register(&mut store, NOW + 10);
        let record = alice.record(&store).unwrap();
        prop_assert_eq!((record.state, record.expires), (State::REGISTERED, NOW + 610));
        prop_assert_eq!(&record.received, &(alice.ip.to_owned(), alice.port));
        // And so does Eve, when she is honest.
        eve.register(&mut store, NOW + 20);
        prop_assert_eq!(&eve.record(&store).unwrap().received, &(eve.ip.to_owned(), eve.port));
    }

    #[test]
    fn eve_is_never_taken_for_alice(
        alice in alice(),
        eve in eve(),
        acts in prop::collection::vec(act(), 1..25),
    ) {
        let mut store = Store::default();
        alice.register(&mut store, NOW);
        play(&eve, &mut store, &acts, NOW + 10, 0);
        for record in &store.records {
            let from_eve = record.received == (eve.ip.to_owned(), eve.port);
            prop_assert!(!(from_eve && record.ids.iter().any(|id| id == alice.id)));
        }
    }
}

#[test]
fn sp23_a_name_in_via_and_contact_makes_one_record() {
    let mut store = Store::default();
    let named = Written {
        contact: "sip:phone@phone.example.com".to_owned(),
        via: ("phone.example.com".to_owned(), 0),
        expires: Some(600),
        star: false,
    };
    for _ in 0..2 {
        assert_eq!(ALICE.ask(&mut store, &named, NOW), 1);
    }
    assert_eq!(store.records.len(), 1);
    assert_eq!(ALICE.granted(&mut store, &named, NOW, 0), 1);
    assert_eq!(store.records[0].state, State::REGISTERED);
}

#[test]
fn p02_p07_p12_a_registration_from_its_begin_to_its_end() {
    let mut store = Store::default();
    ALICE.register(&mut store, NOW);
    ALICE.register(&mut store, NOW + 300);
    assert_eq!(store.records.len(), 1);
    assert_eq!(store.records[0].expires, NOW + 900);
    let long = Written { expires: Some(u32::MAX), ..ALICE.honest(0) };
    ALICE.granted(&mut store, &long, NOW, 0);
    assert_eq!(store.records[0].expires, i64::from(i32::MAX));
    assert_eq!(ALICE.ask(&mut store, &ALICE.honest(0), NOW), 1);
    assert_eq!(ALICE.granted(&mut store, &ALICE.honest(0), NOW, 0), 1);
    assert!(store.records.is_empty());
}

#[test]
fn contact_star_ends_everything_of_its_sender() {
    let mut store = Store::default();
    ALICE.register(&mut store, NOW);
    EVE.register(&mut store, NOW);
    let star = Written { star: true, expires: Some(0), ..ALICE.honest(0) };
    assert_eq!(ALICE.ask(&mut store, &star, NOW), -1, "case SP2");
    assert_eq!(ALICE.granted(&mut store, &star, NOW, 0), 1);
    assert!(ALICE.record(&store).is_none());
    assert!(EVE.record(&store).is_some());
}

#[test]
fn no10_after_a_delayed_end_one_can_register_again() {
    for by_notify in [true, false] {
        let mut store = Store::default();
        ALICE.register(&mut store, NOW);
        if by_notify {
            ALICE.told(&mut store, &ALICE.honest(0), true, NOW, 4);
        } else {
            ALICE.granted(&mut store, &ALICE.honest(0), NOW, 4);
        }
        assert_eq!(store.records[0].state, State::UNREGISTERED);
        assert_eq!(store.records[0].expires, NOW + 4);
        ALICE.register(&mut store, NOW + 2);
        assert_eq!(store.records.len(), 1);
        let record = &store.records[0];
        assert_eq!((record.state, record.expires), (State::REGISTERED, NOW + 602));
    }
}

#[test]
fn sp22_ur1_no2_an_unregistered_contact_is_ended_by_notify_or_registers_again() {
    let mut store = Store::default();
    ALICE.register(&mut store, NOW);
    store.records[0].state = State::DEREG_PENDING;
    let mut other = store.clone();
    ALICE.told(&mut store, &ALICE.honest(0), true, NOW, 0);
    assert!(store.records.is_empty());
    ALICE.register(&mut other, NOW + 5);
    assert_eq!(other.records.len(), 1);
    assert_eq!(other.records[0].state, State::REGISTERED);
}
