//! The table in which contacts are stored, as the repository ships it.

use crate::database::{Dialect, schema};
use std::{fs, path::Path};

/// SQL that makes the table of the repository, named as up to Kamailio 5.8 (`location`), and the
/// table of versions.
pub fn tables(dialect: Dialect) -> String {
    let folder = match dialect {
        Dialect::Sqlite => "sqlite",
        Dialect::Mysql => "mysql",
        Dialect::Postgres => "postgres",
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../db").join(folder);
    let script = path.join("ims_usrloc_pcscf-5.6.sql");
    let contacts =
        fs::read_to_string(&script).unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    schema(dialect) + &contacts
}
