//! Wildcarded identities, read once in every process.

use scscf_core::wildcard::Wildcard;
use std::{cell::RefCell, collections::BTreeMap};

/// Patterns that a process remembers; beyond that it begins anew.
const REMEMBERED: usize = 1024;

thread_local! {
    static KNOWN: RefCell<BTreeMap<Vec<u8>, Option<Wildcard>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Whether `identity` is written as a wildcarded one.
pub(crate) fn is_wildcard(identity: &[u8]) -> bool {
    scscf_core::wildcard::is_wildcard(identity)
}

/// Whether the identity `wildcard`, if it is a wildcarded one, stands for `public`.
pub(crate) fn stands_for(wildcard: &[u8], public: &[u8]) -> bool {
    if !is_wildcard(wildcard) {
        return false;
    }
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= REMEMBERED && !known.contains_key(wildcard) {
            known.clear();
        }
        let read =
            known.entry(wildcard.to_vec()).or_insert_with(|| match Wildcard::parse(wildcard) {
                Ok(read) => Some(read),
                Err(error) => {
                    kamailio::warn!("a wildcarded identity stands for nobody: {error}");
                    None
                }
            });
        read.as_ref().is_some_and(|wildcard| wildcard.is_match(public))
    })
}
