//! Path headers (RFC 3327): what of them is stored, and who must know of them.

use crate::{refusal::Refusal, row::each_param};
use sip_text::{
    route_set,
    scan::{self, Pieces},
    uri::Uri,
};
use std::borrow::Cow;

/// The longest Path, all headers together, in bytes.
pub const MOST: usize = 2047;

/// Parameter `path_mode`: when a Path is said back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// 0: never.
    Never,
    /// 1: to clients that say that they know of it.
    IfSupported,
    /// 2: as 1, and other clients are refused.
    #[default]
    Strict,
}

impl Mode {
    /// The mode with that number.
    pub fn of(number: i32) -> Option<Self> {
        match number {
            0 => Some(Self::Never),
            1 => Some(Self::IfSupported),
            2 => Some(Self::Strict),
            _ => None,
        }
    }
}

/// What is set about Path headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Parameter `use_path`: they are looked at at all.
    pub enabled: bool,
    /// Parameter `path_mode`.
    pub mode: Mode,
    /// Parameter `path_use_received`: the first URI says where the contact was received from.
    pub use_received: bool,
}

/// What the Path headers of a request come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path<'m> {
    /// What is stored; empty: nothing.
    pub text: Cow<'m, [u8]>,
    /// Where the contact was received from.
    pub received: Option<&'m [u8]>,
    /// Whether a 200 says it back.
    pub echoed: bool,
}

/// Reads the bodies of Path and Supported headers.
///
/// # Errors
///
/// The Path cannot be used: too long, no list of URIs, the first one no loose router; or it is not
/// supported and must be.
pub fn read<'m>(
    paths: &[&'m [u8]],
    supported: &[&'m [u8]],
    settings: &Settings,
) -> Result<Path<'m>, Refusal> {
    if paths.is_empty() || !settings.enabled {
        return Ok(Path::default());
    }
    let text = text(paths);
    if text.len() > MOST || text.contains(&0) {
        return Err(Refusal::Path);
    }
    let uris = route_set::parse(paths.iter().copied()).map_err(|_| Refusal::Path)?;
    let first = uris.first().ok_or(Refusal::Path)?;
    let first = Uri::parse(first).map_err(|_| Refusal::Path)?;
    if param(&first, b"lr").is_none() {
        return Err(Refusal::Path);
    }
    let known = settings.mode != Mode::Never && supports(supported, b"path");
    if settings.mode == Mode::Strict && !known {
        return Err(Refusal::PathUnsupported(text.into_owned().into()));
    }
    let received = if settings.use_received { param(&first, b"received") } else { None };
    // It is written between quotes where contacts are told.
    if received.is_some_and(|text| text.contains(&b'"') || text.contains(&b'\\')) {
        return Err(Refusal::Path);
    }
    Ok(Path { text, received: received.filter(|text| !text.is_empty()), echoed: known })
}

/// The way that a request came by whose contacts end, as [`read`] stores it: it is looked for, and kept
/// nowhere.
pub fn taken<'m>(paths: &[&'m [u8]], settings: &Settings) -> Cow<'m, [u8]> {
    if settings.enabled { text(paths) } else { Cow::default() }
}

/// The value of the first parameter `name` of `uri`, without the quotes that it may have.
fn param<'u>(uri: &Uri<'u>, name: &[u8]) -> Option<&'u [u8]> {
    let mut params = each_param(uri.params);
    params.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The bodies as one.
fn text<'m>(paths: &[&'m [u8]]) -> Cow<'m, [u8]> {
    match paths {
        [] => Cow::default(),
        [one] => scan::unfolded(scan::trim(one)),
        several => Cow::Owned(scan::unfolded(&several.join(&b","[..])).into_owned()),
    }
}

/// Whether Supported headers name an option.
fn supports(bodies: &[&[u8]], option: &[u8]) -> bool {
    bodies.iter().any(|body| {
        Pieces::new(body, b',').map_while(Result::ok).any(|tag| tag.eq_ignore_ascii_case(option))
    })
}

#[cfg(test)]
mod tests {
    use super::{Mode, Path, Settings, read};
    use crate::refusal::Refusal;

    const ON: Settings = Settings { enabled: true, mode: Mode::Strict, use_received: false };

