//! Identities, contacts and watchers.

use super::store::with_engine;
use core::ptr;
use inprocess::host;
use kamailio::{
    location::REST,
    scscf::{
        Contact, ContactChanges, ContactState, Domain, Identity, IdentityChanges, NewContact,
        NewIdentity, NewWatcher, Param, Records, Socket,
    },
    shm,
};
use kamailio_sys::{self as core_sys, scscf as sys};

pub(super) const NOW: i64 = 1_000;
const ALL: u32 = u32::MAX;

pub(super) const ALICE: NewIdentity<'static> = NewIdentity {
    public: b"sip:alice@ims.example",
    private: b"alice@ims.example",
    hash: 4711,
    state: 1,
    barring: 1,
    primary: true,
    expires: 0,
    charging: [b"", b"", b"", b""],
};

pub(super) const PARAMS: [Param<'static>; 2] = [
    Param { kind: 0, name: b"expires", body: b"600" },
    Param { kind: 0, name: b"+g.3gpp.smsip", body: b"" },
];

pub(super) const PHONE: NewContact<'static> = NewContact {
    aor: b"sip:alice@ims.example",
    uri: b"sip:alice@192.0.2.7:5060",
    received: b"",
    path: b"<sip:term@pcscf.ims.example;lr>",
    callid: b"4c8b@192.0.2.7",
    user_agent: b"phone/1.0",
    params: &PARAMS,
    expires: 1_600,
    q: -1,
    cseq: 7,
    flags: 1,
    cflags: 2,
    methods: 31,
    sock: Socket::NONE,
    last_modified: 1_000,
    is_3gpp: true,
};

pub(super) const WATCHER: NewWatcher<'static> = NewWatcher {
    event: 1,
    expires: 5_000,
    version: 1,
    local_cseq: 2,
    watcher_uri: b"sip:bob@ims.example",
    watcher_contact: b"sip:bob@192.0.2.9",
    presentity_uri: b"sip:alice@ims.example",
    call_id: b"watch@192.0.2.9",
    from_tag: b"f",
    to_tag: b"t",
    record_route: b"<sip:pcscf;lr>",
    sockinfo: b"udp:127.0.0.1:5060",
};

pub(super) fn bytes<'a>(text: core_sys::str_) -> &'a [u8] {
    if text.s.is_null() {
        assert_eq!(text.len, 0);
        return b"";
    }
    // SAFETY: a text of a record that lives.
    unsafe { core::slice::from_raw_parts(text.s.cast(), usize::try_from(text.len).unwrap()) }
}

/// The struct that C reads.
pub(super) fn c_of(identity: &Identity) -> &sys::impurecord {
    // SAFETY: the handle is the address of the struct, and the record lives.
    unsafe { &*address(&identity.handle()).cast() }
}

pub(super) fn c_of_contact(contact: &Contact) -> &sys::ucontact {
    // SAFETY: as above.
    unsafe { &*address(&contact.handle()).cast() }
}

/// Handles are addresses, which they show.
fn address(handle: &impl core::fmt::Debug) -> *const u8 {
    let text = format!("{handle:?}");
    let hex = text.split_once("0x").unwrap().1.trim_end_matches(')');
    ptr::with_exposed_provenance(usize::from_str_radix(hex, 16).unwrap())
}

pub(super) fn alice(records: &mut Records, domain: Domain) -> Identity {
    records.try_identity(domain, &ALICE, NOW).unwrap()
}

pub(super) fn phone(records: &mut Records, domain: Domain) -> Contact {
    records.try_contact(domain, &PHONE, NOW).unwrap()
}

pub(super) fn identity() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            let new = NewIdentity { charging: [b"aaa://ccf", b"", b"aaa://ecf", b""], ..ALICE };
            let identity = records.try_identity(domain, &new, NOW).unwrap();
            let c = c_of(&identity);
            assert_eq!(bytes(c.public_identity), ALICE.public);
            assert_eq!(bytes(c.private_identity), ALICE.private);
            assert_eq!((c.aorhash, c.reg_state, c.barring, c.is_primary), (4711, 1, 1, 1));
            assert_eq!((c.send_sar_on_delete, c.linked_contacts.numcontacts), (1, 0));
            assert_eq!((bytes(c.ccf1), bytes(c.ecf1)), (&b"aaa://ccf"[..], &b"aaa://ecf"[..]));
            assert!(c.ccf2.s.is_null());
            // SAFETY: names of domains stay.
            assert_eq!(bytes(unsafe { *c.domain }), b"location");
            assert_eq!(identity.domain(), Some(domain));
            drop(identity);
            assert_eq!(host::used(), before);
        });
    });
}

