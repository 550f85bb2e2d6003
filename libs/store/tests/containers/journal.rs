//! The journal: no change is lost, nothing is written for ever, nobody writes the same row at once.

use super::short::Short;
use proptest::prelude::*;
use shm_store::journal::{Journal, Key, Outcome, Ticket, Work};
use std::collections::BTreeMap;

fn journal(memory: &Short) -> Journal<Short> {
    Journal::try_new_in(2, 1000, shm_table::Seed::new([3; 16]), memory.clone()).unwrap()
}

fn key(number: u16) -> Key<'static> {
    const AORS: [&[u8]; 3] = [b"sip:a@192.0.2.1", b"sip:b@192.0.2.1", b""];
    const PLACES: [&[u8]; 3] = [b"192.0.2.1", b".1", b""];
    Key {
        name: AORS[usize::from(number % 3)],
        detail: PLACES[usize::from(number / 3 % 3)],
        number: number / 9,
    }
}

fn texts(journal: &Journal<Short>, work: &Work) -> (Vec<u8>, u16) {
    let key = journal.key(work.ticket).unwrap();
    (key.name.to_vec(), key.number)
}

#[test]
fn entries_are_written_in_the_order_they_came() {
    let mut journal = journal(&Short::default());
    for number in [5, 1, 9, 1, 5] {
        journal.note(key(number), 0).unwrap();
    }
    let taken: Vec<_> = std::iter::from_fn(|| journal.take(1000)).collect();
    let keys: Vec<_> = taken.iter().map(|work| journal.key(work.ticket).unwrap()).collect();
    assert_eq!(keys, [key(5), key(1), key(9)]);
    assert_eq!((journal.len(), journal.writing()), (3, 3));
    for work in &taken {
        assert_eq!(journal.finish(work, 1000), Outcome::Done);
    }
    assert_eq!((journal.len(), journal.writing()), (0, 0));
}

#[test]
fn a_row_that_changes_while_it_is_written_is_written_again() {
    let mut journal = journal(&Short::default());
    let ticket = journal.note(key(1), 1).unwrap();
    let work = journal.take(1000).unwrap();
    assert_eq!(journal.note(key(1), 4).unwrap(), ticket);
    assert_eq!(journal.flags(ticket), Some(5));
    assert!(journal.take(1000).is_none(), "nobody else writes it meanwhile");
    assert!(journal.is_writing(ticket));
    let Outcome::Again(again) = journal.finish(&work, 1001) else { panic!("it has changed") };
    assert_eq!(journal.finish(&again, 1001), Outcome::Done);
    assert_eq!(journal.finish(&again, 1001), Outcome::Lost);
    assert_eq!(journal.pending(key(1)), None);
}

#[test]
fn a_failure_is_counted_and_waits_for_its_time() {
    let mut journal = journal(&Short::default());
    let ticket = journal.note(key(1), 0).unwrap();
    let work = journal.take(1000).unwrap();
    journal.failed(&work, 1030);
    assert_eq!((journal.retry_at(ticket), journal.attempts(ticket)), (Some(1030), Some(1)));
    assert!(journal.take(1029).is_none() && !journal.is_open(ticket, 1029));
    let second = journal.take(1030).unwrap();
    assert_eq!((second.attempts, texts(&journal, &second)), (1, (b"sip:b@192.0.2.1".to_vec(), 0)));
    assert_eq!(journal.finish(&work, 1030), Outcome::Lost, "the first try is over");
    assert_eq!(journal.finish(&second, 1030), Outcome::Done);
}

#[test]
fn a_change_does_not_wait_for_the_time_of_the_next_try() {
    let mut journal = journal(&Short::default());
    let ticket = journal.note(key(1), 0).unwrap();
    let work = journal.take(1000).unwrap();
    journal.failed(&work, 1300);
    journal.note(key(1), 0).unwrap();
    assert!(journal.is_open(ticket, 1001));
    let work = journal.take_this(ticket, 1001).unwrap();
    assert_eq!(work.attempts, 1, "the first try may have come to something");
    assert_eq!(journal.finish(&work, 1001), Outcome::Done);
    assert!(journal.is_empty());
}

