//! The tables in which registrations are stored, as the repository ships them.

use crate::{
    database::{Database, Dialect, schema},
    wait::{PATIENCE, until},
};
use std::{fs, path::Path};

/// SQL that makes the tables of the repository with the names of before 6.0.3, and the table of
/// versions.
pub fn tables(dialect: Dialect) -> String {
    schema(dialect) + &script(dialect, "ims_usrloc_scscf-5.6")
}

/// As [`tables`], with the names since 6.0.3.
pub fn newer_tables(dialect: Dialect) -> String {
    schema(dialect) + &script(dialect, "ims_usrloc_scscf")
}

/// As [`tables`], with the columns only that the scripts of Kamailio have, too.
pub fn without_own_columns(dialect: Dialect) -> String {
    const OWN: [&str; 11] = [
        "-- ours",
        "domain ",
        "q ",
        "cseq ",
        "flags ",
        "cflags ",
        "methods ",
        "socket ",
        "last_modified ",
        "-- over the columns",
        "checksum ",
    ];
    let script = script(dialect, "ims_usrloc_scscf-5.6").replace("(impu, domain)", "(impu)");
    let is_own = |line: &&str| OWN.iter().any(|name| line.trim_start().starts_with(name));
    let lines: Vec<_> = script.lines().filter(|line| !is_own(line)).collect();
    schema(dialect) + &lines.join("\n")
}

/// SQL that adds our columns to tables that lack them.
pub fn added_columns(dialect: Dialect) -> String {
    script(dialect, "ims_usrloc_scscf-more")
}

fn script(dialect: Dialect, name: &str) -> String {
    let folder = match dialect {
        Dialect::Sqlite => "sqlite",
        Dialect::Mysql => "mysql",
        Dialect::Postgres => "postgres",
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../db").join(folder);
    let path = path.join(format!("{name}.sql"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What tests ask of the stored registrations.
pub trait Registrations: Database {
    /// How many rows a table has.
    fn count(&self, table: &str) -> usize {
        let rows = self.query(&format!("SELECT COUNT(*) FROM {table}"));
        rows[0][0].parse().unwrap()
    }

    /// Waits until a table has so many rows.
    fn wait_count(&self, table: &str, wanted: usize) {
        until(&format!("{wanted} rows of {table}"), PATIENCE * 3, || {
            (self.count(table) == wanted).then_some(())
        });
    }

    /// The contacts of an identity, in the order of their texts.
    fn contacts_of(&self, impu: &str) -> Vec<String> {
        let rows = self.query(&format!(
            "SELECT c.contact FROM impu i JOIN impu_contact l ON l.impu_id = i.id \
             JOIN contact c ON c.id = l.contact_id WHERE i.impu = '{impu}' ORDER BY c.contact"
        ));
        rows.into_iter().flatten().collect()
    }
}

impl<T: Database + ?Sized> Registrations for T {}