/// Records of about the same size share a block of the host by sixteen.
pub(super) fn together() {
    const SHARED: usize = 16;
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            let mut all = vec![alice(records, domain)];
            let one = host::used() - before;
            assert!(one < 16 * 400, "{one} bytes");
            all.resize_with(SHARED, || alice(records, domain));
            assert_eq!(host::used() - before, one);
            all.push(alice(records, domain));
            assert_eq!(host::used() - before, 2 * one);
            // The places of those that go are used again, in whichever block they lie.
            for at in [3, 7, 12, 0] {
                drop(all.swap_remove(at));
            }
            all.resize_with(2 * SHARED, || alice(records, domain));
            assert_eq!(host::used() - before, 2 * one);
            let mut addresses: Vec<_> = all.iter().map(|one| address(&one.handle())).collect();
            addresses.sort_unstable();
            assert!(addresses.windows(2).all(|pair| pair[1].addr() - pair[0].addr() >= 300));
            assert!(all.iter().all(|one| one.public() == ALICE.public));
            // A block goes with its last record; what is very long has one of its own.
            drop(all);
            assert_eq!(host::used(), before);
            let long = [b'x'; 1_000];
            let new = NewIdentity { charging: [&long, b"", b"", b""], ..ALICE };
            let identity = records.try_identity(domain, &new, NOW).unwrap();
            let used = host::used() - before;
            assert!((1_000..1_500).contains(&used), "{used} bytes");
            drop(identity);
            assert_eq!(host::used(), before);
        });
    });
}

pub(super) fn contact() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            let mut contact = phone(records, domain);
            let c = c_of_contact(&contact);
            assert_eq!((bytes(c.c), bytes(c.aor)), (PHONE.uri, PHONE.aor));
            assert_eq!((bytes(c.path), bytes(c.callid)), (PHONE.path, PHONE.callid));
            assert_eq!((bytes(c.user_agent), c.received.s), (PHONE.user_agent, ptr::null_mut()));
            assert_eq!((bytes(c.domain), c.is_3gpp, c.state), (&b"location"[..], 1, 0));
            assert_eq!((c.expires, c.q, c.cseq, c.ref_count), (1_600, -1, 7, 0));
            // SAFETY: the list of the contact.
            let first = unsafe { *c.params };
            assert_eq!((bytes(first.name), bytes(first.body)), (&b"expires"[..], &b"600"[..]));
            // SAFETY: as above.
            let second = unsafe { *first.next };
            assert_eq!((bytes(second.name), second.next), (&b"+g.3gpp.smsip"[..], ptr::null_mut()));
            contact.set_slot(77);
            contact.set_state(ContactState::NotifyReady);
            assert_eq!((c_of_contact(&contact).sl, c_of_contact(&contact).state), (77, 5));
            drop(contact);
            assert_eq!(host::used(), before);
        });
    });
}

pub(super) fn changes() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            let mut identity = alice(records, domain);
            let none = IdentityChanges::default();
            records.change_identity(&mut identity, &none, NOW).unwrap();
            let first = host::used();
            let charging = [Some(&b"aaa://new"[..]), None, None, Some(b"")];
            let change = IdentityChanges { charging, private: Some(b"other@ims.example") };
            records.change_identity(&mut identity, &change, NOW).unwrap();
            assert_eq!(identity.charging(), [&b"aaa://new"[..], b"", b"", b""]);
            assert_eq!(identity.private(), b"other@ims.example");
            assert_eq!(records.resting(), 0);
            // What is in the second block already stays when something else changes.
            let charging = [None, Some(&b"aaa://2"[..]), None, None];
            records
                .change_identity(&mut identity, &IdentityChanges { charging, private: None }, NOW)
                .unwrap();
            assert_eq!(identity.charging(), [&b"aaa://new"[..], b"aaa://2", b"", b""]);
            assert_eq!((identity.private(), records.resting()), (&b"other@ims.example"[..], 1));
            let charging = [Some(&b""[..]), Some(b""), None, None];
            let change = IdentityChanges { charging, private: Some(ALICE.private) };
            records.change_identity(&mut identity, &change, NOW).unwrap();
            records.clear(NOW + REST, ALL);
            assert!(host::used() - first < 200);
            assert_eq!((identity.charging(), identity.private()), ([&b""[..]; 4], ALICE.private));

            let mut contact = phone(records, domain);
            let same = ContactChanges {
                path: Some(PHONE.path),
                params: Some(&PARAMS),
                ..ContactChanges::default()
            };
            records.change_contact(&mut contact, &same, NOW).unwrap();
            assert_eq!(records.resting(), 0, "nothing has changed");
            let other = [Param { kind: 0, name: b"q", body: b"0.5" }];
            let change = ContactChanges {
                received: Some(b"sip:198.51.100.1:9"),
                params: Some(&other),
                ..same
            };
            records.change_contact(&mut contact, &change, NOW).unwrap();
            assert_eq!(contact.received(), b"sip:198.51.100.1:9");
            assert!(contact.params().eq(other));
            let change = ContactChanges { callid: Some(b"new"), ..ContactChanges::default() };
            records.change_contact(&mut contact, &change, NOW).unwrap();
            assert_eq!(
                (contact.callid(), contact.received()),
                (&b"new"[..], &b"sip:198.51.100.1:9"[..])
            );
            assert!(contact.params().eq(other), "parameters moved with the texts");
            let change = ContactChanges { params: Some(&[]), received: Some(b""), ..same };
            records.change_contact(&mut contact, &change, NOW).unwrap();
            assert_eq!((contact.params().count(), contact.received()), (0, &b""[..]));
            assert_eq!((contact.callid(), contact.path()), (&b"new"[..], PHONE.path));
            records.bury_contact(contact, NOW);
            records.bury_identity(identity, NOW);
            records.clear(NOW + 2 * REST, ALL);
            assert_eq!((records.resting(), host::used()), (0, before));
        });
    });
}

