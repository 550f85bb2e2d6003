//! What a user takes of shared memory.

use super::{
    profile,
    records::{PARAMS, PHONE},
    store::with_engine,
};
use inprocess::host;
use kamailio::scscf::{NewContact, NewIdentity, Param};

/// Users that are made; few enough for the pool of the tests.
const USERS: u32 = 500;

/// What the C module really takes for a user with one identity, and with three.
const C: [u64; 2] = [4_300, 8_200];

/// Parameters as a phone for voice sends them.
const FIVE: [Param<'static>; 5] = [
    PARAMS[0],
    PARAMS[1],
    Param { kind: 0, name: b"+sip.instance", body: b"\"<urn:gsma:imei:35209900-176148-0>\"" },
    Param {
        kind: 0,
        name: b"+g.3gpp.icsi-ref",
        body: b"\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel\"",
    },
    Param { kind: 0, name: b"q", body: b"0.5" },
];

/// Bytes asked for and really used by a user with so many identities and a contact with `params`.
fn measure(identities: u32, params: &[Param<'_>]) -> (u64, u64) {
    let mut measured = (0, 0);
    with_engine(|engine, domain| {
        engine.with(|records, kept| {
            let four = ["a", "b", "c", "d"]
                .map(|name| profile::criteria(&format!("sip:as-{name}.ims.example")));
            let start = (host::used(), host::really_used());
            for user in 0..USERS {
                let mut value = profile::user(user, four.to_vec());
                let set = &mut value.profiles[0].identities;
                let third = set[0].clone();
                set.push(third);
                set.truncate(usize::try_from(identities).unwrap());
                let made = records.try_subscriber(&value, false, 1).unwrap();
                let owner = kept.subscribers.try_insert(made).unwrap();
                kept.subscribers.get_mut(owner).unwrap().set_id(owner.to_u64());
                let contact =
                    NewContact { params, aor: &value.profiles[0].identities[0].uri, ..PHONE };
                let made = records.try_contact(domain, &contact, 1).unwrap();
                let contact = kept.contacts.try_insert(made).unwrap();
                for identity in &value.profiles[0].identities {
                    let new = NewIdentity {
                        public: &identity.uri,
                        private: &value.private_identity,
                        hash: 1,
                        state: 1,
                        barring: 0,
                        primary: true,
                        expires: 0,
                        charging: [b""; 4],
                    };
                    let id = kept.add_identity(records, domain, &new).unwrap();
                    kept.belongs(records, id, owner);
                    let record = kept.identities.get_mut(id).unwrap();
                    records.link(record, kept.contacts.get_mut(contact).unwrap(), 1).unwrap();
                }
            }
            let users = u64::from(USERS);
            measured = ((host::used() - start.0) / users, (host::really_used() - start.1) / users);
        });
    });
    measured
}

pub(super) fn users() {
    for (identities, c) in [1, 3].into_iter().zip(C) {
        for params in [&PARAMS[..], &FIVE[..]] {
            let (asked, used) = measure(identities, params);
            // In C each parameter is three blocks more; here it is its text and a struct.
            let more = if params.len() > PARAMS.len() { 420 } else { 0 };
            assert!(
                used * 10 <= c * 4 + more * 10,
                "{identities} identities, {} parameters: {asked} bytes asked for, {used} really \
                 used, {c} in C",
                params.len()
            );
        }
    }
}
