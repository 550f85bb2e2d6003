//! Lists of URIs in one column: `<sip:a@h><tel:+1>`.

use bstr::ByteSlice;

/// The URIs of `text`: what stands between angle brackets, whichever way these are placed.
pub fn split(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b'<' | b'>')).filter(|uri| !uri.is_empty())
}

/// `uris` as one text of at most `limit` bytes, and how many of them, from the first on, are in it.
///
/// The count ends before the first URI that does not fit, or that a bracket in it would tear apart.
pub fn join(uris: &[&[u8]], limit: usize) -> (Vec<u8>, usize) {
    let whole = |uri: &&&[u8]| !uri.is_empty() && uri.find_byteset(b"<>").is_none();
    let size: usize = uris.iter().map(|uri| uri.len() + 2).sum();
    let mut text = Vec::with_capacity(size.min(limit));
    let mut count = 0;
    for uri in uris.iter().take_while(whole) {
        if text.len() + uri.len() + 2 > limit {
            break;
        }
        text.push(b'<');
        text.extend_from_slice(uri);
        text.push(b'>');
        count += 1;
    }
    (text, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn uris(text: &[u8]) -> Vec<&[u8]> {
        split(text).collect()
    }

    #[test]
    fn uris_stand_in_angle_brackets() {
        assert_eq!(uris(b"<sip:a@h><tel:+1>"), [&b"sip:a@h"[..], b"tel:+1"]);
        assert!(uris(b"").is_empty());
        assert!(uris(b"<><").is_empty());
    }

    #[test]
    fn u_26_brackets_out_of_place_do_no_harm() {
        assert_eq!(uris(b"<<<a>b>"), [b"a", b"b"]);
        assert_eq!(uris(b"a"), [b"a"]);
    }

    #[test]
    fn a_list_ends_before_the_uri_that_does_not_fit() {
        let join = |limit| join(&[b"sip:a@h", b"tel:+1", b"x"], limit);
        assert_eq!(join(99), (b"<sip:a@h><tel:+1><x>".to_vec(), 3));
        assert_eq!(join(17), (b"<sip:a@h><tel:+1>".to_vec(), 2));
        assert_eq!(join(16), (b"<sip:a@h>".to_vec(), 1));
        assert_eq!(join(0), (Vec::new(), 0));
    }

    #[test]
    fn a_uri_with_a_bracket_is_not_written() {
        assert_eq!(join(&[b"a", b"b>c"], 99), (b"<a>".to_vec(), 1));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(list in prop::collection::vec("[^<>]{1,40}", 0..20)) {
            let list: Vec<Vec<u8>> = list.into_iter().map(String::into_bytes).collect();
            let (text, count) = join(&list.iter().map(Vec::as_slice).collect::<Vec<_>>(), usize::MAX);
            prop_assert_eq!(count, list.len());
            let back: Vec<Vec<u8>> = split(&text).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(back, list);
        }
    }
}