pub(super) fn lower() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            // Room below the record, which the second blocks will take.
            let room: Vec<_> =
                [256, 512, 1024].iter().map(|size| shm::try_boxed_slice(&vec![1; *size])).collect();
            let mut contact = phone(records, domain);
            drop(room);
            let other = [Param { kind: 0, name: b"q", body: b"0.5" }];
            let params = ContactChanges { params: Some(&other), ..ContactChanges::default() };
            records.change_contact(&mut contact, &params, NOW).unwrap();
            for round in 0..20_i64 {
                let text = [b'a'; 20].map(|byte| byte + u8::try_from(round).unwrap());
                let change = ContactChanges { callid: Some(&text), ..ContactChanges::default() };
                records.change_contact(&mut contact, &change, NOW + round * REST).unwrap();
                records.clear(NOW + (round + 1) * REST, ALL);
                // What was given back is used for something else.
                let dirt = [100, 200].map(|size| shm::try_boxed_slice(&vec![0xff; size]).unwrap());
                assert!(contact.params().eq(other), "round {round}");
                assert_eq!((contact.callid(), contact.path()), (&text[..], PHONE.path));
                drop(dirt);
            }
            records.bury_contact(contact, NOW + 200);
            records.clear(NOW + 200 + REST, ALL);
            assert_eq!((records.resting(), host::used()), (0, before));
        });
    });
}

pub(super) fn private() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let new = NewIdentity { private: b"", ..ALICE };
            let mut identity = records.try_identity(domain, &new, NOW).unwrap();
            let mut own = alice(records, domain);
            let value = |number| super::profile::user(number, Vec::new());
            let mut one = records.try_subscriber(&value(1), false, NOW).unwrap();
            let mut two = records.try_subscriber(&value(2), false, NOW).unwrap();
            assert_eq!(identity.private(), b"");
            for record in [&mut identity, &mut own] {
                assert_eq!(records.set_subscriber(record, Some(&mut one)), None);
                assert_eq!(records.set_subscriber(record, Some(&mut one)), None);
            }
            assert_eq!((identity.private(), own.private()), (one.private(), ALICE.private));
            assert_eq!(records.set_subscriber(&mut identity, Some(&mut two)), Some(one.handle()));
            assert_eq!((identity.private(), one.ref_count()), (two.private(), 1));
            let charging = [Some(&b"aaa://ccf"[..]), None, None, None];
            let change = IdentityChanges { charging, private: None };
            records.change_identity(&mut identity, &change, NOW).unwrap();
            assert_eq!(identity.charging(), [&b"aaa://ccf"[..], b"", b"", b""]);
            assert_eq!(identity.private(), two.private());
            assert_eq!(records.set_subscriber(&mut identity, None), Some(two.handle()));
            assert_eq!((identity.private(), two.ref_count()), (&b""[..], 0));
            records.set_subscriber(&mut own, None);
        });
    });
}

pub(super) fn rest() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            let mut identity = alice(records, domain);
            identity.set_id(5);
            let handle = identity.handle();
            records.bury_identity(identity, NOW);
            assert_eq!((handle.id(), records.resting()), (5, 1));
            records.clear(NOW + REST - 1, ALL);
            assert_eq!((handle.id(), records.resting()), (5, 1));
            records.clear(NOW + REST, ALL);
            assert_eq!((records.resting(), host::used()), (0, before));
        });
    });
}

pub(super) fn careless() {
    with_engine(|engine, domain| {
        engine.with(|records, _| {
            let before = host::used();
            let mut identity = alice(records, domain);
            let (mut one, mut other) = (phone(records, domain), phone(records, domain));
            let mut watcher = records.try_watcher(&WATCHER, NOW).unwrap();
            records.link(&mut identity, &mut one, NOW).unwrap();
            records.link(&mut identity, &mut other, NOW).unwrap();
            records.watch(&mut identity, &mut watcher);
            records.bury_contact(one, NOW);
            assert_eq!(identity.contact_count(), 1);
            records.bury_identity(identity, NOW);
            assert_eq!((other.link_count(), watcher.identity()), (0, None));
            records.bury_contact(other, NOW);
            records.bury_watcher(watcher, NOW);
            records.clear(NOW + REST, ALL);
            assert_eq!((records.resting(), host::used()), (0, before));
        });
    });
}
