//! The program: reads its command line, measures, prints the table.

use anyhow::{Context as _, Result};
use bench::{
    options::{Options, USAGE},
    run::run,
};
use lexopt::Parser;
use std::{
    fs,
    io::{Write as _, stdout},
};

fn main() -> Result<()> {
    let Some(options) = Options::parse(Parser::from_env())? else {
        stdout().write_all(USAGE.as_bytes())?;
        return Ok(());
    };
    let text = run(&options)?;
    stdout().write_all(text.as_bytes())?;
    if let Some(path) = &options.out {
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
