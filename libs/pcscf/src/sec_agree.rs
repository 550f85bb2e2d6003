//! Security-Client, Security-Verify and Security-Server headers (RFC 3329 2.2, with the parameters
//! of 3GPP TS 33.203 annex H): which IPsec association a phone and the proxy agree on.

use bstr::BString;
use sip_text::scan::{self, Open, Pieces};

/// The longest text of a parameter that is kept. The names of algorithms have up to 20 bytes.
const MAX_TEXT: usize = 64;

/// The first `ipsec-3gpp` mechanism of a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ipsec<'h> {
    /// `prot`: `esp` or `ah`.
    pub prot: Option<&'h [u8]>,
    /// `mod`: `trans`, `tun` or `UDP-enc-tun`.
    pub mode: Option<&'h [u8]>,
    /// `alg`: the integrity algorithm.
    pub alg: Option<&'h [u8]>,
    /// `ealg`: the encryption algorithm.
    pub ealg: Option<&'h [u8]>,
    /// `q`: how much it is preferred, as written.
    pub q: Option<&'h [u8]>,
    /// `spi-c`, modulo 2^32.
    pub spi_c: u32,
    /// `spi-s`, modulo 2^32.
    pub spi_s: u32,
    /// `port-c`, modulo 2^16.
    pub port_c: u16,
    /// `port-s`, modulo 2^16.
    pub port_s: u16,
}

/// Why there is nothing to agree on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecurity {
    /// The header is empty.
    #[error("no mechanism")]
    Empty,
    /// Only other mechanisms; the first of them.
    #[error("mechanism is {0:?}, must be ipsec-3gpp")]
    Mechanism(BString),
    /// A quote or bracket is left open.
    #[error(transparent)]
    Open(#[from] Open),
    /// A parameter is not `name=value`.
    #[error("parameter {0:?} must be name=value")]
    Parameter(BString),
    /// An SPI or port is not a number of up to 19 digits.
    #[error("{0} is {1:?}, must be a number")]
    Number(&'static str, BString),
    /// A text is too long.
    #[error("{0} has {1} bytes, must have at most {MAX_TEXT}")]
    Long(&'static str, usize),
    /// A parameter without which there is no association.
    #[error("no {0}")]
    Missing(&'static str),
}

/// The first well-formed `ipsec-3gpp` mechanism of the bodies of all headers of one name.
///
/// Names of mechanisms and parameters are taken exactly, in any case; blanks may stand around
/// separators, empty pieces, empty values and unknown parameters are skipped, values may be quoted.
/// Of repeated parameters the last one counts.
///
/// # Errors
///
/// No such mechanism: what is wrong with the first `ipsec-3gpp` one, else the name of the first.
pub fn parse<'h>(bodies: impl IntoIterator<Item = &'h [u8]>) -> Result<Ipsec<'h>, BadSecurity> {
    let (mut wrong, mut other) = (None, None);
    for body in bodies {
        for mechanism in Pieces::new(body, b',') {
            let found = mechanism.map_err(BadSecurity::from).and_then(ipsec);
            match found {
                Ok(ipsec) => return Ok(ipsec),
                Err(BadSecurity::Empty) => {}
                Err(name @ BadSecurity::Mechanism(_)) => {
                    other.get_or_insert(name);
                }
                Err(reason) => {
                    wrong.get_or_insert(reason);
                }
            }
        }
    }
    Err(wrong.or(other).unwrap_or(BadSecurity::Empty))
}

fn ipsec(mechanism: &[u8]) -> Result<Ipsec<'_>, BadSecurity> {
    let mut pieces = Pieces::new(mechanism, b';');
    let name = pieces.next().ok_or(BadSecurity::Empty)??;
    if mechanism.is_empty() {
        return Err(BadSecurity::Empty);
    }
    if !name.eq_ignore_ascii_case(b"ipsec-3gpp") {
        return Err(BadSecurity::Mechanism(scan::shown(name)));
    }
    let mut found = Ipsec::default();
    let (mut spi_c, mut spi_s, mut port_c, mut port_s) = (None, None, None, None);
    for piece in pieces {
        let piece = piece?;
        if piece.is_empty() {
            continue;
        }
        let (name, value) = parameter(piece)?;
        // Who chose no algorithm writes an empty one: `ims_ipsec_pcscf`, and the phone repeats it.
        if value.is_empty() {
            continue;
        }
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("prot") {
            found.prot = Some(text("prot", value)?);
        } else if is("mod") {
            found.mode = Some(text("mod", value)?);
        } else if is("alg") {
            found.alg = Some(text("alg", value)?);
        } else if is("ealg") {
            found.ealg = Some(text("ealg", value)?);
        } else if is("q") {
            found.q = Some(text("q", value)?);
        } else if is("spi-c") {
            spi_c = Some(spi("spi-c", value)?);
        } else if is("spi-s") {
            spi_s = Some(spi("spi-s", value)?);
        } else if is("port-c") {
            port_c = Some(port("port-c", value)?);
        } else if is("port-s") {
            port_s = Some(port("port-s", value)?);
        }
    }
    found.spi_c = spi_c.ok_or(BadSecurity::Missing("spi-c"))?;
    found.spi_s = spi_s.ok_or(BadSecurity::Missing("spi-s"))?;
    found.port_c = port_c.ok_or(BadSecurity::Missing("port-c"))?;
    found.port_s = port_s.ok_or(BadSecurity::Missing("port-s"))?;
    Ok(found)
}

