//! Settings that an operator may change while the server runs (the cfg framework).

use crate::{
    Error, Result,
    module::is_loaded,
    param::{Int, Text},
    text,
};
use bstr::BString;
use core::{
    cell::UnsafeCell,
    ffi::{CStr, c_int, c_void},
    fmt,
    ops::RangeInclusive,
    ptr,
};
use kamailio_sys as sys;

/// One setting of a group.
#[derive(Debug)]
pub struct Setting {
    name: &'static CStr,
    help: &'static CStr,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Int {
        default: i32,
        min: i32,
        max: i32,
    },
    Text {
        default: &'static CStr,
    },
    /// As `Int`, with the value of a parameter at the start.
    Param {
        param: &'static Int,
        min: i32,
        max: i32,
    },
    /// As `Text`, with the value of a parameter at the start.
    TextParam {
        param: &'static Text,
    },
}

impl Setting {
    /// A number within `range`.
    pub const fn int(
        name: &'static CStr,
        default: i32,
        range: RangeInclusive<i32>,
        help: &'static CStr,
    ) -> Self {
        let (min, max) = (*range.start(), *range.end());
        Self { name, help, kind: Kind::Int { default, min, max } }
    }

    /// A number within `range` that starts with the value of a parameter of the module.
    pub const fn of_int(
        name: &'static CStr,
        param: &'static Int,
        range: RangeInclusive<i32>,
        help: &'static CStr,
    ) -> Self {
        let (min, max) = (*range.start(), *range.end());
        Self { name, help, kind: Kind::Param { param, min, max } }
    }

    /// A text that starts with the value of a parameter of the module.
    pub const fn of_text(name: &'static CStr, param: &'static Text, help: &'static CStr) -> Self {
        Self { name, help, kind: Kind::TextParam { param } }
    }

    /// A text.
    pub const fn text(name: &'static CStr, default: &'static CStr, help: &'static CStr) -> Self {
        Self { name, help, kind: Kind::Text { default } }
    }
}

/// The most settings of a group.
const MOST: usize = 32;

impl Kind {
    /// Alignment and size of the value.
    const fn layout(&self) -> (usize, usize) {
        match self {
            Self::Int { .. } | Self::Param { .. } => (align_of::<c_int>(), size_of::<c_int>()),
            Self::Text { .. } | Self::TextParam { .. } => {
                (align_of::<sys::str_>(), size_of::<sys::str_>())
            }
        }
    }
}

/// Where the core expects each setting: at the members of a struct in this order.
const fn offsets(settings: &[Setting]) -> [usize; MOST] {
    assert!(settings.len() <= MOST, "a group has fewer settings");
    let mut offsets = [0; MOST];
    let mut places: &mut [usize] = &mut offsets;
    let (mut left, mut end) = (settings, 0_usize);
    while let ([place, others @ ..], [setting, rest @ ..]) = (places, left) {
        let (align, size) = setting.kind.layout();
        *place = end.next_multiple_of(align);
        end = *place + size;
        (places, left) = (others, rest);
    }
    offsets
}

/// A group of settings: `kamcmd cfg.set_now_int <group> <name> <value>`.
pub struct Group {
    name: &'static CStr,
    settings: &'static [Setting],
    offsets: [usize; MOST],
    /// The values that this process sees; the core moves it on when it takes up a change.
    handle: UnsafeCell<*mut c_void>,
}

// SAFETY: the core writes the handle when a process starts and between two messages, never while
// code of the module runs; each process has its own.
unsafe impl Sync for Group {}

impl Group {
    /// A group of that name, with 32 settings at the most. They are read by their places in
    /// `settings`.
    pub const fn new(name: &'static CStr, settings: &'static [Setting]) -> Self {
        Self {
            name,
            settings,
            offsets: offsets(settings),
            handle: UnsafeCell::new(ptr::null_mut()),
        }
    }

    /// The value of setting `index`; nothing if that is no number.
    pub fn int(&self, index: usize) -> Option<i32> {
        let default = match &self.settings.get(index)?.kind {
            Kind::Int { default, .. } => *default,
            Kind::Param { param, .. } => param.get(),
            Kind::Text { .. } | Kind::TextParam { .. } => return None,
        };
        let Some(place) = self.place(index) else { return Some(default) };
        // SAFETY: the core keeps a C `int` there, aligned.
        Some(unsafe { place.cast::<c_int>().read() })
    }

    /// A copy of the value of setting `index`; nothing if that is no text.
    pub fn text(&self, index: usize) -> Option<BString> {
        let default = match &self.settings.get(index)?.kind {
            Kind::Text { default } => default.to_bytes(),
            Kind::TextParam { param } => param.get(),
            Kind::Int { .. } | Kind::Param { .. } => return None,
        };
        let Some(place) = self.place(index) else { return Some(default.into()) };
        // SAFETY: the core keeps a `str` there, aligned.
        let value = unsafe { place.cast::<sys::str_>().read() };
        // SAFETY: the core keeps the text until this process takes up the next change.
        Some(unsafe { text::bytes(value) }.unwrap_or_default().into())
    }

