//! RPC commands.

use crate::support::{A, B, G, Group, show};
use bstr::ByteSlice;
use sca_core::admin::{self, CommandError};
use sca_core::counts::Counts;
use sca_core::listing::{self, SubscriptionEntry};
use sca_core::{Event, Instant, Line, Notify, State};

fn update(
    group: &mut Group,
    index: i64,
    state: &'static str,
    uri: Option<&'static str>,
) -> Result<Vec<Notify>, CommandError> {
    let uri = uri.map(str::as_bytes);
    group.with(|line, ctx| admin::update(line, ctx, index, state.as_bytes(), uri))
}

#[test]
fn case_83_an_operator_seizes_updates_and_releases() {
    let mut group = Group::of_two();
    let seized = group.with(|line, ctx| admin::seize(line, ctx, A.as_bytes())).unwrap();
    assert_eq!(
        seized.text.as_bstr(),
        "Seized sip:215@voice.example.com appearance-index 1 for sip:215@127.0.0.1:21101"
    );
    assert!(show(&seized.notifies)[1].starts_with("A ci 2 1=seized,"));
    let states = ["idle", "seized", "progressing", "alerting", "active", "held", "held-private"];
    for (cseq, state) in (3..).zip(states) {
        let notifies = update(&mut group, 1, state, None).unwrap();
        assert!(show(&notifies)[1].starts_with(&format!("A ci {cseq} 1={state},")));
    }
    let notifies = update(&mut group, 1, "active", Some("sip:300@d")).unwrap();
    let text = notifies[0].headers.as_bstr();
    assert!(text.contains_str(r#";appearance-state=active;appearance-uri="<sip:300@d>","#));
    update(&mut group, 1, "held", Some("")).unwrap();
    assert_eq!(*group.line().appearances()[0].uri, *b"<sip:300@d>");
    let notifies = group.with(|line, ctx| admin::release(line, ctx, 1)).unwrap();
    assert!(show(&notifies)[1].contains(" *=idle "));
}

#[test]
fn seizing_makes_an_unknown_address_a_shared_line() {
    let mut group = Group::empty();
    let seized = group.with(|line, ctx| admin::seize(line, ctx, A.as_bytes())).unwrap();
    assert_eq!((seized.index, seized.notifies.len()), (1, 0));
    assert!(group.line().is_registered());
}

#[test]
fn cases_81_and_82_the_faults_have_their_words() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let before = group.record().to_vec();
    for (index, state, text) in [
        (1, "ringing", "ringing: invalid state"),
        (0, "held", "Failed to update sip:215@voice.example.com appearance-index 0"),
        (-1, "held", "Failed to update sip:215@voice.example.com appearance-index -1"),
        (9, "held", "Failed to update sip:215@voice.example.com appearance-index 9"),
    ] {
        assert_eq!(update(&mut group, index, state, None).unwrap_err().to_string(), text);
    }
    for (index, text) in [
        (0, "appearance-index must be > 0"),
        (-7, "appearance-index must be > 0"),
        (9, "sip:215@voice.example.com appearance index 9 is not in use"),
        (1 << 40, "sip:215@voice.example.com appearance index 1099511627776 is not in use"),
    ] {
        let error = group.with(|line, ctx| admin::release(line, ctx, index)).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    assert_eq!(group.record(), before);
    let error = Group::empty().with(|line, ctx| admin::release(line, ctx, 1)).unwrap_err();
    assert_eq!(error.to_string(), "No appearances for sip:215@voice.example.com");
    let mut long = Group::named(&format!("sip:215@{}", "d".repeat(40_000)));
    let error = long.with(|line, ctx| admin::seize(line, ctx, A.as_bytes())).unwrap_err();
    assert_eq!(error.to_string(), "Failed to seize line");
    assert!(!long.line().is_registered());
}

#[test]
fn case_84_deactivation_ends_every_subscription_with_a_whole_notify() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let ended = group.with(admin::deactivate_all);
    let (entries, notifies): (Vec<_>, Vec<_>) = ended.into_iter().unzip();
    assert_eq!(
        show(&notifies),
        [
            "A ls 2 1 terminated;reason=deactivated",
            "B ci 3 1=seized,*=idle terminated;reason=deactivated",
            "A ci 3 1=seized,*=idle terminated;reason=deactivated",
        ]
    );
    assert_eq!(
        entries[0].deactivation().as_bstr(),
        "Deactivating line-seize subscription from sip:215@127.0.0.1:21101"
    );
    assert_eq!(group.members(), [""; 0]);
    assert_eq!(group.states(), [(1, State::Seized)]);
}

#[test]
fn subscriptions_are_listed_newest_first() {
    let mut group = Group::of_two();
    group.seize(A, 1);
    let line = group.line();
    let list = |event, contact: Option<&str>, left: i64| {
        let now = Instant(group.now.0 + left);
        let list = listing::subscriptions(&line, now, event, contact.map(str::as_bytes));
        let show = |entry: &SubscriptionEntry| {
            (entry.summary().to_str_lossy().into_owned(), entry.details())
        };
        list.iter().map(show).unzip::<_, _, Vec<_>, Vec<_>>()
    };
    let (summaries, _) = list(None, None, 1);
    assert_eq!(
        summaries,
        [
            "215 127.0.0.1:21101 line-seize 14 active",
            "215 127.0.0.1:21102 call-info 3599 active",
            "215 127.0.0.1:21101 call-info 3599 active",
        ]
    );
    let (_, details) = list(Some(Event::CallInfo), Some(A), 0);
    assert_eq!(
        details,
        [b"sip:215@voice.example.com call-info sip:215@127.0.0.1:21101 4600".to_vec()]
    );
    assert_eq!(list(Some(Event::LineSeize), Some(B), 0).0, [""; 0]);
    assert_eq!(list(Some(Event::LineSeize), None, 20).0[0].split(' ').nth(3), Some("-5"));
}

#[test]
fn what_is_no_uri_is_listed_as_it_is() {
    let entry = SubscriptionEntry {
        aor: b"215".to_vec(),
        event: Event::CallInfo,
        contact: b"sip:215@h".to_vec(),
        expires: Instant(77),
        left: 5,
    };
    assert_eq!(entry.summary().as_bstr(), "215 sip:215@h call-info 77 active");
    let plain = SubscriptionEntry { aor: b"sip:215@d".to_vec(), ..entry };
    assert_eq!(plain.summary().as_bstr(), "215 h call-info 5 active");
}

#[test]
fn appearances_are_listed_with_blanks_for_what_is_empty() {
    let mut group = Group::of_two();
    group.seize(B, 2);
    group.call_of_a();
    let lines: Vec<_> = listing::appearances(&group.line())
        .iter()
        .map(|entry| entry.summary().to_str_lossy().into_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "sip:215@voice.example.com 1 active 1000 sip:215@127.0.0.1:21101 sip:300@127.0.0.1:21103 1@call a x",
            "sip:215@voice.example.com 2 seized 1000 sip:215@127.0.0.1:21102    ",
        ]
    );
}

#[test]
fn a_line_is_counted() {
    let mut group = Group::of_two();
    group.call_of_a();
    group.seize(B, 0);
    let counts = Counts::of(&group.line());
    assert_eq!((counts.call_info, counts.line_seize), (2, 1));
    assert_eq!((counts.in_state(State::Active), counts.in_state(State::Seized)), (1, 1));
    assert_eq!(counts.states.iter().sum::<u32>(), 2);
    assert_eq!(Counts::of(&Line::new(G.as_bytes())), Counts::default());
}
