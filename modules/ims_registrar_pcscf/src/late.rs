//! The last NOTIFYs of our subscriptions: one that was overtaken on its way tells what is no more.

use core::{fmt, hash::Hasher as _};
use kamailio::{Error, pua::Dialog, shared::Shared, shm_struct, sync::Mutex, timer};
use pcscf_core::decide::notify::Numbers;
use std::hash::DefaultHasher;

/// How many dialogs are remembered at the most; a later one may take the place of an earlier one,
/// whose next NOTIFY is then followed whatever its numbers are.
const PLACES: usize = 4096;

shm_struct! {
    /// The last NOTIFY that was followed of a dialog.
    struct Place {
        dialog: u64,
        version: u32,
        cseq: u32,
        /// When it came; 0: there was none.
        time: i64,
    }
}

shm_struct! {
    struct Last {
        places: [Mutex<Place>; PLACES],
    }
}

static LAST: Shared<Last> = Shared::empty();

/// For `mod_init`.
pub(crate) fn set_up() -> Result<(), Error> {
    const NONE: Place = Place { dialog: 0, version: 0, cseq: 0, time: 0 };
    LAST.set(Last { places: [const { Mutex::new(NONE) }; PLACES] })
}

/// For `mod_destroy`.
pub(crate) fn tear_down() {
    drop(LAST.take());
}

/// A NOTIFY of a dialog of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    dialog: u64,
    numbers: Numbers,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.numbers.fmt(f)
    }
}

impl Order {
    /// Of the NOTIFY with these `numbers` in `dialog`.
    pub(crate) fn new(dialog: &Dialog<'_>, numbers: Numbers) -> Self {
        let mut hasher = DefaultHasher::new();
        for text in [dialog.call_id, dialog.local_tag, dialog.remote_tag] {
            hasher.write(text);
            hasher.write_u8(0);
        }
        Self { dialog: hasher.finish(), numbers }
    }

    /// The numbers of the one that overtook it, if one did; else it is the last one from now on.
    pub(crate) fn take(&self) -> Option<Numbers> {
        self.with(|place| {
            let overtaker = self.overtaken_by(place);
            if overtaker.is_none() {
                let Numbers { version, cseq } = self.numbers;
                *place = Place { dialog: self.dialog, version, cseq, time: timer::now() };
            }
            overtaker
        })
    }

    /// Whether another process has taken a later one meanwhile.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.with(|place| self.overtaken_by(place)).is_some()
    }

    fn overtaken_by(&self, place: &Place) -> Option<Numbers> {
        let last = Numbers { version: place.version, cseq: place.cseq };
        let known = place.time != 0 && place.dialog == self.dialog;
        let age = timer::now().saturating_sub(place.time);
        (known && self.numbers.were_overtaken_by(last, age)).then_some(last)
    }

    fn with(&self, work: impl FnOnce(&mut Place) -> Option<Numbers>) -> Option<Numbers> {
        let last = LAST.get()?;
        let places = u64::try_from(PLACES).unwrap_or(u64::MAX);
        let at = usize::try_from(self.dialog % places).unwrap_or(PLACES);
        let mut place = last.places.get(at)?.lock();
        work(&mut place)
    }
}