#[test]
fn what_a_process_was_writing_when_it_ended_is_written_last() {
    let mut journal = journal(&Short::default());
    let left = journal.note(key(1), 0).unwrap();
    journal.note(key(2), 0).unwrap();
    let work = journal.take(1000).unwrap();
    assert_eq!(work.ticket, left);
    journal.forsake();
    assert_eq!(journal.writing(), 0);
    let (first, next) = journal.take_any(0, 1001).unwrap();
    let (second, next) = journal.take_any(next, 1001).unwrap();
    assert!(journal.take_any(next, 1001).is_none());
    assert_eq!((first.ticket, first.attempts), (left, 1), "it may be there, or not");
    assert_eq!(second.attempts, 0);
    for work in [first, second] {
        assert_eq!(journal.finish(&work, 1001), Outcome::Done);
    }
    assert!(journal.is_empty());
}

/// A journal with a row that the database did not answer for, and that was written at 1010.
fn written_after_all() -> (Journal<Short>, Ticket) {
    let mut journal = journal(&Short::default());
    let ticket = journal.note(key(1), 0).unwrap();
    let work = journal.take(1000).unwrap();
    journal.unanswered(&work, 1010);
    let work = journal.take(1010).unwrap();
    assert_eq!(journal.finish(&work, 1010), Outcome::Done);
    (journal, ticket)
}

#[test]
fn what_was_not_answered_is_written_once_more_after_it_was_written() {
    let (mut journal, ticket) = written_after_all();
    assert_eq!((journal.len(), journal.writing(), journal.is_writing(ticket)), (1, 0, false));
    assert!(journal.take(1012).is_none(), "not at once");
    let work = journal.take(1013).unwrap();
    assert_eq!((work.ticket, work.attempts), (ticket, 1));
    assert_eq!(journal.finish(&work, 1013), Outcome::Done);
    assert!(journal.is_empty(), "and not for ever");
}

#[test]
fn a_change_does_not_wait_for_what_was_not_answered_before() {
    let (mut journal, ticket) = written_after_all();
    journal.note(key(1), 0).unwrap();
    assert_eq!(journal.attempts(ticket), Some(0));
    let work = journal.take_this(ticket, 1011).unwrap();
    assert_eq!(journal.finish(&work, 1011), Outcome::Done);
    // What was sent first may still come.
    let work = journal.take(1014).unwrap();
    assert_eq!(journal.finish(&work, 1014), Outcome::Done);
    assert!(journal.is_empty());
}

#[test]
fn a_writer_that_never_comes_back_loses_its_row_to_another() {
    let mut journal = journal(&Short::default());
    journal.note(key(1), 0).unwrap();
    let lost = journal.take(1000).unwrap();
    assert!(journal.take(1299).is_none());
    let work = journal.take(1300).unwrap();
    journal.failed(&lost, 5000);
    assert_eq!(journal.finish(&lost, 1300), Outcome::Lost);
    assert_eq!((journal.len(), journal.writing()), (1, 1));
    assert_eq!(journal.finish(&work, 1300), Outcome::Done);
    assert_eq!(journal.writing(), 0);
}

#[test]
fn at_the_end_all_are_handed_out_ready_or_not() {
    let mut journal = journal(&Short::default());
    let tickets: Vec<Ticket> = (0..4).map(|number| journal.note(key(number), 0).unwrap()).collect();
    let first = journal.take(1000).unwrap();
    journal.failed(&first, i64::MAX);
    let second = journal.take(1000).unwrap();
    assert_eq!((first.ticket, second.ticket), (tickets[0], tickets[1]));
    let mut cursor = 0;
    let mut met = Vec::new();
    while let Some((work, next)) = journal.take_any(cursor, 1000) {
        met.push(work.ticket);
        cursor = next;
    }
    assert_eq!(met, [tickets[0], tickets[2], tickets[3]], "all but the one that is being written");
    assert_eq!(journal.writing(), 4);
}

#[test]
fn when_memory_ends_nothing_is_noted_and_nothing_is_lost() {
    let memory = Short::default();
    let mut journal = journal(&memory);
    let old = journal.note(key(1), 0).unwrap();
    let held = memory.held();
    // More than the room that is set aside has.
    let long = [b'a'; 600];
    let long = Key { name: &long, ..key(700) };
    for blocks in 0.. {
        memory.end_after(blocks);
        let noted = journal.note(long, 0);
        assert_eq!(
            journal.note(key(1), 0).ok(),
            Some(old),
            "an entry that is there needs no memory"
        );
        memory.end_never();
        if noted.is_ok() {
            assert!(blocks > 0);
            break;
        }
        assert_eq!((memory.held(), journal.len()), (held, 1));
    }
    let empty = |journal: &mut Journal<_>| {
        while let Some(work) = journal.take(1000) {
            journal.forget(work.ticket);
        }
        assert_eq!((journal.len(), journal.writing()), (0, 0));
        memory.held()
    };
    // The places of a few entries stay, and serve the next ones.
    let kept = empty(&mut journal);
    for again in [key(1), long, key(1), long] {
        journal.note(again, 0).unwrap();
        assert_eq!(empty(&mut journal), kept);
    }
    drop(journal);
    assert_eq!(memory.held().0, 0);
}

