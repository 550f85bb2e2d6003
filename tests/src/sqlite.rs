//! sqlite files with the shipped schema.

use crate::{
    database::{Database, Dialect, schema},
    process,
};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    fs,
    io::{Seek, Write},
    path::{Path, PathBuf},
    process::Command,
};

/// One sqlite file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    file: PathBuf,
}

/// Files with empty tables by the statements that make them: each is made once.
static EMPTY: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());

/// The bytes of a file with the tables that `sql` makes.
pub(crate) fn empty(sql: &str) -> Vec<u8> {
    let mut known = EMPTY.lock();
    if let Some(bytes) = known.get(sql) {
        return bytes.clone();
    }
    let folder = tempfile::tempdir().unwrap();
    let made = Sqlite::open(&folder.path().join("empty"));
    made.execute(sql);
    let bytes = fs::read(&made.file).unwrap();
    known.insert(sql.to_owned(), bytes.clone());
    bytes
}

impl Sqlite {
    /// Makes `file` with the shipped, empty tables of `sca`, unless it is there.
    pub fn create(file: &Path) -> Self {
        Self::with(file, &schema(Dialect::Sqlite))
    }

    /// Makes `file` with the tables that `sql` makes, unless it is there.
    pub fn with(file: &Path, sql: &str) -> Self {
        if !file.exists() {
            fs::write(file, empty(sql)).unwrap();
        }
        Self::open(file)
    }

    /// An existing file.
    pub fn open(file: &Path) -> Self {
        Self { file: file.to_owned() }
    }
}

impl Database for Sqlite {
    fn query(&self, sql: &str) -> Vec<Vec<String>> {
        // Through a file, as a statement may begin with a comment, which looks like an option.
        let mut script = tempfile::tempfile().unwrap();
        script.write_all(sql.as_bytes()).unwrap();
        script.rewind().unwrap();
        let text = process::output(
            Command::new("sqlite3")
                .args(["-batch", "-noheader", "-separator", "\u{1f}", "-cmd", ".timeout 5000"])
                .arg(&self.file)
                .stdin(script),
        );
        text.lines().map(|row| row.split('\u{1f}').map(str::to_owned).collect()).collect()
    }

    fn url(&self) -> String {
        format!("sqlite:///{}", self.file.display())
    }
}
