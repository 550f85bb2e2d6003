//! What the HSS says of a subscriber: the user data of 3GPP TS 29.228 annex B and E, as values.
//!
//! It is read from the document of a Server-Assignment-Answer, from a row of the database or from
//! the structs of the C API, and written into these.

use bstr::BString;

/// A private identity with all that belongs to it (`IMSSubscription`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// The private identity (`PrivateID`).
    pub private_identity: BString,
    /// The service profiles, in the order of the document.
    pub profiles: Vec<ServiceProfile>,
}

/// Public identities that share filter criteria (`ServiceProfile`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceProfile {
    /// The identities, in the order of the document.
    pub identities: Vec<PublicIdentity>,
    /// The initial filter criteria; ascending by priority, those of one priority in the order of the
    /// document.
    pub criteria: Vec<FilterCriteria>,
    /// `SubscribedMediaProfileId` of `CoreNetworkServicesAuthorization`.
    pub media_profile: Option<i32>,
    /// `SharedIFCSetID`: numbers of criteria that the S-CSCF knows by itself.
    pub shared_sets: Vec<i32>,
}

/// A public identity (`PublicIdentity`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicIdentity {
    /// `BarringIndication`.
    pub barred: bool,
    /// The SIP or tel URI (`Identity`).
    pub uri: BString,
    /// `WildcardedPSI` or `WildcardedIMPU`; empty: none.
    pub wildcard: BString,
}

/// When an application server is asked (`InitialFilterCriteria`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterCriteria {
    /// The lower, the earlier.
    pub priority: i32,
    /// The condition; none: always.
    pub trigger: Option<TriggerPoint>,
    /// Who is asked.
    pub server: ApplicationServer,
    /// The part of the profile it belongs to; none: both.
    pub part: Option<ProfilePart>,
}

/// `ProfilePartIndicator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfilePart {
    /// For registered users.
    Registered,
    /// For users that are not.
    Unregistered,
}

/// A condition in one of the two normal forms (`TriggerPoint`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriggerPoint {
    /// `ConditionTypeCNF`: an AND of groups that are ORs; else an OR of groups that are ANDs.
    pub cnf: bool,
    /// The parts, ascending by group, those of one group in the order of the document. Never empty:
    /// readers of the C struct look at the first one without asking.
    pub points: Vec<ServicePoint>,
}

/// `SPT`, once for each of its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePoint {
    /// `ConditionNegated`.
    pub negated: bool,
    /// `Group`.
    pub group: i32,
    /// What is looked at.
    pub what: Trigger,
    /// `RegistrationType`: 1 for the initial registration, 2 for those that follow, 4 for the end, or
    /// a sum of these; 0: all.
    pub registration: u8,
}

/// What a part of a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The text of the Request-URI.
    RequestUri(BString),
    /// The method.
    Method(BString),
    /// A header.
    Header {
        /// Its name.
        name: BString,
        /// What its body must have; empty: anything.
        content: BString,
    },
    /// `SessionCase`: 0 originating, 1 terminating for a registered user, 2 terminating for an unregistered one,
    /// 3 originating for an unregistered one.
    SessionCase(u8),
    /// A line of the SDP.
    SessionDescription {
        /// The letter of the line.
        line: BString,
        /// What it must have; empty: anything.
        content: BString,
    },
}

/// `ApplicationServer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationServer {
    /// Its SIP URI (`ServerName`).
    pub name: BString,
    /// What to do when it is not there.
    pub handling: DefaultHandling,
    /// `ServiceInfo`, for the body of a third-party REGISTER; empty: none.
    pub info: BString,
    /// `IncludeRegisterRequest`.
    pub include_request: bool,
    /// `IncludeRegisterResponse`.
    pub include_response: bool,
}

/// `DefaultHandling`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultHandling {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// `SESSION_CONTINUED`, 0.
    Continued,
    /// `SESSION_TERMINATED`, 1.
    Terminated,
}

impl Subscription {
    /// All public identities, in the order of the document.
    pub fn identities(&self) -> impl Iterator<Item = &PublicIdentity> {
        self.profiles.iter().flat_map(|profile| &profile.identities)
    }
}
