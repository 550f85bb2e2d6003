//! Reading a large table in pieces.

use super::{Condition, Connection, DbError, Op, Rows, Value, statement::identifier};

/// A piece of a table, by the order of a column of numbers that differ from row to row.
#[derive(Debug, Clone, Copy)]
pub struct Page<'p> {
    /// The table.
    pub table: &'p [u8],
    /// The columns wanted; `key` should be one of them.
    pub columns: &'p [&'p str],
    /// What rows must fulfil.
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
        let limit = self.database.speaks_sql().then_some(page.limit);
        let after = Condition { column: page.key, op: Op::Greater, value: Value::Int(page.after) };
        let conditions = [page.conditions, &[after]].concat();
        self.query(page.table, page.columns, &conditions, Some(&order(page.key, limit)?))
    }
}

/// The end of the statement: drivers put what orders the rows there as it is.
fn order(key: &str, limit: Option<u32>) -> Result<String, DbError> {
    let key = String::from_utf8_lossy(identifier(key.as_bytes())?);
    Ok(limit.map_or_else(|| key.to_string(), |limit| format!("{key} LIMIT {limit}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_ends_at_its_limit() {
        assert_eq!(order("id", Some(100)).as_deref(), Ok("id LIMIT 100"));
        assert_eq!(order("id", None).as_deref(), Ok("id"));
    }

    #[test]
    fn nothing_but_a_name_gets_into_the_statement() {
        assert!(order("1=1 or id", Some(1)).is_err());
        assert!(order("id;drop", None).is_err());
    }
}
