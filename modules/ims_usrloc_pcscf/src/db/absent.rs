//! What this process has just seen not to be in a table, so that it need not ask again before it adds
//! it. Another server may add it meanwhile, as it may between any question and the row.

use core::cell::RefCell;
use kamailio::timer;

/// A Contact URI without a row.
struct Absent {
    /// When that was seen, in seconds since 1970.
    at: i64,
    table: Vec<u8>,
    aor: Vec<u8>,
}

thread_local! {
    /// The last one.
    static LAST: RefCell<Option<Absent>> = const { RefCell::new(None) };
}

/// There is no row of `aor` in `table` now.
pub(super) fn note(table: &[u8], aor: &[u8]) {
    let seen = Absent { at: timer::now(), table: table.to_vec(), aor: aor.to_vec() };
    LAST.with_borrow_mut(|last| *last = Some(seen));
}

/// Whether that was seen within this second, and this process has added no row since.
pub(super) fn is(table: &[u8], aor: &[u8]) -> bool {
    LAST.with_borrow(|last| {
        let same = |last: &Absent| last.table == table && last.aor == aor;
        last.as_ref().is_some_and(|last| last.at == timer::now() && same(last))
    })
}

/// A row is added.
pub(super) fn forget() {
    LAST.with_borrow_mut(|last| *last = None);
}
