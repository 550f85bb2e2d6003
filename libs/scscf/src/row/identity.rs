//! Rows of table `impu`.

use super::{BadRow, Cells, IDENTITIES, LeftOut, Limits, Named, Writing, column};
use crate::{blob, profile::Subscription};
use bstr::BString;

/// A public identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
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
    /// Makes sense of a row with the columns of [`IDENTITIES`]; also gives its number.
    ///
    /// # Errors
    ///
    /// [`BadRow`]
    pub fn read(cells: &impl Cells) -> Result<(i64, Self), BadRow> {
        let row = Named { table: &IDENTITIES, cells };
        let id = row.number(column::ID)?;
        let impu = row.needed(column::IMPU)?;
        let value = row.int(column::REG_STATE, 0);
        let reg_state = match value {
            1 => 1,
            -1 => -1,
            _ => {
                let allowed = "1 or -1";
                return Err(BadRow::Range { column: column::REG_STATE, value, allowed });
            }
        };
        let bytes = row.bytes(column::PROFILE).ok_or(BadRow::Null(column::PROFILE))?;
        let bad = |why| BadRow::Profile { column: column::PROFILE, why };
        let subscription = blob::decode(bytes).map_err(bad)?;
        let identity = Self {
            impu,
            barring: i32::from(row.int(column::BARRING, 0) != 0),
            reg_state,
            ccf1: row.text(column::CCF1)?,
            ccf2: row.text(column::CCF2)?,
            ecf1: row.text(column::ECF1)?,
            ecf2: row.text(column::ECF2)?,
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
