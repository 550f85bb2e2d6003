//! What a module exports, and when the host calls it.

mod exports;
mod hooks;
mod loaded;
mod rank;
mod table;

pub use exports::{Exports, Text};
pub use hooks::register;
pub use rank::Rank;
pub use table::{Row, Table};

pub(crate) use hooks::item;
pub(crate) use loaded::{is_loaded, parameter};
