//! sqlite files with the shipped schema.

use crate::{
    database::{Database, Dialect, schema},
    process,
};
use std::{
    fs,
    io::{Seek, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// One sqlite file.
#[derive(Clone, Debug)]
pub struct Sqlite {
    file: PathBuf,
}

/// A file with the empty tables, made once.
static EMPTY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let made = Sqlite::open(&folder.path().join("empty"));
    made.execute(&schema(Dialect::Sqlite));
    fs::read(&made.file).unwrap()
});

impl Sqlite {
    /// Makes `file` with the shipped, empty tables, unless it is there.
    pub fn create(file: &Path) -> Self {
        if !file.exists() {
            fs::write(file, &*EMPTY).unwrap();
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