    fn of(
        paths: &[&str],
        supported: &[&str],
        settings: Settings,
    ) -> Result<(String, bool), Refusal> {
        let paths: Vec<&[u8]> = paths.iter().map(|path| path.as_bytes()).collect();
        let supported: Vec<&[u8]> = supported.iter().map(|path| path.as_bytes()).collect();
        read(&paths, &supported, &settings)
            .map(|path| (String::from_utf8(path.text.into_owned()).unwrap(), path.echoed))
    }

    #[test]
    fn quotes_of_a_parameter_do_not_belong_to_it() {
        let settings = Settings { use_received: true, ..ON };
        let received = |path: &'static str| {
            read(&[path.as_bytes()], &[b"path"], &settings).map(|path| path.received)
        };
        for path in ["<sip:p;received=sip:a:1;lr>", "<sip:p;lr;received=\"sip:a:1\">"] {
            assert_eq!(received(path), Ok(Some(&b"sip:a:1"[..])), "{path}");
        }
        let hidden = received("<sip:p;x=\"1;received=b\";received=\"sip:a;b=1\";lr>");
        assert_eq!(hidden, Ok(Some(&b"sip:a;b=1"[..])));
        for path in
            ["<sip:p;lr;received=a\"b;c\">", "<sip:p;lr;received=a\\>", "<sip:p;x=\";lr;\">"]
        {
            assert_eq!(received(path), Err(Refusal::Path), "{path}");
        }
    }

    #[test]
    fn r_15_a_supported_path_is_stored_and_said_back() {
        let two = of(&["<sip:a@p1;lr>", "<sip:p2;lr>, <sip:p3;lr>"], &["gruu, Path"], ON);
        assert_eq!(two, Ok(("<sip:a@p1;lr>,<sip:p2;lr>, <sip:p3;lr>".into(), true)));
        assert_eq!(of(&[], &[], ON), Ok((String::new(), false)));
        assert_eq!(of(&["<sip:p1>"], &[], Settings::default()), Ok((String::new(), false)));
    }

    #[test]
    fn a_path_on_several_lines_is_one() {
        let folded = of(&["<sip:a@p1;lr>,\r\n\t<sip:p2;lr>"], &["gruu,\r\n path"], ON);
        assert_eq!(folded, Ok(("<sip:a@p1;lr>, <sip:p2;lr>".into(), true)));
        assert_eq!(of(&["<sip:p;\r\n lr>"], &["path"], ON), Err(Refusal::Path));
    }

    #[test]
    fn r_16_r_18_who_does_not_know_of_paths() {
        let path = ["<sip:p;lr>"];
        let mode = |mode| Settings { mode, ..ON };
        assert_eq!(of(&path, &[], ON), Err(Refusal::PathUnsupported("<sip:p;lr>".into())));
        assert_eq!(
            of(&path, &["100rel"], mode(Mode::IfSupported)),
            Ok(("<sip:p;lr>".into(), false))
        );
        assert_eq!(of(&path, &["path"], mode(Mode::IfSupported)), Ok(("<sip:p;lr>".into(), true)));
        assert_eq!(of(&path, &["path"], mode(Mode::Never)), Ok(("<sip:p;lr>".into(), false)));
        assert_eq!((Mode::of(2), Mode::of(3)), (Some(Mode::Strict), None));
    }

    #[test]
    fn r_19_r_20_a_path_that_leads_nowhere_is_refused() {
        let long = format!("<sip:{}@p;lr>", "a".repeat(2040));
        for path in ["<sip:p>", "sip:p;lr", "<>", "<sip:p;lr", "", "<tel:+1>", "<xyz;lr>", &long] {
            assert_eq!(of(&[path], &["path"], ON), Err(Refusal::Path), "{path}");
        }
        let most = format!("<sip:{}@p;lr>", "a".repeat(2047 - 11));
        assert!(of(&[&most], &["path"], ON).is_ok());
    }

    #[test]
    fn the_first_uri_may_say_where_a_contact_is() {
        let settings = Settings { use_received: true, ..ON };
        let path = [&b"<sip:p;lr;received=sip:192.0.2.1:1024>"[..]];
        let found: Path<'_> = read(&path, &[b"path"], &settings).unwrap();
        assert_eq!(found.received, Some(&b"sip:192.0.2.1:1024"[..]));
        assert_eq!(read(&path, &[b"path"], &ON).unwrap().received, None);
    }
}
