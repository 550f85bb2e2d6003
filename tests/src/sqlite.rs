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
    thread::sleep,
    time::Duration,
};
use tempfile::NamedTempFile;

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

    /// A copy to read from, so that reading locks nobody out; `None` where reading never does, or
    /// when a transaction does not end.
    ///
    /// While one reads a file that is not written ahead, nobody can commit to it, and `db_sqlite`
    /// does not try again unless it is told to: the C modules would lose the row that a test waits
    /// for, because it looks.
    fn copy(&self) -> Option<NamedTempFile> {
        /// Where a file says that it is written ahead, and with what.
        const WRITTEN_AHEAD: (usize, u8) = (18, 2);
        let mut journal = self.file.clone().into_os_string();
        journal.push("-journal");
        let changed = || fs::metadata(&self.file).and_then(|file| file.modified()).unwrap();
        for _ in 0..100 {
            let before = changed();
            // The journal is there from the first change of a transaction to its end.
            let resting = !Path::new(&journal).exists();
            let bytes = fs::read(&self.file).unwrap();
            if bytes.get(WRITTEN_AHEAD.0).is_none_or(|form| *form == WRITTEN_AHEAD.1) {
                return None;
            }
            if resting && !Path::new(&journal).exists() && before == changed() {
                let mut copy = NamedTempFile::new().unwrap();
                copy.write_all(&bytes).unwrap();
                return Some(copy);
            }
            sleep(PAUSE);
        }
        None
    }
}

/// How long a transaction is given before one looks again.
const PAUSE: Duration = Duration::from_millis(10);

impl Database for Sqlite {
    fn query(&self, sql: &str) -> Vec<Vec<String>> {
        // Through a file, as a statement may begin with a comment, which looks like an option.
        let mut script = tempfile::tempfile().unwrap();
        script.write_all(sql.as_bytes()).unwrap();
        script.rewind().unwrap();
        let reads = sql.trim_start().starts_with("SELECT");
        let copy = if reads { self.copy() } else { None };
        let file = copy.as_ref().map_or(self.file.as_path(), NamedTempFile::path);
        let text = process::output(
            Command::new("sqlite3")
                .args(["-batch", "-noheader", "-separator", "\u{1f}", "-cmd", ".timeout 5000"])
                .arg(file)
                .stdin(script),
        );
        text.lines().map(|row| row.split('\u{1f}').map(str::to_owned).collect()).collect()
    }

    fn url(&self) -> String {
        format!("sqlite:///{}", self.file.display())
    }
}
