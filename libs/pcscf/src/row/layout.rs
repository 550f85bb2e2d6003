//! Which columns a table has and what fits into them.

use super::Column;
use core::fmt;

/// A column as the database describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: Vec<u8>,
    /// Its type, as the database spells it: `varchar`, `INT(10)`, `character varying`, …
    pub kind: Vec<u8>,
    /// The longest text that fits in, in characters; nothing: not limited, or no text.
    pub limit: Option<u32>,
}

/// What is known of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    present: [bool; Column::COUNT],
    limits: [Option<u32>; Column::COUNT],
    /// Column `protocol` takes numbers only, as before Kamailio 6.0.
    pub(super) numeric_protocol: bool,
    /// Columns of SPIs end at `i32::MAX`.
    pub(super) signed_spis: bool,
}

/// The columns that a table lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingColumns(Vec<Column>);

impl fmt::Display for MissingColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, column) in self.0.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { ", " })?;
            f.write_str(column.name())?;
        }
        Ok(())
    }
}

impl Layout {
    /// The layout of the scripts that come with Kamailio, for databases that do not describe
    /// their tables. Only numbers are written to column `protocol`, since these fit everywhere.
    pub fn shipped() -> Self {
        let limit = |column: &Column| match column {
            Column::Domain | Column::Socket => Some(64),
            Column::Aor | Column::Rinstance => Some(255),
            Column::Host | Column::Ck | Column::Ik | Column::TCk | Column::TIk => Some(100),
            Column::Received => Some(128),
            Column::Path => Some(512),
            Column::RxSessionId => Some(256),
            Column::ServiceRoutes | Column::PublicIds => Some(2048),
            Column::Protocol | Column::TProtocol => Some(5),
            Column::Mode | Column::TMode => Some(10),
            Column::Ealg | Column::Ialg | Column::TEalg | Column::TIalg => Some(20),
            _ => None,
        };
        let mut limits = [None; Column::COUNT];
        limits.iter_mut().zip(Column::ALL).for_each(|(place, column)| *place = limit(column));
        let present = [true; Column::COUNT];
        Self { present, limits, numeric_protocol: true, signed_spis: true }
    }

    /// The layout of a table with these columns.
    ///
    /// # Errors
    ///
    /// The columns that are missing, if a contact cannot be stored without them.
    pub fn of(columns: &[Described]) -> Result<Self, MissingColumns> {
        let find = |column: Column| {
            let name = column.name().as_bytes();
            columns.iter().find(|described| described.name.eq_ignore_ascii_case(name))
        };
        let missing = |column: &Column| column.is_needed() && find(*column).is_none();
        let missing: Vec<Column> = Column::ALL.iter().copied().filter(missing).collect();
        if !missing.is_empty() {
            return Err(MissingColumns(missing));
        }
        let mut layout = Self::shipped();
        for (column, place) in Column::ALL.iter().zip(layout.present.iter_mut()) {
            *place = find(*column).is_some();
        }
        for (column, place) in Column::ALL.iter().zip(layout.limits.iter_mut()) {
            *place = find(*column).and_then(|described| described.limit);
        }
        let kind = |column| find(column).map(|described| described.kind.to_ascii_lowercase());
        let says = |column, word: &[u8]| {
            kind(column).is_some_and(|kind| kind.windows(word.len()).any(|part| part == word))
        };
        layout.numeric_protocol = says(Column::Protocol, b"int");
        let wide = |word| says(Column::SpiPc, word);
        layout.signed_spis = !(wide(b"unsigned") || wide(b"bigint"));
        Ok(layout)
    }

    /// Whether the table has the column.
    pub fn has(&self, column: Column) -> bool {
        self.present.get(column.place()).is_some_and(|present| *present)
    }

    /// Whether the table has a place for security associations.
    pub fn has_security(&self) -> bool {
        let security = |column: &&Column| !column.is_needed();
        Column::ALL.iter().filter(security).all(|column| self.has(*column))
    }

    /// The longest text that fits into the column, in bytes.
    pub fn limit(&self, column: Column) -> usize {
        let limit = self.limits.get(column.place()).copied().flatten();
        limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Vec<Described> {
        let describe = |column: &Column| Described {
            name: column.name().into(),
            kind: b"varchar".to_vec(),
            limit: Some(9),
        };
        Column::ALL.iter().map(describe).collect()
    }

    #[test]
    fn the_kind_of_the_protocol_column_is_seen() {
        let mut table = table();
        assert!(!Layout::of(&table).unwrap().numeric_protocol);
        table[Column::Protocol.place()].kind = b"INT(10)".to_vec();
        assert!(Layout::of(&table).unwrap().numeric_protocol);
    }

    #[test]
    fn unsigned_and_wide_columns_take_large_spis() {
        let mut table = table();
        for (kind, signed) in [
            (&b"integer"[..], true),
            (b"int(11) unsigned", false),
            (b"INT(11) UNSIGNED", false),
            (b"bigint", false),
        ] {
            table[Column::SpiPc.place()].kind = kind.to_vec();
            assert_eq!(Layout::of(&table).unwrap().signed_spis, signed, "{kind:?}");
        }
    }

    #[test]
    fn a_table_without_a_needed_column_is_refused_by_its_name() {
        let mut table = table();
        table.retain(|column| ![&b"aor"[..], b"expires", b"t_ck"].contains(&&*column.name));
        let missing = Layout::of(&table).unwrap_err();
        assert_eq!(missing.to_string(), "aor, expires");
    }

    #[test]
    fn a_table_without_columns_of_security_can_be_used() {
        let mut table = table();
        table.retain(|column| column.name != b"t_ck");
        let layout = Layout::of(&table).unwrap();
        assert!(!layout.has_security() && !layout.has(Column::TCk) && layout.has(Column::Aor));
        assert!(Layout::shipped().has_security());
    }

    #[test]
    fn limits_are_those_of_the_table() {
        let mut table = table();
        table[Column::Aor.place()].limit = None;
        let layout = Layout::of(&table).unwrap();
        assert_eq!((layout.limit(Column::Aor), layout.limit(Column::Host)), (usize::MAX, 9));
        assert_eq!(Layout::shipped().limit(Column::PublicIds), 2048);
    }
}
