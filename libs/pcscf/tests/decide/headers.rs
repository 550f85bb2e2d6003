//! Header bodies of any bytes.

use crate::config;
use pcscf_core::decide::{expires, follows};
use pcscf_core::{alias, identity, route_set, sec_agree};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Bytes of headers: those with a meaning more often than others.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "<",
        ">",
        "\"",
        "\\",
        ",",
        ";",
        "=",
        "~",
        "@",
        ":",
        " ",
        "\r\n ",
        "sip:",
        "tel:",
        "a",
        "1",
        "ipsec-3gpp",
        "alg=x",
        "spi-c=1",
        "spi-s=2",
        "port-c=3",
        "port-s=4",
        "alias=",
        "127.0.0.1",
        "<sip:a@b;lr>",
    ];
    let piece = prop_oneof![
        9 => prop::sample::select(pieces.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Whether `part` lies in `whole`.
fn is_inside(part: &[u8], whole: &[u8]) -> bool {
    whole.as_ptr_range().contains(&part.as_ptr())
        || part.is_empty()
        || whole.windows(part.len()).any(|window| window == part)
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn a_list_that_is_read_is_written_and_read_again(body in body()) {
        if let Ok(uris) = route_set::parse([body.as_slice()]) {
            prop_assert!(uris.iter().all(|uri| is_inside(uri, &body)));
            let header = route_set::route_header(&uris).unwrap();
            let text = header.strip_prefix(b"Route: ").unwrap().strip_suffix(b"\r\n").unwrap();
            prop_assert!(!text.contains(&b'\n'), "a URI breaks no line");
            prop_assert_eq!(route_set::parse([text]).unwrap(), uris.clone());
            let stored = route_set::encode(&uris).unwrap();
            prop_assert_eq!(route_set::decode(&stored).collect::<Vec<_>>(), uris);
        }
    }

    #[test]
    fn any_database_text_gives_uris_without_brackets(body in body()) {
        for uri in route_set::decode(&body) {
            prop_assert!(!uri.is_empty() && !uri.iter().any(|byte| b"<>".contains(byte)));
        }
    }

    #[test]
    fn a_mechanism_that_is_read_can_be_written_and_read_again(body in body()) {
        if let Ok(ipsec) = sec_agree::parse([body.as_slice()]) {
            let written = format!(
                "ipsec-3gpp;spi-c={};spi-s={};port-c={};port-s={}",
                ipsec.spi_c, ipsec.spi_s, ipsec.port_c, ipsec.port_s
            );
            let numbers = sec_agree::parse([written.as_bytes()]).unwrap();
            let texts = sec_agree::Ipsec {
                prot: ipsec.prot, mode: ipsec.mode, alg: ipsec.alg, ealg: ipsec.ealg, q: ipsec.q,
                ..numbers
            };
            prop_assert_eq!(texts, ipsec);
        }
    }

    #[test]
    fn a_called_identity_is_one_line_and_one_uri(body in body()) {
        if let Ok(uri) = identity::called_party(&body) {
            let header = identity::asserted_header(uri).unwrap();
            let text = header.strip_prefix(b"P-Asserted-Identity: ").unwrap();
            prop_assert_eq!(route_set::parse([text]).unwrap(), vec![uri]);
        }
    }

    #[test]
    fn whatever_an_alias_says_it_is_an_address_or_refused(body in body()) {
        if let Ok(place) = alias::parse(&body) {
            prop_assert!(place.port > 0 && (1..=6).contains(&place.proto));
        }
    }

    #[test]
    fn a_time_never_goes_back(body in body(), now in 0..4_000_000_000_i64) {
        if let Some(seconds) = expires::seconds(&body) {
            prop_assert!(expires::after(now, i64::from(seconds)) >= now);
        }
    }
}

#[test]
fn a_header_of_60_kb_is_read_in_a_moment() {
    let units = [
        "<",
        ">",
        "\"",
        "\\",
        ",",
        ";",
        "=",
        "<sip:a@b>,",
        "ipsec-3gpp;",
        "ipsec-3gpp,",
        "\"\\\"",
        "<\"",
        "a=b;",
        ";alias=",
        "@",
        "~",
        " ",
        "<<\"\\,",
        "ipsec-3gpp;spi-c=1;",
    ];
    for unit in units {
        let body = unit.repeat(60_000 / unit.len());
        let body = body.as_bytes();
        let start = Instant::now();
        let routes = route_set::parse([body]).is_ok();
        let _ = (sec_agree::parse([body]), identity::called_party(body), alias::parse(body));
        let _ = (route_set::decode(body).count(), follows::wanted([body], |_, _| routes));
        // Some milliseconds without optimisation; what grows with the square takes minutes.
        assert!(start.elapsed() < Duration::from_secs(2), "{unit:?}");
    }
}