/// Name and value without quotes of `name=value`. Extensions may be a name alone (RFC 3329 2.2).
fn parameter(piece: &[u8]) -> Result<(&[u8], &[u8]), BadSecurity> {
    let bad = || BadSecurity::Parameter(scan::shown(piece));
    let (name, value) = scan::cut(piece, b'=').unwrap_or((piece, b""));
    let (name, value) = (scan::trim(name), scan::trim(value));
    let value = match value {
        [b'"', inner @ .., b'"'] => inner,
        _ if value.iter().all(|byte| is_token(*byte)) => value,
        _ => return Err(bad()),
    };
    let named = !name.is_empty() && name.iter().all(|byte| is_token(*byte));
    named.then_some((name, value)).ok_or_else(bad)
}

/// A byte of a token (RFC 3261 25.1) or of an address.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~:[]/".contains(&byte)
}

fn text<'h>(name: &'static str, value: &'h [u8]) -> Result<&'h [u8], BadSecurity> {
    match value.len() {
        0..=MAX_TEXT => Ok(value),
        long => Err(BadSecurity::Long(name, long)),
    }
}

fn number(name: &'static str, value: &[u8]) -> Result<u64, BadSecurity> {
    let number = scan::number(value).filter(|_| value.len() < 20);
    number.ok_or_else(|| BadSecurity::Number(name, scan::shown(value)))
}

/// The lower 32 bits: phones that write more have always been understood so.
fn spi(name: &'static str, value: &[u8]) -> Result<u32, BadSecurity> {
    let [.., a, b, c, d] = number(name, value)?.to_be_bytes();
    Ok(u32::from_be_bytes([a, b, c, d]))
}

/// The lower 16 bits, as of an SPI.
fn port(name: &'static str, value: &[u8]) -> Result<u16, BadSecurity> {
    let [.., a, b] = number(name, value)?.to_be_bytes();
    Ok(u16::from_be_bytes([a, b]))
}

/// What is stored with a contact: the side of the phone and, once it confirmed it, that of the
/// proxy. Texts that were not given are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Security<'h> {
    /// SPI of the client port of the phone.
    pub spi_uc: u32,
    /// SPI of the server port of the phone.
    pub spi_us: u32,
    /// SPI of the client port of the proxy.
    pub spi_pc: u32,
    /// SPI of the server port of the proxy.
    pub spi_ps: u32,
    /// Client port of the phone: its requests come from there.
    pub port_uc: u16,
    /// Server port of the phone: requests go there.
    pub port_us: u16,
    /// Client port of the proxy.
    pub port_pc: u16,
    /// Server port of the proxy.
    pub port_ps: u16,
    /// Integrity algorithm that the phone asks for.
    pub r_alg: &'h [u8],
    /// Encryption algorithm that the phone asks for.
    pub r_ealg: &'h [u8],
    /// Protocol.
    pub prot: &'h [u8],
    /// Mode.
    pub mode: &'h [u8],
}

