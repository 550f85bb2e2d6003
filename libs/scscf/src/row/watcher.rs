//! Rows of the table of watchers.

use super::{BadRow, Cells, LeftOut, Limits, TEXT_MAX, Writing, column, text};
use bstr::BString;
use shm_store::cells::{BadCell, narrow};

/// What tells a watcher from all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WatcherKey {
    /// The number of the event package.
    pub event: i32,
    /// The Contact URI of whoever watches.
    pub watcher_contact: BString,
    /// The identity that is watched.
    pub presentity_uri: BString,
}

/// A subscription to the state of a registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of its dialog, named as their columns")]
pub struct Watcher {
    pub key: WatcherKey,
    pub watcher_uri: BString,
    /// Seconds since 1970.
    pub expires: i64,
    /// The version of the last document.
    pub version: i32,
    /// The CSeq of the last NOTIFY.
    pub local_cseq: u32,
    pub call_id: BString,
    pub from_tag: BString,
    pub to_tag: BString,
    pub record_route: BString,
    pub sockinfo_str: BString,
}

impl Watcher {
    /// Makes sense of a row of [`WATCHERS`](super::WATCHERS); also gives its number.
    ///
    /// # Errors
    ///
    /// [`BadRow`]
    pub fn read(row: &impl Cells<Column = &'static str>) -> Result<(i64, Self), BadRow> {
        let needed = |column| -> Result<BString, BadCell> {
            row.needed(column, TEXT_MAX).map(BString::from)
        };
        let wide = "a number of 32 bits";
        let watcher = Self {
            key: WatcherKey {
                event: narrow(column::EVENT, row.number(column::EVENT)?, wide)?,
                watcher_contact: needed(column::WATCHER_CONTACT)?,
                presentity_uri: needed(column::PRESENTITY_URI)?,
            },
            watcher_uri: needed(column::WATCHER_URI)?,
            expires: row.time(column::EXPIRES)?,
            version: narrow(column::VERSION, row.number(column::VERSION)?, wide)?,
            local_cseq: narrow(
                column::LOCAL_CSEQ,
                row.number(column::LOCAL_CSEQ)?,
                "0 to 4294967295",
            )?,
            call_id: needed(column::CALL_ID)?,
            from_tag: needed(column::FROM_TAG)?,
            to_tag: needed(column::TO_TAG)?,
            record_route: text(row, column::RECORD_ROUTE)?,
            sockinfo_str: text(row, column::SOCKINFO_STR)?,
        };
        Ok((row.number(column::ID)?, watcher))
    }

    /// All columns but the number. A NOTIFY needs every one of them, so none may be left out.
    ///
    /// # Errors
    ///
    /// [`LeftOut`], what does not fit.
    pub fn write<'r>(&'r self, limits: &'r Limits) -> Result<Writing<'r>, LeftOut> {
        let mut writing = Writing::new(limits);
        writing.needed(column::PRESENTITY_URI, &self.key.presentity_uri)?;
        writing.needed(column::WATCHER_URI, &self.watcher_uri)?;
        writing.needed(column::WATCHER_CONTACT, &self.key.watcher_contact)?;
        writing.int(column::EVENT, self.key.event);
        writing.time(column::EXPIRES, self.expires);
        writing.int(column::VERSION, self.version);
        // The column has a sign; a CSeq has 31 bits.
        writing.int(column::LOCAL_CSEQ, self.local_cseq & 0x7fff_ffff);
        writing.needed(column::CALL_ID, &self.call_id)?;
        writing.needed(column::FROM_TAG, &self.from_tag)?;
        writing.needed(column::TO_TAG, &self.to_tag)?;
        writing.needed(column::RECORD_ROUTE, &self.record_route)?;
        writing.needed(column::SOCKINFO_STR, &self.sockinfo_str)?;
        Ok(writing)
    }
}
