//! What identities, contacts and dialogs are found by.
//!
//! A text is looked for as it is first, which is all that C modules do, and then as what it means:
//! `sip:Alice@Home.example` and `sip:%41lice@home.EXAMPLE` are one identity.

use core::hash::{Hash, Hasher};
use sip_text::{
    Host, Uri,
    aor::{hex, is_plain, is_well_escaped},
    uri::{DEFAULT_PORT, Scheme},
};

/// The hash that the core of the host has for `text`; C modules find it in records.
pub fn core_hash(text: &[u8]) -> u32 {
    // The bytes are signed in the one place where the host does not say otherwise.
    let signed = |byte: &u8| i32::from(byte.cast_signed()).cast_unsigned();
    let mut hash = 0_u32;
    let mut add = |value: u32| hash = hash.wrapping_add(value ^ (value >> 3));
    let (words, rest) = text.as_chunks::<4>();
    for [one, two, three, four] in words {
        let first = signed(one).wrapping_shl(24);
        let second = first.wrapping_add(signed(two).wrapping_shl(16));
        let third = second.wrapping_add(signed(three).wrapping_shl(8));
        add(third.wrapping_add(signed(four)));
    }
    add(rest.iter().fold(0, |value, byte| (value << 8).wrapping_add(signed(byte))));
    hash.wrapping_add(hash >> 11).wrapping_add((hash >> 13).wrapping_add(hash >> 23))
}

/// The number of the slot of `text` among `size` slots, a power of two.
pub fn slot(text: &[u8], size: u32) -> u32 {
    core_hash(text) & size.saturating_sub(1)
}

