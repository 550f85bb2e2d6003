//! What is found by what.

use super::{Key, Meaning, core_hash, is_plain, slot};
use core::hash::{Hash, Hasher};

fn same(one: &str, two: &str) -> bool {
    Key::identity(one.as_bytes()) == Key::identity(two.as_bytes())
}

#[test]
fn the_hash_is_that_of_the_core() {
    // Computed by the inline function of the core.
    for (text, hash) in [
        (&b""[..], 0),
        (b"a", 109),
        (b"abcd", 1_834_959_896),
        (b"sip:alice@ims.example.com", 2_824_940_231),
        (b"\xc3\xa4\xff\x80zy\xfe", 3_683_582_947),
    ] {
        assert_eq!(core_hash(text), hash);
    }
    assert_eq!((slot(b"a", 512), slot(b"abcd", 16), slot(b"abcd", 0)), (109, 8, 0));
}

#[test]
fn an_identity_has_many_spellings() {
    for other in
        ["SIP:alice@Home.example", "sip:%61lice@home.example", "sip:alice@home.example;user=phone"]
    {
        assert!(same("sip:alice@home.example", other), "{other}");
    }
    for other in [
        "sips:alice@home.example",
        "sip:Alice@home.example",
        "sip:alice@home.example:5060",
        "sip:home.example",
        "tel:alice",
        "alice",
        "",
    ] {
        assert!(!same("sip:alice@home.example", other), "{other}");
    }
}

/// Keeps what it is fed.
#[derive(Default)]
struct Fed(Vec<u8>);

impl Hasher for Fed {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

fn fed(text: &str) -> Vec<u8> {
    let mut fed = Fed::default();
    Meaning::of(text.as_bytes()).hash(&mut fed);
    fed.0
}

#[test]
fn what_means_the_same_is_found_under_the_same_key() {
    for (plain, others) in [
        (
            "sip:alice+1@home.example",
            &["SIP:alice+1@Home.EXAMPLE:;x=y", "sip:%61lice+1:pw@home.example"][..],
        ),
        ("sips:home.example", &["SIPS:Home.example", "sips:@home.example?x=y"]),
        ("sip:a@host-1", &["sip:a@HOST-1", "sip:%61@host-1"]),
        ("sip:a@192.0.2.1", &["sip:%61@192.0.2.1", "sip:a@192.0.2.1;x"]),
        ("sip:a@[2001:db8::1]", &["sip:a@[2001:DB8:0::1]"]),
        ("tel:+4930123", &["tel:+49-30-123;x=y", "TEL:+49(30)1.2.3"]),
        (
            "sip:a.name.that.is.longer.than.one.piece.of.it@home.example",
            &["sip:%61.name.that.is.longer.than.one.piece.of.it@HOME.example"],
        ),
    ] {
        for other in others {
            assert!(same(plain, other) && same(other, plain), "{plain} {other}");
            assert_eq!(fed(plain), fed(other), "{plain} {other}");
        }
    }
    // `+` is reserved, so its escape is another character.
    assert!(!same("sip:+1@h", "sip:%2b1@h"));
}

#[test]
fn an_identity_in_its_one_form_is_not_taken_apart() {
    for text in ["sip:a@h.example", "sip:h", "sips:A_b-c.+1@h-_.x", "tel:+49301"] {
        assert!(is_plain(text.as_bytes()), "{text}");
        assert!(matches!(Meaning::of(text.as_bytes()), Meaning::Plain(_)), "{text}");
    }
    for text in [
        "",
        "sip:",
        "sip:@h",
        "sip:a@",
        "sip:a@H",
        "sip:a%41@h",
        "sip:a@h:1",
        "sip:a@h;x",
        "sip:a:b@h",
        "Sip:a@h",
        "sip:a@b@h",
        "tel:+",
        "tel:1",
        "tel:+1-2",
        "sip:a b@h",
        "sip:A",
        "urn:x",
        "sip:a@[::1]",
    ] {
        assert!(!is_plain(text.as_bytes()), "{text}");
        assert!(!matches!(Meaning::of(text.as_bytes()), Meaning::Plain(_)), "{text}");
    }
    // It may be an address, which has other spellings.
    assert!(!matches!(Meaning::of(b"sip:a@192.0.2.1"), Meaning::Plain(_)));
}

#[test]
fn an_escaped_separator_is_another_character() {
    assert!(same("sip:a%3bb@h", "sip:a%3Bb@h"));
    assert!(!same("sip:a;b@h", "sip:a%3bb@h"));
    assert!(same("sip:a%zz@h", "sip:a%zz@h"));
    assert!(!same("sip:100%25@h", "sip:100%@h"));
}

#[test]
fn a_number_is_its_digits() {
    assert!(same("tel:+49-30-(123)", "TEL:+4930123"));
    assert!(!same("tel:+4930123", "tel:4930123"));
}

#[test]
fn a_contact_has_a_place_if_it_has_a_host() {
    let place = |uri: &'static str| Key::place(uri.as_bytes());
    assert_eq!(place("sip:a@H:5060;x"), place("sips:b@h"));
    assert_ne!(place("sip:a@h:5061"), place("sip:a@h"));
    assert_eq!((place("tel:+1"), place("nonsense")), (None, None));
    assert_eq!(Meaning::of(b"urn:x:y"), Meaning::Text(b"urn:x:y"));
}
