//! Rows that are to be written, made fit for the table.

use super::{
    Column, IPSEC, Layout, RowRef, SecurityRef,
    column::{IN_USE, SecurityColumns, TEMPORARY},
    list::join,
};
use crate::device;
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

/// Where the cells of a row go, in the order of the statement.
pub trait Sink<'r> {
    /// Column `column` is to get `cell`. No column comes twice.
    fn put(&mut self, column: Column, cell: Cell<'r>);
}

impl<'r> Sink<'r> for Vec<(Column, Cell<'r>)> {
    fn put(&mut self, column: Column, cell: Cell<'r>) {
        self.push((column, cell));
    }
}

/// Gives all columns of a new row of the table `domain` to `sink`, and says what had to be left out.
///
/// # Errors
///
/// The column without which the row cannot be told from others or found again.
pub fn insert<'r>(
    row: &RowRef<'r>,
    domain: &'r [u8],
    layout: &Layout,
    sink: &mut impl Sink<'r>,
) -> Result<Vec<LeftOut>, LeftOut> {
    let mut writing = Writing { layout, sink, left_out: Vec::new() };
    let secured = row.security.is_some() || row.security_temp.is_some();
    let agreed = secured.then(|| writing.agreed(row));
    writing.optional(Column::Domain, domain);
    writing.needed(Column::Aor, row.aor)?;
    writing.needed(Column::Received, row.received)?;
    writing.put(Column::ReceivedPort, Cell::Int(row.received_port.into()));
    writing.lasting(row, agreed.as_ref())?;
    writing.changing(row);
    writing.optional(Column::RxSessionId, row.rx_session_id);
    if let Some(agreed) = agreed {
        writing.secured(agreed);
    }
    Ok(writing.left_out)
}

/// What an update says besides what changes with every registration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// All: the row is that of an earlier contact of the same key.
    pub whole: bool,
    /// The security associations.
    pub security: bool,
    /// The session for Rx.
    pub rx_session: bool,
}

/// As [`insert`], the columns that may change while a contact lives, as far as `extent` says.
///
/// # Errors
///
/// As for [`insert`].
pub fn update<'r>(
    row: &RowRef<'r>,
    extent: Extent,
    layout: &Layout,
    sink: &mut impl Sink<'r>,
) -> Result<Vec<LeftOut>, LeftOut> {
    let Extent { whole, security, rx_session } = extent;
    let mut writing = Writing { layout, sink, left_out: Vec::new() };
    writing.storable(Column::Aor, row.aor)?;
    writing.storable(Column::Received, row.received)?;
    let agreed = (whole || security).then(|| writing.agreed(row));
    if whole {
        writing.lasting(row, agreed.as_ref())?;
    }
    writing.changing(row);
    if whole || rx_session {
        writing.optional(Column::RxSessionId, row.rx_session_id);
    }
    if whole && row.device.is_none() {
        writing.put(Column::Socket, Cell::Null);
    }
    if let Some(agreed) = agreed {
        writing.secured(agreed);
    }
    Ok(writing.left_out)
}

/// What of the associations can be written: of the one in use, and of the other one.
type Agreed<'r> = [Option<SecurityRef<'r>>; 2];

struct Writing<'l, S> {
    layout: &'l Layout,
    sink: &'l mut S,
    left_out: Vec<LeftOut>,
}

