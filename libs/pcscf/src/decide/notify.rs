//! `reginfo_handle_notify`: the registrar tells the state of a registration (RFC 3680).

use super::save::{is_same, same_contact};
use super::{Bound, Judgement, MAX_URI, Mode, Place, Query, expires, transport};
use crate::alias::{self, BadAlias};
use crate::uri::{BadUri, Uri};
use crate::{Parts, State, States, aor};
use bstr::BString;
use core::fmt;
use sip_text::scan;

/// By what the NOTIFYs of a subscription come in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The version of its document (RFC 3680 5.1).
    pub version: u32,
    /// The number of its `CSeq` (RFC 3261 12.2.2).
    pub cseq: u32,
}

impl Numbers {
    /// For so many seconds a request is sent again that was not answered (RFC 3261 timer F): one that
    /// was overtaken comes within this time.
    const LATE: i64 = 32;

    /// Whether one with the numbers `last`, which came `age` seconds ago, was sent later. Only where
    /// both numbers say so: some notifiers do not count their documents, and one that begins again
    /// is to be followed.
    pub fn were_overtaken_by(self, last: Self, age: i64) -> bool {
        self.version < last.version && self.cseq < last.cseq && age <= Self::LATE
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {} with cseq {}", self.version, self.cseq)
    }
}

/// What a NOTIFY tells of one URI of a contact.
#[derive(Clone, Copy, Debug)]
pub struct Told<'d> {
    /// Address of record of the registration.
    pub aor: &'d [u8],
    /// The URI.
    pub uri: &'d [u8],
    /// Whether the contact is terminated; else it is active.
    pub terminated: bool,
    /// Seconds that it has left.
    pub expires: u64,
}

/// Why a URI of a NOTIFY is passed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No URI.
    #[error("contact {0}")]
    Uri(#[from] BadUri),
    /// A `tel` or `urn`.
    #[error("contact {0:?} has no host")]
    NoHost(BString),
    /// The address or the port of its alias is none.
    #[error("contact {0:?}: {1}")]
    Alias(BString, BadAlias),
    /// Longer than what is ever stored.
    #[error("contact uri has {0} bytes, must have at most {MAX_URI}")]
    Long(usize),
}

/// How to look for the record of a URI; when there is none, another proxy has it.
///
/// # Errors
///
/// The URI says nothing to look for.
pub fn search<'d>(told: &Told<'d>) -> Result<Query<'d>, Refusal> {
    if told.uri.len() > MAX_URI {
        return Err(Refusal::Long(told.uri.len()));
    }
    let uri = Uri::parse(told.uri)?;
    if !uri.has_host() {
        return Err(Refusal::NoHost(scan::shown(told.uri)));
    }
    let alias = match alias::of_uri(&uri).transpose() {
        // Somebody else's parameter of that name: it is found by its own address.
        Err(BadAlias::Parts(_)) => None,
        alias => alias.map_err(|bad| Refusal::Alias(scan::shown(told.uri), bad))?,
    };
    let via = Place { host: uri.host, port: uri.port_or_default(), proto: transport(&uri) };
    let (received, mode) = match alias {
        Some(place) => (place, Mode::Source),
        None => (Place::default(), Mode::Contact),
    };
    let parts = Some(Parts::of(&uri));
    Ok(Query { aor: told.uri, parts, via, received, mode, states: STATES })
}

/// A contact that only asked for registration is not in the registrar yet: what it tells is about
/// somebody or something else.
const STATES: States = States(
    State::REGISTERED.0
        | State::PENDING_AAR.0
        | State::UNREGISTERED.0
        | State::DEREG_PENDING.0
        | State::NOT_REGISTERED.0,
);

