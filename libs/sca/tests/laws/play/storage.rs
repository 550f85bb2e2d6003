//! The database, and a restart.

use super::bytes::Bytes;
use super::{Ends, LINE, Play};
use sca_core::row::{self, Change, Row};
use sca_core::{Event, Line, record, state_row};
use std::collections::BTreeSet;

impl Play {
    /// Writes all rows; nothing is left to be written then.
    pub(super) fn write_rows(&mut self, all: bool) {
        let rows = row::take_unwritten(&Line::decode(&self.record).unwrap(), all);
        self.store(rows);
        let line = Line::decode(&self.record).unwrap();
        assert_eq!(row::take_unwritten(&line, all), []);
        assert!(!record::flags(&self.record).unwritten_rows);
        let stored: BTreeSet<_> = self.rows.keys().cloned().collect();
        let members = line.subscriptions().filter(|each| each.event == Event::CallInfo);
        let members: BTreeSet<_> = members.map(|each| each.contact.to_vec()).collect();
        assert_eq!(stored, members, "the table holds the members");
    }

    pub(super) fn write_rows_around_a_step(&mut self, bytes: &mut Bytes<'_>) {
        let rows = row::take_unwritten(&Line::decode(&self.record).unwrap(), bytes.flag());
        match bytes.below(3) {
            0 => self.subscribe(bytes, Event::CallInfo),
            1 => self.subscribe(bytes, Event::LineSeize),
            _ => self.time(bytes),
        }
        self.store(rows);
        self.write_rows(true);
    }

    pub(super) fn store(&mut self, rows: Vec<Row>) {
        for row in rows {
            let before = match row.change {
                Change::Delete => self.rows.remove(&row.contact),
                Change::Insert | Change::Update => {
                    self.rows.insert(row.contact.clone(), row.clone())
                }
            };
            assert_eq!(before.is_none(), row.change == Change::Insert, "{:?}", row.change);
            self.carry_out_with(Ends::Nothing, &row, |line, _, row| {
                row::mark_written(line, row);
                Some(Vec::new())
            });
        }
    }

    pub(super) fn write_states(&mut self) {
        let line = Line::decode(&self.record).unwrap();
        let Some(rows) = state_row::take_unwritten(&line) else { return };
        assert!(self.keeps_states);
        let mut restored = Line::new(LINE);
        for row in &rows.rows {
            assert!(restored.restore_appearance(row));
        }
        let told = |line: &Line<'_>| -> Vec<_> {
            line.appearances().iter().map(|each| (each.index, each.state)).collect()
        };
        assert_eq!(told(&restored), told(&line));
        self.carry_out(Ends::Nothing, |line, _| {
            state_row::mark_written(line, &rows);
            assert_eq!(state_row::take_unwritten(line), None);
            Some(Vec::new())
        });
    }

    /// The server is killed and comes back with what the table holds.
    pub(super) fn restart(&mut self) {
        let rows: Vec<Row> = self.rows.values().cloned().collect();
        let mut line = Line::new(LINE);
        for row in &rows {
            assert!(line.restore(row));
            self.seen.insert("restored");
        }
        self.record.clear();
        line.encode(&mut self.record);
        // Who left after the last writing is there again.
        self.ended.clear();
        self.write_rows(false);
    }
}
