//! `pcscf_save_pending`: a REGISTER passes on its way to the registrar.

use super::{Asked, Bound, Contacts, MAX_URI, Mode, NoContact, Place, Query, Via, expires};
use crate::{Parts, State, States, uri::Uri};

/// How long after its expiry a contact of a shared database waits for its NOTIFY, in seconds.
const WINDOW: i64 = 20;

/// The longest host of a Via: that of a name in DNS.
const MAX_HOST: usize = 255;

/// A REGISTER.
#[derive(Clone, Copy, Debug)]
pub struct Request<'m> {
    /// Its first Contact header; of its contacts the first one counts that asks for time and is a
    /// `sip` URI, else the first one.
    pub contacts: Contacts<'m>,
    /// Body of its Expires header.
    pub expires: Option<&'m [u8]>,
    /// Its first Via (the last one with `trust_bottom_via`).
    pub via: Via<'m>,
    /// Where it came from, from [`super::place::effective`].
    pub place: Place<'m>,
    /// Now.
    pub now: i64,
    /// Parameter `pending_reg_expires`, in seconds.
    pub pending_expires: u32,
    /// Parameter `pending_on_deregister`: a de-registration is stored as pending, too.
    pub pending_on_deregister: bool,
}

/// What the REGISTER asks for.
#[derive(Clone, Copy, Debug)]
pub enum Plan<'m> {
    /// Nothing is stored, for this reason; the script goes on with 1.
    Nothing(Nothing),
    /// Look for the record; when there is none, insert it with these values and as
    /// [`State::PENDING`]; when there is one, ask [`found`].
    Pending(Pending<'m>),
}

/// Why nothing is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Nothing {
    /// No expiry at all, or 0.
    #[error("it asks for no time, so it is a de-registration")]
    Deregistration,
    /// `tel`, `urn` or no URI.
    #[error("its contact is no sip uri")]
    NotSip,
}

/// The record of a REGISTER that was not answered yet.
#[derive(Clone, Copy, Debug)]
pub struct Pending<'m> {
    /// How to look for it.
    pub query: Query<'m>,
    /// When it expires if no answer comes.
    pub expires: i64,
}

/// Why the REGISTER cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no contact.
    #[error(transparent)]
    Contact(#[from] NoContact),
    /// The contact is too long.
    #[error("contact uri has {0} bytes, must have at most {MAX_URI}")]
    LongUri(usize),
    /// The host of the Via is empty or too long.
    #[error("host of via has {0} bytes, must have 1 to {MAX_HOST}")]
    ViaHost(usize),
}

/// What is to be done for a REGISTER.
///
/// # Errors
///
/// It has no contact, or texts that are too long.
pub fn plan<'m>(request: &Request<'m>) -> Result<Plan<'m>, Refusal> {
    let contacts = request.contacts.list()?;
    let header = request.expires.and_then(expires::seconds);
    // A phone that has moved may name what is to end before what is to begin.
    let mut begins = contacts.iter().filter(|contact| expires::of(contact, header) > 0);
    let usable = begins.find_map(|contact| sip(contact).map(|uri| (contact, Some(uri))));
    let first = || contacts.first().map(|contact| (contact, sip(contact)));
    let (contact, uri) = usable.or_else(first).ok_or(NoContact::Missing)?;
    // An Expires header of 600 with `expires=0` in the Contact has always been stored.
    let asked = match header {
        Some(header) => header.max(expires::of(contact, None)) > 0 || request.pending_on_deregister,
        None => expires::of(contact, None) > 0,
    };
    if !asked {
        return Ok(Plan::Nothing(Nothing::Deregistration));
    }
    if contact.uri.len() > MAX_URI {
        return Err(Refusal::LongUri(contact.uri.len()));
    }
    let Some(uri) = uri else { return Ok(Plan::Nothing(Nothing::NotSip)) };
    let via = request.via.sent_by();
    if via.host.is_empty() || via.host.len() > MAX_HOST {
        return Err(Refusal::ViaHost(via.host.len()));
    }
    let query = Query {
        aor: contact.uri,
        parts: Some(Parts::of(&uri)),
        via,
        received: request.place,
        mode: Mode::Source,
        states: States::ANY,
    };
    let expires = expires::after(request.now, i64::from(request.pending_expires));
    Ok(Plan::Pending(Pending { query, expires }))
}

/// The parts of a URI that is reached by its host.
fn sip<'m>(contact: &Asked<'m>) -> Option<Uri<'m>> {
    Uri::parse(contact.uri).ok().filter(Uri::has_host)
}

/// What becomes of the record that a REGISTER found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is that of another phone behind the same address: this REGISTER gets a record of its own.
    Other,
    /// It is registered and stays so, whatever becomes of this REGISTER.
    Leave,
    /// It waits for an answer: it does so for longer, and with the Security-Client of this REGISTER.
    Refresh {
        /// When it expires now.
        expires: i64,
    },
    /// It was to go: it waits for an answer again, as [`State::PENDING`].
    Again {
        /// When it expires now.
        expires: i64,
    },
    /// The script gets -2: the NOTIFY about its end is on its way.
    Refuse(Held),
    /// The script gets -2, and the record becomes [`State::DEREG_PENDING`], which publishes it.
    PublishAndRefuse(Held),
}

