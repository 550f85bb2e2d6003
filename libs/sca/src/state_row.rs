//! Appearances as rows of the state table, and whether they have to be written.
//!
//! The rows of a line are replaced together: all of its address of record deleted, all of it
//! inserted.

use crate::line::INDEX_LIMIT;
use crate::{Appearance, Dialog, Instant, Line, State};
use std::borrow::Cow;

/// A row of the state table. What a pending re-INVITE or retrieval would bring back is not stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateRow {
    /// 1 to 2^31-1.
    pub index: u32,
    /// What the appearance is doing.
    pub state: State,
    /// Text of `appearance-uri`, escaped.
    pub uri: Vec<u8>,
    /// Contact URI of the member whose call it is.
    pub owner: Vec<u8>,
    /// The far party as RPC shows it.
    pub callee: Vec<u8>,
    /// Contact URI of the far party.
    pub remote_target: Vec<u8>,
    /// Call-ID; empty without a call.
    pub call_id: Vec<u8>,
    /// Tag of the side that sent the INVITE.
    pub from_tag: Vec<u8>,
    /// Tag of the other side.
    pub to_tag: Vec<u8>,
    /// The line is the called side.
    pub callee_leg: bool,
    /// Last change of the state.
    pub changed_at: Instant,
    /// When it was taken.
    pub created_at: Instant,
}

/// All rows of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateRows {
    /// The address of record whose rows they replace.
    pub aor: Vec<u8>,
    /// One row for each appearance; none when the line has no appearances any more.
    pub rows: Vec<StateRow>,
}

/// The rows of the line, if they changed since they were written.
pub fn take_unwritten(line: &Line<'_>) -> Option<StateRows> {
    line.states_changed.then(|| rows(line))
}

/// Notes that the rows are in the database; a line that changed in the meantime stays unwritten.
pub fn mark_written(line: &mut Line<'_>, written: &StateRows) {
    if rows(line) == *written {
        line.states_changed = false;
    }
}

/// The longest text that a column of the table takes, the one of `uri` left aside.
pub(crate) const TEXT_LIMIT: usize = 255;

/// The same of the tags.
pub(crate) const TAG_LIMIT: usize = 128;

/// What every database takes of `rows`, for the case that one refused them; nothing if that is all
/// of them. A name in another alphabet gets `?`, a far party that does not fit is left out, and so
/// is an appearance that could not be found again.
pub fn storable(rows: &StateRows) -> Option<StateRows> {
    let fits = |text: &[u8], limit: usize| text.len() <= limit && text.is_ascii();
    let kept = rows.rows.iter().filter(|row| {
        [&row.owner, &row.call_id].iter().all(|text| fits(text, TEXT_LIMIT))
            && [&row.from_tag, &row.to_tag].iter().all(|text| fits(text, TAG_LIMIT))
    });
    let party = |text: &Vec<u8>| if fits(text, TEXT_LIMIT) { text.clone() } else { Vec::new() };
    let plain = |byte: &u8| if byte.is_ascii() && *byte != 0 { *byte } else { b'?' };
    let kept = kept.map(|row| StateRow {
        uri: row.uri.iter().map(plain).collect(),
        callee: party(&row.callee),
        remote_target: party(&row.remote_target),
        ..row.clone()
    });
    let storable = StateRows { aor: rows.aor.clone(), rows: kept.collect() };
    (storable != *rows).then_some(storable)
}

fn rows(line: &Line<'_>) -> StateRows {
    StateRows { aor: line.aor().to_vec(), rows: line.appearances().iter().map(row).collect() }
}

fn row(appearance: &Appearance<'_>) -> StateRow {
    StateRow {
        index: appearance.index,
        state: appearance.state,
        uri: appearance.uri.to_vec(),
        owner: appearance.owner.to_vec(),
        callee: appearance.callee.to_vec(),
        remote_target: appearance.remote_target.to_vec(),
        call_id: appearance.dialog.call_id.to_vec(),
        from_tag: appearance.dialog.from_tag.to_vec(),
        to_tag: appearance.dialog.to_tag.to_vec(),
        callee_leg: appearance.callee_leg,
        changed_at: appearance.changed_at,
        created_at: appearance.created_at,
    }
}

impl<'a> Line<'a> {
    /// Takes an appearance back from its row and makes the line a shared one. False, and nothing
    /// changed, when the index is in use or is none.
    pub fn restore_appearance(&mut self, row: &'a StateRow) -> bool {
        if !(1..=INDEX_LIMIT).contains(&row.index) {
            return false;
        }
        let Err(at) = self.appearances.binary_search_by_key(&row.index, |other| other.index) else {
            return false;
        };
        self.registered = true;
        let dialog = Dialog::new(&row.call_id, &row.from_tag, &row.to_tag);
        self.appearances.insert(
            at,
            Appearance {
                index: row.index,
                state: row.state,
                uri: Cow::Borrowed(&row.uri),
                owner: Cow::Borrowed(&row.owner),
                callee: Cow::Borrowed(&row.callee),
                remote_target: Cow::Borrowed(&row.remote_target),
                // What an operator set to another state has no call, and stays.
                orphaned: match dialog.is_none() {
                    true => row.state == State::Seized,
                    false => !dialog.is_confirmed(),
                },
                dialog,
                callee_leg: row.callee_leg,
                changed_at: row.changed_at,
                created_at: row.created_at,
                previous: None,
            },
        );
        true
    }
}
