//! Rows of table `contact`.

use super::{BadRow, CONTACTS, Cells, LeftOut, Limits, Named, Writing, column};
use bstr::BString;

/// Where a user can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Contact {
    /// The Contact URI, with its parameters; never empty.
    pub contact: BString,
    /// The parameters of the Contact header: `name=value;name`.
    pub params: BString,
    /// The Path by which it is reached; empty: none.
    pub path: BString,
    /// Where the REGISTER came from, as a URI; empty: as the Contact says.
    pub received: BString,
    /// The User-Agent of the REGISTER.
    pub user_agent: BString,
    /// The Call-ID of the REGISTER.
    pub callid: BString,
    /// Its end, in seconds since 1970; 0: never.
    pub expires: i64,
}

impl Contact {
    /// Makes sense of a row with the columns of [`CONTACTS`]; also gives its number.
    ///
    /// # Errors
    ///
    /// [`BadRow`]
    pub fn read(cells: &impl Cells) -> Result<(i64, Self), BadRow> {
        let row = Named { table: &CONTACTS, cells };
        let contact = Self {
            contact: row.needed(column::CONTACT)?,
            params: row.text(column::PARAMS)?,
            path: row.text(column::PATH)?,
            received: row.text(column::RECEIVED)?,
            user_agent: row.text(column::USER_AGENT)?,
            callid: row.text(column::CALLID)?,
            expires: row.time(column::EXPIRES)?,
        };
        Ok((row.number(column::ID)?, contact))
    }

    /// All columns but the number. A contact without its Path, or without where it came from,
    /// would be called somewhere else, and is not stored.
    ///
    /// # Errors
    ///
    /// [`LeftOut`], what does not fit.
    pub fn write<'r>(&'r self, limits: &'r Limits) -> Result<Writing<'r>, LeftOut> {
        let mut writing = Writing::new(limits);
        writing.needed(column::CONTACT, &self.contact)?;
        writing.needed(column::PATH, &self.path)?;
        writing.needed(column::RECEIVED, &self.received)?;
        writing.or_null(column::PARAMS, &self.params);
        writing.optional(column::USER_AGENT, &self.user_agent);
        writing.optional(column::CALLID, &self.callid);
        writing.time(column::EXPIRES, self.expires);
        Ok(writing)
    }
}
