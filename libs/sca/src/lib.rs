//! Everything that shared call appearances (Broadworks "SIP Access Side Extensions") decide,
//! without a host: no clock, no memory shared between processes, no message sent.
//!
//! A [`Line`] is one address of record with its subscriptions and appearances. It is decoded from
//! the bytes that the module stores ([`record`]), an operation changes it and says what is to be
//! sent, and it is encoded again. What the operations return owns its bytes: the lock of the line
//! can be given back before anything is carried out.
#![forbid(unsafe_code)]

use std::borrow::Cow;

pub mod admin;
pub mod aor;
pub mod appearance;
pub mod call;
pub mod call_info;
pub mod context;
pub mod counts;
pub mod delivery;
pub mod dialog;
pub mod event;
pub mod expires;
pub mod line;
pub mod listing;
pub mod notify;
pub mod record;
pub mod row;
pub mod state;
pub mod state_row;
pub mod subscribe;
pub mod subscription;
pub mod timers;
pub mod uri;

pub use appearance::Appearance;
pub use context::{Context, Instant};
pub use dialog::Dialog;
pub use event::Event;
pub use line::Line;
pub use notify::Notify;
pub use state::State;
pub use subscription::Subscription;

/// Bytes from the wire or from a record: borrowed where nothing changed them.
pub type Text<'a> = Cow<'a, [u8]>;
