//! A log that another process writes, read line by line while it grows.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind},
    path::PathBuf,
};

/// Reads each line once, when it is whole.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    open: Option<BufReader<File>>,
    /// A line whose end is not written yet.
    part: String,
}

impl Journal {
    /// Reads `path` from its start; the file may come later.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, open: None, part: String::new() }
    }

    /// The next whole line without its end, if there is one.
    pub(crate) fn next(&mut self) -> io::Result<Option<String>> {
        if self.open.is_none() {
            match File::open(&self.path) {
                Ok(file) => self.open = Some(BufReader::new(file)),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        if let Some(file) = &mut self.open {
            file.read_line(&mut self.part)?;
        }
        if !self.part.ends_with('\n') {
            return Ok(None);
        }
        let mut line = std::mem::take(&mut self.part);
        line.truncate(line.trim_end().len());
        Ok(Some(line))
    }
}