impl<'r, S: Sink<'r>> Writing<'_, S> {
    fn put(&mut self, column: Column, cell: Cell<'r>) {
        self.sink.put(column, cell);
    }

    /// What a contact keeps for as long as it lives, but for its key.
    fn lasting(&mut self, row: &RowRef<'r>, agreed: Option<&Agreed<'r>>) -> Result<(), LeftOut> {
        self.needed(Column::Host, row.host)?;
        self.put(Column::Port, Cell::Int(row.port.into()));
        // An association in use has its own protocol there, where that is a name.
        if self.is_numeric(Column::Protocol) || !matches!(agreed, Some([Some(_), _])) {
            self.put(Column::Protocol, Cell::Int(row.protocol.into()));
        }
        self.optional(Column::Path, row.path);
        self.optional(Column::Rinstance, row.rinstance);
        self.put(Column::ReceivedProto, Cell::Int(row.received_proto.into()));
        Ok(())
    }

    fn changing(&mut self, row: &RowRef<'r>) {
        self.put(Column::Expires, Cell::Time(row.expires.clamp(0, LAST_TIME)));
        self.put(Column::RegState, Cell::Int(row.reg_state.into()));
        self.list(Column::ServiceRoutes, row.service_routes);
        self.list(Column::PublicIds, row.public_ids);
        match row.device {
            Some(0) => self.put(Column::Socket, Cell::Null),
            Some(device) => {
                let text = Cell::Text(Cow::Owned(device::to_text(device)));
                self.put(Column::Socket, text);
            }
            None => {}
        }
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
        if !is_text(text) {
            return Err(LeftOut { column, len, limit: None });
        }
        Ok(())
    }

    /// Identities that do not fit are left out from the end. Of routes all are, as requests would
    /// take a wrong way with some of them.
    fn list(&mut self, column: Column, uris: &[&[u8]]) {
        let limit = self.layout.limit(column);
        let usable = uris.iter().take_while(|uri| self.storable(column, uri).is_ok()).count();
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

    fn agreed(&mut self, row: &RowRef<'r>) -> Agreed<'r> {
        if !self.layout.has_security() {
            return [None; 2];
        }
        [(IN_USE, row.security), (TEMPORARY, row.security_temp)].map(|(columns, security)| {
            let security = security?;
            let texts = columns.texts.into_iter().zip(security.texts);
            // The column of the protocol may be one for numbers, and is then left as it is.
            let checked = texts.filter(|(column, _)| !self.is_numeric(*column));
            let bad =
                checked.map(|(column, text)| self.storable(column, text)).find_map(Result::err);
            match bad {
                Some(left_out) => {
                    self.left_out.push(left_out);
                    None
                }
                None => Some(security),
            }
        })
    }

    fn secured(&mut self, [in_use, temporary]: Agreed<'r>) {
        if self.layout.has_security() {
            self.security(&IN_USE, in_use);
            self.security(&TEMPORARY, temporary);
        }
    }

    fn security(&mut self, columns: &SecurityColumns, security: Option<SecurityRef<'r>>) {
        self.put(columns.kind, security.map_or(Cell::Int(0), |_| Cell::Int(IPSEC)));
        for (place, column) in columns.texts.into_iter().enumerate() {
            let text = security.and_then(|security| security.texts.into_iter().nth(place));
            // Without an association this column has the transport, which does not change.
            let of_contact = column == Column::Protocol && security.is_none();
            if self.is_numeric(column) || of_contact {
                continue;
            }
            self.put(column, text.map_or(Cell::Null, |text| Cell::Text(Cow::Borrowed(text))));
        }
        for (place, column) in columns.ports.into_iter().enumerate() {
            let port = security.and_then(|security| security.ports.into_iter().nth(place));
            self.put(column, port.map_or(Cell::Null, |port| Cell::Int(port.into())));
        }
        for (place, column) in columns.spis.into_iter().enumerate() {
            let spi = security.and_then(|security| security.spis.into_iter().nth(place));
            let spi = spi.map(|spi| self.spi(spi));
            self.put(column, spi.map_or(Cell::Null, Cell::Int));
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

/// Whether databases take it as a text: UTF-8 without zeroes.
fn is_text(text: &[u8]) -> bool {
    // Most are short and plain, which is seen sooner than it is checked in full.
    text.iter().all(|byte| matches!(byte, 1..=0x7f))
        || (!text.contains(&0) && core::str::from_utf8(text).is_ok())
}

fn text_or_null(text: &[u8]) -> Cell<'_> {
    if text.is_empty() { Cell::Null } else { Cell::Text(Cow::Borrowed(text)) }
}
