//! Rows that are written, stored by a database in its way, and read again.

use super::{cell::LAST_TIME, *};
use crate::profile::{PublicIdentity, ServiceProfile, Subscription};
use proptest::{collection::vec, prelude::*};

/// A row as a database gives it back, with the columns that it has.
struct Stored(Vec<(&'static str, Cell<'static>)>);

impl Stored {
    fn new(table: &Table, limits: &Limits, writing: &Writing<'_>) -> Self {
        let cells = table.present(limits).into_iter().map(|column| {
            let found = writing.cells.iter().find(|(name, _)| *name == column);
            (column, found.map_or(Cell::Int(17), |(_, cell)| own(cell)))
        });
        let stored = Self(cells.collect());
        assert_eq!(writing.cells.len() + 1, stored.0.len(), "each column is written once");
        stored
    }

    fn set(mut self, column: &str, cell: Cell<'static>) -> Self {
        let place = self.0.iter_mut().find(|(name, _)| *name == column).unwrap();
        place.1 = cell;
        self
    }

    fn cell(&self, column: &str) -> Option<&Cell<'static>> {
        self.0.iter().find(|(name, _)| *name == column).map(|(_, cell)| cell)
    }
}

/// A table with all columns that may be there, none of which refuses a text.
fn whole(table: &Table) -> Limits {
    let columns = table.columns.iter().chain(table.own);
    Limits::of(columns.map(|column| (column.as_bytes().to_vec(), None)))
}

