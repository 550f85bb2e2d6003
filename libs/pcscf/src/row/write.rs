//! Rows that are to be written, made fit for the table.

use super::{
    Column, IPSEC, Key, Layout, Row, Security,
    column::{IN_USE, SecurityColumns, TEMPORARY},
    list::join,
};
use crate::device;
use bstr::ByteSlice;
use core::fmt;
use std::borrow::Cow;

/// A value for a column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Cell<'r> {
    Int(i64),
    Text(Cow<'r, [u8]>),
    /// Seconds since 1970.
    Time(i64),
    Null,
}

/// What is not in the table as it is in memory, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The column.
    pub column: Column,
    /// The bytes that were to be written.
    pub len: usize,
    /// The bytes that fit, or nothing if the text cannot stand in a table at all.
    pub limit: Option<usize>,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (column, len) = (self.column.name(), self.len);
        match self.limit {
            Some(limit) => write!(f, "{column} has {len} bytes, must have at most {limit}"),
            None => write!(f, "{column} ({len} bytes) is no text that can be stored"),
        }
    }
}

/// The last second that all databases can store, the end of the year 9998.
pub(super) const LAST_TIME: i64 = 253_370_764_799;

/// A statement for a row under construction.
#[derive(Debug)]
pub struct Writing<'r> {
    layout: &'r Layout,
    /// The columns and their values.
    pub cells: Vec<(Column, Cell<'r>)>,
    /// What had to be left out.
    pub left_out: Vec<LeftOut>,
}

impl<'r> Writing<'r> {
    /// All columns of a new row of the table `domain`.
    ///
    /// # Errors
    ///
    /// The column without which the row cannot be told from others or found again.
    pub fn insert(row: &'r Row, domain: &'r [u8], layout: &'r Layout) -> Result<Self, LeftOut> {
        let mut writing = Self::new(layout);
        writing.optional(Column::Domain, domain);
        writing.key(&row.key)?;
        writing.needed(Column::Host, &row.host)?;
        writing.put(Column::Port, Cell::Int(row.port.into()));
        writing.put(Column::Protocol, Cell::Int(row.protocol.into()));
        writing.optional(Column::Path, &row.path);
        writing.optional(Column::Rinstance, &row.rinstance);
        writing.changing(row);
        let secured = row.security.is_some() || row.security_temp.is_some();
        Ok(if secured { writing.secured(row) } else { writing })
    }

    /// The columns that may change while a contact lives; with `secured` those of its security
    /// associations, too.
    ///
    /// # Errors
    ///
    /// As for [`Writing::insert`].
    pub fn update(row: &'r Row, secured: bool, layout: &'r Layout) -> Result<Self, LeftOut> {
        let mut writing = Self::new(layout);
        writing.storable(Column::Aor, &row.key.aor)?;
        writing.storable(Column::Received, &row.key.received)?;
        writing.changing(row);
        Ok(if secured { writing.secured(row) } else { writing })
    }

    fn new(layout: &'r Layout) -> Self {
        Self { layout, cells: Vec::with_capacity(20), left_out: Vec::new() }
    }

    fn put(&mut self, column: Column, cell: Cell<'r>) {
        self.cells.push((column, cell));
    }

    /// Puts `cell` in the place of what the column was to get.
    fn replace(&mut self, column: Column, cell: Cell<'r>) {
        self.cells.retain(|(other, _)| *other != column);
        self.put(column, cell);
    }

    fn key(&mut self, key: &'r Key) -> Result<(), LeftOut> {
        self.needed(Column::Aor, &key.aor)?;
        self.needed(Column::Received, &key.received)?;
        self.put(Column::ReceivedPort, Cell::Int(key.received_port.into()));
        Ok(())
    }

    fn changing(&mut self, row: &'r Row) {
        self.put(Column::Expires, Cell::Time(row.expires.clamp(0, LAST_TIME)));
        self.put(Column::RegState, Cell::Int(row.reg_state.into()));
        self.put(Column::ReceivedProto, Cell::Int(row.received_proto.into()));
        self.optional(Column::RxSessionId, &row.rx_session_id);
        self.list(Column::ServiceRoutes, &row.service_routes);
        self.list(Column::PublicIds, &row.public_ids);
        match row.device {
            Some(0) => self.put(Column::Socket, Cell::Null),
            Some(device) => {
                let text = Cell::Text(Cow::Owned(device::to_text(device)));
                self.put(Column::Socket, text);
            }
            None => {}
        }
    }

    fn secured(mut self, row: &'r Row) -> Self {
        self.security(&IN_USE, row.security.as_ref());
        self.security(&TEMPORARY, row.security_temp.as_ref());
        self
    }