/// Why a record of a shared database is not touched: another node may be ending it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("contact is {state}, expired {late} s ago; must not be registered before its end is told", state = .state.name_str())]
pub struct Held {
    /// Its state.
    pub state: State,
    /// Seconds since its expiry; negative before it.
    pub late: i64,
}

/// Decides about the record that was found for `pending`. `shared` says that several nodes work on
/// one database (`db_mode` 3 of the location store).
pub fn found(record: &Bound<'_>, pending: &Pending<'_>, now: i64, shared: bool) -> Found {
    let late = now.saturating_sub(record.expires);
    let held = Held { state: record.state, late };
    let expires = pending.expires.max(record.expires);
    // A source finds also who wrote its port into a Contact, and ports of phones behind one address
    // meet by chance.
    if !record.is_from(&pending.query.received) {
        return Found::Other;
    }
    match record.state {
        State::DEREG_PENDING if shared => Found::Refuse(held),
        State::REGISTERED if shared && late >= WINDOW => Found::PublishAndRefuse(held),
        State::REGISTERED if shared && late > 0 => Found::Refuse(held),
        State::REGISTERED => Found::Leave,
        State::PENDING | State::PENDING_AAR => Found::Refresh { expires },
        _ => Found::Again { expires: pending.expires },
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Held, NoContact, Nothing, Plan, Refusal, Request, found, plan};
    use crate::State;
    use crate::decide::tests::{NOW, alice, place};
    use crate::decide::{Asked, Bound, Contacts, MAX_URI, Via};

    const ALICE: &str = "sip:alice@127.0.0.1:22100";

    fn ask<'m>(contacts: Contacts<'m>, expires: Option<&'m str>) -> Result<Plan<'m>, Refusal> {
        plan(&request(contacts, expires))
    }

    fn request<'m>(contacts: Contacts<'m>, expires: Option<&'m str>) -> Request<'m> {
        Request {
            contacts,
            expires: expires.map(str::as_bytes),
            via: Via { host: b"127.0.0.1", port: 22100, proto: 1, ..Via::default() },
            place: place("127.0.0.1", 22100),
            now: NOW,
            pending_expires: 30,
            pending_on_deregister: false,
        }
    }

    /// Whether a record is stored for a Contact with this parameter and this header.
    fn stored(uri: &str, param: Option<&str>, header: Option<&str>) -> Result<bool, Refusal> {
        let contact = Asked { uri: uri.as_bytes(), expires: param.map(str::as_bytes) };
        ask(Contacts::List(&[contact]), header).map(|plan| matches!(plan, Plan::Pending(_)))
    }

    #[test]
    fn p01_a_register_is_stored_as_pending() {
        let contacts = [Asked { uri: ALICE.as_bytes(), expires: None }];
        let Ok(Plan::Pending(pending)) = ask(Contacts::List(&contacts), Some("600")) else {
            panic!("it is stored");
        };
        assert_eq!(pending.expires, NOW + 30);
        assert_eq!(pending.query.aor, ALICE.as_bytes());
        assert_eq!(pending.query.received.to_string(), "udp:127.0.0.1:22100");
    }

    #[test]
    fn sp1_sp2_without_a_contact_it_is_refused() {
        assert_eq!(ask(Contacts::Missing, Some("600")).unwrap_err(), NoContact::Missing.into());
        assert_eq!(ask(Contacts::Star, Some("0")).unwrap_err(), NoContact::Star.into());
        assert_eq!(ask(Contacts::Unreadable, None).unwrap_err(), NoContact::Unreadable.into());
    }

    #[test]
    fn sp3_p23_what_is_no_sip_uri_is_not_stored() {
        for uri in ["foo", "", "tel:+1", "urn:service:sos", "sip:a@b:99999999", "sip:a b@c"] {
            assert_eq!(stored(uri, None, Some("600")), Ok(false), "{uri}");
        }
    }

    #[test]
    fn sp4_to_sp8_expiry_decides_whether_it_is_stored() {
        for (param, header, expected) in [
            (None, None, false),
            (Some("0"), None, false),
            (Some("60"), None, true),
            (None, Some("0"), false),
            (Some("0"), Some("0"), false),
            (Some("60"), Some("0"), true),
            (Some("0"), Some("600"), true),
            (None, Some("garbage"), false),
        ] {
            assert_eq!(stored(ALICE, param, header), Ok(expected), "{param:?} {header:?}");
        }
    }

    #[test]
    fn sp7_the_parameter_brings_the_old_way_back() {
        let contacts = [Asked { uri: ALICE.as_bytes(), expires: None }];
        let old = Request {
            pending_on_deregister: true,
            ..request(Contacts::List(&contacts), Some("0"))
        };
        assert!(matches!(plan(&old), Ok(Plan::Pending(_))));
        let none = Request { expires: None, ..old };
        assert!(matches!(plan(&none), Ok(Plan::Nothing(Nothing::Deregistration))));
    }

    #[test]
    fn sp9_only_the_first_contact_counts() {
        let first = Asked { uri: ALICE.as_bytes(), expires: None };
        let second = Asked { uri: b"sip:bob@127.0.0.1:1", expires: None };
        let contacts = [first, second];
        let Ok(Plan::Pending(pending)) = ask(Contacts::List(&contacts), Some("600")) else {
            panic!("it is stored");
        };
        assert_eq!(pending.query.aor, ALICE.as_bytes());
    }

    #[test]
    fn sp9_a_contact_that_ends_or_is_no_address_does_not_hide_the_one_that_registers() {
        let asked = |uri: &'static str, expires: Option<&'static str>| Asked {
            uri: uri.as_bytes(),
            expires: expires.map(str::as_bytes),
        };
        let alice = || asked(ALICE, Some("600"));
        let old = "sip:alice@127.0.0.9:1";
        for (before, header) in [
            (asked(old, Some("0")), None),
            (asked(old, Some("0")), Some("600")),
            (asked(old, None), None),
            (asked("tel:+4930", Some("600")), None),
            (asked("foo", Some("600")), Some("0")),
        ] {
            let contacts = [before, alice()];
            let Ok(Plan::Pending(pending)) = ask(Contacts::List(&contacts), header) else {
                panic!("{before:?} hides it");
            };
            assert_eq!(pending.query.aor, ALICE.as_bytes(), "{before:?}");
        }
        let none = [asked(old, Some("0")), asked(ALICE, Some("0"))];
        let plan = ask(Contacts::List(&none), None);
        assert!(matches!(plan, Ok(Plan::Nothing(Nothing::Deregistration))), "{plan:?}");
    }

    #[test]
    fn texts_have_an_end() {
        let long = format!("sip:{}@b", "a".repeat(MAX_URI));
        let refused = Err(Refusal::LongUri(MAX_URI + 6));
        assert_eq!(stored(&long, None, Some("600")), refused);
        let contacts = [Asked { uri: ALICE.as_bytes(), expires: None }];
        let ask = request(Contacts::List(&contacts), Some("600"));
        let host = "h".repeat(256);
        for host in ["", &host] {
            let via = Via { host: host.as_bytes(), ..ask.via };
            let refused = plan(&Request { via, ..ask }).unwrap_err();
            assert_eq!(refused, Refusal::ViaHost(host.len()));
        }
    }

    fn at(state: State, late: i64, shared: bool) -> Found {
        found_of(&Bound { state, expires: NOW - late, ..alice() }, shared)
    }

    fn found_of(record: &Bound<'_>, shared: bool) -> Found {
        let contacts = [Asked { uri: ALICE.as_bytes(), expires: None }];
        let Ok(Plan::Pending(pending)) = ask(Contacts::List(&contacts), Some("600")) else {
            panic!("it is stored");
        };
        found(record, &pending, NOW, shared)
    }

    #[test]
    fn sp19_sp20_sp21_a_shared_database_waits_for_the_end_of_the_old_registration() {
        let held = |state, late| Held { state, late };
        let registered = State::REGISTERED;
        assert_eq!(at(registered, -1, true), Found::Leave);
        assert_eq!(at(registered, 0, true), Found::Leave);
        assert_eq!(at(registered, 1, true), Found::Refuse(held(registered, 1)));
        assert_eq!(at(registered, 19, true), Found::Refuse(held(registered, 19)));
        assert_eq!(at(registered, 22, true), Found::PublishAndRefuse(held(registered, 22)));
        let pending = State::DEREG_PENDING;
        assert_eq!(at(pending, -600, true), Found::Refuse(held(pending, -600)));
        assert_eq!(
            held(registered, 1).to_string(),
            "contact is registered, expired 1 s ago; must not be registered before its end is told"
        );
    }

    #[test]
    fn sp22_no10_a_contact_that_is_to_go_may_register_again() {
        let again = Found::Again { expires: NOW + 30 };
        for state in [State::DEREG_PENDING, State::UNREGISTERED, State::NONE, State(14)] {
            assert_eq!(at(state, -4, false), again, "{state:?}");
        }
    }

    #[test]
    fn p02_a_record_that_waits_goes_on_waiting() {
        assert_eq!(at(State::PENDING, 3000, false), Found::Refresh { expires: NOW + 30 });
        assert_eq!(at(State::PENDING, 3000, true), Found::Refresh { expires: NOW + 30 });
        assert_eq!(at(State::PENDING_AAR, -600, false), Found::Refresh { expires: NOW + 600 });
    }

    #[test]
    fn phones_behind_one_address_have_records_of_their_own() {
        let other = Bound { received: place("127.0.0.1", 40001), ..alice() };
        assert_eq!(found_of(&other, false), Found::Other);
        assert_eq!(found_of(&Bound { port_uc: Some(22100), ..other }, false), Found::Leave);
    }

    #[test]
    fn a_registration_outlives_a_register_that_fails() {
        assert_eq!(at(State::REGISTERED, 30, false), Found::Leave);
    }
}
