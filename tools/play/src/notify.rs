//! What a NOTIFY told a phone.

use std::fmt;

/// The three headers of a NOTIFY that matter to a phone of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notify {
    /// `call-info` or `line-seize`.
    pub(crate) event: String,
    /// Subscription-State, whole.
    pub(crate) state: String,
    /// Call-Info, whole.
    pub(crate) call_info: String,
}

impl Notify {
    /// Reads a line that the scenario `phone` logged.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut fields = line.splitn(3, '|').map(|field| field.trim().to_owned());
        Some(Self { event: fields.next()?, state: fields.next()?, call_info: fields.next()? })
    }

    /// Whether this says what `expected` says; how many seconds are left does not matter.
    pub(crate) fn says(&self, expected: &Self) -> bool {
        let lasting = |state: &str| match state.split_once(";expires=") {
            Some((before, _)) => before.to_owned(),
            None => state.to_owned(),
        };
        self.event == expected.event
            && lasting(&self.state) == lasting(&expected.state)
            && self.call_info == expected.call_info
    }
}

/// The lamps in short: `1 held "<sip:300@voice.example.com>", * idle`.
impl fmt::Display for Notify {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:<10}  {:<29}  ", self.event, self.state)?;
        for (at, element) in self.call_info.split(",<").enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            out.write_str(separator)?;
            let parameters = element.split(';').skip(1).filter_map(|p| p.split_once('='));
            for (at, (_, value)) in parameters.enumerate() {
                let separator = if at == 0 { "" } else { " " };
                write!(out, "{separator}{value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Notify;

    #[test]
    fn time_left_does_not_matter_but_the_reason_does() {
        let heard = Notify::parse("call-info | active;expires=12 | <sip:d>;appearance-index=*")
            .expect("three fields");
        let with = |state: &str| Notify { state: state.to_owned(), ..heard.clone() };
        assert!(heard.says(&with("active")));
        assert!(!heard.says(&with("terminated")));
        assert!(!with("terminated;reason=timeout").says(&with("terminated;reason=noresource")));
    }

    #[test]
    fn lamps_are_shown_in_short() {
        let heard = Notify {
            event: "call-info".to_owned(),
            state: "active".to_owned(),
            call_info: "<sip:d>;appearance-index=1;appearance-state=held;\
                        appearance-uri=\"<sip:300@d>\",<sip:d>;appearance-index=*;\
                        appearance-state=idle"
                .to_owned(),
        };
        assert!(heard.to_string().ends_with("  1 held \"<sip:300@d>\", * idle"), "{heard}");
    }
}
