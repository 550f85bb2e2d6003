//! Long texts and many appearances.

use crate::support::{A, B, Group, ci, dialog, header, ls};
use sca_core::call::{CallerAnswer, answer_to_caller};
use sca_core::subscribe::Request;

/// What a message of the host can carry.
const MESSAGE: usize = 65_535;

fn any_seize(number: usize) -> Request<'static> {
    Request { contact: format!("sip:p{number}@h").leak().as_bytes(), ..ls(A, 0) }
}

#[test]
fn case_85_hundreds_of_seized_lines_are_told_whole() {
    let mut group = Group::of_two();
    for number in 1..=300 {
        let accepted = group.subscribe(&any_seize(number)).unwrap();
        let last = accepted.notifies.last().unwrap();
        let text = header(last, "Call-Info");
        let elements = sca_core::call_info::read_elements(&text[1..]).unwrap();
        assert_eq!(elements.len(), number + 1);
    }
}

#[test]
fn case_85_a_line_is_full_before_its_notifies_grow_too_long() {
    let mut group = Group::of_two();
    let refusal = (1..5_000).find_map(|number| group.subscribe(&any_seize(number)).err()).unwrap();
    assert_eq!((refusal.status(), refusal.retry_after()), (480, Some(1)));
    assert!(refusal.to_string().contains(" are all that fit into a notify"), "{refusal}");
    let accepted = group.subscribe(&ci(B)).unwrap();
    let length = accepted.notifies[0].headers.len();
    assert!((40_000..60_000).contains(&length), "{length}");
}

#[test]
fn a_long_domain_has_room_for_fewer_appearances() {
    let mut group = Group::named(&format!("sip:215@{}", "d".repeat(4_200)));
    group.served(&ci(A));
    let mut seized = 0;
    while let Ok(accepted) = group.subscribe(&any_seize(seized)) {
        assert!(accepted.notifies.iter().all(|notify| notify.headers.len() <= 60_000));
        seized += 1;
    }
    assert!((5..15).contains(&seized), "{seized}");
}

#[test]
fn case_35_a_long_display_name_is_told_whole_as_long_as_it_fits() {
    for (length, told) in [(4_100, true), (50_000, true), (70_000, false)] {
        let mut group = Group::of_two();
        group.seize(A, 1);
        let call = dialog("1@call", "a", "x");
        let _ = group.invite(&crate::support::new_call(A, &dialog("1@call", "a", ""), 1));
        let display: &'static str = format!("\"{}\"", "n".repeat(length)).leak();
        let answer = CallerAnswer {
            dialog: call,
            contact: b"sip:300@h",
            to_display: display.as_bytes(),
            to_aor: b"sip:300@d",
            same_line: false,
        };
        let outcome = group.with(|line, ctx| answer_to_caller(line, ctx, &answer));
        let headers = &outcome.notifies[0].headers;
        assert!(headers.len() < MESSAGE);
        let text = header(&outcome.notifies[0], "Call-Info");
        let elements = sca_core::call_info::read_elements(&text[1..]).unwrap();
        assert_eq!(elements[0].state, Some(sca_core::State::Active));
        assert_eq!(elements[0].uri.len() > length, told);
    }
}
