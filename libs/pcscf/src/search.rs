//! Which binding a request belongs to.
//!
//! A search says what is known of a sender: the sent-by of its Via, the place that its packet came
//! from, parts of its Contact. The rules are here as a predicate over one binding; how the
//! binding is found among a million is the business of the [`directory`](crate::directory).
//!
//! Every rule looks at one binding only. One whose host is a name, or no host at all, never matches
//! by address, and never stands in the way of the search for others.

mod explain;

pub use explain::{Finding, Rule, explain};

use crate::uri::{BadUri, Scheme};
use crate::{Host, Parts, State, States};

/// One registered contact, as the rules see it.
///
/// All but the state, the public identities, the service routes, the device and the SPIs stay the
/// same for as long as the binding is in a directory.
pub trait Binding {
    /// The whole Contact URI.
    fn aor(&self) -> &[u8];
    /// Host of the Contact URI; empty if it has none.
    fn contact_host(&self) -> &[u8];
    /// Port of the Contact URI, 5060 if none is written.
    fn contact_port(&self) -> u16;
    /// User part of the Contact URI; may be empty.
    fn contact_user(&self) -> &[u8];
    /// Value of the parameter `rinstance` of the Contact URI; may be empty.
    fn rinstance(&self) -> &[u8];
    /// The address that the REGISTER came from.
    fn received_host(&self) -> &[u8];
    /// The port that the REGISTER came from.
    fn received_port(&self) -> u16;
    /// Sent-by host of the Via of the REGISTER.
    fn via_host(&self) -> &[u8];
    /// The state now.
    fn state(&self) -> State;
    /// How many public identities there are now.
    fn public_ids(&self) -> usize;
    /// Shows each of them to `look`.
    fn each_public_id(&self, look: &mut dyn FnMut(&[u8]));
    /// How many service routes there are now.
    fn service_routes(&self) -> usize;
    /// The service route `at`, the first being 0.
    fn service_route(&self, at: usize) -> Option<&[u8]>;
    /// The [`device::key`](crate::device::key) of the device that registered it; 0 if none is known.
    fn device(&self) -> u64 {
        0
    }
    /// What [`spis`] makes of the security associations that its telephone asked for; 0 if it asked
    /// for none.
    fn spis(&self) -> u64 {
        0
    }
    /// Says that a search is about to read the binding, which has not been read for long: whoever
    /// has it in several pieces may have them all fetched from memory at once.
    fn fetch(&self) {}
}

/// The number of security associations, by the SPIs that the telephone chose as client and as
/// server; never 0.
pub fn spis(client: u32, server: u32) -> u64 {
    match u64::from(client) << 32 | u64::from(server) {
        0 => u64::MAX,
        both => both,
    }
}

/// Which address of the binding the search is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Host and port of its Contact URI, compared with the sent-by of the Via.
    Contact,
    /// The place that its REGISTER came from, compared with the place that the request came from.
    Source,
}

impl By {
    /// What the number `searchflag` of a C caller asks for: bit 0 is [`By::Source`].
    pub fn of_flag(flag: u16) -> Self {
        if flag & 1 != 0 { Self::Source } else { Self::Contact }
    }
}

/// What is known of a sender.
#[derive(Clone, Copy, Debug)]
pub struct Search<'s> {
    /// Which address is compared.
    pub by: By,
    /// Sent-by host of the Via.
    pub via_host: Host<'s>,
    /// Sent-by port of the Via, 5060 if none is written.
    pub via_port: u16,
    /// The address that the request came from.
    pub received_host: Host<'s>,
    /// The port that the request came from.
    pub received_port: u16,
    /// What `rinstance` of the binding must be; any will do if there is none.
    pub rinstance: Option<&'s [u8]>,
    /// What scheme and user part of the Contact URI must be; any will do if there is none.
    pub user: Option<(Scheme, &'s [u8])>,
    /// What the service routes must be, in their order; any will do if there are none.
    pub routes: &'s [&'s [u8]],
    /// Which states will do.
    pub states: States,
    /// `via_host` as it was written, if that is known: the same text is the same host.
    pub via_text: &'s [u8],
    /// As `via_text`, for `received_host`.
    pub received_text: &'s [u8],
}

