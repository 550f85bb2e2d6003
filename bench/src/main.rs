//! The program: reads its command line, measures, prints the tables.

use anyhow::{Context as _, Result, bail};
use bench::{options::Options, pcscf, sca, scscf};
use std::{
    env, fs,
    io::{Write as _, stdout},
    path::Path,
};

/// What `--help` prints without a part.
const USAGE: &str = "\
Measures the C modules and ours side by side on the installed Kamailio.

usage: bench [--quick]           all parts
       bench sca [OPTION...]     shared call appearances; --help tells more
       bench pcscf [OPTION...]   the registrar of a P-CSCF and its store; --help tells more
       bench scscf [OPTION...]   the registrar of an S-CSCF and its store; --help tells more
";

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["sca", rest @ ..] => part::<sca::Options>(rest),
        ["pcscf", rest @ ..] => part::<pcscf::Options>(rest),
        ["scscf", rest @ ..] => part::<scscf::Options>(rest),
        [] | ["--quick"] => {
            print("## Shared call appearances\n\n", None)?;
            part::<sca::Options>(&words)?;
            print("\n## P-CSCF\n\n", None)?;
            part::<pcscf::Options>(&words)?;
            print("\n## S-CSCF\n\n", None)?;
            part::<scscf::Options>(&words)
        }
        ["--help" | "-h"] => print(USAGE, None),
        [first, ..] => bail!("{first} is no part, must be sca, pcscf or scscf, see --help"),
    }
}

fn part<O: Options>(words: &[&str]) -> Result<()> {
    let Some(options) = O::parse(words)? else {
        return print(O::USAGE, None);
    };
    print(&options.run()?, options.common().out.as_deref())
}

fn print(text: &str, out: Option<&Path>) -> Result<()> {
    stdout().write_all(text.as_bytes())?;
    if let Some(path) = out {
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