impl<'h> Security<'h> {
    /// What `client` offers, with the side of the proxy as the phone repeats it in `verify`, its
    /// Security-Verify header (3GPP TS 33.203 7.2).
    pub fn new(client: &Ipsec<'h>, verify: Option<&Ipsec<'_>>) -> Self {
        let proxy = verify.copied().unwrap_or_default();
        Self {
            spi_uc: client.spi_c,
            spi_us: client.spi_s,
            spi_pc: proxy.spi_c,
            spi_ps: proxy.spi_s,
            port_uc: client.port_c,
            port_us: client.port_s,
            port_pc: proxy.port_c,
            port_ps: proxy.port_s,
            r_alg: client.alg.unwrap_or_default(),
            r_ealg: client.ealg.unwrap_or_default(),
            prot: client.prot.unwrap_or_default(),
            mode: client.mode.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BadSecurity, Ipsec, MAX_TEXT, Open, Security, parse};

    const FULL: &str = "ipsec-3gpp;alg=hmac-md5-96;prot=esp;mod=trans;ealg=null;\
                        spi-c=11;spi-s=12;port-c=22413;port-s=22414";
    const NUMBERS: &str = "spi-c=1;spi-s=2;port-c=3;port-s=4";

    fn read(body: &str) -> Result<Ipsec<'_>, BadSecurity> {
        parse([body.as_bytes()])
    }

    #[test]
    fn sp13_a_full_header_is_read() {
        let expected = Ipsec {
            prot: Some(b"esp"),
            mode: Some(b"trans"),
            alg: Some(b"hmac-md5-96"),
            ealg: Some(b"null"),
            q: None,
            spi_c: 11,
            spi_s: 12,
            port_c: 22413,
            port_s: 22414,
        };
        assert_eq!(read(FULL), Ok(expected));
        let blanks = FULL.replace(';', " ; ").replace('=', "\r\n = ").to_uppercase();
        let shouted = read(&blanks).unwrap();
        assert_eq!((shouted.spi_s, shouted.prot), (12, Some(&b"ESP"[..])));
    }

    #[test]
    fn sp14_what_is_no_ipsec_is_refused_with_its_reason() {
        let missing = BadSecurity::Missing;
        for (body, expected) in [
            ("", BadSecurity::Empty),
            (" , ", BadSecurity::Empty),
            ("x", BadSecurity::Mechanism("x".into())),
            ("tls;q=0.1", BadSecurity::Mechanism("tls".into())),
            ("tls;q=0.1, digest", BadSecurity::Mechanism("tls".into())),
            ("ipsec-3gppX;spi-c=1", BadSecurity::Mechanism("ipsec-3gppX".into())),
            ("ipsec-3gp", BadSecurity::Mechanism("ipsec-3gp".into())),
            ("<ipsec-3gpp>", BadSecurity::Mechanism("<ipsec-3gpp>".into())),
            ("ipsec-3gpp", missing("spi-c")),
            ("ipsec-3gpp;", missing("spi-c")),
            ("ipsec-3gpp;spi-c=1;port-c=3;port-s=4", missing("spi-s")),
            ("ipsec-3gpp;spi-c=1;spi-s=2;port-s=4", missing("port-c")),
            ("ipsec-3gpp;spi-c=1;spi-s=2;port-c=4", missing("port-s")),
            ("ipsec-3gpp;alg=;spi-c=1", missing("spi-s")),
            ("ipsec-3gpp;=1", BadSecurity::Parameter("=1".into())),
            ("ipsec-3gpp;a b=1", BadSecurity::Parameter("a b=1".into())),
            ("ipsec-3gpp;alg=a b", BadSecurity::Parameter("alg=a b".into())),
            ("ipsec-3gpp;spi-c=", missing("spi-c")),
            ("ipsec-3gpp;spi-c=-1", BadSecurity::Number("spi-c", "-1".into())),
            ("ipsec-3gpp;port-s=1x", BadSecurity::Number("port-s", "1x".into())),
            ("ipsec-3gpp;alg=\"a", BadSecurity::Open(Open::Quote)),
        ] {
            assert_eq!(read(body), Err(expected), "{body}");
        }
        let digits = format!("ipsec-3gpp;spi-c={}", "9".repeat(20));
        assert!(matches!(read(&digits), Err(BadSecurity::Number("spi-c", _))));
        let long = format!("ipsec-3gpp;alg={};{NUMBERS}", "a".repeat(MAX_TEXT + 1));
        assert_eq!(read(&long), Err(BadSecurity::Long("alg", 65)));
    }

