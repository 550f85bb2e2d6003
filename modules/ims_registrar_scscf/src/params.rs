//! The parameters, with their defaults.

use core::ffi::CStr;
use kamailio::{
    HOST_VERSION,
    param::{Int, Text},
};

/// Whether the host is one whose module of C has the later defaults of lifetimes.
const LATER: bool =
    (HOST_VERSION >= 5_008_004 && HOST_VERSION < 5_009_000) || HOST_VERSION >= 6_000_000;

/// Seconds of a contact when the REGISTER names none.
pub(crate) static DEFAULT_EXPIRES: Int = Int::new(3600);

/// Percent that chance may take off a lifetime.
pub(crate) static DEFAULT_EXPIRES_RANGE: Int = Int::new(0);

/// The fewest seconds of a contact; 0: no bound.
pub(crate) static MIN_EXPIRES: Int = Int::new(60);

/// The most seconds of a contact; 0: no bound.
pub(crate) static MAX_EXPIRES: Int = Int::new(if LATER { 600_000 } else { 0 });

/// As `default_expires`, of contacts for emergencies.
pub(crate) static EM_DEFAULT_EXPIRES: Int = Int::new(if LATER { 1800 } else { 3600 });

/// As `max_expires`, of contacts for emergencies.
pub(crate) static EM_MAX_EXPIRES: Int = Int::new(3600);

/// As `min_expires`, of contacts for emergencies.
pub(crate) static EM_MIN_EXPIRES: Int = Int::new(0);

/// The preference of a contact that names none, in thousandths; -1: none.
pub(crate) static DEFAULT_Q: Int = Int::new(-1);

/// Not 0: `lookup` adds a branch for each further contact.
pub(crate) static APPEND_BRANCHES: Int = Int::new(1);

/// Not 0: the user of an identity that the script names is taken as it is written.
pub(crate) static CASE_SENSITIVE: Int = Int::new(0);

/// What is left out at the start of the host of an identity that the script names.
pub(crate) static REALM_PREFIX: Text = Text::new(c"");

/// The parameter of a Contact in a reply that says where it was received from.
pub(crate) static RECEIVED_PARAM: Text = Text::new(RECEIVED);
pub(crate) const RECEIVED: &CStr = c"received";

/// AVP with the URI that a REGISTER came from; empty: none.
pub(crate) static RECEIVED_AVP: Text = Text::new(c"");

/// AVP that stands for the identity that the script names; empty: none.
pub(crate) static AOR_AVP: Text = Text::new(c"");

/// Read, and of no use.
pub(crate) static REG_CALLID_AVP: Text = Text::new(c"");

/// Shown as a statistic; the location store has the limit.
pub(crate) static MAX_CONTACTS: Int = Int::new(0);

/// Seconds that refusals of 500 and above ask to wait; 0: nothing is said.
pub(crate) static RETRY_AFTER: Int = Int::new(0);

/// Flag of a message whose header `sock_hdr_name` says where it was received; -1: none.
pub(crate) static SOCK_FLAG: Int = Int::new(-1);

/// The header that says where a message was received.
pub(crate) static SOCK_HDR_NAME: Text = Text::new(c"");

/// Not 0: contacts that do not take the method of the request are left out.
pub(crate) static METHOD_FILTERING: Int = Int::new(0);

/// Not 0: the Path of a REGISTER is kept.
pub(crate) static USE_PATH: Int = Int::new(0);

/// Who may register with a Path: 0 and 1 everybody, 2 who says that it knows of paths.
pub(crate) static PATH_MODE: Int = Int::new(2);

/// Not 0: the parameter `received` of the first URI of a Path says where the contact is.
pub(crate) static PATH_USE_RECEIVED: Int = Int::new(0);

/// A DTD that user data must follow; empty: none.
pub(crate) static USER_DATA_DTD: Text = Text::new(c"");

/// A schema that user data must follow; empty: none.
pub(crate) static USER_DATA_XSD: Text = Text::new(c"");

/// Accepted: wildcarded identities are kept and looked at in any case.
pub(crate) static SUPPORT_WILDCARDPSI: Int = Int::new(0);

/// The URI of this server.
pub(crate) static SCSCF_NAME: Text = Text::new(NAME);
pub(crate) const NAME: &CStr = c"sip:scscf2.ims.smilecoms.com:6060";

/// Not 0: when the last contact goes, the HSS is asked to keep this server for the user.
pub(crate) static STORE_PROFILE_DEREG: Int = Int::new(0);

