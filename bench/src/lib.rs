//! Measures the C modules and ours side by side: CPU time, shared memory, stop and start. One part
//! ([`sca`]) is about shared lines, one ([`pcscf`]) about the pair of a P-CSCF, one ([`scscf`]) about that of
//! an S-CSCF. Each says what its configuration is, what its operations are, and which bars its figures
//! keep to; all else is one piece.
//!
//! Both run on the same Kamailio with the same configuration, where only `mpath` differs. Each
//! round has a fresh server of either for each size; their operations follow each other in short turns,
//! and the report gives medians of the turns and of their ratios.

mod cells;
mod figures;
mod flavor;
mod machine;
mod meter;
pub mod options;
pub mod pcscf;
mod phones;
mod registrar;
mod round;
pub mod sca;
pub mod scscf;
mod server;
mod storage;
mod table;
mod telephones;

pub use flavor::Flavor;
