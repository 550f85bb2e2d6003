//! Why a binding matches a search, or does not.

use super::{Binding, By, Search};
use crate::{Host, uri::Scheme};
use bstr::BStr;
use core::fmt;

/// A rule of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Host of the Contact URI.
    ContactHost,
    /// Port of the Contact URI.
    ContactPort,
    /// The address that the REGISTER came from.
    ReceivedHost,
    /// The port that the REGISTER came from, or else that of the Contact URI.
    ReceivedPort,
    /// The host that the Via names.
    ViaHost,
    /// Parameter `rinstance` of the Contact URI.
    Rinstance,
    /// Scheme and user part of the Contact URI.
    User,
    /// Service routes.
    Routes,
    /// State.
    State,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ContactHost => "contact host",
            Self::ContactPort => "contact port",
            Self::ReceivedHost => "received host",
            Self::ReceivedPort => "received port",
            Self::ViaHost => "via host",
            Self::Rinstance => "rinstance",
            Self::User => "user",
            Self::Routes => "service routes",
            Self::State => "state",
        })
    }
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// Whether the binding passed.
    pub passed: bool,
    /// What was asked for and what the binding has.
    pub text: String,
}

/// Every rule of `search` for `binding`, in their order. The binding matches if all have passed.
pub fn explain(search: &Search<'_>, binding: &impl Binding) -> Vec<Finding> {
    let mut findings = match search.by {
        By::Contact => by_contact(search, binding),
        By::Source => by_source(search, binding),
    };
    findings.extend(of_contact(search, binding));
    let asked = match search.states.0 {
        0 => "any".into(),
        mask => format!("mask {mask}"),
    };
    let state = binding.state();
    findings.push(Finding {
        rule: Rule::State,
        passed: search.states.admits(state),
        text: format!("asked {asked}, has {} ({})", state.0, state.name_str()),
    });
    findings
}

fn by_contact(search: &Search<'_>, binding: &impl Binding) -> Vec<Finding> {
    let host = Host::of(binding.contact_host());
    vec![
        Finding {
            rule: Rule::ContactHost,
            passed: !search.via_host.is_empty() && host == search.via_host,
            text: format!("asked {}, has {host}", search.via_host),
        },
        Finding {
            rule: Rule::ContactPort,
            passed: binding.contact_port() == search.via_port,
            text: format!("asked {}, has {}", search.via_port, binding.contact_port()),
        },
    ]
}

fn by_source(search: &Search<'_>, binding: &impl Binding) -> Vec<Finding> {
    let (host, port) = (Host::of(binding.received_host()), binding.received_port());
    let exact = port == search.received_port;
    let by_contact = binding.contact_port() == search.received_port;
    let (via, contact) = (Host::of(binding.via_host()), Host::of(binding.contact_host()));
    let named = search.names_a_host_of(binding);
    let itself = exact && search.via_host == search.received_host;
    let otherwise = if exact && !itself {
        format!(", nor is it the address {} that the request came from", search.received_host)
    } else {
        String::new()
    };
    vec![
        Finding {
            rule: Rule::ReceivedHost,
            passed: !search.received_host.is_empty() && host == search.received_host,
            text: format!("asked {}, has {host}", search.received_host),
        },
        Finding {
            rule: Rule::ReceivedPort,
            passed: exact || by_contact,
            text: format!(
                "asked {}, has {port}, contact port {}",
                search.received_port,
                binding.contact_port()
            ),
        },
        Finding {
            rule: Rule::ViaHost,
            passed: named || itself,
            text: if named || itself {
                format!("asked {}, has via host {via}, contact host {contact}", search.via_host)
            } else {
                format!(
                    "asked {}, has via host {via}, contact host {contact}{otherwise}",
                    search.via_host
                )
            },
        },
    ]
}

fn of_contact(search: &Search<'_>, binding: &impl Binding) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(rinstance) = search.rinstance {
        findings.push(Finding {
            rule: Rule::Rinstance,
            passed: rinstance == binding.rinstance(),
            text: format!("asked {}, has {}", BStr::new(rinstance), BStr::new(binding.rinstance())),
        });
    }
    if let Some((scheme, user)) = search.user {
        let own = Scheme::of(binding.aor()).map_or("no scheme", Scheme::name);
        findings.push(Finding {
            rule: Rule::User,
            passed: search.matches_user(binding),
            text: format!(
                "asked {}:{}, has {own}:{}",
                scheme.name(),
                BStr::new(user),
                BStr::new(binding.contact_user())
            ),
        });
    }
    if !search.routes.is_empty() {
        findings.push(Finding {
            rule: Rule::Routes,
            passed: search.matches_routes(binding),
            text: format!("asked {}, has {}", search.routes.len(), binding.service_routes()),
        });
    }
    findings
}
