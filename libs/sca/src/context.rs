//! What every operation is told about the world: the time and the settings of the module.

/// A moment in whole seconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    /// The moment `seconds` later; at the end of the number range it stays there.
    pub fn plus(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(i64::from(seconds)))
    }

    /// Seconds from `earlier` to here; negative when `earlier` is the later one.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The circumstances of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context<'c> {
    /// When it happens.
    pub now: Instant,
    /// Parameter `server_address`: goes verbatim into the Contact of each NOTIFY. Empty means
    /// that it is not set; the address of record stands there then.
    pub server_address: &'c [u8],
    /// The state table exists: changes of appearances have to be written there, so that a line
    /// that became empty is kept until its deletion is written too.
    pub keeps_states: bool,
}
