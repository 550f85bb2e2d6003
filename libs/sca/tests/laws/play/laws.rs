//! What is always true.

use sca_core::call_info::read_elements;
use sca_core::{Dialog, Event, Line, State};
use std::collections::BTreeSet;

/// The calls that are up, with their numbers and owners; not those that are just being taken over, nor
/// those that only a pending INVITE with a To-tag makes look answered.
pub(super) fn answered(line: &Line<'_>) -> Vec<(Dialog<'static>, usize, Vec<u8>)> {
    let up = line.appearances().iter().filter(|each| {
        let pending = each
            .previous
            .as_ref()
            .is_some_and(|old| !old.dialog.is_confirmed() || !old.dialog.matches(&each.dialog));
        each.dialog.is_confirmed()
            && !pending
            && matches!(each.state, State::Active | State::Held | State::HeldPrivate)
    });
    up.map(|each| {
        let number = usize::from(each.dialog.call_id[0] - b'0');
        (each.dialog.to_owned(), number, each.owner.to_vec())
    })
    .collect()
}

/// What is always true of a line.
pub(super) fn whole(line: &Line<'_>) {
    let indexes: Vec<u32> = line.appearances().iter().map(|each| each.index).collect();
    assert!(indexes.is_sorted_by(|one, next| one < next), "{indexes:?}");
    assert!(indexes.iter().all(|index| (1..=0x7fff_ffff).contains(index)), "{indexes:?}");
    let mut members = BTreeSet::new();
    for each in line.subscriptions() {
        assert!(members.insert((each.event, each.contact.clone())), "{each:?} is there twice");
    }
}

/// The indexes in a NOTIFY; fails when its headers are not those of the contract.
pub(super) fn elements(headers: &[u8]) -> Vec<Option<u32>> {
    let text = std::str::from_utf8(headers).unwrap().strip_suffix("\r\n").unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    let [contact, call_info, event, state] = lines.try_into().unwrap();
    assert!(contact.starts_with("Contact: ") && state.starts_with("Subscription-State: "));
    assert!(Event::parse(event.strip_prefix("Event: ").unwrap().as_bytes()).is_some());
    let body = call_info.strip_prefix("Call-Info:").unwrap().trim_start();
    read_elements(body.as_bytes()).unwrap().iter().map(|element| element.index).collect()
}
