//! Statements that need no quoting: written here, and given to the driver as a whole.
//!
//! A driver prints each name and each value of a statement for itself, which takes it longer than all else that a row
//! costs. Where there is only one way to say something, it is said here: names that were checked, numbers, times, and
//! texts of characters that mean themselves between quotes in every character set and every mode of the server. What
//! has anything else in it (a quote, a backslash, a letter beyond ASCII, bytes that are no text) is for the driver,
//! which knows how its connection quotes.

use super::{Condition, Connection, Database, DbError, Need, Value, statement::identifier};
use crate::{module::parameter, sync, text, timer};
use core::ptr;
use pcscf_core::scan::Bytes;

/// Most statements for one row are shorter.
const ROOM: usize = 1000;

impl Database {
    /// Whether the driver takes statements as they are, and would say the same itself.
    pub(super) fn speaks_plain(&self) -> bool {
        self.driver() == "mysql" && self.has(Need::Raw) && !delays_inserts()
    }

    /// Whether a [`Statement`] can be given to [`Connection::say`].
    pub fn takes_plain(&self) -> bool {
        self.plain
    }
}

/// Whether an operator has `db_mysql` say `insert delayed` (its parameter `insert_delayed`), which
/// is between the two.
fn delays_inserts() -> bool {
    parameter(c"db_mysql", c"insert_delayed").is_some_and(|value| value != 0)
}

impl Connection<'_> {
    /// Runs a statement.
    ///
    /// # Errors
    ///
    /// [`DbError`]
    pub fn say(&self, table: &[u8], statement: &Plain) -> Result<(), DbError> {
        sync::assert_unlocked();
        let raw = self.database.api.raw_query.ok_or_else(|| self.database.lacks(Need::Raw))?;
        let lent = text::lend(&statement.text);
        // SAFETY: the driver reads the statement before it comes back, and is asked for no result.
        let code = unsafe { raw(self.handle.as_ptr(), &raw const lent, ptr::null_mut()) };
        self.check(statement.operation, table, code)
    }

    /// Runs a statement that needs no quoting; nothing is done if the driver has to write it.
    pub(super) fn plainly(
        &self,
        table: &[u8],
        statement: impl FnOnce() -> Option<Plain>,
    ) -> Option<Result<(), DbError>> {
        let statement = self.database.plain.then(statement)??;
        Some(self.say(table, &statement))
    }
}

/// The text of a statement for a driver that takes it as it is ([`Database::takes_plain`]).
#[derive(Debug)]
pub struct Plain {
    operation: &'static str,
    text: Vec<u8>,
}

impl Plain {
    /// Whether it adds a row.
    pub fn is_insert(&self) -> bool {
        self.operation == "insert"
    }
}

/// A [`Plain`] under construction, which comes to nothing if a part of it is not plain.
#[derive(Debug)]
pub struct Statement {
    said: Plain,
    /// What an insertion says behind its columns.
    values: Option<Vec<u8>>,
    /// Columns so far.
    columns: usize,
    conditions: usize,
    plain: bool,
}

impl Statement {
    /// Adds a row to `table`.
    pub fn insert(table: &[u8]) -> Self {
        let values = Some(Vec::with_capacity(ROOM / 2));
        Self { values, ..Self::on("insert", b"insert into ", table) }
    }

    /// Changes the rows of `table` that fulfil all conditions.
    pub fn update(table: &[u8]) -> Self {
        Self::on("update", b"update ", table)
    }

    /// Removes the rows of `table` that fulfil all conditions.
    pub fn delete(table: &[u8]) -> Self {
        Self::on("delete", b"delete from ", table)
    }

    fn on(operation: &'static str, words: &[u8], table: &[u8]) -> Self {
        let mut text = Vec::with_capacity(ROOM);
        text.extend_from_slice(words);
        let said = Plain { operation, text };
        let mut all = Self { said, values: None, columns: 0, conditions: 0, plain: true };
        all.plain = identifier(table).is_ok();
        quoted(&mut all.said.text, table);
        all
    }

    /// Column `column`, whose name stands in the program, gets `value`.
    pub fn set(&mut self, column: &'static str, value: Value<'_>) {
        debug_assert!(identifier(column.as_bytes()).is_ok());
        self.column(column, value);
    }

