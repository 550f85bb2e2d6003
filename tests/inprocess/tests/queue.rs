//! Notes from many processes for one.

use crate::Case;
use inprocess::{fork::Child, host};
use kamailio::{
    Error,
    queue::{Bell, Bells, PushError, Pushed, Queue, Queues},
    shared::Shared,
};

pub(crate) const CASES: &[Case] = &[
    ("queue::notes_of_all_processes_come_whole_and_in_the_order_of_each", order),
    ("queue::a_full_queue_takes_no_more_and_recovers", full),
    ("queue::a_note_joins_one_of_the_same_key_when_the_queues_are_full", join),
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

fn join() {
    let before = host::used();
    let queues = Queues::new(1, 3).unwrap();
    let bells = Bells::new();
    bells.set_up(1).unwrap();
    let both = |new: &'static [u8]| {
        move |older: &[u8]| (older != b"alone").then(|| [older, b"+", new].concat())
    };
    for (number, note) in [b"alone".as_slice(), b"a", b"b"].into_iter().enumerate() {
        let waits = u32::try_from(number + 1).unwrap();
        let key = if note == b"b" { 8 } else { 7 };
        assert_eq!(queues.push(key, note, &bells, both(note)), Ok(Pushed::Waits(waits)));
    }
    assert_eq!(queues.push(7, b"c", &bells, both(b"c")), Ok(Pushed::Joined));
    assert_eq!(queues.push(7, b"d", &bells, both(b"d")), Ok(Pushed::Joined));
    assert_eq!(queues.push(8, b"e", &bells, both(b"e")), Ok(Pushed::Joined));
    assert_eq!(queues.push(9, b"f", &bells, both(b"f")), Err(PushError::Full(3)));
    assert_eq!(queues.push(7, b"g", &bells, |_| None), Err(PushError::Full(3)));
    let mut seen = Vec::new();
    queues.get(queues.claim()).unwrap().drain(|note| seen.push(note.to_vec()));
    // What was joined comes where the last one would have come.
    assert_eq!(seen, [b"alone".as_slice(), b"a+c+d", b"b+e"]);
    assert!(queues.is_empty());
    assert_eq!(queues.push(9, b"f", &bells, both(b"f")), Ok(Pushed::Waits(1)));
    drop(queues);
    assert_eq!(host::used(), before);
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
