use super::{Parameters, Refusal, Request, Rules, asserts, check, searches, states};
use crate::decide::tests::{alice, place};
use crate::decide::{Bound, Mode, Place, Query, Via};
use crate::search::By;
use crate::uri::Uri;
use crate::{Binding, Host, Search, State};

const STRICT: Parameters = Parameters {
    ignore_port: false,
    port_without_ipsec: true,
    ignore_proto: true,
    ignore_state: false,
};

fn via(host: &str, port: u16) -> Via<'_> {
    Via { host: host.as_bytes(), port, proto: 1, ..Via::default() }
}

fn request<'m>(contacts: &'m [&'m [u8]], via: Via<'m>, place: Place<'m>) -> Request<'m> {
    Request { contacts, reply: false, via, place, fallback2ip: 0, states: states(false) }
}

/// The rules of the location store for `record`, which came with its own host in the Via.
fn finds(record: &Bound<'_>, query: &Query<'_>) -> bool {
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
        ..Search::new(by, query.aor, false).unwrap()
    };
    search.matches(record)
}

impl Binding for Bound<'_> {
    fn aor(&self) -> &[u8] {
        self.aor
    }
    fn contact_host(&self) -> &[u8] {
        Uri::parse(self.aor).unwrap().host
    }
    fn contact_port(&self) -> u16 {
        Uri::parse(self.aor).unwrap().port_or_default()
    }
    fn contact_user(&self) -> &[u8] {
        Uri::parse(self.aor).unwrap().user
    }
    fn rinstance(&self) -> &[u8] {
        Uri::parse(self.aor).unwrap().param(b"rinstance").unwrap_or_default()
    }
    fn received_host(&self) -> &[u8] {
        self.received.host
    }
    fn received_port(&self) -> u16 {
        self.received.port
    }
    fn via_host(&self) -> &[u8] {
        self.contact_host()
    }
    fn state(&self) -> State {
        self.state
    }
    fn public_ids(&self) -> usize {
        self.ids.len()
    }
    fn each_public_id(&self, look: &mut dyn FnMut(&[u8])) {
        self.ids.iter().for_each(|id| look(id));
    }
    fn service_routes(&self) -> usize {
        0
    }
    fn service_route(&self, _: usize) -> Option<&[u8]> {
        None
    }
}

fn registered(record: &Bound<'_>, request: &Request<'_>, parameters: Parameters) -> i32 {
    let rules = Rules::new(&parameters, true);
    let found = searches(request).is_ok_and(|mut queries| {
        queries.any(|query| {
            let rules = rules.found_by(query.mode, request.fallback2ip);
            finds(record, &query) && check(record, &request.place, &rules).is_ok()
        })
    });
    if found { 1 } else { -1 }
}

/// Return codes with `is_registered_fallback2ip` 0, 1, 2, and 1 without the check of the port.
fn row(request: &Request<'_>) -> [i32; 4] {
    let code = |fallback2ip, ignore_port| {
        let request = Request { fallback2ip, ..*request };
        registered(&alice(), &request, Parameters { ignore_port, ..STRICT })
    };
    [code(0, false), code(1, false), code(2, false), code(1, true)]
}

#[test]
fn ir1_to_ir8_the_matrix_of_the_contract() {
    let own: &[&[u8]] = &[b"sip:alice@127.0.0.1:22100"];
    let other_user: &[&[u8]] = &[b"sip:bob@127.0.0.1:9"];
    let far: &[&[u8]] = &[b"sip:alice@127.0.0.1:22999"];
    let (here, port) = (place("127.0.0.1", 22100), place("127.0.0.1", 22999));
    let alice = via("127.0.0.1", 22100);
    for (name, request, expected) in [
        ("same ip:port", request(own, alice, here), [1, 1, 1, 1]),
        ("no contact", request(&[], alice, here), [-1, 1, 1, 1]),
        ("other contact", request(other_user, alice, here), [1, 1, 1, 1]),
        ("via port 9", request(own, via("127.0.0.1", 9), here), [1, 1, 1, 1]),
        ("other port, spoofed", request(own, alice, port), [-1, -1, -1, 1]),
        ("other port, own", request(far, via("127.0.0.1", 22999), port), [-1, -1, -1, -1]),
        ("other ip, spoofed", request(own, alice, place("127.0.0.2", 22100)), [-1, -1, -1, -1]),
        ("via elsewhere", request(own, via("10.9.9.9", 22100), here), [-1, -1, -1, -1]),
    ] {
        // Without a look at the port the documented search by Contact finds a spoofed one in
        // mode 0, too: that column of the contract is mode 1.
        assert_eq!(row(&request), expected, "{name}");
    }
}

