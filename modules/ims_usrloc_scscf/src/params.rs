//! The parameters, with their defaults.

use kamailio::{
    HOST_VERSION,
    param::{Int, Text},
};

/// Groups of identities, as a power of two; 1 and below: 512.
pub(crate) static HASH_SIZE: Int = Int::new(9);

/// Groups of subscriptions, of contacts and of dialogs, in the same way.
pub(crate) static SUBS_HASH_SIZE: Int = Int::new(9);
pub(crate) static CONTACTS_HASH_SIZE: Int = Int::new(9);
pub(crate) static SUB_DIALOG_HASH_SIZE: Int = Int::new(9);

/// Seconds between two looks for what is over.
pub(crate) static TIMER_INTERVAL: Int = Int::new(90);

/// Processes of our own that look; 0: the timer of the core does.
pub(crate) static TIMER_PROCS: Int = Int::new(0);

/// What makes two contacts the same.
pub(crate) static MATCHING_MODE: Int = Int::new(0);

/// 1: contacts in the order in which they were refreshed, the newest first.
pub(crate) static DESC_TIME_ORDER: Int = Int::new(0);

/// Seconds for which the same Call-ID and `CSeq` are a retransmission.
pub(crate) static CSEQ_DELAY: Int = Int::new(20);

/// Number of the branch flag for contacts behind a NAT; -1: none.
pub(crate) static NAT_BFLAG: Int = Int::new(-1);

/// Seconds between the last identity that lets go of a contact and its end.
pub(crate) static CONTACT_DELETE_DELAY: Int = Int::new(30);

/// Seconds for which an unregistered identity is kept.
pub(crate) static UNREG_VALIDITY: Int = Int::new(1800);

/// How many contacts an identity may have; 0: any number.
pub(crate) static MAXCONTACT: Int = Int::new(0);

/// How many of them may have `+g.3gpp.icsi-ref`; 0: any number.
pub(crate) static MAXCONTACT_3GPP: Int = Int::new(0);

/// 0: no limits. 1: a contact too many is refused. 2: the oldest one goes.
pub(crate) static MAXCONTACT_BEHAVIOUR: Int = Int::new(0);

/// How many subscriptions a watcher may have to one identity; 0: any number.
pub(crate) static MAX_SUBSCRIBES: Int = Int::new(0);

/// 1: identities that a wildcarded one of a profile stands for are found.
pub(crate) static SUPPORT_WILDCARDPSI: Int = Int::new(0);

/// Identities with this text are not told to watchers if `skip_realm` is 1.
pub(crate) static REALM: Text = Text::new(c"");
pub(crate) static SKIP_REALM: Int = Int::new(0);

/// Schemas of the user data; the registrar reads it.
pub(crate) static USER_DATA_DTD: Text = Text::new(c"");
pub(crate) static USER_DATA_XSD: Text = Text::new(c"");

/// 0: nothing is stored. 1: changes are written at once. 2: in bulk. 3: as 1.
pub(crate) static DB_MODE: Int = Int::new(0);

/// URL of the database.
pub(crate) static DB_URL: Text = Text::new(c"mysql://kamailio:kamailiorw@localhost/kamailio");

/// Rows that are read at a time.
pub(crate) static FETCH_ROWS: Int = Int::new(2000);

/// Seconds between two writes of mode 2; 0: `timer_interval`.
pub(crate) static DB_FLUSH_INTERVAL: Int = Int::new(0);

/// 0: the journal mode of an sqlite file stays as it is.
pub(crate) static DB_SQLITE_WAL: Int = Int::new(1);

/// The table of the subscriptions to the reg event.
pub(crate) static SUBSCRIBER_TABLE: Text = Text::new(match HOST_VERSION {
    6_000_003.. => c"subscriber_scscf",
    _ => c"subscriber",
});

/// 1: the counts go to a file, too.
pub(crate) static ENABLE_DEBUG_FILE: Int = Int::new(0);

/// That file.
pub(crate) static USRLOC_DEBUG_FILE: Text = Text::new(c"/var/log/usrloc_debug");
