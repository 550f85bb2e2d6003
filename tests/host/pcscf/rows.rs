//! Rows of the table of contacts, as tests see and make them.

use host_tests::{
    database::{Database, now},
    pcscf::{LOCATION, Ue},
    wait::{PATIENCE, until},
};

/// What tests ask of a database.
pub(crate) trait Contacts: Database {
    /// `columns` of all rows, oldest first.
    fn contacts(&self, columns: &str) -> Vec<Vec<String>> {
        self.query(&format!("SELECT {columns} FROM {LOCATION} ORDER BY id"))
    }

    /// Waits until `columns` of all rows are `wanted`.
    fn wait_contacts(&self, columns: &str, wanted: &[&[&str]]) {
        let mut last = Vec::new();
        let end = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < end {
            last = self.contacts(columns);
            if last == wanted {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{columns} are {last:?}, wanted {wanted:?}");
    }

    /// Waits until there are so many rows.
    fn wait_count(&self, wanted: usize) {
        until(&format!("{wanted} rows"), PATIENCE, || {
            (self.contacts("id").len() == wanted).then_some(())
        });
    }
}

impl<T: Database + ?Sized> Contacts for T {}

/// A row that somebody else wrote, made column by column.
#[derive(Clone, Debug)]
pub(crate) struct Foreign(Vec<(&'static str, String)>);

impl Foreign {
    /// The row of `ue`, registered for ten minutes, for an sqlite file.
    pub(crate) fn of(ue: &Ue) -> Self {
        let (ip, port) = (ue.local().ip().to_string(), ue.local().port().to_string());
        let text = |text: &str| format!("'{text}'");
        Self(vec![
            ("domain", text(LOCATION)),
            ("aor", text(&ue.contact())),
            ("host", text(&ip)),
            ("port", port.clone()),
            ("protocol", "1".to_owned()),
            ("received", text(&ip)),
            ("received_port", port),
            ("received_proto", "1".to_owned()),
            ("reg_state", "2".to_owned()),
            ("expires", in_sqlite(600)),
            ("service_routes", "NULL".to_owned()),
            ("public_ids", text(&format!("<{}>", ue.identity()))),
        ])
    }

    /// With another value, written as in SQL.
    pub(crate) fn with(mut self, column: &'static str, value: &str) -> Self {
        self.0.retain(|(known, _)| *known != column);
        self.0.push((column, value.to_owned()));
        self
    }

    /// Puts it in.
    pub(crate) fn insert(&self, database: &dyn Database) {
        let (columns, values): (Vec<_>, Vec<_>) =
            self.0.iter().map(|(column, value)| (*column, value.as_str())).unzip();
        database.execute(&format!(
            "INSERT INTO {LOCATION} ({}) VALUES ({})",
            columns.join(","),
            values.join(",")
        ));
    }
}

/// So many seconds from now, as `db_sqlite` stores a time: a Julian day.
pub(crate) fn in_sqlite(seconds: i64) -> String {
    let at = i64::try_from(now()).unwrap() + seconds;
    format!("{at}/86400.0+2440587.5")
}

/// The column `expires` in seconds from now, for an sqlite file.
pub(crate) fn left() -> String {
    format!("CAST(ROUND((expires-2440587.5)*86400.0) AS INTEGER)-{}", now())
}
