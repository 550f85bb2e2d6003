//! Containers of which location stores are built: slots with generations ([`slab`]), indexes that
//! grow a shard at a time ([`shards`]), a timer wheel ([`wheel`]) and the journal of rows that are
//! still to be written ([`journal`]); and how rows are read ([`cells`]).
//!
//! Containers take their memory from an allocator that the caller passes in, which may be shared by
//! several processes; a lack of memory is a value and leaves everything as it was.
#![forbid(unsafe_code)]

pub mod cells;
pub mod journal;
mod lines;
pub mod shards;
pub mod slab;
pub mod wheel;

pub use slab::Id;
