//! The file that takes everything at every look of the timer.

use crate::{dump, params};
use kamailio::location::DebugFile;

pub(crate) static FILE: DebugFile =
    DebugFile { enabled: &params::ENABLE_DEBUG_FILE, path: &params::USRLOC_DEBUG_FILE };

/// Appends what is known now.
pub(crate) fn write() {
    FILE.append(dump::write);
}
