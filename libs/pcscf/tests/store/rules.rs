//! The rules of the contract, by example.

use super::play::record::Record;
use super::play::short::Short;
use pcscf_core::directory::Config;
use pcscf_core::search::{By, Rule, Search, explain};
use pcscf_core::{Directory, Host, Id, State, States};

impl Record {
    /// The same in `state`.
    pub(crate) fn in_state(mut self, state: State) -> Self {
        self.state = state;
        self
    }
}

type Store = Directory<Record, Short>;

fn store(by_user: bool) -> Store {
    let config = Config { bits: 9, by_user, now: 0 };
    Directory::try_new_in(config, shm_table::Seed::new([7; 16]), Short::default()).unwrap()
}

fn put(store: &mut Store, record: Record) -> Id {
    store.try_insert(record).unwrap()
}

fn registered(aor: &str, received: (&str, u16), via: &str) -> Record {
    Record::new(aor, received, via).in_state(State::REGISTERED)
}

/// A search for registered bindings; `via` and `from` are host and port.
fn asked<'s>(by: By, via: (&'s str, u16), from: (&'s str, u16), aor: &'s str) -> Search<'s> {
    Search {
        via_host: Host::of(via.0.as_bytes()),
        via_port: via.1,
        received_host: Host::of(from.0.as_bytes()),
        received_port: from.1,
        states: States::REGISTERED,
        ..Search::new(by, aor.as_bytes(), false).unwrap()
    }
}

