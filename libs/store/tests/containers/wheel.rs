//! The wheel against a list, and the jumps of a clock.

use proptest::prelude::*;
use shm_store::wheel::{Timer, Timers, Wheel};
use std::collections::BTreeMap;

#[derive(Default)]
struct Things(Vec<Timer>);

impl Timers for Things {
    fn timer(&mut self, index: u32) -> Option<&mut Timer> {
        self.0.get_mut(usize::try_from(index).ok()?)
    }
}

#[derive(Debug, Clone)]
enum Step {
    Schedule(u32, i64),
    Cancel(u32),
    Go(i64, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let far = prop_oneof![
        8 => 0..70_i64,
        4 => 0..5_000_i64,
        2 => 0..1_000_000_i64,
        1 => any::<i64>(),
    ];
    let step = prop_oneof![
        6 => (0..40_u32, far.clone()).prop_map(|(index, due)| Step::Schedule(index, due)),
        1 => (0..40_u32).prop_map(Step::Cancel),
        4 => (far, 0..60_u32).prop_map(|(jump, budget)| Step::Go(jump, budget)),
        1 => (0..100_000_i64, 0..60_u32).prop_map(|(jump, budget)| Step::Go(-jump, budget)),
    ];
    prop::collection::vec(step, 0..200)
}

/// What a wheel can keep: seconds from 1970 until 2106.
fn kept(time: i64) -> i64 {
    time.clamp(0, i64::from(u32::MAX))
}

proptest! {
    #[test]
    fn it_does_what_a_list_does(steps in steps(), start in 0..2_000_000_000_i64) {
        let mut things = Things(vec![Timer::IDLE; 40]);
        let mut wheel = Wheel::new(start);
        let mut model = BTreeMap::new();
        let mut now = start;
        for step in steps {
            match step {
                Step::Schedule(index, after) => {
                    let due = now.saturating_add(after);
                    wheel.schedule(&mut things, index, due);
                    model.insert(index, kept(due));
                }
                Step::Cancel(index) => {
                    wheel.cancel(&mut things, index);
                    model.remove(&index);
                }
                Step::Go(jump, mut budget) => {
                    now = kept(now.saturating_add(jump));
                    while let Some(index) = wheel.pop(&mut things, now, &mut budget) {
                        let due = model.remove(&index);
                        prop_assert!(due.is_some_and(|due| due <= now), "{due:?} at {now}");
                    }
                    let late = model.values().min();
                    prop_assert!(budget == 0 || late.is_none_or(|due| *due > now));
                }
            }
            for (index, timer) in (0..).zip(&things.0) {
                prop_assert_eq!(Wheel::due(timer), model.get(&index).copied());
            }
        }
    }
}

fn all(wheel: &mut Wheel, things: &mut Things, now: i64) -> Vec<u32> {
    let mut budget = u32::MAX;
    std::iter::from_fn(|| wheel.pop(things, now, &mut budget)).collect()
}

#[test]
fn what_is_ready_comes_in_the_order_of_its_time() {
    let mut things = Things(vec![Timer::IDLE; 4]);
    let mut wheel = Wheel::new(1000);
    for (index, due) in [(0, 1300), (1, 1010), (2, 1200), (3, 1010)] {
        wheel.schedule(&mut things, index, due);
    }
    assert_eq!(all(&mut wheel, &mut things, 1009), []);
    assert_eq!(all(&mut wheel, &mut things, 1300), [1, 3, 2, 0]);
    for index in [2, 0, 1] {
        wheel.schedule(&mut things, index, i64::MIN);
    }
    assert_eq!(all(&mut wheel, &mut things, 1300), [2, 0, 1], "what is late keeps its order");
}

#[test]
fn a_clock_that_goes_back_delays_nothing_and_hurries_nothing() {
    const YEAR: i64 = 31_536_000;
    let mut things = Things(vec![Timer::IDLE; 2]);
    let mut wheel = Wheel::new(40 * YEAR);
    wheel.schedule(&mut things, 0, 40 * YEAR + 60);
    assert_eq!(all(&mut wheel, &mut things, 30 * YEAR), []);
    wheel.schedule(&mut things, 1, 30 * YEAR + 60);
    assert_eq!(all(&mut wheel, &mut things, 30 * YEAR + 59), []);
    assert_eq!(all(&mut wheel, &mut things, 30 * YEAR + 60), [1]);
    assert_eq!(all(&mut wheel, &mut things, 40 * YEAR + 59), []);
    assert_eq!(all(&mut wheel, &mut things, 40 * YEAR + 60), [0]);
}

#[test]
fn work_follows_what_is_due_and_not_what_is_stored() {
    const MANY: u32 = 200_000;
    let mut things = Things(vec![Timer::IDLE; MANY as usize]);
    let mut wheel = Wheel::new(0);
    for index in 0..MANY {
        wheel.schedule(&mut things, index, 3600 + i64::from(index % 7200));
    }
    let mut spent = 0;
    let mut handed_out = 0;
    for now in 0..3600 + 7200 {
        let mut budget = u32::MAX;
        while wheel.pop(&mut things, now, &mut budget).is_some() {
            handed_out += 1;
        }
        spent += u32::MAX - budget;
    }
    assert_eq!(handed_out, MANY);
    assert!(spent <= 4 * MANY, "each is moved a few times at most: {spent}");
}
