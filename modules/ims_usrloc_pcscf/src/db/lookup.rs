//! Reading rows.

use super::{access::Access, contacts::Contacts, stats};
use bstr::BStr;
use kamailio::db::{self, Condition, DbError, Page, Rows, Value};
use pcscf_core::{
    State,
    row::{Cells, Column, Layout, Read, Row},
};

/// Rows that are read at once: their values must fit into private memory.
pub(super) const BATCH: u32 = 500;

/// The columns that are asked for, and where each stands in the answer.
pub(super) struct Selection {
    names: Vec<&'static str>,
    places: [Option<usize>; Column::COUNT],
}

impl Selection {
    /// All columns that the table has.
    pub(super) fn of(layout: &Layout) -> Self {
        Self::new(layout, layout.has_security())
    }

    /// The same without those of the security associations, which are most of them.
    pub(super) fn unsecured(layout: &Layout) -> Self {
        Self::new(layout, false)
    }

    fn new(layout: &Layout, secured: bool) -> Self {
        let of_security = |column: Column| column.place() >= Column::SecurityType.place();
        let mut names = Vec::with_capacity(Column::COUNT);
        let mut places = [None; Column::COUNT];
        for (column, place) in Column::ALL.iter().zip(&mut places) {
            if layout.has(*column) && (secured || !of_security(*column)) {
                *place = Some(names.len());
                names.push(column.name());
            }
        }
        Self { names, places }
    }
}

/// A row as the driver gives it.
struct Fetched<'r> {
    row: db::Row<'r>,
    places: &'r [Option<usize>; Column::COUNT],
}

impl Fetched<'_> {
    fn place(&self, column: Column) -> Option<usize> {
        self.places.get(column.place()).copied().flatten()
    }
}

impl Cells for Fetched<'_> {
    type Column = Column;

    fn int(&self, column: Column) -> Option<i64> {
        self.row.int(self.place(column)?)
    }

    fn text(&self, column: Column) -> Option<&[u8]> {
        self.row.text(self.place(column)?)
    }
}

impl Access<'_> {
    /// The contacts of all rows that fulfil `conditions`, as they come. What is no contact is named
    /// in the log and left alone.
    pub(super) fn rows(
        &self,
        selection: &Selection,
        conditions: &[Condition<'_>],
    ) -> Result<Vec<Row>, DbError> {
        let order = Some(Column::Id.name());
        self.ask();
        let rows = self.connection.query(self.table, &selection.names, conditions, order)?;
        Ok(self.contacts(&rows, selection).collect())
    }

    /// The states of all rows that fulfil `conditions`.
    pub(super) fn states(&self, conditions: &[Condition<'_>]) -> Result<Vec<State>, DbError> {
        let column = [Column::RegState.name()];
        self.ask();
        let rows = self.connection.query(self.table, &column, conditions, None)?;
        let state = |row: db::Row<'_>| row.int(0).and_then(|state| u32::try_from(state).ok());
        Ok(rows.iter().map(|row| State(state(row).unwrap_or_default())).collect())
    }

    /// The contacts of the next rows behind number `after`, and the number of the last one, if
    /// there are more.
    pub(super) fn piece(
        &self,
        selection: &Selection,
        conditions: &[Condition<'_>],
        after: i64,
    ) -> Result<(Vec<Row>, Option<i64>), DbError> {
        let key = Column::Id.name();
        let (table, columns) = (self.table, &selection.names[..]);
        let page = Page { table, columns, conditions, key, after, limit: BATCH };
        self.ask();
        let Ok(rows) = self.connection.page(&page) else {
            return self.one_by_one(selection, &page);
        };
        let id = selection.places.get(Column::Id.place()).copied().flatten().unwrap_or_default();
        let last = rows.iter().filter_map(|row| row.int(id)).max();
        Ok((self.contacts(&rows, selection).collect(), last.filter(|last| *last > after)))
    }

    /// The same row by row: a driver gives nothing of rows of which one has a value that it cannot
    /// read, such as a time of `infinity` or `0000-00-00`.
    fn one_by_one(
        &self,
        selection: &Selection,
        page: &Page<'_>,
    ) -> Result<(Vec<Row>, Option<i64>), DbError> {
        let ids = self.connection.page(&Page { columns: &[page.key], ..*page })?;
        let ids: Vec<i64> = ids.iter().filter_map(|row| row.int(0)).collect();
        let mut found = Vec::new();
        for id in &ids {
            match self.rows(selection, &[Condition::equal(page.key, Value::Int(*id))]) {
                Ok(rows) => found.extend(rows),
                Err(error) => {
                    self.answers()?;
                    stats::ROWS_SKIPPED.increment();
                    let table = BStr::new(self.table);
                    kamailio::warn!(
                        "row {id} of {table} cannot be read and is left alone: {error}"
                    );
                }
            }
        }
        Ok((found, ids.into_iter().max().filter(|last| *last > page.after)))
    }

    fn contacts<'r>(
        &'r self,
        rows: &'r Rows<'_>,
        selection: &'r Selection,
    ) -> impl Iterator<Item = Row> + 'r {
        rows.iter().filter_map(|row| self.contact(&Fetched { row, places: &selection.places }))
    }

    fn contact(&self, cells: &Fetched<'_>) -> Option<Row> {
        let id = cells.int(Column::Id).unwrap_or_default();
        let table = BStr::new(self.table);
        match Row::read(cells) {
            Ok(Read { row, no_security }) => {
                if let Some(why) = no_security {
                    kamailio::warn!(
                        "row {id} of {table} ({}) is used without its security associations: {why}",
                        BStr::new(&row.key.aor)
                    );
                }
                Some(row)
            }
            Err(why) => {
                stats::ROWS_SKIPPED.increment();
                kamailio::warn!(
                    "row {id} of {table} (aor {}) is no contact and is left alone: {why}",
                    BStr::new(cells.text(Column::Aor).unwrap_or_default())
                );
                None
            }
        }
    }
}

/// Opens the table of `contacts`; nothing if that cannot be done now.
pub(super) fn open<C: Contacts + ?Sized>(contacts: &C) -> Option<Access<'_>> {
    Access::open(contacts.table())
}