/// The Diameter peer that SARs go to; empty: as the routes of `cdp` say.
pub(crate) static CXDX_FORCED_PEER: Text = Text::new(c"");

/// The realm of the HSS.
pub(crate) static CXDX_DEST_REALM: Text = Text::new(REALM);
pub(crate) const REALM: &CStr = c"ims.smilecoms.com";

/// Seconds of a subscription to the reg event that names none.
pub(crate) static SUBSCRIPTION_DEFAULT_EXPIRES: Int = Int::new(3600);

/// The fewest seconds of a subscription.
pub(crate) static SUBSCRIPTION_MIN_EXPIRES: Int = Int::new(10);

/// The most seconds of a subscription; 0: no bound.
pub(crate) static SUBSCRIPTION_MAX_EXPIRES: Int = Int::new(1_000_000);

/// Percent that chance may take off a subscription.
pub(crate) static SUBSCRIPTION_EXPIRES_RANGE: Int = Int::new(0);

/// Percent of a lifetime that a reply keeps back, so that clients refresh in time.
pub(crate) static EXPIRES_BUFFER_PERCENT: Int = Int::new(10);

/// Not 0: a client also hears of the end of its own contact.
pub(crate) static UE_UNSUBSCRIBE_ON_DEREG: Int = Int::new(0);

/// Not 0: the HSS is asked for the user data each time.
pub(crate) static USER_DATA_ALWAYS: Int = Int::new(0);

/// What is replied for 500.
pub(crate) static ERROR_REPLY_CODE: Int = Int::new(500);

/// Above 0: a longer queue of notifications is logged.
pub(crate) static NOTIFICATION_LIST_SIZE_THRESHOLD: Int = Int::new(0);

/// Above 0: as many notifications may wait, more are dropped.
pub(crate) static MAX_NOTIFICATION_LIST_SIZE: Int = Int::new(0);

/// Processes that send notifications.
pub(crate) static NOTIFICATION_PROCESSES: Int = Int::new(4);

/// Not 0: SARs carry the Call-ID.
pub(crate) static SEND_VS_CALLID_AVP: Int = Int::new(1);

/// Not 0: the reply to a further REGISTER lists the contacts of that request only.
pub(crate) static SKIP_MULTIPLE_BINDINGS_ON_REG_RESP: Int = Int::new(0);

/// Not 0: each cause of a refusal has its own code and text.
pub(crate) static PRECISE_ERRORS: Int = Int::new(0);

/// Not 0: a lifetime below `min_expires` is refused with 423, not raised.
pub(crate) static REFUSE_BRIEF: Int = Int::new(0);

/// Not 0: the HSS is told when a registration runs out.
pub(crate) static SAR_ON_EXPIRY: Int = Int::new(0);

/// Not 0: `regscscf.dereg_impu` and `unregister` tell the HSS.
pub(crate) static SAR_ON_ADMIN_DEREG: Int = Int::new(1);

/// The order of the contacts that `lookup` finds: 0 as they registered, 1 newest first, 2 by q.
pub(crate) static LOOKUP_ORDER: Int = Int::new(0);

/// Application servers that may watch everybody: hosts or SIP URIs, with commas or blanks between.
pub(crate) static TRUSTED_AS: Text = Text::new(c"");

/// The number of the first document of a subscription to the reg event; the module of C begins with 2.
pub(crate) static REGINFO_FIRST_VERSION: Int = Int::new(0);

/// The only parameters of a Contact that documents tell, with commas or blanks between; empty: all.
pub(crate) static REGINFO_UNKNOWN_PARAMS: Text = Text::new(c"");

/// 0: who ends a subscription gets no last NOTIFY, as from the module of C.
pub(crate) static FINAL_NOTIFY: Int = Int::new(1);

/// 0: subscriptions outlive the registration, as in the module of C.
pub(crate) static WATCHERS_END_WITH_REGISTRATION: Int = Int::new(1);

/// Not 0: only the client itself is told that it registered, as by the module of C.
pub(crate) static QUIET_REGISTRATIONS: Int = Int::new(0);

/// So many NOTIFYs in a row without an answer end a subscription; 0: none do.
pub(crate) static NOTIFY_TIMEOUT_LIMIT: Int = Int::new(3);

/// Not 0: documents know the events `registered` and `expired` only, as those of the module of C: P-CSCFs
/// with the module of C do not understand `deactivated` and `rejected`.
pub(crate) static REGINFO_PLAIN_EVENTS: Int = Int::new(0);
