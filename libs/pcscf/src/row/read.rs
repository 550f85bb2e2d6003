//! Rows that were read, which may hold anything.

use super::{
    Column, IPSEC, Key, Row, Security,
    column::{IN_USE, SecurityColumns, TEMPORARY},
    list::split,
};
use crate::device;
use shm_store::cells::{BadCell, Cells, Named, narrow};

/// The longest Contact URI that is taken from a table, in bytes.
const AOR_MAX: usize = 4096;

/// A row, and the number that the table gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What is in it.
    pub row: Row,
    /// Why the row has security data that cannot be used, if so. The contact is good without them.
    pub no_security: Option<BadCell>,
}

impl Row {
    /// Makes sense of a row.
    ///
    /// # Errors
    ///
    /// [`BadCell`] says what is wrong with it; such a row is to be left alone.
    pub fn read(cells: &impl Cells<Column = Column>) -> Result<Read, BadCell> {
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
            expires: cells.time(Column::Expires)?,
            service_routes: list(Column::ServiceRoutes),
            public_ids: list(Column::PublicIds),
            device: cells.text(Column::Socket).and_then(device::of_text),
            security: in_use.unwrap_or_default(),
            security_temp: temporary.unwrap_or_default(),
        };
        Ok(Read { row, no_security })
    }
}

impl Named for Column {
    fn name(self) -> &'static str {
        Self::name(self)
    }
}

fn needed(cells: &impl Cells<Column = Column>, column: Column) -> Result<Vec<u8>, BadCell> {
    cells.needed(column, AOR_MAX).map(<[u8]>::to_vec)
}

/// A number of a port or a protocol; 0 for null.
fn u16_of(cells: &impl Cells<Column = Column>, column: Column) -> Result<u16, BadCell> {
    narrow(column, cells.int(column).unwrap_or_default(), "0 to 65535")
}

fn state(cells: &impl Cells<Column = Column>) -> Result<u8, BadCell> {
    let (column, allowed) = (Column::RegState, "0, 1, 2, 4, 8, 14, 16 or 32");
    let value = cells.number(column)?;
    match narrow(column, value, allowed)? {
        state @ (0 | 1 | 2 | 4 | 8 | 14 | 16 | 32) => Ok(state),
        _ => Err(BadCell::Range { column: column.name(), value, allowed }),
    }
}

/// The security association in these columns, if there is one and it is IPsec.
fn security(
    cells: &impl Cells<Column = Column>,
    columns: &SecurityColumns,
) -> Result<Option<Security>, BadCell> {
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

/// An SPI; 0 for null.
fn spi(cells: &impl Cells<Column = Column>, column: Column) -> Result<u32, BadCell> {
    Ok(cells.bits(column)?.unwrap_or_default())
}