/// Decides about the record that was found. `delay` is the parameter `delete_delay`.
pub fn judge(record: &Bound<'_>, told: &Told<'_>, now: i64, delay: i64) -> Judgement {
    if !is_of(record, told) {
        let (found, aor) = (scan::shown(record.aor), scan::shown(told.aor));
        return Judgement::Skip(format!("contact {found:?} does not belong to {aor:?}"));
    }
    if told.terminated {
        return Judgement::remove(record, now, delay);
    }
    match record.state {
        State::REGISTERED | State::PENDING_AAR => {
            let left = i64::try_from(told.expires).unwrap_or(i64::MAX);
            Judgement::Update { expires: expires::after(now, left) }
        }
        state => {
            let found = scan::shown(record.aor);
            Judgement::Skip(format!(
                "contact {found:?} is {}, only its phone can register it again",
                state.name_str()
            ))
        }
    }
}

/// Which of `records`, which have the identity that the NOTIFY is about, is the one that it tells of:
/// where another user registered the same address, the search for that finds the contact of the other.
/// Two phones with one address are told apart by the rest of the URI.
pub fn among(records: &[Bound<'_>], told: &Told<'_>, query: &Query<'_>) -> Option<usize> {
    let asked = Uri::parse(told.uri).ok()?;
    let place = |record: &Bound<'_>, uri: &Uri<'_>| match query.mode {
        Mode::Contact => {
            uri.host() == asked.host() && uri.port_or_default() == asked.port_or_default()
        }
        Mode::Source => record.is_from(&query.received),
    };
    let fits = |record: &Bound<'_>, whole: bool| {
        let is_it = |uri: &Uri<'_>| place(record, uri) && (!whole || same_contact(uri, &asked));
        let uri = Uri::parse(record.aor);
        query.states.admits(record.state) && uri.is_ok_and(|uri| is_it(&uri))
    };
    let first = |whole| records.iter().position(|record| fits(record, whole));
    first(true).or_else(|| first(false))
}

/// Whether the contact of `told`, which has ended, is also that of `record`, which has the identity
/// that the NOTIFY is about: a phone behind a NAT, or with a new connection, registers one contact from
/// several sources.
pub fn ends_too(record: &Bound<'_>, told: &Told<'_>, query: &Query<'_>) -> bool {
    query.mode == Mode::Contact
        && record.state != State::UNREGISTERED
        && query.states.admits(record.state)
        && is_same(record.aor, told.uri)
}

/// Whether the record is of the registration that the NOTIFY is about: it has its identity, or none
/// at all and the same URI. A registrar tells whatever Contact a user gave it, also that of another.
pub fn is_of(record: &Bound<'_>, told: &Told<'_>) -> bool {
    match record.ids {
        [] => is_same(record.aor, told.uri),
        ids => ids.iter().any(|id| aor::same_user(id, told.aor)),
    }
}

/// Which registrations a NOTIFY ends, and which it says go on.
#[derive(Clone, Debug, Default)]
pub struct Registrations<'d> {
    /// Whether the document tells of all of the subscription.
    pub full: bool,
    /// Addresses of record of those that have ended.
    pub ended: Vec<&'d [u8]>,
    /// Those of the others.
    pub alive: Vec<&'d [u8]>,
}

impl<'d> Registrations<'d> {
    /// Takes note of one more.
    pub fn add(&mut self, aor: &'d [u8], ended: bool) {
        let list = if ended { &mut self.ended } else { &mut self.alive };
        if !has(list, aor) {
            list.push(aor);
        }
    }

    /// Whether a contact with the identities `ids` ends, be it named or not. One whose registration
    /// goes on under another identity stays; what ends one of several identities only, and does not
    /// tell of the others, must end the `default` one.
    pub fn end<'i>(&self, ids: impl IntoIterator<Item = &'i [u8]>, default: Option<&[u8]>) -> bool {
        let (mut some_ended, mut some_alive) = (false, false);
        for id in ids {
            some_ended |= has(&self.ended, id);
            some_alive |= has(&self.alive, id);
        }
        let whole = self.full || default.is_some_and(|default| has(&self.ended, default));
        some_ended && !some_alive && whole
    }

    /// For whom to subscribe no more, now that the dialog of the subscription to `presentity` told
    /// this: once a dialog, whatever the number of registrations in it. In a dialog that is not
    /// known, for each of them.
    pub fn unsubscribe(&self, presentity: Option<&'d [u8]>) -> Vec<&'d [u8]> {
        let Some(presentity) = presentity else { return self.ended.clone() };
        let all = self.full && self.alive.is_empty() && !self.ended.is_empty();
        if all || has(&self.ended, presentity) { vec![presentity] } else { Vec::new() }
    }
}

