//! The text of Call-Info that tells a group which appearances are in use.

use crate::DOMAIN;

/// The value of Call-Info for `appearances`, each written `INDEX STATE [URI]`, where the URI part
/// is what the phone shows, such as `"Ext" <sip:300@voice.example.com>`.
pub fn call_info(appearances: &[&str]) -> String {
    let mut text = String::new();
    for appearance in appearances {
        let (index, rest) = appearance.split_once(' ').expect("INDEX STATE [URI]");
        let (state, uri) = rest.split_once(' ').unwrap_or((rest, ""));
        text.push_str(&format!("<sip:{DOMAIN}>;appearance-index={index};appearance-state={state}"));
        if !uri.is_empty() {
            let escaped = uri.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'");
            text.push_str(&format!(";appearance-uri=\"{escaped}\""));
        }
        text.push(',');
    }
    text + &format!("<sip:{DOMAIN}>;appearance-index=*;appearance-state=idle")
}

#[cfg(test)]
mod tests {
    use super::call_info;

    #[test]
    fn the_text_is_that_of_the_captured_messages() {
        assert_eq!(
            call_info(&["1 active \"Ext\" <sip:300@voice.example.com>"]),
            "<sip:voice.example.com>;appearance-index=1;appearance-state=active;\
             appearance-uri=\"\\\"Ext\\\" <sip:300@voice.example.com>\",\
             <sip:voice.example.com>;appearance-index=*;appearance-state=idle"
        );
    }
}
