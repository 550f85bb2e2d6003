//! The pseudo-variables: what the last search of this message has found.

use bstr::BString;
use core::convert::Infallible;
use kamailio::{
    msg::{Mark, Msg},
    pcscf::client::Contact,
    pv::Value,
};
use std::cell::RefCell;

/// Copies of what the contact had when it was found: later it may change or go. The buffers are used
/// again for the next message.
#[derive(Default)]
struct Search {
    /// Which message it was for; none before the first search.
    message: Mark,
    /// Whether it has found somebody, who may have an empty user part.
    found: bool,
    user: BString,
    id: BString,
}

thread_local! {
    /// A process works on one message at a time.
    static SEARCH: RefCell<Search> = RefCell::new(Search::default());
}

/// A search of `msg` begins.
pub(crate) fn forget(msg: &Msg<'_>) {
    SEARCH.with_borrow_mut(|search| {
        search.message.set(msg);
        search.found = false;
        search.user.clear();
        search.id.clear();
    });
}

/// It has found `contact`.
pub(crate) fn remember(contact: &Contact<'_>) {
    SEARCH.with_borrow_mut(|search| {
        search.found = true;
        search.user.extend_from_slice(contact.user());
        search.id.extend_from_slice(contact.default_id().unwrap_or_default());
    });
}

/// `$pcscf_asserted_identity`
pub(crate) fn asserted_identity(msg: &Msg<'_>) -> Result<Value, Infallible> {
    Ok(value(msg, |search| Some(&search.id).filter(|id| !id.is_empty())))
}

/// `$pcscf_registration_contact`
pub(crate) fn registration_contact(msg: &Msg<'_>) -> Result<Value, Infallible> {
    Ok(value(msg, |search| Some(&search.user).filter(|_| search.found)))
}

/// What was found; null if that is nothing.
fn value(msg: &Msg<'_>, show: impl FnOnce(&Search) -> Option<&BString>) -> Value {
    SEARCH.with_borrow(|search| {
        if !search.message.is_of(msg) {
            kamailio::error!("no search for this message: call pcscf_is_registered first");
            return Value::Null;
        }
        show(search).map_or(Value::Null, |text| Value::Text(text.clone()))
    })
}
