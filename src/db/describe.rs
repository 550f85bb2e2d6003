//! What columns a table has.

use super::{Connection, DbError, Need, statement::identifier};

/// A column of a table, as its database describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: Vec<u8>,
    /// The type in the words of the database: `varchar(64)`, `integer`, …
    pub kind: Vec<u8>,
    /// The longest text that the column takes, in characters; nothing: none is refused.
    pub limit: Option<u32>,
}

impl Connection<'_> {
    /// The columns of `table`, none if there is no such table; nothing with a driver that has no
    /// known way to ask.
    ///
    /// # Errors
    ///
    /// [`DbError`].
    pub fn describe(&self, table: &[u8]) -> Result<Option<Vec<Column>>, DbError> {
        let driver = self.database.behind().filter(|_| self.database.has(Need::Raw));
        let statement = driver.map_or(Ok(None), |driver| statement(driver, table))?;
        let Some(statement) = statement else { return Ok(None) };
        let text = |text: Option<&[u8]>| text.map(<[u8]>::to_vec).unwrap_or_default();
        let rows = self.raw(&statement)?;
        let columns = rows.iter().map(|row| Column {
            name: text(row.text(0)),
            kind: text(row.text(1)),
            limit: row.int(2).and_then(|limit| u32::try_from(limit).ok()),
        });
        Ok(Some(columns.collect()))
    }
}

/// The question for the driver's kind of database.
fn statement(driver: &str, table: &[u8]) -> Result<Option<String>, DbError> {
    // Letters, digits, _ and . only, so quotes around it hold.
    let name = String::from_utf8_lossy(identifier(table)?);
    let (schema, table) = match name.split_once('.') {
        Some((schema, table)) => (Some(schema), table),
        None => (None, &*name),
    };
    let of = "FROM information_schema.columns";
    Ok(match driver {
        // No text is too long for sqlite, whatever its type says.
        "sqlite" => {
            let schema = schema.map_or_else(String::new, |schema| format!(",'{schema}'"));
            Some(format!("SELECT name,type,NULL FROM pragma_table_info('{table}'{schema})"))
        }
        "mysql" => {
            let schema = schema.map_or_else(|| "DATABASE()".to_owned(), |name| format!("'{name}'"));
            Some(format!(
                "SELECT column_name,column_type,character_maximum_length {of} \
                 WHERE table_schema={schema} AND table_name='{table}'"
            ))
        }
        "postgres" => {
            let schema = schema.map_or_else(
                || "ANY(current_schemas(false))".to_owned(),
                |name| format!("lower('{name}')"),
            );
            Some(format!(
                "SELECT column_name::text,data_type::text,character_maximum_length::integer {of} \
                 WHERE table_schema={schema} AND table_name=lower('{table}')"
            ))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(driver: &str, table: &[u8]) -> String {
        statement(driver, table).unwrap().unwrap()
    }

    #[test]
    fn each_database_is_asked_in_its_own_words() {
        assert!(asked("sqlite", b"location").ends_with("pragma_table_info('location')"));
        assert!(asked("sqlite", b"main.location").ends_with("('location','main')"));
        let mysql = asked("mysql", b"location");
        assert!(mysql.ends_with("table_schema=DATABASE() AND table_name='location'"), "{mysql}");
        assert!(asked("mysql", b"db.location").contains("table_schema='db'"));
        let postgres = asked("postgres", b"Location");
        assert!(postgres.ends_with("table_name=lower('Location')"), "{postgres}");
        assert_eq!(statement("redis", b"location"), Ok(None));
    }

    #[test]
    fn a_name_that_would_be_more_than_a_name_is_not_asked_for() {
        assert!(statement("sqlite", b"x');drop table y;--").is_err());
    }
}
