//! The tables and their columns.

use super::Limits;

/// A table. Its name may be another where two versions of Kamailio have two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The name.
    pub name: &'static str,
    /// The columns that the tables of Kamailio have, the number of the row first.
    pub columns: &'static [&'static str],
    /// Columns of our own, which a table may have.
    pub own: &'static [&'static str],
}

impl Table {
    /// The columns to read of a table about which `limits` is known.
    pub fn present(&self, limits: &Limits) -> Vec<&'static str> {
        let own = self.own.iter().filter(|column| limits.has(column));
        self.columns.iter().chain(own).copied().collect()
    }

    /// The columns of our own that a table lacks, for the log.
    pub fn lacking(&self, limits: &Limits) -> String {
        let lacking = self.own.iter().copied().filter(|column| !limits.has(column));
        lacking.collect::<Vec<_>>().join(", ")
    }
}

/// The names of the columns.
#[expect(missing_docs, reason = "each is named as in its table")]
pub mod column {
    pub const ID: &str = "id";
    pub const DOMAIN: &str = "domain";
    pub const IMPU: &str = "impu";
    pub const BARRING: &str = "barring";
    pub const REG_STATE: &str = "reg_state";
    pub const CCF1: &str = "ccf1";
    pub const CCF2: &str = "ccf2";
    pub const ECF1: &str = "ecf1";
    pub const ECF2: &str = "ecf2";
    pub const PROFILE: &str = "ims_subscription_data";
    pub const CONTACT: &str = "contact";
    pub const PARAMS: &str = "params";
    pub const PATH: &str = "path";
    pub const RECEIVED: &str = "received";
    pub const USER_AGENT: &str = "user_agent";
    pub const EXPIRES: &str = "expires";
    pub const CALLID: &str = "callid";
    pub const Q: &str = "q";
    pub const CSEQ: &str = "cseq";
    pub const FLAGS: &str = "flags";
    pub const CFLAGS: &str = "cflags";
    pub const METHODS: &str = "methods";
    pub const SOCKET: &str = "socket";
    pub const LAST_MODIFIED: &str = "last_modified";
    pub const CHECKSUM: &str = "checksum";
    pub const IMPU_ID: &str = "impu_id";
    pub const CONTACT_ID: &str = "contact_id";
    pub const SUBSCRIBER_ID: &str = "subscriber_id";
    pub const WATCHER_URI: &str = "watcher_uri";
    pub const WATCHER_CONTACT: &str = "watcher_contact";
    pub const PRESENTITY_URI: &str = "presentity_uri";
    pub const EVENT: &str = "event";
    pub const VERSION: &str = "version";
    pub const LOCAL_CSEQ: &str = "local_cseq";
    pub const CALL_ID: &str = "call_id";
    pub const FROM_TAG: &str = "from_tag";
    pub const TO_TAG: &str = "to_tag";
    pub const RECORD_ROUTE: &str = "record_route";
    pub const SOCKINFO_STR: &str = "sockinfo_str";
}

use column::*;

/// Public identities.
pub const IDENTITIES: Table = Table {
    name: "impu",
    columns: &[ID, IMPU, BARRING, REG_STATE, CCF1, CCF2, ECF1, ECF2, PROFILE],
    own: &[DOMAIN],
};

/// Contacts.
pub const CONTACTS: Table = Table {
    name: "contact",
    columns: &[ID, CONTACT, PARAMS, PATH, RECEIVED, USER_AGENT, EXPIRES, CALLID],
    own: &[Q, CSEQ, FLAGS, CFLAGS, METHODS, SOCKET, LAST_MODIFIED, CHECKSUM],
};

/// Which contacts an identity has.
pub const LINKS: Table =
    Table { name: "impu_contact", columns: &[ID, IMPU_ID, CONTACT_ID], own: &[] };

/// Subscriptions to the state of a registration, of any of the names that versions have for the
/// table.
pub const WATCHERS: Table = Table {
    name: "subscriber_scscf",
    columns: &[
        ID,
        PRESENTITY_URI,
        WATCHER_URI,
        WATCHER_CONTACT,
        EVENT,
        EXPIRES,
        VERSION,
        LOCAL_CSEQ,
        CALL_ID,
        FROM_TAG,
        TO_TAG,
        RECORD_ROUTE,
        SOCKINFO_STR,
    ],
    own: &[],
};

/// Which watchers an identity has.
pub const SUBSCRIPTIONS: Table =
    Table { name: "impu_subscriber", columns: &[ID, IMPU_ID, SUBSCRIBER_ID], own: &[] };