#[test]
fn ir9_ir10_the_transport_counts_if_it_is_not_ignored() {
    let own: &[&[u8]] = &[b"sip:alice@127.0.0.1:22100"];
    let tcp = Place { proto: 2, ..place("127.0.0.1", 22100) };
    let tcp = request(own, via("127.0.0.1", 22100), tcp);
    assert_eq!(registered(&alice(), &tcp, STRICT), 1);
    assert_eq!(registered(&alice(), &tcp, Parameters { ignore_proto: false, ..STRICT }), -1);
}

#[test]
fn ir11_who_only_asked_for_registration_is_not_registered() {
    let own: &[&[u8]] = &[b"sip:alice@127.0.0.1:22100"];
    let ask = request(own, via("127.0.0.1", 22100), place("127.0.0.1", 22100));
    for (state, strict, ignoring) in [
        (State::REGISTERED, 1, 1),
        (State::PENDING_AAR, -1, 1),
        (State::DEREG_PENDING, -1, 1),
        (State::PENDING, -1, -1),
        (State::UNREGISTERED, -1, -1),
        (State::NONE, -1, -1),
    ] {
        let record = Bound { state, ..alice() };
        assert_eq!(registered(&record, &ask, STRICT), strict, "{state:?}");
        let request = Request { states: states(true), ..ask };
        let parameters = Parameters { ignore_state: true, ..STRICT };
        assert_eq!(registered(&record, &request, parameters), ignoring, "{state:?}");
    }
}

#[test]
fn ir12_a_contact_that_is_no_uri_is_refused() {
    for contact in ["foo", "", "sip:a@b:99999999"] {
        let contacts: &[&[u8]] = &[contact.as_bytes()];
        for fallback2ip in [0, 1, 2] {
            let ask = request(contacts, via("127.0.0.1", 22100), place("127.0.0.1", 22100));
            let refused = searches(&Request { fallback2ip, ..ask }).err().unwrap();
            assert_eq!(refused, Refusal::BadContact(contact.into()));
        }
    }
}

#[test]
fn without_a_contact_the_refusal_says_what_would_do() {
    let refused = searches(&request(&[], via("h", 1), place("127.0.0.1", 1))).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "no contact header, and is_registered_fallback2ip is 0; must be 1 or 2 to do without"
    );
}

#[test]
fn ir13_the_instance_of_a_contact_must_be_the_same() {
    let record = Bound { aor: b"sip:alice@127.0.0.1:22100;rinstance=abc", ..alice() };
    for (end, expected) in
        [(";rinstance=abc", 1), (";rinstance=abd", -1), (";rinstance=abcd", -1), ("", 1)]
    {
        let contact = format!("sip:alice@127.0.0.1:22100{end}");
        let contacts = [contact.as_bytes()];
        let ask = request(&contacts, via("127.0.0.1", 22100), place("127.0.0.1", 22100));
        for fallback2ip in [0, 1, 2] {
            let ask = Request { fallback2ip, ..ask };
            assert_eq!(registered(&record, &ask, STRICT), expected, "{end} {fallback2ip}");
        }
    }
}

