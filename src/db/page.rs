//! Reading a large table in pieces.

use super::{Condition, Connection, DbError, Need, Op, Rows, Value, statement::identifier};
use core::fmt::Write;

/// A piece of a table, by the order of a column of numbers that differ from row to row.
#[derive(Debug, Clone, Copy)]
pub struct Page<'p> {
    /// The table.
    pub table: &'p [u8],
    /// The columns wanted; `key` should be one of them.
    pub columns: &'p [&'p str],
    /// What rows must fulfil: comparisons with [`Value::Int`].
    pub conditions: &'p [Condition<'p>],
    /// The column that orders the rows.
    pub key: &'p str,
    /// Rows with a greater key only: that of the last row of the piece before.
    pub after: i64,
    /// The most rows wanted.
    pub limit: u32,
}

impl Connection<'_> {
    /// The next rows of a table that may be too large for the private memory of one process.
    ///
    /// Ask again with the last key as [`Page::after`] until there are no rows. A driver that is
    /// not known to understand `LIMIT` gives all that are left.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn page(&self, page: &Page<'_>) -> Result<Rows<'_>, DbError> {
        let limits = matches!(self.database.driver(), "sqlite" | "mysql" | "postgres");
        if limits && self.database.has(Need::Raw) {
            return self.raw(&select(page)?);
        }
        let after = Condition { column: page.key, op: Op::Greater, value: Value::Int(page.after) };
        let conditions = [page.conditions, &[after]].concat();
        self.query(page.table, page.columns, &conditions, Some(page.key))
    }
}

/// The statement for `page`.
fn select(page: &Page<'_>) -> Result<String, DbError> {
    let name =
        |name: &[u8]| identifier(name).map(|name| String::from_utf8_lossy(name).into_owned());
    let columns = page.columns.iter().map(|column| name(column.as_bytes()));
    let columns = columns.collect::<Result<Vec<_>, _>>()?.join(",");
    let (table, key) = (name(page.table)?, name(page.key.as_bytes())?);
    let mut sql = format!("SELECT {columns} FROM {table} WHERE {key}>{}", page.after);
    for Condition { column, op, value } in page.conditions {
        let Value::Int(number) = value else { return Err(DbError::Name((*column).to_owned())) };
        let column = name(column.as_bytes())?;
        // Writing to a string cannot fail.
        let _ = write!(sql, " AND {column}{}{number}", op.sql().to_string_lossy());
    }
    let _ = write!(sql, " ORDER BY {key} LIMIT {}", page.limit);
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Page<'_> = Page {
        table: b"sca_subscriptions",
        columns: &["id", "aor"],
        conditions: &[Condition::equal("server_id", Value::Int(-1))],
        key: "id",
        after: 7,
        limit: 100,
    };

    #[test]
    fn the_statement_asks_for_the_rows_behind_the_last_one() {
        let sql = select(&PAGE);
        let expected = "SELECT id,aor FROM sca_subscriptions \
            WHERE id>7 AND server_id=-1 ORDER BY id LIMIT 100";
        assert_eq!(sql.as_deref(), Ok(expected));
    }

    #[test]
    fn nothing_but_names_and_numbers_gets_into_the_statement() {
        assert!(select(&Page { table: b"a;drop table b", ..PAGE }).is_err());
        assert!(select(&Page { columns: &["a,b"], ..PAGE }).is_err());
        assert!(select(&Page { key: "1=1 or id", ..PAGE }).is_err());
        let text = [Condition::equal("aor", Value::Text(b"x"))];
        assert!(select(&Page { conditions: &text, ..PAGE }).is_err());
    }
}
