//! The parameters, with their defaults.

use kamailio::param::{Int, Text};

/// Shards of the table of lines, as a power of two; 0 and below: 512 shards.
pub(crate) static HASH_TABLE_SIZE: Int = Int::new(-1);

/// Longest call-info subscription, in seconds; negative: no limit.
pub(crate) static CALL_INFO_MAX_EXPIRES: Int = Int::new(3600);

/// Longest line-seize subscription, in seconds; negative: no limit.
pub(crate) static LINE_SEIZE_MAX_EXPIRES: Int = Int::new(15);

/// Seconds between two looks for what has expired.
pub(crate) static PURGE_EXPIRED_INTERVAL: Int = Int::new(120);

/// URL of the database.
pub(crate) static DB_URL: Text = Text::new(c"mysql://kamailio:kamailiorw@localhost/kamailio");

/// 0: nothing is stored. 2: changes are written every so often.
pub(crate) static DB_MODE: Int = Int::new(2);

/// Table of the subscriptions.
pub(crate) static SUBS_TABLE: Text = Text::new(c"sca_subscriptions");

/// Table of the appearances.
pub(crate) static STATE_TABLE: Text = Text::new(c"sca_state");

/// Seconds between two writes of subscriptions.
pub(crate) static DB_UPDATE_INTERVAL: Int = Int::new(300);

/// Seconds between two writes of appearances.
pub(crate) static STATE_UPDATE_INTERVAL: Int = Int::new(5);

/// Accepted and without effect, as in the C module.
pub(crate) static OUTBOUND_PROXY: Text = Text::new(c"");

/// Branch flag that stands for "on hold"; negative: none.
pub(crate) static ONHOLD_BFLAG: Int = Int::new(-1);

/// Value of our Contact headers; empty: the address of the line.
pub(crate) static SERVER_ADDRESS: Text = Text::new(c"");

/// Contact URI of messages that have none; empty: none.
pub(crate) static CONTACT_FALLBACK: Text = Text::new(c"");

/// AVP that stands in for the From header; empty: none.
pub(crate) static FROM_URI_AVP: Text = Text::new(c"");

/// AVP that stands in for the To header; empty: none.
pub(crate) static TO_URI_AVP: Text = Text::new(c"");

/// AVP with the P-Asserted-Identity of an answer; empty: the party called.
pub(crate) static PAI_AVP: Text = Text::new(c"");

/// 1: a NOTIFY that fails for good ends the subscription.
pub(crate) static DROP_FAILED_SUBSCRIBERS: Int = Int::new(0);

/// 1: after a failure with Retry-After a subscriber is left alone for that long.
pub(crate) static OBEY_RETRY_AFTER: Int = Int::new(0);
