//! What is set up before the fork.

use crate::Case;
use inprocess::{fork::Child, host};
use kamailio::{shared::Shared, sync::Mutex};

pub(crate) const CASES: &[Case] = &[
    ("shared::a_value_is_one_for_all_processes", one),
    ("shared::a_value_in_use_is_not_taken", used),
    ("shared::a_second_value_is_dropped", second),
];

fn one() {
    static COUNT: Shared<Mutex<u32>> = Shared::empty();
    let before = host::used();
    assert!(COUNT.get().is_none());
    COUNT.set(Mutex::new(1)).unwrap();
    let child = Child::start(|| *COUNT.get().unwrap().lock() += 1);
    assert!(child.join());
    assert_eq!(*COUNT.get().unwrap().lock(), 2);
    assert_eq!(COUNT.take().map(|count| *count.lock()), Some(2));
    assert!(COUNT.get().is_none() && COUNT.take().is_none());
    assert_eq!(host::used(), before);
}

fn used() {
    static VALUE: Shared<u32> = Shared::empty();
    VALUE.set(5).unwrap();
    let user = VALUE.get().unwrap();
    assert!(VALUE.take().is_none());
    assert_eq!(*user, 5);
    drop(user);
    assert_eq!(VALUE.take().as_deref(), Some(&5));
}

fn second() {
    static VALUE: Shared<u32> = Shared::empty();
    VALUE.set(5).unwrap();
    let before = host::used();
    VALUE.set(6).unwrap();
    assert_eq!(host::used(), before);
    assert_eq!(VALUE.take().as_deref(), Some(&5));
}
