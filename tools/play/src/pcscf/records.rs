//! The contacts that the P-CSCF has stored, as its database file shows them.

use crate::Error;
use std::{path::PathBuf, process::Command};

/// One stored contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its Contact URI.
    pub(crate) contact: String,
    /// Where it really sends from.
    pub(crate) received: String,
    /// The state, in words.
    pub(crate) state: &'static str,
    /// Seconds until it ends; negative while it is kept after its end.
    pub(crate) left: i64,
    /// The route to its home network.
    pub(crate) routes: String,
    /// Its identities.
    pub(crate) ids: String,
}

/// Asks the database.
#[derive(Debug)]
pub(crate) struct Records {
    file: PathBuf,
    table: String,
}

impl Records {
    /// Reads `table` of an sqlite file.
    pub(crate) fn new(file: &str, table: &str) -> Self {
        Self { file: file.into(), table: table.to_owned() }
    }

    /// All contacts that are stored now.
    pub(crate) fn read(&self) -> Result<Vec<Record>, Error> {
        let ask = format!(
            "SELECT aor, received || ':' || received_port, reg_state, \
             strftime('%s', expires) - strftime('%s', 'now'), \
             ifnull(service_routes, ''), ifnull(public_ids, '') FROM {} ORDER BY aor",
            self.table
        );
        let asked = Command::new("sqlite3")
            .args(["-readonly", "-batch", "-separator", "|", "-cmd", ".timeout 3000"])
            .arg(&self.file)
            .arg(ask)
            .output()
            .map_err(|error| format!("sqlite3: {error}"))?;
        if !asked.status.success() {
            let why = String::from_utf8_lossy(&asked.stderr);
            return Err(format!("sqlite3 {}: {}", self.file.display(), why.trim()).into());
        }
        let text = String::from_utf8_lossy(&asked.stdout);
        let rows = text.lines().map(|line| parse(line).ok_or_else(|| format!("row {line:?}")));
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn parse(line: &str) -> Option<Record> {
    let mut fields = line.split('|');
    let (contact, received) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let state = match fields.next()? {
        "2" => "registered",
        // The C module of Kamailio 5.6 stores 0 for what is pending.
        "0" | "4" => "pending",
        "32" => "de-registering",
        _ => "unknown",
    };
    let left = fields.next()?.parse().ok()?;
    let state = if left < 0 { "expired" } else { state };
    let (routes, ids) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    Some(Record { contact, received, state, left, routes, ids })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_told_in_words() {
        let row = "sip:a@127.0.0.2:9|127.0.0.2:9|2|12|<sip:o@c;lr>|<sip:a@h><tel:+1>";
        let record = parse(row).expect("a row");
        assert_eq!((record.state, record.left), ("registered", 12));
        assert_eq!(record.routes, "<sip:o@c;lr>");
        let kept = parse("sip:a@h|h:9|2|-1||").expect("a row");
        assert_eq!((kept.state, kept.ids.as_str()), ("expired", ""));
        assert_eq!(parse("sip:a@h|h:9|2|soon||"), None);
    }
}
