//! The two event packages.

use std::fmt;

/// An event package of shared lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// `call-info`: the member hears of every change of the line.
    CallInfo,
    /// `line-seize`: the member takes one appearance for the call that it is about to make.
    LineSeize,
}

impl Event {
    /// The package that a whole Event header body names; parameters and other case are refused.
    pub fn parse(body: &[u8]) -> Option<Self> {
        match body {
            b"call-info" => Some(Self::CallInfo),
            b"line-seize" => Some(Self::LineSeize),
            _ => None,
        }
    }

    /// As in the Event header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CallInfo => "call-info",
            Self::LineSeize => "line-seize",
        }
    }

    /// As in the column `event` of the subscription table.
    pub const fn number(self) -> u8 {
        match self {
            Self::CallInfo => 1,
            Self::LineSeize => 2,
        }
    }

    /// The package with this number in the subscription table.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::CallInfo),
            2 => Some(Self::LineSeize),
            _ => None,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn case_4_only_the_two_exact_names_are_packages() {
        assert_eq!(Event::parse(b"call-info"), Some(Event::CallInfo));
        assert_eq!(Event::parse(b"line-seize"), Some(Event::LineSeize));
        for other in ["", "presence", "Call-Info", "call-info;id=1", " call-info", "call-info "] {
            assert_eq!(Event::parse(other.as_bytes()), None, "{other:?}");
        }
    }

    #[test]
    fn the_number_of_a_package_leads_back_to_it() {
        for event in [Event::CallInfo, Event::LineSeize] {
            assert_eq!(Event::from_number(event.number()), Some(event));
            assert_eq!(event.to_string(), event.name());
        }
        assert_eq!((Event::from_number(0), Event::from_number(3)), (None, None));
    }
}
