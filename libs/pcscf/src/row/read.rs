//! Rows that were read, which may hold anything.

use super::{
    Column, IPSEC, Key, Row, Security,
    column::{IN_USE, SecurityColumns, TEMPORARY},
    list::split,
};
use crate::device;

/// The longest Contact URI that is taken from a table, in bytes.
const AOR_MAX: usize = 4096;

/// The values of one row.
pub trait Cells {
    /// The number in the column, also one that a text spells or the seconds of a time; nothing if
    /// it is null or no number.
    fn int(&self, column: Column) -> Option<i64>;

    /// The text in the column; nothing if it is null or no text.
    fn text(&self, column: Column) -> Option<&[u8]>;
}

/// Why a row is no contact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// A text that there must be.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A text that cannot be so long.
    #[error("{column} has {len} bytes, must have at most {AOR_MAX}")]
    Long {
        /// The column.
        column: &'static str,
        /// The bytes in it.
        len: usize,
    },
    /// A number that there must be.
    #[error("{0} is NULL")]
    Null(&'static str),
    /// A number that cannot be.
    #[error("{column} is {value}, must be {allowed}")]
    Range {
        /// The column.
        column: &'static str,
        /// What is in it.
        value: i64,
        /// What may be in it.
        allowed: &'static str,
    },
}

/// A row, and the number that the table gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What is in it.
    pub row: Row,
    /// Why the row has security data that cannot be used, if so. The contact is good without them.
    pub no_security: Option<BadRow>,
}

impl Row {
    /// Makes sense of a row.
    ///
    /// # Errors
    ///
    /// [`BadRow`] says what is wrong with it; such a row is to be left alone.
    pub fn read(cells: &impl Cells) -> Result<Read, BadRow> {
        let text = |column| cells.text(column).unwrap_or_default().to_vec();
        let list = |column| {
            let text = cells.text(column).unwrap_or_default();
            split(text).map(<[u8]>::to_vec).collect()
        };
        let aor = needed(cells, Column::Aor)?;
        let received_proto = u16_of(cells, Column::ReceivedProto)?;
        let in_use = security(cells, &IN_USE);
        let temporary = security(cells, &TEMPORARY);
        let no_security = in_use.as_ref().err().or(temporary.as_ref().err()).cloned();
        let row = Self {
            key: Key {
                aor,
                received: text(Column::Received),
                received_port: u16_of(cells, Column::ReceivedPort)?,
            },
            received_proto,
            host: needed(cells, Column::Host)?,
            port: u16_of(cells, Column::Port)?,
            // The column may hold the name of an IPsec protocol instead.
            protocol: match cells.int(Column::Protocol) {
                Some(_) => u16_of(cells, Column::Protocol)?,
                None => received_proto,
            },
            rinstance: text(Column::Rinstance),
            path: text(Column::Path),
            rx_session_id: text(Column::RxSessionId),
            reg_state: state(cells)?,
            expires: expires(cells)?,
            service_routes: list(Column::ServiceRoutes),
            public_ids: list(Column::PublicIds),
            device: cells.text(Column::Socket).and_then(device::of_text),
            security: in_use.unwrap_or_default(),
            security_temp: temporary.unwrap_or_default(),
        };
        Ok(Read { row, no_security })
    }
}

fn needed(cells: &impl Cells, column: Column) -> Result<Vec<u8>, BadRow> {
    let text = cells.text(column).unwrap_or_default();
    match text.len() {
        0 => Err(BadRow::Empty(column.name())),
        1..=AOR_MAX => Ok(text.to_vec()),
        len => Err(BadRow::Long { column: column.name(), len }),
    }
}

/// A number of a port or a protocol; 0 for null.
fn u16_of(cells: &impl Cells, column: Column) -> Result<u16, BadRow> {
    let value = cells.int(column).unwrap_or_default();
    let range = || BadRow::Range { column: column.name(), value, allowed: "0 to 65535" };
    u16::try_from(value).map_err(|_| range())
}

fn state(cells: &impl Cells) -> Result<u8, BadRow> {
    let column = Column::RegState.name();
    let value = cells.int(Column::RegState).ok_or(BadRow::Null(column))?;
    match u8::try_from(value) {
        Ok(state @ (0 | 1 | 2 | 4 | 8 | 14 | 16 | 32)) => Ok(state),
        _ => Err(BadRow::Range { column, value, allowed: "0, 1, 2, 4, 8, 14, 16 or 32" }),
    }
}

fn expires(cells: &impl Cells) -> Result<i64, BadRow> {
    let column = Column::Expires.name();
    match cells.int(Column::Expires).ok_or(BadRow::Null(column))? {
        // A time that the driver could not read is one second before 1970.
        value if value < 0 => Err(BadRow::Range { column, value, allowed: "a time from 1970 on" }),
        value => Ok(value),
    }
}

/// The security association in these columns, if there is one and it is IPsec.
fn security(cells: &impl Cells, columns: &SecurityColumns) -> Result<Option<Security>, BadRow> {
    if cells.int(columns.kind) != Some(IPSEC) {
        return Ok(None);
    }
    let text = |column| cells.text(column).unwrap_or_default().to_vec();
    let [protocol, mode, ck, ik, ealg, ialg] = columns.texts.map(text);
    // A number in this column is the transport of the contact.
    let is_number = protocol.iter().all(u8::is_ascii_digit);
    let protocol = if is_number { b"esp".to_vec() } else { protocol };
    let [pc, ps, uc, us] = columns.ports;
    let [spi_pc, spi_ps, spi_uc, spi_us] = columns.spis;
    Ok(Some(Security {
        protocol,
        mode,
        ck,
        ik,
        ealg,
        ialg,
        port_pc: u16_of(cells, pc)?,
        port_ps: u16_of(cells, ps)?,
        port_uc: u16_of(cells, uc)?,
        port_us: u16_of(cells, us)?,
        spi_pc: spi(cells, spi_pc)?,
        spi_ps: spi(cells, spi_ps)?,
        spi_uc: spi(cells, spi_uc)?,
        spi_us: spi(cells, spi_us)?,
    }))
}

/// An SPI, 32 bits without sign, which a column with sign shows as a negative number.
fn spi(cells: &impl Cells, column: Column) -> Result<u32, BadRow> {
    let value = cells.int(column).unwrap_or_default();
    let signed = || i32::try_from(value).map(i32::cast_unsigned);
    let range = |_| BadRow::Range { column: column.name(), value, allowed: "32 bits" };
    u32::try_from(value).or_else(|_| signed()).map_err(range)
}