    /// As [`Statement::set`], with names from elsewhere.
    fn set_all(mut self, row: &[(&str, Value<'_>)]) -> Self {
        for (column, value) in row {
            self.plain &= identifier(column.as_bytes()).is_ok();
            self.column(column, *value);
        }
        self
    }

    fn column(&mut self, column: &str, value: Value<'_>) {
        let text = &mut self.said.text;
        let first = self.columns == 0;
        self.columns += 1;
        if let Some(values) = &mut self.values {
            text.extend_from_slice(if first { b" (" } else { b"," });
            quoted(text, column.as_bytes());
            values.extend_from_slice(if first { b") values (" } else { b"," });
            self.plain &= write(values, value);
        } else {
            text.extend_from_slice(if first { b" set " } else { b"," });
            quoted(text, column.as_bytes());
            text.push(b'=');
            self.plain &= write(text, value);
        }
    }

    /// Only rows that fulfil `condition`, and those before it; all columns are named by now.
    #[must_use]
    pub fn only(mut self, condition: &Condition<'_>) -> Self {
        let Condition { column, op, value } = condition;
        let text = &mut self.said.text;
        text.extend_from_slice(if self.conditions == 0 { b" where " } else { b" AND " });
        self.conditions += 1;
        self.plain &= identifier(column.as_bytes()).is_ok();
        quoted(text, column.as_bytes());
        text.extend_from_slice(op.sql().to_bytes());
        self.plain &= write(text, *value);
        self
    }

    /// The statement; nothing if it says nothing, or the driver has to write it.
    pub fn finish(mut self) -> Option<Plain> {
        if let Some(values) = self.values {
            self.said.text.extend_from_slice(&values);
            self.said.text.push(b')');
        }
        let whole = self.columns > 0 || self.said.operation == "delete";
        (whole && self.plain).then_some(self.said)
    }
}

/// What [`Connection::insert`] says.
pub(super) fn insert(table: &[u8], row: &[(&str, Value<'_>)]) -> Option<Plain> {
    Statement::insert(table).set_all(row).finish()
}

/// What [`Connection::update`] says.
pub(super) fn update(
    table: &[u8],
    conditions: &[Condition<'_>],
    row: &[(&str, Value<'_>)],
) -> Option<Plain> {
    let all = Statement::update(table).set_all(row);
    conditions.iter().fold(all, Statement::only).finish()
}

/// What [`Connection::delete`] says.
pub(super) fn delete(table: &[u8], conditions: &[Condition<'_>]) -> Option<Plain> {
    conditions.iter().fold(Statement::delete(table), Statement::only).finish()
}

fn quoted(text: &mut Vec<u8>, name: &[u8]) {
    text.push(b'`');
    text.extend_from_slice(name);
    text.push(b'`');
}

/// Writes `value`; false if it is not plain, and the text is of no use then.
fn write(text: &mut Vec<u8>, value: Value<'_>) -> bool {
    let between_quotes = |text: &mut Vec<u8>, value: &[u8]| {
        text.push(b'\'');
        text.extend_from_slice(value);
        text.push(b'\'');
    };
    match value {
        Value::Int(number) => {
            text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        Value::Text(value) if is_plain(value) => between_quotes(text, value),
        // A time of the clock on the wall, as the drivers write and read it; one without such a
        // date is for the driver.
        Value::Time(time) => match timer::date(time) {
            Some(date) => between_quotes(text, &date),
            None => return false,
        },
        Value::Null => text.extend_from_slice(b"NULL"),
        Value::Text(_) | Value::Blob(_) => return false,
    }
    true
}

/// Whether every byte means itself between single quotes.
fn is_plain(text: &[u8]) -> bool {
    static PLAIN: Bytes = Bytes::alphanumeric(b" !#$%&()*+,-./:;<=>?@[]^_{|}~");
    text.iter().all(|byte| PLAIN.has(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Op;

    fn said(statement: Option<Plain>) -> Option<String> {
        statement.map(|Plain { text, .. }| String::from_utf8(text).unwrap())
    }

    const ROW: [(&str, Value<'_>); 3] =
        [("aor", Value::Text(b"sip:a@h;x=<1>")), ("port", Value::Int(-5)), ("path", Value::Null)];

    #[test]
    fn a_row_is_said_in_the_words_of_the_driver() {
        let one = [Condition::equal("aor", Value::Text(b"sip:a@h"))];
        let two = [one[0], Condition { column: "n", op: Op::LessOrEqual, value: Value::Int(7) }];
        let text = said(insert(b"location", &ROW));
        let sql = "insert into `location` (`aor`,`port`,`path`) values ('sip:a@h;x=<1>',-5,NULL)";
        assert_eq!(text.as_deref(), Some(sql));
        let text = said(update(b"t", &two, &ROW[1..]));
        let sql = "update `t` set `port`=-5,`path`=NULL where `aor`='sip:a@h' AND `n`<=7";
        assert_eq!(text.as_deref(), Some(sql));
        let text = said(delete(b"t", &one));
        assert_eq!(text.as_deref(), Some("delete from `t` where `aor`='sip:a@h'"));
        assert_eq!(said(delete(b"t", &[])).as_deref(), Some("delete from `t`"));
    }

    #[test]
    fn what_has_to_be_quoted_is_for_the_driver() {
        for text in
            [&b"o'brien"[..], b"a\\", b"\"", b"`", b"\n", b"\x1a", b"\0", b"\x7f", b"\xc3\xa4"]
        {
            let row = [("a", Value::Text(text))];
            assert_eq!(said(insert(b"t", &row)), None, "{text:?}");
            assert_eq!(said(update(b"t", &[], &row)), None, "{text:?}");
            let condition = [Condition::equal("a", Value::Text(text))];
            assert_eq!(said(delete(b"t", &condition)), None, "{text:?}");
        }
        assert_eq!(said(insert(b"t", &[("a", Value::Blob(b"a"))])), None);
        assert_eq!(said(insert(b"t", &[("a;b", Value::Null)])), None);
        assert_eq!(said(insert(b"t`", &ROW)), None);
        assert_eq!(said(insert(b"t", &[])), None);
        assert_eq!(said(update(b"t", &[], &[])), None);
    }

    #[test]
    fn every_character_of_a_uri_is_plain_but_for_the_quote() {
        let uri = b"sip:+49.30-1_2!~*()%41&=$,;?/@[2001:db8::1]:5060;ob<>{}|^#";
        assert!(is_plain(uri) && is_plain(b""));
    }
}
