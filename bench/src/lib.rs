//! Measures the C modules and ours side by side: CPU time, shared memory, stop and start. One part
//! is about `sca`, one ([`pcscf`]) about the pair of a P-CSCF, one ([`scscf`]) about that of an S-CSCF.
//!
//! Both run on the same Kamailio with the same configuration, where only `mpath` differs. Each
//! round has a fresh server of either for each size; their operations alternate, and the report
//! gives medians.

pub mod cells;
pub mod figures;
pub mod load;
pub mod machine;
pub mod options;
pub mod pcscf;
pub mod phones;
pub mod report;
pub mod restart;
pub mod run;
pub mod scscf;
pub mod server;
pub mod storage;
mod telephones;