/// A text to find something by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key<'t> {
    /// An identity, whatever its spelling.
    Identity(Meaning<'t>),
    /// A contact by all bytes of its URI.
    Contact(&'t [u8]),
    /// A contact by what all spellings of its URI have in common.
    SameContact(Meaning<'t>),
    /// A contact by host and port alone.
    Place(Host<'t>, u16),
    /// A subscription by its private identity.
    Private(&'t [u8]),
    /// A watcher by its dialog.
    Dialog {
        /// `Call-ID`
        call_id: &'t [u8],
        /// The tag of the server.
        to_tag: &'t [u8],
        /// The tag of the watcher.
        from_tag: &'t [u8],
    },
}

impl<'t> Key<'t> {
    /// The key of the public identity `uri`.
    pub fn identity(uri: &'t [u8]) -> Self {
        Key::Identity(Meaning::of(uri))
    }

    /// The key that contact `uri` shares with its other spellings.
    pub fn same_contact(uri: &'t [u8]) -> Self {
        Key::SameContact(Meaning::of(uri))
    }

    /// The key of host and port of contact `uri`; nothing if it has no host.
    pub fn place(uri: &'t [u8]) -> Option<Self> {
        place(uri).map(|(host, port)| Key::Place(host, port))
    }
}

/// Host and port of a contact URI.
pub(crate) fn place(uri: &[u8]) -> Option<(Host<'_>, u16)> {
    let uri = Uri::parse(uri).ok()?;
    let host = uri.host();
    (!host.is_empty()).then_some((host, uri.port.unwrap_or(DEFAULT_PORT)))
}

/// A URI as what it means, without its parameters and headers.
#[derive(Clone, Copy, Debug)]
pub enum Meaning<'t> {
    /// A URI with a name for its host that has the one form of all that mean the same.
    Plain(&'t [u8]),
    /// A `sip` or `sips` URI.
    Sip {
        /// `sips`
        secure: bool,
        /// The user, escaped as it was written.
        user: &'t [u8],
        /// The host.
        host: Host<'t>,
        /// The port, if one is written.
        port: Option<u16>,
    },
    /// A telephone number, with whatever separators were written.
    Tel(&'t [u8]),
    /// Something else, which means only itself.
    Text(&'t [u8]),
}

impl<'t> Meaning<'t> {
    /// What `text` means.
    pub fn of(text: &'t [u8]) -> Self {
        // A host that ends with a digit may be an address.
        let is_name = text.last().is_some_and(|byte| !byte.is_ascii_digit());
        let is_number = text.starts_with(b"tel:");
        if (is_name || is_number) && is_plain(text) {
            return Meaning::Plain(text);
        }
        Self::taken_apart(text)
    }

    /// As [`Meaning::of`], never plain.
    fn taken_apart(text: &'t [u8]) -> Self {
        let Ok(uri) = Uri::parse(text) else { return Meaning::Text(text) };
        let (user, port) = (uri.user, uri.port);
        match uri.scheme {
            Scheme::Sip => Meaning::Sip { secure: false, user, host: uri.host(), port },
            Scheme::Sips => Meaning::Sip { secure: true, user, host: uri.host(), port },
            Scheme::Tel => Meaning::Tel(user),
            Scheme::Urn => Meaning::Text(text),
        }
    }
}

impl PartialEq for Meaning<'_> {
    fn eq(&self, other: &Self) -> bool {
        let parts = |meaning| match meaning {
            Meaning::Plain(text) => Meaning::taken_apart(text),
            other => other,
        };
        if let (Meaning::Plain(one), Meaning::Plain(two)) = (*self, *other) {
            return one == two;
        }
        match (parts(*self), parts(*other)) {
            (
                Meaning::Sip { secure, user, host, port },
                Meaning::Sip { secure: s, user: u, host: h, port: p },
            ) => secure == s && port == p && host == h && unescaped(user).eq(unescaped(u)),
            (Meaning::Tel(one), Meaning::Tel(two)) => number(one).eq(number(two)),
            (Meaning::Text(one), Meaning::Text(two)) => one == two,
            _ => false,
        }
    }
}

impl Eq for Meaning<'_> {}

/// All that mean the same feed the same bytes: those of the plain one, if there is one.
impl Hash for Meaning<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match *self {
            Meaning::Plain(text) => state.write(text),
            Meaning::Sip { secure, user, host, port } => {
                state.write(if secure { b"sips:" } else { b"sip:" });
                if !user.is_empty() {
                    pieces(unescaped(user), state);
                    state.write(b"@");
                }
                match host {
                    Host::Name(name) => {
                        pieces(name.iter().map(|byte| byte.to_ascii_lowercase().into()), state);
                    }
                    address @ (Host::V4(_) | Host::V6(_)) => address.hash(state),
                }
                if let Some(port) = port {
                    state.write_u16(port);
                }
            }
            Meaning::Tel(written) => {
                state.write(b"tel:");
                pieces(number(written).map(u16::from), state);
            }
            Meaning::Text(text) => {
                state.write_u8(4);
                text.hash(state);
            }
        }
    }
}

/// Feeds characters in pieces that need no memory.
fn pieces<H: Hasher>(characters: impl Iterator<Item = u16>, state: &mut H) {
    let (mut piece, mut used) = ([0_u8; 32], 0_usize);
    for character in characters {
        // An escaped character that may not be written plainly has a bit more; it counts below.
        let [low, high] = character.to_le_bytes();
        if let Some(place) = piece.get_mut(used) {
            *place = low ^ high.wrapping_mul(0x80);
        }
        used += 1;
        if used == piece.len() {
            state.write(&piece);
            used = 0;
        }
    }
    state.write(piece.get(..used).unwrap_or_default());
}

/// Characters that mean something else when they are escaped (RFC 3261, `reserved`), and the escape.
const RESERVED: &[u8] = b";/?:@&=+$,%";
/// Marks such a character when it was escaped.
const ESCAPED: u16 = 0x100;

/// The characters of a user part: an escape is the same as its character unless that is reserved
/// (RFC 3261 19.1.4). A user with a `%` that begins no escape has none, and is only itself.
pub(crate) fn unescaped(text: &[u8]) -> impl Iterator<Item = u16> + use<'_> {
    let as_it_is = !is_well_escaped(text);
    let mut rest = text;
    core::iter::from_fn(move || {
        let (first, after) = rest.split_first()?;
        rest = after;
        if *first != b'%' || as_it_is {
            return Some(u16::from(*first));
        }
        let Some(byte) = after.first_chunk::<2>().and_then(|digits| hex(*digits)) else {
            return Some(u16::from(b'%'));
        };
        rest = after.get(2..).unwrap_or_default();
        let character = u16::from(byte);
        Some(if RESERVED.contains(&byte) { character | ESCAPED } else { character })
    })
}

/// The digits of a telephone number, without visual separators (RFC 3966 3, 5.1.1).
pub(crate) fn number(written: &[u8]) -> impl Iterator<Item = u8> + use<'_> {
    let shown = written.iter().filter(|byte| !matches!(byte, b'-' | b'.' | b'(' | b')'));
    shown.map(u8::to_ascii_lowercase)
}

#[cfg(test)]
mod tests;
