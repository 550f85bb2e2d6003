//! The parameters, with their defaults.

use core::ffi::CStr;
use kamailio::param::{Int, Text};

/// URI of this proxy: From and Contact of SUBSCRIBE, P-Asserted-Identity of SUBSCRIBE and PUBLISH.
pub(crate) static PCSCF_URI: Text = Text::new(DEFAULT_URI);

/// Its default, which counts in the place of one that is none.
pub(crate) const DEFAULT_URI: &CStr = c"sip:pcscf.ims.smilecoms.com:4060";

/// Seconds that a contact is kept while its registration is under way.
pub(crate) static PENDING_REG_EXPIRES: Int = Int::new(30);

/// AVP with the URI that a REGISTER came from; empty: none.
pub(crate) static RECEIVED_AVP: Text = Text::new(c"");

/// 0: by Contact, then by source if there is a Contact. 1: by Contact, then by source. 2: by source,
/// then by Contact.
pub(crate) static IS_REGISTERED_FALLBACK2IP: Int = Int::new(0);

/// Not 0: the end of a contact is told by PUBLISH.
pub(crate) static PUBLISH_REGINFO: Int = Int::new(0);

/// 1: the state of each registration is asked for by SUBSCRIBE.
pub(crate) static SUBSCRIBE_TO_REGINFO: Int = Int::new(0);

/// Seconds of a subscription.
pub(crate) static SUBSCRIPTION_EXPIRES: Int = Int::new(3600);

/// Not 0: requests may come from other ports than the REGISTER.
pub(crate) static IGNORE_CONTACT_RXPORT_CHECK: Int = Int::new(0);

/// 0: requests must come by the transport of the REGISTER.
pub(crate) static IGNORE_CONTACT_RXPROTO_CHECK: Int = Int::new(1);

/// Not 0: contacts count as registered while a new registration, or their end, is under way.
pub(crate) static IGNORE_REG_STATE: Int = Int::new(0);

/// Where SUBSCRIBE goes; empty: along the Service-Route, or where the domain leads.
pub(crate) static FORCE_ICSCF_URI: Text = Text::new(c"");

/// Above 0: a longer queue of SUBSCRIBE and PUBLISH is logged at each request that joins it.
pub(crate) static REGINFO_QUEUE_SIZE_THRESHOLD: Int = Int::new(0);

/// Seconds that a contact stays after its registration has ended.
pub(crate) static DELETE_DELAY: Int = Int::new(0);

/// Not 0: the last Via says who sent a message.
pub(crate) static TRUST_BOTTOM_VIA: Int = Int::new(0);

/// 0: without the module `ims_ipsec_pcscf` the port of requests is not compared, as the module of C
/// does from 6.0 on.
pub(crate) static RXPORT_CHECK_WITHOUT_IPSEC: Int = Int::new(1);

/// Not 0: `alias=` in a Contact is believed, whoever wrote it.
pub(crate) static TRUST_ALIAS: Int = Int::new(0);

/// Not 0: a NOTIFY is taken also outside of the dialogs of our own subscriptions.
pub(crate) static NOTIFY_ANY_DIALOG: Int = Int::new(0);

/// Not 0: a REGISTER that ends a registration is stored as pending, as the module of C does.
pub(crate) static PENDING_ON_DEREGISTER: Int = Int::new(0);

/// SUBSCRIBE and PUBLISH requests that may wait to be sent; more are dropped.
pub(crate) static REGINFO_QUEUE_LIMIT: Int = Int::new(100_000);

/// SUBSCRIBEs a second for the contacts that a restart has brought back; 0: none.
pub(crate) static RESUBSCRIBE_RATE: Int = Int::new(100);
