//! Starts a real Kamailio for one test, plays telephones against it and reads what it stored.
//!
//! Everything stays on the loopback network: each host has an address of its own in 127.0.0.0/8,
//! each phone a free port on 127.0.0.1, so that tests run side by side.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

pub mod baresip;
pub mod call;
pub mod database;
pub mod diameter;
pub mod digest;
pub mod draft;
pub mod example;
pub mod garbage;
pub mod host;
pub mod inbox;
pub mod install;
pub mod journal;
pub mod lamps;
pub mod leg;
pub mod line;
mod link;
pub mod mariadb;
pub mod message;
pub mod mix;
pub mod netns;
pub mod pcscf;
pub mod phone;
pub mod postgres;
pub mod process;
pub mod rpc;
pub mod scscf;
pub mod server;
pub mod servers;
pub mod setup;
pub mod sqlite;
pub mod steady;
pub mod subscription;
pub mod suite;
pub mod ue;
pub mod valgrind;
pub mod wait;

pub use call::{Call, Side};
pub use database::{Database, Tables};
pub use draft::Draft;
pub use host::Host;
pub use install::{Flavor, Version};
pub use lamps::call_info;
pub use leg::Leg;
pub use line::Line;
pub use message::Message;
pub use phone::{Answer, Phone};
pub use rpc::Fault;
pub use setup::Setup;
pub use subscription::Subscription;

/// The domain that every host calls its own.
pub const DOMAIN: &str = "voice.example.com";
