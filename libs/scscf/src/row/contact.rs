//! Rows of table `contact`.

use super::{
    BadRow, Cell, Cells, LeftOut, Limits, TEXT_MAX, Writing, cell::LAST_TIME, checksum::Checksum,
    column, text,
};
use bstr::BString;
use shm_store::cells::narrow;

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
    /// What columns of our own say.
    pub own: Own,
}

/// What the tables of Kamailio have no column for. Nothing: not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Own {
    /// The priority in thousandths.
    pub q: Option<i32>,
    /// The CSeq of the REGISTER.
    pub cseq: Option<i32>,
    /// Flags of the branch.
    pub flags: Option<u32>,
    /// Flags of the script.
    pub cflags: Option<u32>,
    /// The methods that the telephone knows, as the core counts them.
    pub methods: Option<u32>,
    /// The socket that the REGISTER came in at, by its name; empty: not known.
    pub socket: BString,
    /// When it was registered last, in seconds since 1970.
    pub last_modified: Option<i64>,
}

impl Own {
    fn read(row: &impl Cells<Column = &'static str>) -> Result<Self, BadRow> {
        let small = |column, allowed| {
            row.int(column).map(|value| narrow(column, value, allowed)).transpose()
        };
        let time = row.int(column::LAST_MODIFIED).map(|_| row.time(column::LAST_MODIFIED));
        Ok(Self {
            q: small(column::Q, "a number of 32 bits")?,
            cseq: small(column::CSEQ, "a number of 32 bits")?,
            flags: row.bits(column::FLAGS)?,
            cflags: row.bits(column::CFLAGS)?,
            methods: row.bits(column::METHODS)?,
            socket: text(row, column::SOCKET)?,
            last_modified: time.transpose()?,
        })
    }

    fn write<'r>(&'r self, writing: &mut Writing<'r>) {
        let int = |number: Option<i32>| number.map(|number| Cell::Int(number.into()));
        writing.own(column::Q, int(self.q));
        writing.own(column::CSEQ, int(self.cseq));
        writing.own_bits(column::FLAGS, self.flags);
        writing.own_bits(column::CFLAGS, self.cflags);
        writing.own_bits(column::METHODS, self.methods);
        writing.own_text(column::SOCKET, &self.socket);
        let time = self.last_modified.map(|time| Cell::Time(time.clamp(0, LAST_TIME)));
        writing.own(column::LAST_MODIFIED, time);
    }
}

impl Contact {
    /// Makes sense of a row of [`CONTACTS`](super::CONTACTS); also gives its number.
    ///
    /// # Errors
    ///
    /// [`BadRow`]
    pub fn read(row: &impl Cells<Column = &'static str>) -> Result<(i64, Self), BadRow> {
        let mut contact = Self {
            contact: row.needed(column::CONTACT, TEXT_MAX)?.into(),
            params: text(row, column::PARAMS)?,
            path: text(row, column::PATH)?,
            received: text(row, column::RECEIVED)?,
            user_agent: text(row, column::USER_AGENT)?,
            callid: text(row, column::CALLID)?,
            expires: row.time(column::EXPIRES)?,
            own: Own::default(),
        };
        if contact.is_own_up_to_date(row)? {
            contact.own = Own::read(row)?;
        }
        Ok((row.number(column::ID)?, contact))
    }

    /// Whether the columns of our own are about the registration that the others are about: the C
    /// module writes the others only, and leaves ours as they were. A row without a checksum does not
    /// tell.
    fn is_own_up_to_date(&self, row: &impl Cells<Column = &'static str>) -> Result<bool, BadRow> {
        let Some(written) = row.bits(column::CHECKSUM)? else { return Ok(true) };
        let mut sum = Checksum::default();
        for text in [&self.params, &self.path, &self.received, &self.user_agent, &self.callid] {
            sum.text(text);
        }
        // A database that keeps times as fractions of a day may be off by a second.
        let with = |off| {
            let mut sum = sum;
            sum.number(self.expires.saturating_add(off));
            sum.bits()
        };
        Ok([0, -1, 1].into_iter().any(|off| with(off) == written))
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
        writing.or_null(column::PARAMS, &self.params);
        writing.needed(column::PATH, &self.path)?;
        writing.needed(column::RECEIVED, &self.received)?;
        writing.optional(column::USER_AGENT, &self.user_agent);
        writing.optional(column::CALLID, &self.callid);
        writing.time(column::EXPIRES, self.expires);
        let mut sum = Checksum::default();
        // The first one is what the row is found by.
        for (_, cell) in writing.cells.iter().skip(1) {
            sum.cell(cell);
        }
        self.own.write(&mut writing);
        writing.own_bits(column::CHECKSUM, Some(sum.bits()));
        Ok(writing)
    }
}