#[test]
fn a_change_is_noted_when_memory_has_ended() {
    let memory = Short::default();
    let mut journal = journal(&memory);
    let before = journal.note(key(1), 0).unwrap();
    journal.forget(before);
    // The places of those that were there serve; their texts need room of their own.
    memory.end_after(0);
    for _ in 0..1000 {
        let ticket = journal.note(key(1), 0).expect("room that was set aside");
        let work = journal.take(1000).unwrap();
        assert_eq!(texts(&journal, &work), (key(1).name.to_vec(), key(1).number));
        assert_eq!((work.ticket, journal.finish(&work, 1000)), (ticket, Outcome::Done));
    }
    memory.end_never();
    drop(journal);
    assert_eq!(memory.held(), (0, 0));
}

#[derive(Debug, Clone)]
enum Step {
    Change(u16),
    Take,
    Finish(usize),
    Fail(usize, i64),
    Unanswered(usize, i64),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..30_u16).prop_map(Step::Change),
        4 => Just(Step::Take),
        3 => any::<usize>().prop_map(Step::Finish),
        1 => (any::<usize>(), 0..100_i64).prop_map(|(at, wait)| Step::Fail(at, wait)),
        1 => (any::<usize>(), 0..100_i64).prop_map(|(at, wait)| Step::Unanswered(at, wait)),
        1 => (-50..400_i64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    /// A memory of numbers, a table of them, writers that read one and store it later, some of which
    /// give up before that is done: then it is done after the next writer.
    #[test]
    fn memory_and_table_are_alike_in_the_end(steps in steps()) {
        let mut journal = journal(&Short::default());
        let (mut memory, mut table) = (BTreeMap::new(), BTreeMap::new());
        let mut writers: Vec<(Work, u16, u32)> = Vec::new();
        let mut late: Vec<(u16, u32)> = Vec::new();
        let store = |table: &mut BTreeMap<_, _>, late: &mut Vec<_>, row, value| {
            table.insert(row, value);
            let comes = late.extract_if(.., |(other, _)| *other == row);
            table.extend(comes);
        };
        let (mut now, mut changes) = (1000, 0_u32);
        let number = |journal: &Journal<Short>, work: &Work| {
            (0..30).find(|number| journal.key(work.ticket) == Some(key(*number))).unwrap()
        };
        for step in steps {
            match step {
                Step::Change(row) => {
                    changes += 1;
                    memory.insert(row, changes);
                    journal.note(key(row), 0).unwrap();
                }
                Step::Take => {
                    if let Some(work) = journal.take(now) {
                        let row = number(&journal, &work);
                        // Who took it before and is late has no say any more.
                        writers.retain(|(_, other, _)| *other != row);
                        writers.push((work, row, memory[&row]));
                    }
                }
                Step::Finish(at) if !writers.is_empty() => {
                    let (work, row, value) = writers.swap_remove(at % writers.len());
                    store(&mut table, &mut late, row, value);
                    if let Outcome::Again(work) = journal.finish(&work, now) {
                        writers.push((work, row, memory[&row]));
                    }
                }
                Step::Fail(at, wait) if !writers.is_empty() => {
                    let (work, ..) = writers.swap_remove(at % writers.len());
                    journal.failed(&work, now + wait);
                }
                Step::Unanswered(at, wait) if !writers.is_empty() => {
                    let (work, row, value) = writers.swap_remove(at % writers.len());
                    late.push((row, value));
                    journal.unanswered(&work, now + wait);
                }
                Step::Wait(time) => now += time,
                _ => {}
            }
            prop_assert!(journal.writing() <= journal.len());
        }
        for (work, row, value) in writers {
            store(&mut table, &mut late, row, value);
            if let Outcome::Again(work) = journal.finish(&work, now) {
                table.insert(row, memory[&row]);
                prop_assert_eq!(journal.finish(&work, now), Outcome::Done);
            }
        }
        for _ in 0..3 {
            now += 10_000;
            while let Some(work) = journal.take(now) {
                let row = number(&journal, &work);
                store(&mut table, &mut late, row, memory[&row]);
                prop_assert_eq!(journal.finish(&work, now), Outcome::Done);
            }
        }
        prop_assert_eq!(memory, table);
        prop_assert!(journal.is_empty());
    }
}
