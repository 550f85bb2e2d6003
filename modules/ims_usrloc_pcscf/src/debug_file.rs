//! The file that takes the counts at every look of the timer.

use crate::{domains, params};
use bstr::BStr;
use kamailio::location::DebugFile;
use std::io::{self, Write};

pub(crate) static FILE: DebugFile =
    DebugFile { enabled: &params::ENABLE_DEBUG_FILE, path: &params::USRLOC_DEBUG_FILE };

/// Appends the counts of now.
pub(crate) fn write() {
    FILE.append(dump);
}

fn dump(out: &mut impl Write) -> io::Result<()> {
    let mut text = Vec::new();
    writeln!(text, "===Domain list===")?;
    domains::each(|domain| {
        let counts = domain.with(|_, state| {
            let directory = &state.directory;
            (directory.groups(), directory.fullest(), directory.len())
        });
        let (size, (fullest, longest), contacts) = counts.unwrap_or_default();
        let name = BStr::new(domain.name());
        // Writing to a vector cannot fail.
        let _ = write!(
            text,
            "---Domain---\nname : '{name}'\nsize : {size}\ntable: {domain:p}\n\n\n\
             Max slot: {longest} ({fullest}/{contacts})\n\n---/Domain---\n"
        );
    });
    writeln!(text, "===/Domain list===")?;
    out.write_all(&text)
}