fn own(cell: &Cell<'_>) -> Cell<'static> {
    match cell.clone() {
        Cell::Text(text) => Cell::Text(text.into_owned().into()),
        Cell::Int(number) => Cell::Int(number),
        Cell::Blob(bytes) => Cell::Blob(bytes),
        Cell::Time(time) => Cell::Time(time),
        Cell::Null => Cell::Null,
    }
}

impl Cells for Stored {
    type Column = &'static str;

    fn int(&self, column: &'static str) -> Option<i64> {
        match self.cell(column)? {
            Cell::Int(number) | Cell::Time(number) => Some(*number),
            _ => None,
        }
    }

    fn text(&self, column: &'static str) -> Option<&[u8]> {
        match self.cell(column)? {
            Cell::Text(text) => Some(text),
            Cell::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }
}

fn text(least: usize) -> impl Strategy<Value = BString> {
    vec(
        prop_oneof![
            Just('\''),
            Just('"'),
            Just('\\'),
            Just(';'),
            Just('ä'),
            proptest::char::range('!', '~')
        ],
        least..40,
    )
    .prop_map(|text| text.into_iter().collect::<String>().into())
}

fn identity() -> impl Strategy<Value = Identity> {
    let texts = (text(0), text(1), text(0), text(0), text(0), text(0));
    (texts, 0..2_i32, prop_oneof![Just(1), Just(-1)], text(1)).prop_map(
        |((domain, impu, ccf1, ccf2, ecf1, ecf2), barring, reg_state, private_identity)| {
            let uri = impu.clone();
            let identities = vec![PublicIdentity { uri, ..PublicIdentity::default() }];
            let profiles = vec![ServiceProfile { identities, ..ServiceProfile::default() }];
            let subscription = Subscription { private_identity, profiles };
            Identity { domain, impu, barring, reg_state, ccf1, ccf2, ecf1, ecf2, subscription }
        },
    )
}

fn own_columns() -> impl Strategy<Value = Own> {
    let small = || proptest::option::of(any::<i32>());
    let word = || proptest::option::of(any::<u32>());
    let bits = (word(), word(), word());
    (small(), small(), bits, text(0), proptest::option::of(0..=LAST_TIME)).prop_map(
        |(q, cseq, (flags, cflags, methods), socket, last_modified)| Own {
            q,
            cseq,
            flags,
            cflags,
            methods,
            socket,
            last_modified,
        },
    )
}

fn contact() -> impl Strategy<Value = Contact> {
    let texts = (text(1), text(0), text(0), text(0), text(0), text(0));
    (texts, 0..=LAST_TIME, own_columns()).prop_map(
        |((contact, params, path, received, user_agent, callid), expires, own)| Contact {
            contact,
            params,
            path,
            received,
            user_agent,
            callid,
            expires,
            own,
        },
    )
}

fn watcher() -> impl Strategy<Value = Watcher> {
    let texts = (text(1), text(1), text(1), text(1), text(1), text(1), text(0), text(0));
    (texts, any::<i32>(), 0..=LAST_TIME, any::<i32>(), 0..i32::MAX).prop_map(
        |((uri, contact, presentity, call_id, from, to, route, socket), event, time, ver, cseq)| {
            let key = WatcherKey { event, watcher_contact: contact, presentity_uri: presentity };
            Watcher {
                key,
                watcher_uri: uri,
                expires: time,
                version: ver,
                local_cseq: cseq.unsigned_abs(),
                call_id,
                from_tag: from,
                to_tag: to,
                record_route: route,
                sockinfo_str: socket,
            }
        },
    )
}

fn anything() -> impl Strategy<Value = Cell<'static>> {
    prop_oneof![
        any::<i64>().prop_map(Cell::Int),
        vec(any::<u8>(), 0..60).prop_map(|text| Cell::Text(text.into())),
        Just(Cell::Null),
    ]
}

proptest! {
    #[test]
    fn u_19_rows_come_back_as_they_were(
        identity in identity(),
        contact in contact(),
        watcher in watcher(),
    ) {
        let limits = whole(&IDENTITIES);
        let row = Stored::new(&IDENTITIES, &limits, &identity.write(&limits, |_| 0).unwrap());
        prop_assert_eq!(Identity::read(&row), Ok((17, identity)));
        let limits = whole(&CONTACTS);
        let row = Stored::new(&CONTACTS, &limits, &contact.write(&limits).unwrap());
        prop_assert_eq!(Contact::read(&row), Ok((17, contact)));
        let limits = whole(&WATCHERS);
        let row = Stored::new(&WATCHERS, &limits, &watcher.write(&limits).unwrap());
        prop_assert_eq!(Watcher::read(&row), Ok((17, watcher)));
    }

    #[test]
    fn u_19_tables_of_kamailio_hold_all_but_our_own_columns(
        mut identity in identity(),
        mut contact in contact(),
    ) {
        let free = Limits::default();
        let row = Stored::new(&IDENTITIES, &free, &identity.write(&free, |_| 0).unwrap());
        identity.domain = BString::default();
        prop_assert_eq!(Identity::read(&row), Ok((17, identity)));
        let row = Stored::new(&CONTACTS, &free, &contact.write(&free).unwrap());
        contact.own = Own::default();
        prop_assert_eq!(Contact::read(&row), Ok((17, contact)));
    }

    #[test]
    fn u_20_a_row_of_anything_is_read_or_refused(cells in vec(anything(), 0..15)) {
        for table in [IDENTITIES, CONTACTS, WATCHERS] {
            let columns = table.present(&whole(&table));
            let row = Stored(columns.into_iter().zip(cells.iter().cloned()).collect());
            let _ = (Identity::read(&row), Contact::read(&row), Watcher::read(&row));
        }
    }
}

/// A contact with columns of ours, as a row.
fn stored() -> (Contact, Stored) {
    let own = Own { q: Some(300), cseq: Some(7), ..Own::default() };
    let contact = Contact {
        contact: "sip:bob@h".into(),
        params: "ob".into(),
        path: "<sip:p;lr>".into(),
        user_agent: "phone".into(),
        callid: "a".into(),
        expires: 1_900_000_000,
        own,
        ..Contact::default()
    };
    let limits = whole(&CONTACTS);
    let row = Stored::new(&CONTACTS, &limits, &contact.write(&limits).unwrap());
    (contact, row)
}

#[test]
fn u_19_what_another_module_wrote_goes_without_our_columns() {
    let (contact, row) = stored();
    assert_eq!(Contact::read(&row), Ok((17, contact.clone())));
    let other = |column: &str, cell| {
        let (_, row) = stored();
        Contact::read(&row.set(column, cell)).unwrap().1.own
    };
    let text = |text: &str| Cell::Text(text.as_bytes().to_vec().into());
    for (column, cell) in [
        (column::EXPIRES, Cell::Time(1_900_000_002)),
        (column::CALLID, text("b")),
        (column::USER_AGENT, text("")),
        (column::PATH, text("<sip:q;lr>")),
        (column::RECEIVED, text("sip:h:7")),
        (column::PARAMS, Cell::Null),
    ] {
        assert_eq!(other(column, cell), Own::default(), "{column}");
    }
    // A second more or less is how some databases keep times.
    assert_eq!(other(column::EXPIRES, Cell::Time(1_899_999_999)), contact.own);
    // A row from before there was a checksum, and one where null stands for nothing.
    assert_eq!(other(column::CHECKSUM, Cell::Null), contact.own);
    assert_eq!(other(column::RECEIVED, Cell::Null), contact.own);
}

#[test]
fn u_19_a_checksum_stays_what_it_is() {
    let (_, row) = stored();
    assert_eq!(row.int(column::CHECKSUM), Some(447_382_122));
}

#[test]
fn what_a_table_has_of_our_own_columns_is_used() {
    let named = |names: &[&str]| {
        let columns = CONTACTS.columns.iter().chain(names);
        Limits::of(columns.map(|column| (column.as_bytes().to_vec(), None)))
    };
    let limits = named(&["Q", "methods"]);
    assert_eq!(CONTACTS.lacking(&limits), "cseq, flags, cflags, socket, last_modified, checksum");
    let own = Own { q: Some(500), cseq: Some(7), methods: Some(u32::MAX), ..Own::default() };
    let contact = Contact { contact: "sip:a@b".into(), own, ..Contact::default() };
    let writing = contact.write(&limits).unwrap();
    assert!(writing.cells.contains(&(column::METHODS, Cell::Int(-1))), "{:?}", writing.cells);
    let row = Stored::new(&CONTACTS, &limits, &writing);
    let read = Contact::read(&row).unwrap().1.own;
    assert_eq!((read.q, read.cseq, read.methods), (Some(500), None, Some(u32::MAX)));
}

fn told<T>(read: Result<T, BadRow>) -> String {
    read.map(drop).unwrap_err().to_string()
}

fn alice() -> Identity {
    Identity {
        impu: "sip:alice@ims".into(),
        reg_state: 1,
        subscription: Subscription { private_identity: "alice".into(), profiles: Vec::new() },
        ..Identity::default()
    }
}

#[test]
fn u_20_a_row_without_a_whole_profile_is_refused() {
    let (alice, free) = (alice(), Limits::default());
    let row = || Stored::new(&IDENTITIES, &free, &alice.write(&free, |_| 0).unwrap());
    let with = |column, cell| told(Identity::read(&row().set(column, cell)));
    assert_eq!(with(column::PROFILE, Cell::Null), "ims_subscription_data is NULL");
    assert_eq!(
        with(column::PROFILE, Cell::Blob(b"\x05\0ali".to_vec())),
        "ims_subscription_data: the profile ends at byte 2, within the private identity"
    );
    assert_eq!(with(column::IMPU, Cell::Null), "impu is empty");
    assert_eq!(with(column::REG_STATE, Cell::Int(0)), "reg_state is 0, must be 1 or -1");
    let bare = row().set(column::BARRING, Cell::Null);
    assert_eq!(Identity::read(&bare).unwrap().1, alice);
}

#[test]
fn each_charging_function_has_its_own_column() {
    let mut alice = alice();
    alice.ecf1 = "sip:ecf1".into();
    let free = Limits::default();
    let row = Stored::new(&IDENTITIES, &free, &alice.write(&free, |_| 0).unwrap());
    let read = Identity::read(&row).unwrap().1;
    assert_eq!((read.ccf1, read.ecf1), ("".into(), "sip:ecf1".into()));
}

#[test]
fn what_does_not_fit_is_left_out_or_refuses_the_row() {
    let column = |name: &str, limit| (name.as_bytes().to_vec(), Some(limit));
    let limits = Limits::of([column("path", 9), column("Params", 3), column("impu", 5)]);
    let mut contact =
        Contact { contact: "sip:a@b".into(), params: "a=b;c".into(), ..Contact::default() };
    let writing = contact.write(&limits).unwrap();
    assert!(writing.cells.contains(&(column::PARAMS, Cell::Null)));
    let [left_out] = &writing.left_out[..] else { panic!("{:?}", writing.left_out) };
    assert_eq!(left_out.to_string(), "params has 5 bytes, must have at most 3");
    contact.path = "<sip:p;lr>".into();
    assert_eq!(
        contact.write(&limits).unwrap_err().to_string(),
        "path has 10 bytes, must have at most 9"
    );
    let (alice, refused) = (alice(), "impu has 13 bytes, must have at most 5");
    assert_eq!(alice.write(&limits, |_| 0).unwrap_err().to_string(), refused);
    contact = Contact { contact: b"sip:a\0b".into(), ..Contact::default() };
    let refused = "contact (7 bytes) is no text that can be stored";
    assert_eq!(contact.write(&limits).unwrap_err().to_string(), refused);
}

#[test]
fn a_profile_that_is_too_large_is_refused() {
    let mut alice = alice();
    alice.subscription.private_identity = vec![b'x'; 70_000].into();
    let free = Limits::default();
    assert!(matches!(alice.write(&free, |_| 0), Err(Unfit::Profile(_))));
    alice.subscription.private_identity = vec![b'x'; 100].into();
    let blob = Limits::of([(column::PROFILE.into(), Some(50))]);
    assert!(matches!(alice.write(&blob, |_| 0), Err(Unfit::Column(_))));
}

#[test]
fn an_end_far_away_can_be_stored() {
    let contact = Contact { contact: "sip:a".into(), expires: i64::MAX, ..Contact::default() };
    let free = Limits::default();
    let writing = contact.write(&free).unwrap();
    assert!(writing.cells.contains(&(column::EXPIRES, Cell::Time(LAST_TIME))));
    let row = Stored::new(&CONTACTS, &free, &writing).set(column::EXPIRES, Cell::Time(-1));
    assert_eq!(told(Contact::read(&row)), "expires is -1, must be a time from 1970 on");
    let none = row.set(column::EXPIRES, Cell::Null);
    assert_eq!(told(Contact::read(&none)), "expires is NULL");
}

#[test]
fn only_columns_that_are_there_can_be_used() {
    let limits = Limits::of([(b"ID".to_vec(), None)]);
    assert!(limits.has("id") && !limits.has("impu"));
    assert_eq!((limits.limit("id"), limits.limit("impu")), (usize::MAX, usize::MAX));
}
