//! Rows that are written, stored by a database in its way, and read again.

use super::{write::LAST_TIME, *};
use proptest::prelude::*;
use std::borrow::Cow;

/// What a database makes of the cells: short texts of digits stay texts.
struct Stored(Vec<(Column, Cell<'static>)>);

impl Cells for Stored {
    type Column = Column;

    fn int(&self, column: Column) -> Option<i64> {
        match self.cell(column)? {
            Cell::Int(number) | Cell::Time(number) => Some(*number),
            Cell::Text(text) => core::str::from_utf8(text).ok()?.parse().ok(),
            Cell::Null => None,
        }
    }

    fn text(&self, column: Column) -> Option<&[u8]> {
        match self.cell(column)? {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Stored {
    fn cell(&self, column: Column) -> Option<&Cell<'static>> {
        self.0.iter().find(|(other, _)| *other == column).map(|(_, cell)| cell)
    }

    fn set(&mut self, column: Column, cell: Cell<'static>) {
        self.0.retain(|(other, _)| *other != column);
        self.0.push((column, cell));
    }
}

type Put = Vec<(Column, Cell<'static>)>;

fn put(row: &Row, layout: &Layout) -> Result<(Put, Vec<LeftOut>), LeftOut> {
    let mut cells = Vec::new();
    let lists = row.lists();
    let left_out = insert(&row.by_ref(&lists), b"location", layout, &mut cells)?;
    Ok((owned(cells), left_out))
}

fn change(row: &Row, secured: bool, layout: &Layout) -> Result<(Put, Vec<LeftOut>), LeftOut> {
    change_of(row, Extent { security: secured, rx_session: true, whole: false }, layout)
}

fn change_of(row: &Row, extent: Extent, layout: &Layout) -> Result<(Put, Vec<LeftOut>), LeftOut> {
    let mut cells = Vec::new();
    let lists = row.lists();
    let left_out = update(&row.by_ref(&lists), extent, layout, &mut cells)?;
    Ok((owned(cells), left_out))
}

fn owned(cells: Vec<(Column, Cell<'_>)>) -> Put {
    let own = |cell| match cell {
        Cell::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
        Cell::Int(number) => Cell::Int(number),
        Cell::Time(time) => Cell::Time(time),
        Cell::Null => Cell::Null,
    };
    cells.into_iter().map(|(column, cell)| (column, own(cell))).collect()
}

fn row() -> Row {
    Row {
        key: Key {
            aor: b"sip:alice@127.0.0.1:22100;rinstance=abc;ob".to_vec(),
            received: b"127.0.0.1".to_vec(),
            received_port: 22100,
        },
        received_proto: 1,
        host: b"127.0.0.1".to_vec(),
        port: 22100,
        protocol: 1,
        rinstance: b"abc".to_vec(),
        path: Vec::new(),
        rx_session_id: b"host;1;2".to_vec(),
        reg_state: 2,
        expires: 1_800_000_000,
        service_routes: vec![b"sip:orig@127.0.0.1:22070;lr".to_vec()],
        public_ids: vec![b"sip:alice@ims.test".to_vec(), b"tel:+4930123456".to_vec()],
        device: Some(0x00ab_cdef),
        security: None,
        security_temp: None,
    }
}

#[test]
fn a_device_is_a_text_that_nobody_else_writes() {
    let layout = Layout::shipped();
    let device = |device| {
        let row = Row { device, ..row() };
        let (cells, _) = change(&row, false, &layout).unwrap();
        let cells = Stored(cells).0;
        cells.into_iter().find(|(column, _)| *column == Column::Socket).map(|(_, cell)| cell)
    };
    let text = Cell::Text(Cow::Borrowed(&b"device:0000000000abcdef"[..]));
    assert_eq!(device(Some(0x00ab_cdef)), Some(text));
    assert_eq!((device(Some(0)), device(None)), (Some(Cell::Null), None));
    for other in ["", "udp:10.0.0.1:5060", "device:", "device:+000000000abcdef", "device:1"] {
        assert_eq!(crate::device::of_text(other.as_bytes()), None, "{other}");
    }
}

fn secured() -> Row {
    let security = Security {
        protocol: b"esp".to_vec(),
        mode: b"trans".to_vec(),
        ck: b"0a".to_vec(),
        ik: b"0b".to_vec(),
        ealg: b"null".to_vec(),
        ialg: b"hmac-md5-96".to_vec(),
        port_pc: 22400,
        port_ps: 22450,
        port_uc: 22413,
        port_us: 22414,
        spi_pc: 100,
        spi_ps: u32::MAX,
        spi_uc: 11,
        spi_us: 0x8000_0000,
    };
    Row { security: Some(security.clone()), security_temp: Some(security), ..row() }
}

/// A table as of Kamailio 6.0 or, with `numeric`, as before.
fn table(numeric: bool, signed: bool) -> Layout {
    let shipped = Layout::shipped();
    let describe = |column: &Column| Described {
        name: column.name().into(),
        kind: match column {
            Column::Protocol if numeric => b"int(10)".to_vec(),
            Column::SpiPc if !signed => b"int(11) unsigned".to_vec(),
            _ => b"varchar".to_vec(),
        },
        limit: u32::try_from(shipped.limit(*column)).ok(),
    };
    Layout::of(&Column::ALL.iter().map(describe).collect::<Vec<_>>()).unwrap()
}

fn written(row: &Row, layout: &Layout) -> Stored {
    let (cells, left_out) = put(row, layout).unwrap();
    assert_eq!(left_out, []);
    Stored(cells)
}

#[test]
fn a_row_comes_back_as_it_was_written_in_every_kind_of_table() {
    for (numeric, signed) in [(true, true), (true, false), (false, true), (false, false)] {
        let layout = table(numeric, signed);
        for row in [row(), secured()] {
            let read = Row::read(&written(&row, &layout)).unwrap();
            assert_eq!(row.by_ref(&row.lists()).to_row(), row);
            assert_eq!((read.row, read.no_security), (row, None));
        }
    }
    let read = Row::read(&written(&secured(), &Layout::shipped())).unwrap();
    assert_eq!(read.row, secured());
}

#[test]
fn a_new_contact_has_the_columns_of_the_c_module() {
    let layout = Layout::shipped();
    let cells = written(&row(), &layout);
    assert_eq!(cells.cell(Column::Domain), Some(&Cell::Text(b"location"[..].into())));
    assert_eq!(cells.cell(Column::Protocol), Some(&Cell::Int(1)));
    assert_eq!(cells.cell(Column::Path), Some(&Cell::Null));
    let ids = &b"<sip:alice@ims.test><tel:+4930123456>"[..];
    assert_eq!(cells.cell(Column::PublicIds), Some(&Cell::Text(ids.into())));
    assert!(cells.cell(Column::SecurityType).is_none());
}

#[test]
fn no_column_is_named_twice() {
    for layout in [table(false, false), table(true, true), Layout::shipped()] {
        let row = secured();
        let whole = change_of(&row, WHOLE, &layout).unwrap();
        for (cells, _) in [put(&row, &layout).unwrap(), change(&row, true, &layout).unwrap(), whole]
        {
            for (place, (column, _)) in cells.iter().enumerate() {
                let again = cells[..place].iter().any(|(other, _)| other == column);
                assert!(!again, "{column:?}");
            }
        }
    }
}

const WHOLE: Extent = Extent { whole: true, security: false, rx_session: false };

#[test]
fn a_row_takes_all_of_the_contact_that_comes_after() {
    let bare = Row {
        received_proto: 2,
        host: b"h".to_vec(),
        port: 5062,
        protocol: 2,
        rinstance: Vec::new(),
        path: b"<sip:edge>".to_vec(),
        rx_session_id: Vec::new(),
        reg_state: 4,
        service_routes: Vec::new(),
        public_ids: Vec::new(),
        device: None,
        ..row()
    };
    for layout in [table(false, false), table(true, true), Layout::shipped()] {
        for (before, after) in
            [(secured(), bare.clone()), (bare.clone(), secured()), (row(), bare.clone())]
        {
            let mut stored = written(&before, &layout);
            let (cells, left_out) = change_of(&after, WHOLE, &layout).unwrap();
            assert_eq!(left_out, []);
            cells.into_iter().for_each(|(column, cell)| stored.set(column, cell));
            assert_eq!(Row::read(&stored).unwrap().row, after);
        }
    }
}

#[test]
fn what_an_update_leaves_out_stays() {
    let layout = Layout::shipped();
    let columns = |extent| -> Vec<Column> {
        let (cells, _) = change_of(&secured(), extent, &layout).unwrap();
        cells.into_iter().map(|(column, _)| column).collect()
    };
    let least = columns(Extent::default());
    for column in [Column::RxSessionId, Column::SecurityType, Column::Path, Column::Host] {
        assert!(!least.contains(&column), "{column:?}");
    }
    let rx = columns(Extent { rx_session: true, ..Extent::default() });
    assert_eq!(rx.len(), least.len() + 1);
}

#[test]
fn an_association_that_ended_leaves_its_columns_empty() {
    let layout = table(false, false);
    let row = row();
    let cells = Stored(change(&row, true, &layout).unwrap().0);
    assert_eq!(cells.cell(Column::TSecurityType), Some(&Cell::Int(0)));
    assert_eq!(cells.cell(Column::TCk), Some(&Cell::Null));
    assert_eq!(cells.cell(Column::SpiUc), Some(&Cell::Null));
    assert!(cells.cell(Column::Protocol).is_none(), "it has the transport");
    let cells = Stored(change(&row, false, &layout).unwrap().0);
    assert!(cells.cell(Column::TSecurityType).is_none());
}

#[test]
fn a_column_for_numbers_gets_no_name_of_a_protocol() {
    let (row, layout) = (secured(), table(true, false));
    let cells = written(&row, &layout);
    assert_eq!(cells.cell(Column::Protocol), Some(&Cell::Int(1)));
    assert_eq!(cells.cell(Column::TProtocol), Some(&Cell::Text(b"esp"[..].into())));
}

#[test]
fn a_large_spi_is_negative_where_the_column_has_a_sign() {
    let row = secured();
    let signed = written(&row, &table(false, true));
    assert_eq!(signed.cell(Column::SpiPs), Some(&Cell::Int(-1)));
    assert_eq!(signed.cell(Column::SpiUs), Some(&Cell::Int(i32::MIN.into())));
    let unsigned = written(&row, &table(false, false));
    assert_eq!(unsigned.cell(Column::SpiPs), Some(&Cell::Int(u32::MAX.into())));
}

#[test]
fn a_key_that_does_not_fit_cannot_be_written() {
    let layout = Layout::shipped();
    let mut long = row();
    long.key.aor = vec![b'a'; 256];
    let left_out = put(&long, &layout).unwrap_err();
    assert_eq!(left_out.to_string(), "aor has 256 bytes, must have at most 255");
    assert_eq!(change(&long, false, &layout).unwrap_err(), left_out);
    let host = Row { host: vec![b'h'; 101], ..row() };
    let left_out = put(&host, &layout).unwrap_err();
    assert_eq!(left_out.column, Column::Host);
    for bytes in [&b"sip:\xff@h"[..], b"sip:a\0b@h"] {
        let mut odd = row();
        odd.key.aor = bytes.to_vec();
        let left_out = put(&odd, &layout).unwrap_err();
        assert_eq!((left_out.column, left_out.limit), (Column::Aor, None));
    }
}

#[test]
fn what_does_not_fit_is_left_out_and_named() {
    let layout = Layout::shipped();
    let uri = |size: usize| vec![b'u'; size];
    let row = Row {
        rx_session_id: uri(257),
        rinstance: uri(256),
        service_routes: vec![uri(1000), uri(1000), uri(1000)],
        public_ids: vec![uri(1000), uri(1000), uri(1000)],
        ..row()
    };
    let (cells, left_out) = put(&row, &layout).unwrap();
    let names: Vec<_> = left_out.iter().map(|left| left.column.name()).collect();
    assert_eq!(names, ["rinstance", "service_routes", "public_ids", "rx_session_id"]);
    let cells = Stored(cells);
    assert_eq!(cells.cell(Column::RxSessionId), Some(&Cell::Null));
    assert_eq!(cells.cell(Column::ServiceRoutes), Some(&Cell::Null));
    assert_eq!(cells.text(Column::PublicIds).map(<[u8]>::len), Some(2004));
}

#[test]
fn keys_of_an_association_that_do_not_fit_leave_out_the_association() {
    let mut row = secured();
    row.security_temp.as_mut().unwrap().ck = vec![b'0'; 101];
    let layout = table(false, false);
    let (cells, left_out) = change(&row, true, &layout).unwrap();
    assert_eq!(left_out.len(), 1);
    let cells = Stored(cells);
    assert_eq!(cells.cell(Column::TSecurityType), Some(&Cell::Int(0)));
    assert_eq!(cells.cell(Column::SecurityType), Some(&Cell::Int(IPSEC)));
}

#[test]
fn a_time_beyond_all_calendars_is_written_as_the_last() {
    let row = Row { expires: i64::MAX, ..row() };
    let cells = written(&row, &Layout::shipped());
    assert_eq!(cells.cell(Column::Expires), Some(&Cell::Time(LAST_TIME)));
}

#[test]
fn u_24_rows_that_are_no_contacts_are_refused_by_name() {
    let layout = Layout::shipped();
    let broken = |column, cell| {
        let mut cells = written(&row(), &layout);
        cells.set(column, cell);
        Row::read(&cells).map(|read| read.row).map_err(|bad| bad.to_string())
    };
    let error = |text: &str| Err(text.to_owned());
    assert_eq!(broken(Column::Expires, Cell::Null), error("expires is NULL"));
    assert_eq!(broken(Column::RegState, Cell::Null), error("reg_state is NULL"));
    assert_eq!(broken(Column::Host, Cell::Null), error("host is empty"));
    assert_eq!(broken(Column::Host, Cell::Text(b""[..].into())), error("host is empty"));
    assert_eq!(broken(Column::Aor, Cell::Null), error("aor is empty"));
    let long = Cell::Text(vec![b'a'; AOR_LONG].into());
    assert!(broken(Column::Aor, long).unwrap_err().starts_with("aor has 5000 bytes"));
    let range = "received_port is -5, must be 0 to 65535";
    assert_eq!(broken(Column::ReceivedPort, Cell::Int(-5)), error(range));
    let range = "port is 65536, must be 0 to 65535";
    assert_eq!(broken(Column::Port, Cell::Int(65536)), error(range));
    let range = "reg_state is 77, must be 0, 1, 2, 4, 8, 14, 16 or 32";
    assert_eq!(broken(Column::RegState, Cell::Int(77)), error(range));
    let range = "expires is -1, must be a time from 1970 on";
    assert_eq!(broken(Column::Expires, Cell::Time(-1)), error(range));
}

const AOR_LONG: usize = 5000;

#[test]
fn nulls_where_they_may_be_do_no_harm() {
    let layout = Layout::shipped();
    let mut cells = written(&row(), &layout);
    for column in [
        Column::Received,
        Column::ReceivedPort,
        Column::ReceivedProto,
        Column::Protocol,
        Column::Rinstance,
        Column::RxSessionId,
        Column::ServiceRoutes,
        Column::PublicIds,
    ] {
        cells.set(column, Cell::Null);
    }
    let read = Row::read(&cells).unwrap().row;
    assert_eq!((read.key.received_port, read.protocol, read.public_ids.len()), (0, 0, 0));
}

#[test]
fn u_29_the_transport_is_read_from_text_and_number_and_from_neither() {
    let layout = Layout::shipped();
    let mut cells = written(&Row { received_proto: 2, ..row() }, &layout);
    for (cell, protocol) in [
        (Cell::Int(3), 3),
        (Cell::Text(b"3"[..].into()), 3),
        (Cell::Text(b"esp"[..].into()), 2),
        (Cell::Null, 2),
    ] {
        cells.set(Column::Protocol, cell);
        assert_eq!(Row::read(&cells).unwrap().row.protocol, protocol);
    }
}

#[test]
fn a_bad_association_does_not_cost_the_contact() {
    let mut cells = written(&secured(), &table(false, false));
    cells.set(Column::TPortUc, Cell::Int(70000));
    let read = Row::read(&cells).unwrap();
    let why = read.no_security.map(|bad| bad.to_string());
    assert_eq!(why.as_deref(), Some("t_port_uc is 70000, must be 0 to 65535"));
    assert!(read.row.security.is_some() && read.row.security_temp.is_none());
    let mut cells = written(&secured(), &table(false, false));
    cells.set(Column::SecurityType, Cell::Int(2));
    assert!(Row::read(&cells).unwrap().row.security.is_none());
}

fn any_cell() -> impl Strategy<Value = Cell<'static>> {
    prop_oneof![
        2 => Just(Cell::Null),
        4 => any::<i64>().prop_map(Cell::Int),
        8 => (-2_i64..70_000).prop_map(Cell::Int),
        1 => any::<i64>().prop_map(Cell::Time),
        4 => (0_i64..2_000_000_000).prop_map(Cell::Time),
        8 => "[<>a-z0-9:@.]{0,30}".prop_map(|text| Cell::Text(Cow::Owned(text.into_bytes()))),
        2 => prop::collection::vec(any::<u8>(), 0..300).prop_map(|text| Cell::Text(Cow::Owned(text))),
    ]
}

proptest! {
    #[test]
    fn whatever_a_table_holds_is_refused_or_comes_back(
        odd in prop::collection::vec((0..Column::COUNT, any_cell()), 0..12),
        numeric: bool,
        signed: bool,
    ) {
        let layout = table(numeric, signed);
        let mut cells = written(&secured(), &layout);
        for (place, cell) in odd {
            // This one stands for two things, and a table for numbers has one of them only.
            if place != Column::Protocol.place() {
                cells.set(Column::ALL[place], cell);
            }
        }
        if let Ok(Read { row, .. }) = Row::read(&cells)
            && let Ok((cells, left_out)) = put(&row, &layout)
            && left_out.is_empty()
            && row.expires <= LAST_TIME
        {
            let again = Row::read(&Stored(cells));
            prop_assert_eq!(again, Ok(Read { row, no_security: None }));
        }
    }
}
