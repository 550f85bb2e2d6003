//! An S-CSCF of one test: the host with both modules, and an HSS that it asks.

pub mod lab;
pub mod plan;
pub mod record;
pub mod reply;
pub mod tables;
pub mod watch;

pub use crate::{
    mix::Mix,
    ue::{Ue, rc},
};
pub use lab::Lab;
pub use plan::Plan;
pub use record::Record;
pub use reply::{Binding, bindings};
pub use watch::{Told, Watcher};

use crate::diameter::{Subscriber, hss};

/// The domain in which the route keeps identities.
pub const LOCATION: &str = "location";

/// Whoever registers as `identity`: with a telephone number made of its digits, and with an identity
/// that nobody may use.
pub fn subscriber(identity: &str) -> Subscriber {
    let user = identity.trim_start_matches("sip:").split('@').next().unwrap_or_default();
    let set = set(user);
    let [own, number, barred] = set.each_ref().map(String::as_str);
    let mut made = Subscriber::new(&private(user), "open sesame", &[own, number, barred]);
    made.public[2].1 = true;
    made
}

/// The private identity of `user`.
pub fn private(user: &str) -> String {
    format!("{user}@{}", hss::REALM)
}

/// The implicit registration set of `user`; the last of it is barred.
pub fn set(user: &str) -> [String; 3] {
    let realm = hss::REALM;
    let number: String = user.bytes().map(|byte| format!("{byte:03}")).collect();
    [format!("sip:{user}@{realm}"), format!("tel:+{number}"), format!("sip:x-{user}@{realm}")]
}