    /// Where the value of setting `index` is, once the group is declared.
    fn place(&self, index: usize) -> Option<*mut c_void> {
        // SAFETY: see `Sync` above.
        let handle = unsafe { *self.handle.get() };
        let offset = *self.offsets.get(index)?;
        // SAFETY: the block that the handle points to has all settings of the group.
        (!handle.is_null()).then(|| unsafe { handle.byte_add(offset) })
    }

    /// Where the core expects setting `index`, and the size of the settings up to it.
    fn layout(&self, index: usize) -> (usize, usize) {
        let place = self.offsets.get(index).zip(self.settings.get(index));
        place.map_or((0, 0), |(start, setting)| (*start, *start + setting.kind.layout().1))
    }

    /// Announces the group unless a module of its name, which has one of its own, is loaded; whether
    /// it did. For `mod_init`.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the core refuses.
    pub fn declare_if_free(&'static self) -> Result<bool> {
        if is_loaded(self.name) {
            return Ok(false);
        }
        let name = self.name.as_ptr().cast_mut();
        let len = c_int::try_from(self.name.count_bytes()).unwrap_or(c_int::MAX);
        // SAFETY: compares the name with those of the groups.
        if !unsafe { sys::cfg_lookup_group(name, len) }.is_null() {
            return Ok(false);
        }
        self.declare().map(|()| true)
    }

    /// Announces the group, once, before the first fork.
    pub(crate) fn declare(&'static self) -> Result {
        let mut rows: Vec<sys::cfg_def_t> = Vec::with_capacity(self.settings.len() + 1);
        let (_, end) = self.layout(self.settings.len().saturating_sub(1));
        let is_text = |kind: &Kind| matches!(kind, Kind::Text { .. } | Kind::TextParam { .. });
        let has_text = self.settings.iter().any(|setting| is_text(&setting.kind));
        let align = if has_text { align_of::<sys::str_>() } else { align_of::<c_int>() };
        let size = end.next_multiple_of(align);
        // Eight bytes a word, aligned for both kinds; both blocks stay for the whole run.
        let values: &'static mut [u64] = Vec::leak(vec![0; size.div_ceil(8)]);
        let block: *mut c_void = values.as_mut_ptr().cast();
        for (index, setting) in self.settings.iter().enumerate() {
            // SAFETY: the block has room for all settings.
            let place = unsafe { block.byte_add(self.layout(index).0) };
            // SAFETY: all zeroes is a row, the one that ends a table.
            let mut row: sys::cfg_def_t = unsafe { core::mem::zeroed() };
            row.name = setting.name.as_ptr().cast_mut();
            row.descr = setting.help.as_ptr().cast_mut();
            let start = match setting.kind {
                Kind::Int { default, min, max } => Start::Int(default, min, max),
                Kind::Param { param, min, max } => Start::Int(param.get(), min, max),
                Kind::Text { default } => Start::Text(text::name(default)),
                Kind::TextParam { param } => Start::Text(text::lend(param.get())),
            };
            match start {
                Start::Int(value, min, max) => {
                    row.type_ = sys::CFG_VAR_INT | sys::CFG_ATOMIC;
                    (row.min, row.max) = (min, max);
                    // SAFETY: inside the block and aligned.
                    unsafe { place.cast::<c_int>().write(value) };
                }
                Start::Text(value) => {
                    row.type_ = sys::CFG_VAR_STR;
                    // SAFETY: inside the block and aligned.
                    unsafe { place.cast::<sys::str_>().write(value) };
                }
            }
            rows.push(row);
        }
        // SAFETY: as above.
        rows.push(unsafe { core::mem::zeroed() });
        let rows = Vec::leak(rows).as_mut_ptr();
        let size = c_int::try_from(size).unwrap_or(c_int::MAX);
        let name = self.name.as_ptr().cast_mut();
        // SAFETY: rows, values and handle stay for the whole run, and the size is theirs.
        match unsafe { sys::cfg_declare(name, rows, block, size, self.handle.get()) } {
            0 => Ok(()),
            code => Err(Error::Core { call: "cfg_declare", code }),
        }
    }
}

/// What a setting is at the start.
enum Start {
    Int(i32, i32, i32),
    Text(sys::str_),
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &[Setting] = &[
        Setting::int(c"a", 1, 0..=9, c"a number"),
        Setting::text(c"b", c"x", c"a text"),
        Setting::int(c"c", 2, 0..=9, c"another number"),
    ];

    #[test]
    fn settings_lie_where_c_would_put_the_members_of_a_struct() {
        let group = Group::new(c"g", MIXED);
        assert_eq!([0, 1, 2].map(|index| group.layout(index)), [(0, 4), (8, 24), (24, 28)]);
    }

    #[test]
    fn before_its_declaration_a_group_gives_the_defaults() {
        let group = Group::new(c"g", MIXED);
        assert_eq!((group.int(2), group.text(1)), (Some(2), Some(BString::from("x"))));
        assert_eq!((group.int(1), group.text(0), group.int(3)), (None, None, None));
    }
}
