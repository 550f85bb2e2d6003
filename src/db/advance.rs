//! Adding to a column of all rows at once, which the functions of the drivers cannot say.

use super::{Condition, Connection, DbError, Need, Value, statement::identifier};
use core::fmt::Write;

impl Connection<'_> {
    /// Adds `amount` to `column` in all rows of `table` that fulfil `conditions`, which compare
    /// with [`Value::Int`]. False, and nothing done, with a driver that is not known to speak SQL.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn advance(
        &self,
        table: &[u8],
        column: &str,
        amount: u32,
        conditions: &[Condition<'_>],
    ) -> Result<bool, DbError> {
        if !self.database.speaks_sql() || !self.database.has(Need::Raw) {
            return Ok(false);
        }
        self.raw(&statement(table, column, amount, conditions)?)?;
        Ok(true)
    }
}

fn statement(
    table: &[u8],
    column: &str,
    amount: u32,
    conditions: &[Condition<'_>],
) -> Result<String, DbError> {
    let name =
        |name: &[u8]| identifier(name).map(|name| String::from_utf8_lossy(name).into_owned());
    let (table, column) = (name(table)?, name(column.as_bytes())?);
    let mut sql = format!("UPDATE {table} SET {column}={column}+{amount}");
    for (number, Condition { column, op, value }) in conditions.iter().enumerate() {
        let Value::Int(value) = value else { return Err(DbError::Name((*column).to_owned())) };
        let word = if number == 0 { "WHERE" } else { "AND" };
        let column = name(column.as_bytes())?;
        // Writing to a string cannot fail.
        let _ = write!(sql, " {word} {column}{}{value}", op.sql().to_string_lossy());
    }
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Op;

    #[test]
    fn one_statement_moves_all_rows_of_a_server() {
        let own = |value| Condition { column: "server_id", op: Op::Equal, value };
        assert_eq!(
            statement(b"subs", "cseq", 10, &[own(Value::Int(3))]),
            Ok("UPDATE subs SET cseq=cseq+10 WHERE server_id=3".to_owned())
        );
        assert!(statement(b"subs", "cseq", 10, &[own(Value::Text(b"3"))]).is_err());
        assert!(statement(b"subs;", "cseq", 10, &[]).is_err());
        assert!(statement(b"subs", "c=1,d", 10, &[]).is_err());
    }
}