fn has(list: &[&[u8]], id: &[u8]) -> bool {
    list.iter().any(|other| aor::same_user(other, id))
}

/// What becomes of a record whose registration has ended, without a word about its contact. `delay`
/// is the parameter `delete_delay`.
pub fn end(record: &Bound<'_>, now: i64, delay: i64) -> Judgement {
    match record.state {
        // It waits for its end already, or for an answer to a new REGISTER.
        State::UNREGISTERED | State::PENDING => {
            let found = scan::shown(record.aor);
            Judgement::Skip(format!("contact {found:?} is {}", record.state.name_str()))
        }
        _ => Judgement::remove(record, now, delay),
    }
}

/// Return code of the function: whether anything was said that can be followed. `ended` counts the
/// registrations that are terminated, `uris` those that a [`search`] could be made of.
pub fn code(ended: usize, uris: usize) -> i32 {
    if ended > 0 || uris > 0 { 1 } else { -1 }
}

#[cfg(test)]
mod tests {
    use super::{Numbers, Refusal, Registrations, Told, among, code, end, judge, search};
    use crate::State;
    use crate::decide::tests::{NOW, alice, place};
    use crate::decide::{Bound, Judgement, Mode};

    const ACTIVE: Told<'_> = Told {
        aor: b"sip:ALICE@ims.test",
        uri: b"sip:alice@127.0.0.1:22100",
        terminated: false,
        expires: 50,
    };
    const ENDED: Told<'_> = Told { terminated: true, ..ACTIVE };

    fn refused(uri: &str) -> Refusal {
        search(&Told { uri: uri.as_bytes(), ..ACTIVE }).unwrap_err()
    }

    const A: &[u8] = b"sip:alice@ims.test";
    const TEL: &[u8] = b"tel:+4930123456";
    const B: &[u8] = b"sip:bob@ims.test";

    fn told<'d>(full: bool, list: &[(&'d [u8], bool)]) -> Registrations<'d> {
        let mut registrations = Registrations { full, ..Registrations::default() };
        list.iter().for_each(|(aor, ended)| registrations.add(aor, *ended));
        registrations
    }

    #[test]
    fn no9_a_dialog_is_ended_once_however_many_registrations_it_tells_of() {
        let whole = told(true, &[(A, true), (b"sip:ALICE@ims.test", true), (TEL, true)]);
        assert_eq!(whole.ended.len(), 2);
        assert_eq!(whole.unsubscribe(Some(A)), [A]);
        assert_eq!(whole.unsubscribe(Some(B)), [B]);
        assert_eq!(whole.unsubscribe(None), [A, TEL]);
        for goes_on in
            [told(true, &[(TEL, true), (A, false)]), told(false, &[(TEL, true)]), told(true, &[])]
        {
            assert!(goes_on.unsubscribe(Some(A)).is_empty(), "{goes_on:?}");
        }
        assert_eq!(told(false, &[(A, true)]).unsubscribe(Some(A)), [A]);
    }

    #[test]
    fn a_registration_that_ends_takes_its_contacts_along() {
        let ids = [A, TEL];
        let end = |registrations: Registrations<'_>| registrations.end(ids, Some(A));
        assert!(end(told(true, &[(A, true)])));
        assert!(end(told(true, &[(TEL, true)])));
        assert!(end(told(false, &[(b"sip:ALICE@ims.test", true)])));
        assert!(end(told(false, &[(A, true), (TEL, true), (B, false)])));
        // It goes on under another identity, or may do so.
        assert!(!end(told(true, &[(A, true), (TEL, false)])));
        assert!(!end(told(false, &[(TEL, true)])));
        assert!(!end(told(true, &[(B, true)])));
        assert!(!end(told(true, &[])));
    }

    #[test]
    fn no9_an_identity_counts_in_every_spelling() {
        for (aor, id) in [
            ("SIP:%61lice@IMS.test:5060;user=phone", A),
            ("tel:+49-30-123(456)", TEL),
            ("TEL:+4930.123456;x=y", TEL),
        ] {
            let ended = told(true, &[(aor.as_bytes(), true)]);
            assert!(ended.end([id], Some(id)), "{aor}");
            assert!(
                !told(true, &[(id, true), (aor.as_bytes(), false)]).end([id], Some(id)),
                "{aor}"
            );
            assert_eq!(told(false, &[(aor.as_bytes(), true)]).unsubscribe(Some(id)), [id], "{aor}");
        }
        let spelled = Told { aor: b"sip:%61lice@IMS.test;user=phone", ..ENDED };
        assert_eq!(judge(&alice(), &spelled, NOW, 0), Judgement::Delete);
        let other = Told { aor: b"sip:alice%40ims@ims.test", ..ENDED };
        assert!(matches!(judge(&alice(), &other, NOW, 0), Judgement::Skip(_)));
    }

    #[test]
    fn what_is_late_has_lower_numbers_and_comes_soon() {
        let last = Numbers { version: 5, cseq: 7 };
        let late = |version, cseq, age| Numbers { version, cseq }.were_overtaken_by(last, age);
        assert!(late(4, 6, 0) && late(0, 1, 32));
        for (version, cseq) in [(5, 7), (5, 6), (4, 7), (4, 8), (6, 6), (6, 8)] {
            assert!(!late(version, cseq, 0), "{version} {cseq}");
        }
        assert!(!late(4, 6, 33));
    }

    #[test]
    fn no10_what_waits_for_its_end_or_for_an_answer_is_left_alone() {
        assert_eq!(end(&alice(), NOW, 0), Judgement::Delete);
        let state = State::UNREGISTERED;
        assert_eq!(end(&alice(), NOW, 4), Judgement::Delay { expires: NOW + 4, state });
        for state in [State::UNREGISTERED, State::PENDING] {
            let record = Bound { state, ..alice() };
            assert!(matches!(end(&record, NOW, 4), Judgement::Skip(_)), "{state:?}");
        }
    }

    #[test]
    fn no1_an_active_contact_gets_the_time_it_has_left() {
        let query = search(&ACTIVE).unwrap();
        assert_eq!(
            (query.mode, query.via.to_string().as_str()),
            (Mode::Contact, "any:127.0.0.1:22100")
        );
        assert_eq!(judge(&alice(), &ACTIVE, NOW, 0), Judgement::Update { expires: NOW + 50 });
        let long = Told { expires: u64::MAX, ..ACTIVE };
        let update = Judgement::Update { expires: i64::from(i32::MAX) };
        assert_eq!(judge(&alice(), &long, NOW, 0), update);
    }

    #[test]
    fn no2_a_terminated_contact_goes() {
        for state in [State::REGISTERED, State::DEREG_PENDING, State::PENDING_AAR] {
            let record = Bound { state, ..alice() };
            assert!(search(&ENDED).unwrap().states.admits(state));
            assert_eq!(judge(&record, &ENDED, NOW, 0), Judgement::Delete);
        }
    }

    #[test]
    fn no10_with_a_delay_it_waits_and_can_be_registered_again() {
        let state = State::UNREGISTERED;
        let delay = Judgement::Delay { expires: NOW + 4, state };
        assert_eq!(judge(&alice(), &ENDED, NOW, 4), delay);
    }

    #[test]
    fn s3_nobody_ends_or_begins_the_registration_of_somebody_else() {
        for told in [ACTIVE, ENDED] {
            let eves = Told { aor: b"sip:eve@ims.test", ..told };
            assert_eq!(
                judge(&alice(), &eves, NOW, 0),
                Judgement::Skip(
                    "contact \"sip:alice@127.0.0.1:22100\" does not belong to \"sip:eve@ims.test\""
                        .to_owned()
                )
            );
        }
        let nobodys = Bound { ids: &[], ..alice() };
        assert_eq!(judge(&nobodys, &ENDED, NOW, 0), Judgement::Delete);
        let other = Told { uri: b"sip:bob@127.0.0.1:22100", ..ENDED };
        assert!(matches!(judge(&nobodys, &other, NOW, 0), Judgement::Skip(_)));
    }

    #[test]
    fn s3_of_the_contacts_of_a_user_the_one_with_the_address_is_meant() {
        let query = search(&ENDED).unwrap();
        let other = Bound { aor: b"sip:alice@127.0.0.9:22100", ..alice() };
        let user = Bound { aor: b"sip:device@127.0.0.1:22100", ..alice() };
        let pending = Bound { state: State::PENDING, ..alice() };
        assert_eq!(among(&[], &ENDED, &query), None);
        assert_eq!(among(&[other, pending], &ENDED, &query), None);
        assert_eq!(among(&[other, user], &ENDED, &query), Some(1));
        assert_eq!(among(&[other, user, alice()], &ENDED, &query), Some(2));
        let told = Told { uri: b"sip:alice@10.0.0.5;alias=127.0.0.1~22100~1", ..ENDED };
        let far = Bound { received: place("127.0.0.2", 22100), ..alice() };
        assert_eq!(among(&[far, alice()], &told, &search(&told).unwrap()), Some(1));
    }

    #[test]
    fn a_contact_that_only_asked_is_neither_registered_nor_removed() {
        let query = search(&ACTIVE).unwrap();
        assert!(!query.states.admits(State::PENDING));
        assert!(!query.states.admits(State::NONE));
        let ending = Bound { state: State::DEREG_PENDING, ..alice() };
        assert!(matches!(judge(&ending, &ACTIVE, NOW, 0), Judgement::Skip(_)));
    }

    #[test]
    fn no7_no8_no11_garbage_is_named_and_passed_over() {
        assert!(matches!(refused("sip:alice@127.0.0.1;alias=h~1~1"), Refusal::Alias(..)));
        for digits in [6, 30, 500] {
            let uri = format!("sip:alice@127.0.0.1;alias=127.0.0.1~{}~1", "1".repeat(digits));
            assert!(matches!(refused(&uri), Refusal::Alias(..)), "{digits}");
        }
        assert!(matches!(refused("$(x"), Refusal::Uri(_)));
        assert!(matches!(refused(""), Refusal::Uri(_)));
        assert!(matches!(refused("tel:+1"), Refusal::NoHost(_)));
        assert!(matches!(refused(&"a".repeat(5000)), Refusal::Long(5000)));
    }

    #[test]
    fn an_alias_says_where_the_contact_was_received_from() {
        let told = Told { uri: b"sip:alice@10.0.0.5;alias=127.0.0.1~22100~1", ..ACTIVE };
        let query = search(&told).unwrap();
        assert_eq!(query.mode, Mode::Source);
        assert_eq!(query.received.to_string(), "udp:127.0.0.1:22100");
        assert_eq!(query.via.to_string(), "any:10.0.0.5:5060");
        for other in ["", "x", "1.2.3.4", "1.2.3.4~5"] {
            let uri = format!("sip:alice@10.0.0.5;alias={other}");
            let query = search(&Told { uri: uri.as_bytes(), ..ACTIVE }).unwrap();
            assert_eq!((query.mode, query.via.host), (Mode::Contact, &b"10.0.0.5"[..]), "{other}");
        }
    }

    #[test]
    fn no4_no9_the_code_says_whether_anything_could_be_followed() {
        assert_eq!((code(0, 0), code(1, 0), code(0, 1)), (-1, 1, 1));
    }
}
