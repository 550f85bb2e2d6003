//! Notes from many processes for one.

use crate::Case;
use inprocess::{fork::Child, host};
use kamailio::{
    Error,
    queue::{Bell, PushError, Queue},
    shared::Shared,
};

pub(crate) const CASES: &[Case] = &[
    ("queue::notes_of_all_processes_come_whole_and_in_the_order_of_each", order),
    ("queue::a_full_queue_takes_no_more_and_recovers", full),
    ("queue::without_memory_a_note_is_refused_and_nothing_is_lost", exhausted),
];

static QUEUE: Shared<Queue> = Shared::empty();
static BELL: Bell = Bell::new();

fn order() {
    const EACH: u32 = 500;
    const WRITERS: u32 = 3;
    QUEUE.set(Queue::new(u32::MAX)).unwrap();
    BELL.set_up().unwrap();
    let before = host::used();
    let writers: Vec<Child> = (0..WRITERS)
        .map(|writer| {
            Child::start(move || {
                let queue = QUEUE.get().unwrap();
                for number in 0..EACH {
                    queue.push(format!("{writer} {number}").as_bytes(), &BELL).unwrap();
                }
            })
        })
        .collect();
    let queue = QUEUE.get().unwrap();
    let mut next = [0; WRITERS as usize];
    while next.iter().sum::<u32>() < WRITERS * EACH {
        assert!(BELL.wait());
        queue.drain(|note| {
            let text = std::str::from_utf8(note).unwrap();
            let (writer, number) = text.split_once(' ').unwrap();
            let expected = &mut next[writer.parse::<usize>().unwrap()];
            assert_eq!(number, expected.to_string());
            *expected += 1;
        });
    }
    assert!(writers.into_iter().all(Child::join));
    assert!(queue.is_empty());
    assert_eq!(host::used(), before);
    drop(queue);
    drop(QUEUE.take());
}

fn full() {
    let queue = Queue::new(3);
    let bell = Bell::new();
    for waiting in 1..=3 {
        assert_eq!(queue.push(b"x", &bell), Ok(waiting));
    }
    assert_eq!(queue.push(b"x", &bell), Err(PushError::Full(3)));
    let mut seen = 0;
    queue.drain(|_| seen += 1);
    assert_eq!((seen, queue.len()), (3, 0));
    assert_eq!(queue.push(b"y", &bell), Ok(1));
}

fn exhausted() {
    let queue = Queue::new(u32::MAX);
    let bell = Bell::new();
    let before = host::used();
    let note = vec![7; 64 * 1024];
    let mut taken = 0;
    let refused = loop {
        match queue.push(&note, &bell) {
            Ok(_) => taken += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, PushError::Core(Error::OutOfShm));
    let mut seen = 0;
    queue.drain(|text| {
        assert_eq!(text, note);
        seen += 1;
    });
    assert!(seen > 10);
    assert_eq!((seen, queue.len(), host::used()), (taken, 0, before));
}
