//! What location stores have in common: records that modules of C read in place and the room for
//! them, the lock that clients of C take, and the rest of what was taken out.

pub(crate) mod block;
mod debug_file;
mod domain;
mod graveyard;
mod lock;
pub(crate) mod pool;

pub use block::TEXT_MAX;
pub use debug_file::{DebugFile, Unwritable};
pub use domain::{Domain, Named};
pub(crate) use graveyard::{Buried, Graveyard};
pub use graveyard::{REST, SHORT_REST};
pub use lock::Holder;
pub(crate) use lock::{Entered, OwnedLock};