#[test]
fn ir14_expiry_is_not_looked_at() {
    let record = Bound { expires: 0, ..alice() };
    let rules = Rules::new(&STRICT, false);
    assert_eq!(check(&record, &place("127.0.0.1", 22100), &rules), Ok(()));
}

#[test]
fn ir15_a_reply_is_known_by_its_contact_then_by_its_last_via_then_by_its_source() {
    let own: &[&[u8]] = &[b"sip:alice@127.0.0.1:22100"];
    let foreign: &[&[u8]] = &[b"sip:alice@192.0.2.1"];
    let proxy = via("192.0.2.254", 5060);
    for (contacts, via, port, expected) in [
        (own, proxy, 22100, 1),
        (foreign, Via { host: b"127.0.0.1", port: 22100, ..proxy }, 22100, 1),
        (foreign, proxy, 22100, 1),
        (own, proxy, 22999, -1),
    ] {
        let place = place("127.0.0.1", port);
        let reply = Request { reply: true, ..request(contacts, via, place) };
        assert_eq!(registered(&alice(), &reply, STRICT), expected, "{via:?} {port}");
    }
    let reply = Request { reply: true, ..request(own, proxy, place("127.0.0.1", 1)) };
    assert_eq!(searches(&reply).unwrap().count(), 6);
}

#[test]
fn ir16_the_port_is_checked_without_ipsec_too_unless_that_is_switched_off() {
    let rules = |ipsec, port_without_ipsec| {
        Rules::new(&Parameters { port_without_ipsec, ..STRICT }, ipsec).port
    };
    assert!(rules(false, true) && rules(true, false));
    assert!(!rules(false, false));
    assert!(!Rules::new(&Parameters { ignore_port: true, ..STRICT }, true).port);
}

#[test]
fn ip1_requests_come_from_the_protected_client_port() {
    let ipsec = Bound {
        received: place("127.0.0.1", 22120),
        port_uc: Some(22120),
        aor: b"sip:alice@127.0.0.1:22121",
        ..alice()
    };
    let rules = Rules::new(&STRICT, true);
    assert_eq!(check(&ipsec, &place("127.0.0.1", 22120), &rules), Ok(()));
    for port in [22121, 22100] {
        let refused = check(&ipsec, &place("127.0.0.1", port), &rules).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "came from port {port}, contact \"sip:alice@127.0.0.1:22121\" was registered \
                 from 22120 and its protected port is 22120"
            )
        );
    }
}

#[test]
fn refusals_say_what_was_compared() {
    let rules = Rules { port: true, proto: true, states: states(false) };
    let refused =
        |record: &Bound<'_>, place| check(record, &place, &rules).unwrap_err().to_string();
    assert_eq!(
        refused(&alice(), place("::1", 22100)),
        "came from udp:[::1]:22100, contact \"sip:alice@127.0.0.1:22100\" was registered from \
         udp:127.0.0.1:22100"
    );
    assert_eq!(
        refused(&alice(), Place { proto: 2, ..place("127.0.0.1", 22100) }),
        "came from tcp:127.0.0.1:22100, contact \"sip:alice@127.0.0.1:22100\" was registered from \
         udp:127.0.0.1:22100; the transport must be the same"
    );
    let pending = Bound { state: State::PENDING, ..alice() };
    assert_eq!(
        refused(&pending, place("127.0.0.1", 22100)),
        "contact \"sip:alice@127.0.0.1:22100\" is in state registration pending, must be registered"
    );
}

#[test]
fn ai1_ai2_an_identity_is_one_of_the_contact() {
    let ids = || alice().ids.iter().copied();
    for id in ["<sip:+4930123456@ims.test>", "SIP:ALICE@IMS.TEST", "tel:+4930123456"] {
        assert!(asserts(ids(), id.as_bytes()), "{id}");
    }
    for id in ["sip:eve@ims.test", "<sip:alice@ims.test>;x=1", "", "<", ">", "<>"] {
        assert!(!asserts(ids(), id.as_bytes()), "{id}");
    }
    assert!(!asserts([&b""[..]], b""));
}
