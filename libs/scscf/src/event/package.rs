//! The Event header of a SUBSCRIBE or PUBLISH.

use bstr::BString;
use sip_text::scan;

/// Why a request is not about registrations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPackage {
    /// It has no Event header.
    #[error("no event header")]
    Missing,
    /// Another package.
    #[error("event is {0:?}, must be reg")]
    Other(BString),
    /// A NOTIFY would have to repeat it, and no watcher's record has room for it.
    #[error("event has the parameter id={0:?}, must have none")]
    Id(BString),
}

/// Checks that the body of the Event header is `reg`, in any case, without an `id`. Other
/// parameters mean nothing.
///
/// # Errors
///
/// [`BadPackage`]
pub fn check(event: Option<&[u8]>) -> Result<(), BadPackage> {
    let event = event.ok_or(BadPackage::Missing)?;
    let mut parts = event.split(|byte| *byte == b';').map(scan::trim);
    let package = parts.next().unwrap_or_default();
    if !package.eq_ignore_ascii_case(b"reg") {
        return Err(BadPackage::Other(scan::shown(event)));
    }
    for part in parts {
        let (name, value) = scan::cut(part, b'=').unwrap_or((part, b""));
        if scan::trim(name).eq_ignore_ascii_case(b"id") {
            return Err(BadPackage::Id(scan::shown(scan::trim(value))));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{BadPackage, check};

    #[test]
    fn r57_only_reg_without_an_id_is_taken() {
        for good in ["reg", "REG", " reg ", "reg;x=1", "reg ; y"] {
            assert_eq!(check(Some(good.as_bytes())), Ok(()), "{good}");
        }
        assert_eq!(check(None), Err(BadPackage::Missing));
        for other in ["", "dialog", "reg.winfo", "regx", "re", ";reg"] {
            let result = check(Some(other.as_bytes()));
            assert!(matches!(result, Err(BadPackage::Other(_))), "{other}");
        }
        assert_eq!(check(Some(b"reg;id=1")), Err(BadPackage::Id("1".into())));
        assert_eq!(check(Some(b"reg; ID")), Err(BadPackage::Id("".into())));
    }
}
