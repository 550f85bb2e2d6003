//! The line as the server sees it: what `kamcmd sca.all_appearances` reports.

use crate::Error;
use std::process::Command;

/// One appearance of the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Appearance {
    /// Its number, from 1 on.
    pub(crate) index: String,
    /// `seized`, `active`, …
    pub(crate) state: String,
    /// Contact of the phone that uses it.
    pub(crate) owner: String,
    /// Contact of the other party, empty until it is known.
    pub(crate) callee: String,
    /// The call, empty until there is one.
    pub(crate) call_id: String,
}

impl Appearance {
    /// Reads a line of the report about the line `aor`; others give nothing.
    fn parse(report: &str, aor: &str) -> Option<Self> {
        let mut words = report.split(' ');
        if words.next()? != aor {
            return None;
        }
        let mut next = || words.next().map(str::to_owned);
        let (index, state) = (next()?, next()?);
        let _changed = next()?;
        Some(Self { index, state, owner: next()?, callee: next()?, call_id: next()? })
    }
}

/// Asks the server about one line.
#[derive(Debug)]
pub(crate) struct Line {
    ctl: String,
    aor: String,
}

impl Line {
    /// Asks over `ctl`, as `kamcmd -s` takes it, about the line `aor`.
    pub(crate) fn new(ctl: &str, aor: &str) -> Self {
        Self { ctl: ctl.to_owned(), aor: aor.to_owned() }
    }

    /// The appearances in use now.
    pub(crate) fn appearances(&self) -> Result<Vec<Appearance>, Error> {
        let asked = Command::new("kamcmd").args(["-s", &self.ctl, "sca.all_appearances"]).output();
        let told = asked.map_err(|error| format!("kamcmd: {error}"))?;
        if !told.status.success() {
            let why = String::from_utf8_lossy(&told.stderr);
            return Err(format!("kamcmd sca.all_appearances: {}", why.trim()).into());
        }
        let text = String::from_utf8_lossy(&told.stdout);
        Ok(text.lines().filter_map(|report| Appearance::parse(report, &self.aor)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Appearance;

    #[test]
    fn empty_fields_keep_their_place() {
        let seized = "sip:200@d 1 seized 1700000000 sip:a@h    ";
        let read = Appearance::parse(seized, "sip:200@d").expect("a line of the report");
        assert_eq!((read.state.as_str(), read.owner.as_str()), ("seized", "sip:a@h"));
        assert_eq!((read.callee.as_str(), read.call_id.as_str()), ("", ""));
        assert_eq!(Appearance::parse(seized, "sip:201@d"), None);
    }
}
