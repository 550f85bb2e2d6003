//! What bytes choose: phones, calls, indexes.

use sca_core::Dialog;
use sca_core::State;
use sca_core::call_info::CallInfo;

pub(super) const CONTACTS: [&[u8]; 4] = [
    b"sip:215@10.0.0.1:5060",
    b"sip:215@10.0.0.2:5060;transport=tcp",
    b"sip:10.0.0.3",
    b"sip:216@10.0.0.1:5060",
];
pub(super) const INDEXES: [u32; 8] = [0, 1, 2, 3, 1, 2, 7, 0x8000_0000];
pub(super) const STATUSES: [u16; 8] = [302, 401, 481, 407, 408, 486, 487, 603];

/// The bytes that are left; nothing but zeros after their end.
pub(super) struct Bytes<'b>(pub(super) std::slice::Iter<'b, u8>);

impl Bytes<'_> {
    pub(super) fn is_over(&self) -> bool {
        self.0.len() == 0
    }

    pub(super) fn next(&mut self) -> u8 {
        self.0.next().copied().unwrap_or(0)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.next()) % limit
    }

    pub(super) fn flag(&mut self) -> bool {
        self.next() & 1 == 1
    }

    pub(super) fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// The tags of call `number`: even ones are made by the line, odd ones come in.
pub(super) fn call(number: usize, bytes: &mut Bytes<'_>) -> Dialog<'static> {
    let (from, to) = if number.is_multiple_of(2) { ("a", "x") } else { ("x", "a") };
    let owned = |text: String| std::borrow::Cow::Owned(text.into_bytes());
    let whole = Dialog {
        call_id: owned(format!("{number}@call")),
        from_tag: owned(format!("{from}{number}")),
        to_tag: owned(format!("{to}{number}")),
    };
    match bytes.below(4) {
        0 => Dialog { to_tag: owned(String::new()), ..whole },
        1 => whole.reversed(),
        _ => whole,
    }
}

/// A Call-Info header, or none.
pub(super) fn call_info(bytes: &mut Bytes<'_>) -> Option<CallInfo> {
    let index = bytes.one_of(&INDEXES);
    let state =
        bytes.one_of(&[None, Some(State::Held), Some(State::HeldPrivate), Some(State::Idle)]);
    bytes.flag().then_some(CallInfo { index, state })
}