fn all_states(search: Search<'_>) -> Search<'_> {
    Search { states: States::ANY, ..search }
}

const ALICE: (&str, u16) = ("192.0.2.1", 22100);

#[test]
fn ir_13_u_31_an_rinstance_that_is_asked_for_must_be_the_same() {
    let mut store = store(false);
    let id = put(&mut store, registered("sip:alice@192.0.2.1:22100;rinstance=abc", ALICE, ALICE.0));
    for by in [By::Contact, By::Source] {
        for (aor, found) in [
            ("sip:alice@192.0.2.1:22100;rinstance=abc", Some(id)),
            ("sip:alice@192.0.2.1:22100;rinstance=abd", None),
            ("sip:alice@192.0.2.1:22100;rinstance=abcd", None),
            ("sip:alice@192.0.2.1:22100;rinstance=", Some(id)),
            ("sip:alice@192.0.2.1:22100", Some(id)),
            ("", Some(id)),
        ] {
            assert_eq!(store.find(&asked(by, ALICE, ALICE, aor)), found, "{by:?} {aor}");
        }
    }
}

#[test]
fn ir_13_a_binding_without_an_rinstance_is_not_one_with_it() {
    let mut store = store(false);
    put(&mut store, registered("sip:alice@192.0.2.1:22100", ALICE, ALICE.0));
    let aor = "sip:alice@192.0.2.1:22100;rinstance=abc";
    assert_eq!(store.find(&asked(By::Source, ALICE, ALICE, aor)), None);
}

#[test]
fn u_32_where_users_matter_another_user_or_scheme_is_somebody_else() {
    let aor = "sip:alice@192.0.2.1:22100";
    for (match_user, others_found) in [(true, false), (false, true)] {
        let mut store = store(match_user);
        let id = put(&mut store, registered(aor, ALICE, ALICE.0));
        for (aor, found) in [
            (aor, true),
            ("sip:192.0.2.1:22100", true),
            ("sip:bob@192.0.2.1:22100", others_found),
            ("sip:Alice@192.0.2.1:22100", others_found),
            ("sips:alice@192.0.2.1:22100", others_found),
        ] {
            for by in [By::Contact, By::Source] {
                let user = Search::new(by, aor.as_bytes(), match_user).unwrap().user;
                let search = Search { user, ..asked(by, ALICE, ALICE, aor) };
                assert_eq!(store.find(&search), found.then_some(id), "{match_user} {aor} {by:?}");
            }
        }
    }
}

#[test]
fn u_33_u_34_an_ipv6_address_has_one_meaning_and_many_spellings() {
    let mut store = store(false);
    let place = ("2001:db8::1", 22100);
    let id = put(&mut store, registered("sip:a@[2001:db8::1]:22100", place, "[2001:db8::1]"));
    for host in ["[2001:db8::1]", "[2001:DB8:0::1]", "2001:db8:0:0:0:0:0:1"] {
        for by in [By::Contact, By::Source] {
            let search = asked(by, (host, 22100), (host, 22100), "");
            assert_eq!(store.find(&search), Some(id), "{host} {by:?}");
        }
    }
    let other = asked(By::Contact, ("[2001:db8::2]", 22100), place, "");
    assert_eq!(store.find(&other), None);
}

#[test]
fn u_35_a_port_that_is_left_out_is_5060() {
    for (stored, asked_for) in [("sip:a@192.0.2.1", 5060), ("sip:a@192.0.2.1:5060", 5060)] {
        let mut store = store(false);
        let id = put(&mut store, registered(stored, ("192.0.2.1", 5060), "192.0.2.1"));
        let search = asked(By::Contact, ("192.0.2.1", asked_for), ("192.0.2.9", 1), "");
        assert_eq!(store.find(&search), Some(id), "{stored}");
    }
}

/// S2: an unauthenticated REGISTER with the Via of the victim and a Contact that is no address.
#[test]
fn sp_24_a_contact_without_an_address_stands_in_nobodys_way() {
    for poison in ["sip:eve@host.example", "tel:+49301234", "urn:service:sos", "<foo>"] {
        let mut store = store(false);
        put(&mut store, Record::new(poison, ("192.0.2.66", 9), ALICE.0));
        let victim = put(&mut store, Record::new("sip:alice@192.0.2.1:22100", ALICE, ALICE.0));
        put(&mut store, Record::new(poison, ("192.0.2.66", 10), ALICE.0));
        for by in [By::Contact, By::Source] {
            let search = all_states(asked(by, ALICE, ALICE, ""));
            assert_eq!(store.find(&search), Some(victim), "{poison} {by:?}");
        }
    }
}

#[test]
fn sp_23_a_host_name_finds_its_own_binding_again() {
    let mut store = store(false);
    let from = ("192.0.2.1", 22100);
    let id = put(&mut store, Record::new("sip:a@ue.example:22100", from, "ue.example"));
    for via in ["ue.example", "UE.Example"] {
        for by in [By::Contact, By::Source] {
            let search = all_states(asked(by, (via, 22100), from, ""));
            assert_eq!(store.find(&search), Some(id), "{via} {by:?}");
        }
    }
    let other = all_states(asked(By::Contact, ("ue2.example", 22100), from, ""));
    assert_eq!(store.find(&other), None);
}

#[test]
fn a_source_needs_its_address_one_of_its_ports_and_a_host_that_it_named() {
    let mut store = store(false);
    let id =
        put(&mut store, registered("sip:a@10.0.0.5:5070", ("192.0.2.1", 40000), "proxy.example"));
    for (via, from, found) in [
        ("10.0.0.5", ("192.0.2.1", 40000), true),
        ("proxy.example", ("192.0.2.1", 40000), true),
        ("192.0.2.1", ("192.0.2.1", 40000), true),
        ("10.9.9.9", ("192.0.2.1", 40000), false),
        ("", ("192.0.2.1", 40000), false),
        // The port of the Contact will do, if the Via names a host that came with it.
        ("10.0.0.5", ("192.0.2.1", 5070), true),
        ("proxy.example", ("192.0.2.1", 5070), true),
        ("192.0.2.1", ("192.0.2.1", 5070), false),
        ("10.0.0.5", ("192.0.2.1", 40001), false),
        ("10.0.0.5", ("192.0.2.2", 40000), false),
    ] {
        let search = asked(By::Source, (via, 5060), from, "");
        assert_eq!(store.find(&search), found.then_some(id), "{via} {from:?}");
    }
}

/// Rows IR1 to IR8 as far as the search decides: who sends, with which Via, from where.
#[test]
fn ir_1_to_ir_8_rows_of_the_matrix() {
    let mut store = store(false);
    let id = put(&mut store, registered("sip:alice@192.0.2.1:22100", ALICE, ALICE.0));
    let (other_port, other_host) = (("192.0.2.1", 22999), ("192.0.2.9", 22100));
    for (row, via, from, by_source, by_contact) in [
        ("IR1-IR3 same place", ALICE, ALICE, true, true),
        ("IR4 other port in the Via", (ALICE.0, 9), ALICE, true, false),
        ("IR5 other port, Via and Contact forged", ALICE, other_port, false, true),
        ("IR6 other port, own Via and Contact", other_port, other_port, false, false),
        ("IR7 other address, forged", ALICE, other_host, false, true),
        ("IR8 other host in the Via", ("10.9.9.9", 22100), ALICE, false, false),
    ] {
        let found = store.find(&asked(By::Source, via, from, ""));
        assert_eq!(found, by_source.then_some(id), "{row}, by source");
        let found = store.find(&asked(By::Contact, via, from, ""));
        assert_eq!(found, by_contact.then_some(id), "{row}, by contact");
    }
}

#[test]
fn a_registered_binding_is_before_any_other_and_the_newest_before_older_ones() {
    let mut store = store(false);
    let at = |port| registered("sip:a@192.0.2.1:5070", ("192.0.2.1", port), "192.0.2.1");
    let old = put(&mut store, at(5070));
    let new = put(&mut store, at(5071));
    let pending = put(&mut store, at(5072).in_state(State::PENDING));
    let search = asked(By::Contact, ("192.0.2.1", 5070), ("192.0.2.1", 1), "");
    assert_eq!(store.find(&all_states(search)), Some(new));
    assert_eq!(store.find(&Search { states: States(4), ..search }), Some(pending));
    store.refresh(old);
    assert_eq!(store.find(&search), Some(old), "it was confirmed last");
    store.get_mut(old).unwrap().state = State::DEREG_PENDING;
    store.refresh(old);
    assert_eq!(store.find(&search), Some(new));
    assert_eq!(store.find(&Search { states: States(36), ..search }), Some(old), "changed last");
    store.remove(new);
    assert_eq!(store.find(&search), None);
}

#[test]
fn a_contact_port_does_not_reach_what_came_from_that_port() {
    let mut store = store(false);
    let from = |port| ("192.0.2.1", port);
    let own = put(&mut store, Record::new("sip:a@192.0.2.1:5070", from(5080), "192.0.2.1"));
    let other = put(&mut store, registered("sip:b@192.0.2.1:5080", from(5090), "192.0.2.1"));
    let search = all_states(asked(By::Source, from(5080), from(5080), ""));
    assert_eq!(store.find(&search), Some(own), "though the other one is registered and newer");
    store.remove(own);
    assert_eq!(store.find(&search), Some(other));
}

#[test]
fn an_instance_that_came_from_the_port_is_before_one_that_only_names_it() {
    let mut store = store(false);
    let aor = "sip:a@192.0.2.1:5070;rinstance=x";
    let old = put(&mut store, registered(aor, ("192.0.2.1", 5070), "192.0.2.1"));
    put(&mut store, registered(aor, ("192.0.2.1", 40000), "192.0.2.1"));
    let place = ("192.0.2.1", 5070);
    assert_eq!(store.find(&asked(By::Source, place, place, aor)), Some(old));
}

/// The transcript of section 8.3: the first REGISTER of a phone with IPsec leaves a binding in state 0.
#[test]
fn u_36_the_second_register_through_ipsec_finds_its_own_binding() {
    let mut store = store(false);
    let ue = "127.0.0.1";
    let first = Record::new("sip:a@127.0.0.1:22121", (ue, 22100), ue).in_state(State::NONE);
    put(&mut store, first);
    let protected = (ue, 22120);
    let second = all_states(asked(By::Source, protected, protected, ""));
    assert_eq!(store.find(&second), None, "so a second binding is made");
    let id = put(&mut store, Record::new("sip:a@127.0.0.1:22121", protected, ue));
    let reply = all_states(asked(By::Contact, (ue, 22121), protected, ""));
    assert_eq!(store.find(&reply), Some(id));
    store.get_mut(id).unwrap().state = State::REGISTERED;
    store.refresh(id);
    assert_eq!(store.find(&asked(By::Source, protected, protected, "")), Some(id));
}

#[test]
fn service_routes_that_are_asked_for_must_be_the_same() {
    let mut store = store(false);
    let mut record = registered("sip:alice@192.0.2.1:22100", ALICE, ALICE.0);
    record.routes = vec![b"sip:one;lr".to_vec(), b"sip:two;lr".to_vec()];
    let id = put(&mut store, record);
    let search = asked(By::Source, ALICE, ALICE, "");
    for (routes, found) in [
        (&[][..], true),
        (&[&b"sip:one;lr"[..], b"sip:two;lr"][..], true),
        (&[b"sip:one;lr"], false),
        (&[b"sip:two;lr", b"sip:one;lr"], false),
        (&[b"sip:one;lr", b"sip:Two;lr"], false),
        (&[b"sip:one;lr", b"sip:two;lr", b""], false),
    ] {
        let found = found.then_some(id);
        assert_eq!(store.find(&Search { routes, ..search }), found, "{routes:?}");
    }
}

#[test]
fn what_is_no_uri_finds_nothing() {
    assert!(Search::new(By::Source, b"<foo>", false).is_err());
    assert!(Search::new(By::Source, b"sip:a@192.0.2.1:99999999", false).is_err());
    assert!(Search::new(By::Source, b"", true).unwrap().user.is_none());
    assert_eq!((By::of_flag(2), By::of_flag(0)), (By::Contact, By::Contact));
    assert_eq!((By::of_flag(1), By::of_flag(3)), (By::Source, By::Source));
}

#[test]
fn an_explanation_names_the_rule_and_both_values() {
    let record = registered("sip:a@10.0.0.5:5070;rinstance=x", ("192.0.2.1", 40000), "10.0.0.5");
    let aor = "sip:b@h;rinstance=y";
    let search = Search {
        states: States(4),
        ..asked(By::Source, ("10.0.0.6", 5060), ("192.0.2.1", 40001), aor)
    };
    let told: Vec<_> = explain(&search, &record)
        .into_iter()
        .map(|found| (found.rule, found.passed, found.text))
        .collect();
    let expected = [
        (Rule::ReceivedHost, true, "asked 192.0.2.1, has 192.0.2.1"),
        (Rule::ReceivedPort, false, "asked 40001, has 40000, contact port 5070"),
        (Rule::ViaHost, false, "asked 10.0.0.6, has via host 10.0.0.5, contact host 10.0.0.5"),
        (Rule::Rinstance, false, "asked y, has x"),
        (Rule::State, false, "asked mask 4, has 2 (registered)"),
    ];
    assert_eq!(told, expected.map(|(rule, passed, text)| (rule, passed, text.to_owned())));
}

#[test]
fn u_04_contacts_with_one_via_host_are_in_one_group() {
    let mut store = store(false);
    assert_eq!((store.groups(), store.longest(), store.fullest()), (512, 0, (0, 0)));
    let ids = [1, 2].map(|port| {
        put(&mut store, Record::new("sip:a@192.0.2.9", ("192.0.2.1", port), "192.0.2.1"))
    });
    put(&mut store, Record::new("sip:a@192.0.2.9", ("192.0.2.2", 1), "ue.example"));
    assert_eq!((store.longest(), store.fullest().1), (2, 2));
    for id in ids {
        store.remove(id);
    }
    assert_eq!(store.longest(), 1);
}
