//! Reading rows, in pieces.

use super::{Access, stats};
use crate::params;
use bstr::BStr;
use kamailio::db::{self, Condition, DbError, Op, Page, Rows, Value};
use scscf_core::row::{BadCell, BadRow, Cells, Table, column};
use std::collections::HashMap;

/// The most rows that are read at once: their values must fit into private memory.
const PIECE: u32 = 2000;

/// Rows with numbers that lie this close are read at once, and those between them passed over.
const GAPS: i64 = 4;

/// A row as the driver gives it, with the columns that were asked for.
pub(super) struct Fetched<'r> {
    row: db::Row<'r>,
    columns: &'r [&'static str],
}

impl Fetched<'_> {
    fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| *known == column)
    }
}

impl Cells for Fetched<'_> {
    type Column = &'static str;

    fn int(&self, column: &'static str) -> Option<i64> {
        self.row.int(self.place(column)?)
    }

    fn text(&self, column: &'static str) -> Option<&[u8]> {
        self.row.text(self.place(column)?)
    }
}

/// Rows with their numbers, and the number behind which to go on if there may be more.
pub(super) struct Piece<T> {
    pub(super) rows: Vec<(i64, T)>,
    pub(super) next: Option<i64>,
}

/// The most rows of one piece.
pub(super) fn piece() -> u32 {
    u32::try_from(params::FETCH_ROWS.get()).unwrap_or(1).clamp(1, PIECE)
}

impl Access {
    /// The next rows of a table behind number `after` that fulfil `conditions`. What is of no use is
    /// named in the log.
    pub(super) fn piece<T>(
        &self,
        name: &str,
        columns: &[&'static str],
        conditions: &[Condition<'_>],
        after: i64,
        read: impl Fn(&Fetched<'_>) -> Result<(i64, T), BadRow>,
    ) -> Result<Piece<T>, DbError> {
        let page = Page {
            table: name.as_bytes(),
            columns,
            conditions,
            key: column::ID,
            after,
            limit: piece(),
        };
        let Ok(rows) = self.connection.page(&page) else {
            return self.one_by_one(name, &page, columns, read);
        };
        let last = rows.iter().filter_map(|row| row.int(0)).max();
        Ok(Piece {
            rows: useful(name, columns, &rows, read),
            next: last.filter(|last| *last > after),
        })
    }

    /// The same row by row: a driver gives nothing of rows of which one has a value that it cannot
    /// read, such as a time of `infinity` or `0000-00-00`.
    fn one_by_one<T>(
        &self,
        name: &str,
        page: &Page<'_>,
        columns: &[&'static str],
        read: impl Fn(&Fetched<'_>) -> Result<(i64, T), BadRow>,
    ) -> Result<Piece<T>, DbError> {
        let ids = self.connection.page(&Page { columns: &[page.key], ..*page })?;
        let ids: Vec<i64> = ids.iter().filter_map(|row| row.int(0)).collect();
        let mut rows = Vec::new();
        for id in &ids {
            rows.extend(self.single(name, columns, *id, &read)?);
        }
        Ok(Piece { rows, next: ids.into_iter().max().filter(|last| *last > page.after) })
    }

    /// The row of this number, if it is of any use.
    fn single<T>(
        &self,
        name: &str,
        columns: &[&'static str],
        id: i64,
        read: impl Fn(&Fetched<'_>) -> Result<(i64, T), BadRow>,
    ) -> Result<Vec<(i64, T)>, DbError> {
        let is = Condition::equal(column::ID, Value::Int(id));
        match self.connection.query(name.as_bytes(), columns, &[is], None) {
            Ok(rows) => Ok(useful(name, columns, &rows, read)),
            Err(error) => {
                self.answers()?;
                stats::ROWS_SKIPPED.increment();
                kamailio::error!(
                    "row {id} of table {name} cannot be read and is left alone: {error}"
                );
                Ok(Vec::new())
            }
        }
    }

    /// All rows of a table of pairs whose identity has one of the numbers from `first` to `last`:
    /// what belongs to which.
    pub(super) fn pairs(
        &self,
        table: &Table,
        first: i64,
        last: i64,
    ) -> Result<HashMap<i64, Vec<i64>>, DbError> {
        let bound = |op, id| Condition { column: column::IMPU_ID, op, value: Value::Int(id) };
        let range = [bound(Op::GreaterOrEqual, first), bound(Op::LessOrEqual, last)];
        let mut pairs: HashMap<i64, Vec<i64>> = HashMap::new();
        let mut after = -1;
        let pair = |row: &Fetched<'_>| pair(row, table);
        loop {
            let Piece { rows, next } =
                self.piece(table.name, table.columns, &range, after, pair)?;
            for (impu, other) in rows {
                pairs.entry(impu).or_default().push(other);
            }
            match next {
                Some(next) => after = next,
                None => return Ok(pairs),
            }
        }
    }

    /// The rows of these numbers.
    pub(super) fn by_number<T>(
        &self,
        name: &str,
        columns: &[&'static str],
        numbers: &[i64],
        read: impl Fn(&Fetched<'_>) -> Result<(i64, T), BadRow>,
    ) -> Result<HashMap<i64, T>, DbError> {
        let (least, most) = (numbers.iter().min(), numbers.iter().max());
        let Some((least, most)) = least.copied().zip(most.copied()) else {
            return Ok(HashMap::new());
        };
        let count = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        let mut found = HashMap::with_capacity(numbers.len());
        if most.saturating_sub(least) / GAPS <= count {
            let end =
                Condition { column: column::ID, op: Op::LessOrEqual, value: Value::Int(most) };
            let mut after = least.saturating_sub(1);
            loop {
                let Piece { rows, next } = self.piece(name, columns, &[end], after, &read)?;
                found.extend(rows);
                match next {
                    Some(next) if next < most => after = next,
                    _ => return Ok(found),
                }
            }
        }
        for number in numbers {
            found.extend(self.single(name, columns, *number, &read)?);
        }
        Ok(found)
    }
}

/// The two numbers of a pair, which follow that of the row.
fn pair(row: &Fetched<'_>, table: &Table) -> Result<(i64, i64), BadRow> {
    let second = table.columns.last().copied().ok_or(BadCell::Null(column::ID))?;
    Ok((row.number(column::IMPU_ID)?, row.number(second)?))
}

fn useful<T>(
    name: &str,
    columns: &[&'static str],
    rows: &Rows<'_>,
    read: impl Fn(&Fetched<'_>) -> Result<(i64, T), BadRow>,
) -> Vec<(i64, T)> {
    let read = |row| checked(name, read(&Fetched { row, columns }), row);
    rows.iter().filter_map(read).collect()
}

fn checked<T>(name: &str, read: Result<T, BadRow>, row: db::Row<'_>) -> Option<T> {
    read.inspect_err(|why| {
        stats::ROWS_SKIPPED.increment();
        kamailio::error!(
            "row {} of table {name} ({}) is of no use and is left alone: {why}",
            row.int(0).unwrap_or_default(),
            BStr::new(row.text(1).unwrap_or_default())
        );
    })
    .ok()
}