    #[test]
    fn sp15_numbers_are_cut_to_their_size() {
        let read =
            read("ipsec-3gpp;spi-c=99999999999999;spi-s=4294967296;port-c=70000;port-s=65536");
        let read = read.unwrap();
        assert_eq!((read.spi_c, read.spi_s, read.port_c, read.port_s), (276_447_231, 0, 4464, 0));
    }

    #[test]
    fn names_are_taken_exactly_and_the_last_of_a_name_counts() {
        let body =
            format!("ipsec-3gpp;a=1;e=2;algx=3;{NUMBERS};alg=x;ALG=\"y\";q=0.5;flag;n=\"a;b,c\"");
        let read = read(&body).unwrap();
        assert_eq!((read.alg, read.ealg, read.q), (Some(&b"y"[..]), None, Some(&b"0.5"[..])));
    }

    #[test]
    fn u_36_an_algorithm_that_nobody_chose_is_none() {
        for empty in ["ealg=", "ealg=\"\"", "alg;ealg= ;spi-c=;port-s="] {
            let body = format!("ipsec-3gpp;q=0.1;{NUMBERS};{empty}");
            let read = read(&body).unwrap();
            assert_eq!(
                (read.alg, read.ealg, read.spi_c, read.port_s),
                (None, None, 1, 4),
                "{body}"
            );
        }
    }

    #[test]
    fn the_first_good_mechanism_of_a_list_is_chosen() {
        let tail = "spi-s=2;port-c=3;port-s=4";
        let bodies = [
            "tls, , ipsec-3gpp;spi-c=x".to_owned(),
            format!("ipsec-3gpp;spi-c=7;{tail}, ipsec-3gpp;spi-c=8;{tail}"),
        ];
        assert_eq!(parse(bodies.iter().map(|body| body.as_bytes())).unwrap().spi_c, 7);
        assert_eq!(
            parse(bodies.iter().take(1).map(|body| body.as_bytes())),
            Err(BadSecurity::Number("spi-c", "x".into()))
        );
    }

    #[test]
    fn sp16_the_side_of_the_proxy_comes_from_verify() {
        let client = read(FULL).unwrap();
        let alone = Security::new(&client, None);
        assert_eq!((alone.spi_uc, alone.port_us, alone.spi_pc, alone.port_ps), (11, 22414, 0, 0));
        let verify =
            read("ipsec-3gpp;q=0.1;spi-c=100;spi-s=101;port-c=22400;port-s=22450").unwrap();
        let both = Security::new(&client, Some(&verify));
        assert_eq!(
            (both.spi_pc, both.spi_ps, both.port_pc, both.port_ps),
            (100, 101, 22400, 22450)
        );
        assert_eq!((both.r_alg, both.r_ealg), (&b"hmac-md5-96"[..], &b"null"[..]));
        assert_eq!((both.prot, both.mode), (&b"esp"[..], &b"trans"[..]));
    }
}
