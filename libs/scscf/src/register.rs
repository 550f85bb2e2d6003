//! `save`: what a REGISTER asks for, and what is to be done for it.
//!
//! 1. [`read`] makes a [`Plan`] of the message, or says why it is refused; nothing is stored yet.
//! 2. One look at the record of the user ([`Known`]) and [`Plan::next`] says how it goes on: with an
//!    answer at once, with the removal of contacts ([`Plan::removed`] goes on from there), or with a
//!    question to the HSS. Meanwhile the plan waits as bytes ([`Plan::pack`]).
//! 3. With the answer of the HSS, [`set::changes`] says which identities stay, join and leave.

use crate::{contact::Params, expires::Lifetimes};
use std::borrow::Cow;

mod decide;
mod pack;
pub mod path;
mod read;
pub mod set;

pub use decide::{Assignment, Bound, CSEQ_DELAY, Ends, Known, Next, Order, Policy};
pub use read::{read, whose};

/// What a REGISTER says: texts and header bodies as they stand in the message.
#[derive(Clone, Debug, Default)]
pub struct Request<'m> {
    /// The URI of the To.
    pub to: &'m [u8],
    /// The Call-ID.
    pub call_id: &'m [u8],
    /// The number of the CSeq.
    pub cseq: &'m [u8],
    /// The body of the Expires header.
    pub expires: Option<&'m [u8]>,
    /// The bodies of all Contact headers.
    pub contacts: Vec<&'m [u8]>,
    /// The bodies of all Path headers.
    pub paths: Vec<&'m [u8]>,
    /// The bodies of all Supported headers.
    pub supported: Vec<&'m [u8]>,
    /// The bodies of the Authorization headers, then those of the Proxy-Authorization headers.
    pub authorization: Vec<&'m [u8]>,
    /// The bodies of the Allow headers.
    pub allow: Vec<&'m [u8]>,
    /// The body of the User-Agent header.
    pub user_agent: Option<&'m [u8]>,
    /// The value of `received_avp`.
    pub received: Option<&'m [u8]>,
    /// Any number, for `default_expires_range`.
    pub random: u32,
}

/// What is set about registrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long contacts stay.
    pub lifetimes: Lifetimes,
    /// Parameter `default_q`.
    pub default_q: i32,
    /// What is done with Path headers.
    pub path: path::Settings,
    /// What is too brief is refused with 423, not raised.
    pub refuses_brief: bool,
    /// Parameter `precise_errors`: a lifetime that is no number is refused, not raised.
    pub precise: bool,
    /// Flag 1 of `save`: credentials of any realm say the private identity, and none is needed.
    pub any_realm: bool,
}

/// A REGISTER that may be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<'m> {
    /// Whose registration it is: the key of the store.
    pub identity: Cow<'m, [u8]>,
    /// The private identity.
    pub private: Cow<'m, [u8]>,
    /// The Call-ID.
    pub call_id: Cow<'m, [u8]>,
    /// The number of the CSeq.
    pub cseq: u32,
    /// The User-Agent, or `n/a`.
    pub user_agent: Cow<'m, [u8]>,
    /// The Path as it is stored: bodies joined by commas; empty: none is stored.
    pub path: Cow<'m, [u8]>,
    /// Whether a 200 says the Path back.
    pub echoes_path: bool,
    /// Whether where contacts were received from comes from the Path: they lie behind a NAT.
    pub behind_nat: bool,
    /// What is asked for.
    pub wants: Wants<'m>,
}

/// What a REGISTER asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants<'m> {
    /// Nothing: which contacts there are.
    Query,
    /// The end of all contacts.
    RemoveAll,
    /// A change of these contacts, at least one.
    Contacts(Vec<Contact<'m>>),
}

/// A contact of a REGISTER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact<'m> {
    /// Its URI.
    pub uri: Cow<'m, [u8]>,
    /// Its header parameters, all of them. Lists of the host have them in reverse order.
    pub params: Params<'m>,
    /// Its preference in thousandths, or [`crate::quality::UNSAID`].
    pub q: i32,
    /// How long it stays.
    pub lifetime: Lifetime,
    /// The methods it takes, as bits.
    pub methods: u32,
    /// Where it was received from; empty: nothing is known.
    pub received: Cow<'m, [u8]>,
}

/// How long a contact stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It ends.
    Remove,
    /// So many seconds, as granted; not 0.
    Seconds(u32),
}

impl<'m> Plan<'m> {
    /// The contacts that the REGISTER names.
    pub fn contacts(&self) -> &[Contact<'m>] {
        match &self.wants {
            Wants::Contacts(contacts) => contacts,
            Wants::Query | Wants::RemoveAll => &[],
        }
    }

    /// Whether credentials name the private identity; else the public one stands for it.
    pub fn names_private(&self) -> bool {
        *self.private != *read::without_scheme(&self.identity)
    }

    /// Whether a contact is to be registered.
    pub fn registers(&self) -> bool {
        self.contacts().iter().any(|contact| contact.lifetime != Lifetime::Remove)
    }
}

#[cfg(test)]
mod tests;
