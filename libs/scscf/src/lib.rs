//! Everything that the registrar and the location store of an S-CSCF decide, without a host: no
//! clock, no message sent, no memory of its own.
#![forbid(unsafe_code)]

pub mod aor;
pub mod assignment;
pub mod blob;
pub mod contact;
pub mod credentials;
pub mod event;
pub mod expires;
pub mod keys;
pub mod life;
pub mod limits;
pub mod lookup;
pub mod matching;
pub mod methods;
pub mod profile;
pub mod quality;
pub mod refusal;
pub mod register;
pub mod reply;
pub mod row;
pub mod user_data;
pub mod wildcard;

pub use profile::Subscription;