impl<'s> Search<'s> {
    /// A search for whatever state, with the criteria that lie in the Contact URI `aor`, which may
    /// be empty: its `rinstance`, and with `match_user` its scheme and user part, if there are.
    ///
    /// # Errors
    ///
    /// [`BadUri`] if `aor` is not empty and no URI: then nothing is to be found.
    pub fn new(by: By, aor: &'s [u8], match_user: bool) -> Result<Self, BadUri> {
        let parts = if aor.is_empty() { None } else { Some(Parts::parse(aor)?) };
        Ok(Self::of(by, parts, match_user))
    }

    /// As [`Search::new`], with the parts of the Contact URI, if there is one.
    pub fn of(by: By, parts: Option<Parts<'s>>, match_user: bool) -> Self {
        let user = parts.filter(|parts| match_user && !parts.user.is_empty());
        Self {
            by,
            via_host: Host::NONE,
            via_port: 0,
            received_host: Host::NONE,
            received_port: 0,
            rinstance: parts.map(|parts| parts.rinstance).filter(|value| !value.is_empty()),
            user: user.map(|parts| (parts.scheme, parts.user)),
            routes: &[],
            states: States::ANY,
            via_text: b"",
            received_text: b"",
        }
    }

    /// Whether `binding` is one that is searched for.
    pub fn matches(&self, binding: &impl Binding) -> bool {
        self.matches_place(binding)
            && self.rinstance.is_none_or(|rinstance| rinstance == binding.rinstance())
            && self.matches_user(binding)
            && self.matches_routes(binding)
            && self.states.admits(binding.state())
    }

    fn matches_place(&self, binding: &impl Binding) -> bool {
        match self.by {
            By::Contact => {
                binding.contact_port() == self.via_port
                    && !self.via_host.is_empty()
                    && self.is_via(binding.contact_host())
            }
            By::Source => {
                let exact = binding.received_port() == self.received_port;
                let by_contact = binding.contact_port() == self.received_port;
                (exact || by_contact)
                    && !self.received_host.is_empty()
                    && self.is_received(binding.received_host())
                    && (exact && self.via_host == self.received_host
                        || self.names_a_host_of(binding))
            }
        }
    }

    /// Whether `binding`, which matches, has exactly the address that is compared: with
    /// [`By::Source`] the port may also be that of its Contact, and among the phones of one address
    /// this can be somebody else's.
    pub fn is_exact(&self, binding: &impl Binding) -> bool {
        self.by == By::Contact || binding.received_port() == self.received_port
    }

    /// Whether the Via names the host of the Via or of the Contact that `binding` came with.
    fn names_a_host_of(&self, binding: &impl Binding) -> bool {
        !self.via_host.is_empty()
            && (self.is_via(binding.via_host()) || self.is_via(binding.contact_host()))
    }

    fn is_via(&self, host: &[u8]) -> bool {
        !host.is_empty() && host == self.via_text || Host::of(host) == self.via_host
    }

    fn is_received(&self, host: &[u8]) -> bool {
        !host.is_empty() && host == self.received_text || Host::of(host) == self.received_host
    }

    fn matches_user(&self, binding: &impl Binding) -> bool {
        let Some((scheme, user)) = self.user else { return true };
        user == binding.contact_user() && Scheme::of(binding.aor()) == Some(scheme)
    }

    fn matches_routes(&self, binding: &impl Binding) -> bool {
        if self.routes.is_empty() {
            return true;
        }
        self.routes.len() == binding.service_routes()
            && self
                .routes
                .iter()
                .enumerate()
                .all(|(at, route)| binding.service_route(at) == Some(*route))
    }
}