    /// A text without which there can be no row.
    fn needed(&mut self, column: Column, text: &'r [u8]) -> Result<(), LeftOut> {
        self.storable(column, text)?;
        self.put(column, text_or_null(text));
        Ok(())
    }

    /// A text that is null if it does not fit.
    fn optional(&mut self, column: Column, text: &'r [u8]) {
        let cell = match self.storable(column, text) {
            Ok(()) => text_or_null(text),
            Err(left_out) => {
                self.left_out.push(left_out);
                Cell::Null
            }
        };
        self.put(column, cell);
    }

    fn storable(&self, column: Column, text: &[u8]) -> Result<(), LeftOut> {
        let (len, limit) = (text.len(), self.layout.limit(column));
        if len > limit {
            return Err(LeftOut { column, len, limit: Some(limit) });
        }
        if text.find_byte(0).is_some() || core::str::from_utf8(text).is_err() {
            return Err(LeftOut { column, len, limit: None });
        }
        Ok(())
    }

    /// Identities that do not fit are left out from the end. Of routes all are, as requests would
    /// take a wrong way with some of them.
    fn list(&mut self, column: Column, uris: &[Vec<u8>]) {
        let limit = self.layout.limit(column);
        let whole = |uri: &&Vec<u8>| self.storable(column, uri).is_ok();
        let usable = uris.iter().take_while(whole).count();
        let (mut text, mut count) = join(uris.get(..usable).unwrap_or_default(), limit);
        if count < uris.len() {
            let len: usize = uris.iter().map(|uri| uri.len() + 2).sum();
            let limit = (len > limit).then_some(limit);
            self.left_out.push(LeftOut { column, len, limit });
            if column == Column::ServiceRoutes {
                (text, count) = (Vec::new(), 0);
            }
        }
        let cell = if count == 0 { Cell::Null } else { Cell::Text(Cow::Owned(text)) };
        self.put(column, cell);
    }

    fn security(&mut self, columns: &SecurityColumns, security: Option<&'r Security>) {
        if !self.layout.has_security() {
            return;
        }
        let security = security.and_then(|security| {
            let texts = columns.texts.iter().zip(security.texts());
            // The column of the protocol may be one for numbers, and is then left as it is.
            let checked = texts.filter(|(column, _)| !self.is_numeric(**column));
            let bad =
                checked.map(|(column, text)| self.storable(*column, text)).find_map(Result::err);
            match bad {
                Some(left_out) => {
                    self.left_out.push(left_out);
                    None
                }
                None => Some(security),
            }
        });
        let none = Cell::Null;
        self.put(columns.kind, security.map_or(Cell::Int(0), |_| Cell::Int(IPSEC)));
        for (place, column) in columns.texts.into_iter().enumerate() {
            let text = security.and_then(|security| security.texts().into_iter().nth(place));
            // Without an association this column has the transport, which does not change.
            let of_contact = column == Column::Protocol && security.is_none();
            if self.is_numeric(column) || of_contact {
                continue;
            }
            self.replace(column, text.map_or(none.clone(), |text| Cell::Text(Cow::Borrowed(text))));
        }
        for (place, column) in columns.ports.into_iter().enumerate() {
            let port = security.and_then(|security| security.ports().into_iter().nth(place));
            self.put(column, port.map_or(none.clone(), |port| Cell::Int(port.into())));
        }
        for (place, column) in columns.spis.into_iter().enumerate() {
            let spi = security.and_then(|security| security.spis().into_iter().nth(place));
            let spi = spi.map(|spi| self.spi(spi));
            self.put(column, spi.map_or(none.clone(), Cell::Int));
        }
    }

    /// Whether the column is that of the protocol and takes numbers only.
    fn is_numeric(&self, column: Column) -> bool {
        column == Column::Protocol && self.layout.numeric_protocol
    }

    /// An SPI for a column that may have a sign.
    fn spi(&self, spi: u32) -> i64 {
        if self.layout.signed_spis { spi.cast_signed().into() } else { spi.into() }
    }
}

fn text_or_null(text: &[u8]) -> Cell<'_> {
    if text.is_empty() { Cell::Null } else { Cell::Text(Cow::Borrowed(text)) }
}

impl Security {
    fn texts(&self) -> [&[u8]; 6] {
        [&self.protocol, &self.mode, &self.ck, &self.ik, &self.ealg, &self.ialg]
    }

    fn ports(&self) -> [u16; 4] {
        [self.port_pc, self.port_ps, self.port_uc, self.port_us]
    }

    fn spis(&self) -> [u32; 4] {
        [self.spi_pc, self.spi_ps, self.spi_uc, self.spi_us]
    }
}
