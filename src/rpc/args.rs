//! The arguments of a command.

use super::{Call, Fault};
use crate::text;
use bstr::BString;
use core::{
    ffi::{CStr, c_int},
    marker::PhantomData,
};

/// The arguments of a command, read one after the other.
///
/// Every argument is read as a text, and numbers are made of that here: some transports give a
/// zero for a number that was sent as a text, and others end the command with a fault of theirs.
#[derive(Debug)]
pub struct Args<'a> {
    call: Call,
    read: usize,
    _command: PhantomData<&'a mut ()>,
}

/// Optional, converted if need be, as a counted string.
const ANY: &CStr = c"*.S";
/// As it was sent, as a counted string.
const PLAIN_TEXT: &CStr = c"S";
/// Optional, as it was sent.
const PLAIN_INT: &CStr = c"*d";

impl Args<'_> {
    pub(super) fn new(call: Call) -> Self {
        Self { call, read: 0, _command: PhantomData }
    }

    /// The next argument.
    ///
    /// # Errors
    ///
    /// A [`Fault`] with code 400 if there is none, or if it is no text and no number.
    pub fn text(&mut self) -> Result<BString, Fault> {
        let text = self.optional_text()?;
        text.ok_or_else(|| Fault::new(400, format!("parameter {} is missing", self.read + 1)))
    }

    /// The next argument, if there is one.
    ///
    /// # Errors
    ///
    /// A [`Fault`] with code 400 if it is no text and no number.
    pub fn optional_text(&mut self) -> Result<Option<BString>, Fault> {
        let mut value = text::lend(b"");
        let Some(scan) = self.call.api().scan else { return Ok(None) };
        // SAFETY: the context is that of the running command, and the format asks for one string.
        let found = unsafe { scan(self.call.ctx, ANY.as_ptr().cast_mut(), &raw mut value) };
        if found == 1 {
            self.read += 1;
            // SAFETY: the transport keeps the text until the command returns.
            let bytes = unsafe { text::bytes(value) }.unwrap_or_default();
            return Ok(Some(BString::from(bytes)));
        }
        // JSON-RPC takes the address away for a value that is there and no text, such as a list;
        // without a value it leaves ours, and the transport of kamcmd puts in one of its own.
        if value.s.is_null() {
            let wrong = format!("parameter {} is neither text nor number", self.read + 1);
            return Err(Fault::new(400, wrong));
        }
        Ok(None)
    }

    /// The next argument, sent as a text; nothing if there is none, or something else, such as a
    /// number.
    ///
    /// Nothing is converted, as commands in C do: whoever calls this answers with a fault then.
    pub fn plain_text(&mut self) -> Option<BString> {
        let mut value = text::lend(b"");
        let scan = self.call.api().scan?;
        // SAFETY: the functions and the context are those of the running command, and the format
        // asks for one string.
        let found = unsafe { scan(self.call.ctx, PLAIN_TEXT.as_ptr().cast_mut(), &raw mut value) };
        if found != 1 {
            return None;
        }
        self.read += 1;
        // SAFETY: the transport keeps the text until the command returns.
        unsafe { text::bytes(value) }.map(BString::from)
    }

    /// The next argument, as a number.
    ///
    /// # Errors
    ///
    /// A [`Fault`] with code 400 if there is none, or if it is no number of 32 bits.
    pub fn int(&mut self) -> Result<i32, Fault> {
        let text = self.text()?;
        number(&text).ok_or_else(|| self.no_number(&text))
    }

    /// The next argument, as a number, if there is one.
    ///
    /// # Errors
    ///
    /// A [`Fault`] with code 400 if it is no number of 32 bits.
    pub fn optional_int(&mut self) -> Result<Option<i32>, Fault> {
        let Some(text) = self.optional_text()? else { return Ok(None) };
        number(&text).map(Some).ok_or_else(|| self.no_number(&text))
    }

    /// The next argument, sent as a number; nothing if there is none.
    ///
    /// Nothing is converted: over JSON-RPC a text is 0, and `kamcmd` ends the command with a fault
    /// of its own. For commands whose callers rely on that; [`Args::int`] reads both.
    pub fn plain_int(&mut self) -> Option<i32> {
        let mut value: c_int = 0;
        let scan = self.call.api().scan?;
        // SAFETY: the functions and the context are those of the running command, and the format
        // asks for one optional `int`.
        let found = unsafe { scan(self.call.ctx, PLAIN_INT.as_ptr().cast_mut(), &raw mut value) };
        (found == 1).then(|| {
            self.read += 1;
            value
        })
    }

    fn no_number(&self, text: &BString) -> Fault {
        Fault::new(400, format!("parameter {} is {text}, must be a number", self.read))
    }
}

/// The number that `text` says. A transport may have written a negative one as an unsigned one of
/// 64 bits.
fn number(text: &[u8]) -> Option<i32> {
    let text = core::str::from_utf8(text).ok()?.trim();
    let wide = text.parse::<i64>().ok().or_else(|| text.parse().ok().map(u64::cast_signed))?;
    i32::try_from(wide).ok()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_is_read_in_every_way_that_transports_write_it() {
        assert_eq!(number(b"17"), Some(17));
        assert_eq!(number(b"-1"), Some(-1));
        assert_eq!(number(b"18446744073709551615"), Some(-1));
    }

    #[test]
    fn what_is_no_number_of_32_bits_is_none() {
        for text in [&b""[..], b"x", b"1x", b"0x10", b"4294967296", b"1.5", b"\xff"] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }
}
