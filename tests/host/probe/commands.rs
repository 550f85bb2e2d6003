//! RPC commands and statistics, over the transport of `kamcmd` and over JSON-RPC.

use crate::start::{setup, start};
use host_tests::{Fault, Host};

fn host() -> Host {
    start(setup("probe_sum(\"1\");").json())
}

/// The answer of `method` with `params`, on one line.
fn json(host: &Host, method: &str, params: &str) -> String {
    let answer = host.json(&format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"{method}\",\"params\":{params},\"id\":1}}"
    ));
    let line: String = answer.chars().filter(|c| !matches!(c, '\t' | '\n')).collect();
    line.trim_start_matches("{\"jsonrpc\":\"2.0\",").trim_end_matches(",\"id\":1}").to_owned()
}

#[test]
fn arguments_are_read_by_type_whatever_the_transport_calls_them() {
    let host = host();
    let answer = |number, more, again| {
        format!(
            "\"result\":{{\"text\":\"a\",\"number\":{number},\"more\":\"{more}\",\"again\":{again}}}"
        )
    };
    assert_eq!(json(&host, "probe.echo", "[\"a\", 1, \"b\", 0]"), answer(1, "b", "0"));
    assert_eq!(json(&host, "probe.echo", "[\"a\", \"1\", 7, \"-2\"]"), answer(1, "7", "-2"));
    let text = host.rpc(&["probe.echo", "a", "s:-3", "more", "9"]).unwrap();
    assert_eq!(words(&text), "{ text: a number: -3 more: more again: 9 }");
}

#[test]
fn an_argument_of_the_wrong_type_is_a_fault_and_no_zero() {
    let host = host();
    let fault = |text| format!("\"error\":{{\"code\":400,\"message\":\"{text}\"}}");
    for (params, text) in [
        ("[]", "parameter 1 is missing"),
        ("[\"a\"]", "parameter 2 is missing"),
        ("[\"a\", \"x\"]", "parameter 2 is x, must be a number"),
        ("[\"a\", 99999999999]", "parameter 2 is 99999999999, must be a number"),
        ("[\"a\", null]", "parameter 2 is neither text nor number"),
        ("[\"a\", true]", "parameter 2 is neither text nor number"),
        ("[\"a\", [1]]", "parameter 2 is neither text nor number"),
        ("[{\"b\": 1}]", "parameter 1 is neither text nor number"),
    ] {
        assert_eq!(json(&host, "probe.echo", params), fault(text), "{params}");
    }
    let missing = host.rpc(&["probe.echo", "a"]).unwrap_err();
    assert_eq!(missing, Fault::new(400, "parameter 2 is missing"));
}

/// The document without the blanks that releases before 6.1 put between the members of a list.
fn dense(document: &str) -> String {
    document.replace(", ", ",")
}

#[test]
fn structures_and_lists_nest_in_both_transports() {
    let host = host();
    assert_eq!(
        dense(&json(&host, "probe.nested", "[]")),
        "\"result\":{\"name\":\"top\",\"inner\":{\"big\":1099511627776,\"empty\":\"\"},\
         \"lines\":[{\"number\":1},{\"number\":2},3,\"four %s\"]}"
    );
    assert_eq!(
        words(&host.rpc(&["probe.nested"]).unwrap()),
        "{ name: top inner: { big: 1099511627776 empty: } \
         lines: { { number: 1 } { number: 2 } 3 four %s } }"
    );
}

#[test]
fn a_list_is_a_list_however_long_it_is() {
    let host = host();
    let items = |count: usize| {
        let item = |number| format!("{{\"number\":{number},\"text\":\"an item\"}}");
        let items: Vec<_> = (0..count).map(item).collect();
        format!("\"result\":[{}]", items.join(","))
    };
    for count in [0, 1, 2, 300] {
        let listed = json(&host, "probe.list", &format!("[{count}]"));
        assert_eq!(dense(&listed), items(count));
    }
    let text = host.rpc(&["probe.list", "300"]).unwrap();
    assert_eq!(text.matches("number:").count(), 300);
}

#[test]
fn a_reply_without_room_is_a_fault() {
    let host = host();
    let fault = host.rpc(&["probe.long", "1", "100000"]).unwrap_err();
    assert_eq!(fault, Fault::new(500, "the reply is too long for this transport"));
    let text = host.rpc(&["probe.long", "10", "1000"]).unwrap();
    assert_eq!(text.lines().map(str::len).collect::<Vec<_>>(), vec![1000; 10]);
}

#[test]
fn a_fault_is_text_and_never_a_format() {
    let host = host();
    assert_eq!(host.rpc(&["probe.fault"]).unwrap_err(), Fault::new(404, "no such %s%s%n"));
    let fault = "\"error\":{\"code\":404,\"message\":\"no such %s%s%n\"}";
    assert_eq!(json(&host, "probe.fault", "[]"), fault);
}

#[test]
fn statistics_add_up_what_all_workers_count() {
    let host = host();
    for _ in 0..20 {
        crate::start::call(&host);
    }
    // The harness asks once or more until the host answers.
    assert!(number(&host, "probe:sums = ") > 20);
    for count in 1..=3 {
        assert_eq!(host.rpc(&["probe.lock"]).unwrap().trim(), count.to_string());
    }
    assert_eq!(number(&host, "probe:locked = "), 3);
}

/// The statistic that is listed as `name`.
fn number(host: &Host, name: &str) -> u32 {
    let text = host.rpc(&["stats.get_statistics", "probe:"]).unwrap();
    let value = text.lines().find_map(|line| line.trim().strip_prefix(name));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
