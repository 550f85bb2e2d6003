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
    pub(super) fn takes_plain(&self) -> bool {
        self.driver() == "mysql" && self.has(Need::Raw) && !delays_inserts()
    }
}

/// Whether an operator has `db_mysql` say `insert delayed` (its parameter `insert_delayed`), which
/// is between the two.
fn delays_inserts() -> bool {
    parameter(c"db_mysql", c"insert_delayed").is_some_and(|value| value != 0)
}

impl Connection<'_> {
    /// Runs a statement that needs no quoting; nothing is done if the driver has to write it, or
    /// there is none.
    pub(super) fn plainly(
        &self,
        operation: &'static str,
        table: &[u8],
        statement: impl FnOnce() -> Option<Statement>,
    ) -> Option<Result<(), DbError>> {
        if !self.database.plain {
            return None;
        }
        let (raw, Statement(text)) = (self.database.api.raw_query?, statement()?);
        sync::assert_unlocked();
        let lent = text::lend(&text);
        // SAFETY: the driver reads the statement before it comes back, and is asked for no result.
        let code = unsafe { raw(self.handle.as_ptr(), &raw const lent, ptr::null_mut()) };
        Some(self.check(operation, table, code))
    }
}

/// The text of a statement, in the words of the driver; making one gives nothing if a part of it is not plain.
#[derive(Debug)]
pub(super) struct Statement(Vec<u8>);

impl Statement {
    /// Adds `row` to `table`.
    pub(super) fn insert(table: &[u8], row: &[(&str, Value<'_>)]) -> Option<Self> {
        let mut all = Self::on(b"insert into ", table)?;
        all.each(row.iter(), b" (", b",", |all, (column, _)| all.name(column.as_bytes()))?;
        all.each(row.iter(), b") values (", b",", |all, (_, value)| all.value(*value))?;
        all.0.push(b')');
        (!row.is_empty()).then_some(all)
    }

    /// Changes the rows of `table` that fulfil `conditions`.
    pub(super) fn update(
        table: &[u8],
        conditions: &[Condition<'_>],
        row: &[(&str, Value<'_>)],
    ) -> Option<Self> {
        let mut all = Self::on(b"update ", table)?;
        all.each(row.iter(), b" set ", b",", |all, (column, value)| {
            all.name(column.as_bytes())?;
            all.0.push(b'=');
            all.value(*value)
        })?;
        all.conditions(conditions)?;
        (!row.is_empty()).then_some(all)
    }

    /// Removes the rows of `table` that fulfil `conditions`.
    pub(super) fn delete(table: &[u8], conditions: &[Condition<'_>]) -> Option<Self> {
        let mut all = Self::on(b"delete from ", table)?;
        all.conditions(conditions)?;
        Some(all)
    }

    fn on(words: &[u8], table: &[u8]) -> Option<Self> {
        let mut all = Self(Vec::with_capacity(ROOM));
        all.0.extend_from_slice(words);
        all.name(table)?;
        Some(all)
    }

    fn conditions(&mut self, conditions: &[Condition<'_>]) -> Option<()> {
        self.each(
            conditions.iter(),
            b" where ",
            b" AND ",
            |all, Condition { column, op, value }| {
                all.name(column.as_bytes())?;
                all.0.extend_from_slice(op.sql().to_bytes());
                all.value(*value)
            },
        )
    }

    /// Has `write` write each of `parts`: the first one behind `start`, the others behind `between`.
    fn each<T>(
        &mut self,
        parts: impl Iterator<Item = T>,
        start: &[u8],
        between: &[u8],
        write: impl Fn(&mut Self, T) -> Option<()>,
    ) -> Option<()> {
        let mut words = start;
        for part in parts {
            self.0.extend_from_slice(words);
            write(self, part)?;
            words = between;
        }
        Some(())
    }

    fn name(&mut self, name: &[u8]) -> Option<()> {
        let name = identifier(name).ok()?;
        self.0.push(b'`');
        self.0.extend_from_slice(name);
        self.0.push(b'`');
        Some(())
    }

    fn value(&mut self, value: Value<'_>) -> Option<()> {
        match value {
            Value::Int(number) => {
                self.0.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
                Some(())
            }
            Value::Text(text) if is_plain(text) => {
                self.text(text);
                Some(())
            }
            Value::Time(time) => self.time(time),
            Value::Null => {
                self.0.extend_from_slice(b"NULL");
                Some(())
            }
            Value::Text(_) | Value::Blob(_) => None,
        }
    }

    /// A time of the clock on the wall, as the drivers write and read it; one without such a date is
    /// for the driver.
    fn time(&mut self, time: i64) -> Option<()> {
        self.text(&timer::date(time)?);
        Some(())
    }

    fn text(&mut self, text: &[u8]) {
        self.0.push(b'\'');
        self.0.extend_from_slice(text);
        self.0.push(b'\'');
    }
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

    fn said(statement: Option<Statement>) -> Option<String> {
        statement.map(|Statement(text)| String::from_utf8(text).unwrap())
    }

    const ROW: [(&str, Value<'_>); 3] =
        [("aor", Value::Text(b"sip:a@h;x=<1>")), ("port", Value::Int(-5)), ("path", Value::Null)];

    #[test]
    fn a_row_is_said_in_the_words_of_the_driver() {
        let one = [Condition::equal("aor", Value::Text(b"sip:a@h"))];
        let two = [one[0], Condition { column: "n", op: Op::LessOrEqual, value: Value::Int(7) }];
        let text = said(Statement::insert(b"location", &ROW));
        let sql = "insert into `location` (`aor`,`port`,`path`) values ('sip:a@h;x=<1>',-5,NULL)";
        assert_eq!(text.as_deref(), Some(sql));
        let text = said(Statement::update(b"t", &two, &ROW[1..]));
        let sql = "update `t` set `port`=-5,`path`=NULL where `aor`='sip:a@h' AND `n`<=7";
        assert_eq!(text.as_deref(), Some(sql));
        let text = said(Statement::delete(b"t", &one));
        assert_eq!(text.as_deref(), Some("delete from `t` where `aor`='sip:a@h'"));
        assert_eq!(said(Statement::delete(b"t", &[])).as_deref(), Some("delete from `t`"));
    }

    #[test]
    fn what_has_to_be_quoted_is_for_the_driver() {
        for text in
            [&b"o'brien"[..], b"a\\", b"\"", b"`", b"\n", b"\x1a", b"\0", b"\x7f", b"\xc3\xa4"]
        {
            let row = [("a", Value::Text(text))];
            assert_eq!(said(Statement::insert(b"t", &row)), None, "{text:?}");
            assert_eq!(said(Statement::update(b"t", &[], &row)), None, "{text:?}");
            let condition = [Condition::equal("a", Value::Text(text))];
            assert_eq!(said(Statement::delete(b"t", &condition)), None, "{text:?}");
        }
        assert_eq!(said(Statement::insert(b"t", &[("a", Value::Blob(b"a"))])), None);
        assert_eq!(said(Statement::insert(b"t", &[("a;b", Value::Null)])), None);
        assert_eq!(said(Statement::insert(b"t`", &ROW)), None);
        assert_eq!(said(Statement::insert(b"t", &[])), None);
        assert_eq!(said(Statement::update(b"t", &[], &[])), None);
    }

    #[test]
    fn every_character_of_a_uri_is_plain_but_for_the_quote() {
        let uri = b"sip:+49.30-1_2!~*()%41&=$,;?/@[2001:db8::1]:5060;ob<>{}|^#";
        assert!(is_plain(uri) && is_plain(b""));
    }
}
