//! Rows of table `impu`.

use super::{BadCell, BadRow, Cells, LeftOut, Limits, TEXT_MAX, Writing, column, text};
use crate::{blob, profile::Subscription};
use bstr::BString;

/// A public identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The domain, in a column of our own; empty: the one that the C module would have it in.
    pub domain: BString,
    /// Its URI; never empty.
    pub impu: BString,
    /// 1 if it is barred.
    pub barring: i32,
    /// 1 registered, -1 not registered but served.
    pub reg_state: i32,
    /// The first charging collection function; empty: none. So the others.
    pub ccf1: BString,
    /// The second one.
    pub ccf2: BString,
    /// The first event charging function.
    pub ecf1: BString,
    /// The second one.
    pub ecf2: BString,
    /// The user that it belongs to, with all that the HSS said.
    pub subscription: Subscription,
}

/// Why an identity cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A column does not take it.
    #[error("{0}")]
    Column(LeftOut),
    /// The column of the profile cannot say it.
    #[error(transparent)]
    Profile(#[from] blob::Unfit),
}

impl Identity {
    /// Makes sense of a row of [`IDENTITIES`](super::IDENTITIES); also gives its number.
    ///
    /// # Errors
    ///
    /// [`BadRow`]
    pub fn read(row: &impl Cells<Column = &'static str>) -> Result<(i64, Self), BadRow> {
        let id = row.number(column::ID)?;
        let impu = row.needed(column::IMPU, TEXT_MAX)?.into();
        let value = row.int(column::REG_STATE).unwrap_or(0);
        let reg_state = match value {
            1 => 1,
            -1 => -1,
            _ => {
                let allowed = "1 or -1";
                let column = column::REG_STATE;
                return Err(BadCell::Range { column, value, allowed }.into());
            }
        };
        let bytes = row.text(column::PROFILE).ok_or(BadCell::Null(column::PROFILE))?;
        let bad = |why| BadRow::Profile { column: column::PROFILE, why };
        let subscription = blob::decode(bytes).map_err(bad)?;
        let identity = Self {
            domain: text(row, column::DOMAIN)?,
            impu,
            barring: i32::from(row.int(column::BARRING).is_some_and(|number| number != 0)),
            reg_state,
            ccf1: text(row, column::CCF1)?,
            ccf2: text(row, column::CCF2)?,
            ecf1: text(row, column::ECF1)?,
            ecf2: text(row, column::ECF2)?,
            subscription,
        };
        Ok((id, identity))
    }

    /// All columns but the number. `header_type`: see [`blob::encode`].
    ///
    /// # Errors
    ///
    /// [`Unfit`], if the row could not be read again.
    pub fn write<'r>(
        &'r self,
        limits: &'r Limits,
        header_type: impl Fn(&[u8]) -> i16,
    ) -> Result<Writing<'r>, Unfit> {
        let mut writing = Writing::new(limits);
        if limits.has(column::DOMAIN) {
            writing.needed(column::DOMAIN, &self.domain).map_err(Unfit::Column)?;
        }
        writing.needed(column::IMPU, &self.impu).map_err(Unfit::Column)?;
        writing.int(column::BARRING, self.barring);
        writing.int(column::REG_STATE, self.reg_state);
        writing.optional(column::CCF1, &self.ccf1);
        writing.optional(column::CCF2, &self.ccf2);
        writing.optional(column::ECF1, &self.ecf1);
        writing.optional(column::ECF2, &self.ecf2);
        let profile = blob::encode(&self.subscription, header_type)?;
        writing.blob(column::PROFILE, profile).map_err(Unfit::Column)?;
        Ok(writing)
    }
}
