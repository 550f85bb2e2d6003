//! The event package `reg` (RFC 3680, 3GPP TS 24.229 5.4.2.1): who may ask for the state of a
//! registration, who hears of what, and what a NOTIFY says.

pub mod allowed;
mod cause;
mod codec;
pub mod delivery;
pub mod document;
mod expires;
mod hears;
mod note;
mod package;
mod publish;
mod state;
mod subscribe;
mod trusted;
mod watcher;

pub use cause::Cause;
pub use expires::Bounds;
pub use hears::{Own, Rules, Verdict, hears};
pub use note::{Contact, Note, Only};
pub use package::{BadPackage, check};
pub use publish::{End, Refusal as PublishRefusal, ends};
pub use state::{SubscriptionState, Why};
pub use subscribe::{Known, Plan, first_numbers, plan};
pub use trusted::{BadTrusted, Trusted};
pub use watcher::{Dialog, Watcher};
