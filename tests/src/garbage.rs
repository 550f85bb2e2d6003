//! Texts that no message should carry.

/// What no header should have in it.
pub fn garbage() -> Vec<String> {
    let short = [
        "",
        " ",
        "<",
        ">",
        "<>",
        "<<>>",
        "\"",
        "\"\\",
        ",",
        ",,,",
        ";",
        ";;=",
        "=",
        "*",
        "**",
        "sip:",
        "<sip:>",
        "<sip:@>",
        "<sip:a@>",
        "<sip:a@[>",
        "<sip:a@[::1>",
        "<sip:a@b:>",
        "<sip:a@b:99999>",
        "<sip:a@b:-1>",
        "<tel:>",
        "<urn:x>",
        "<sip:a@b;alias=>",
        "<sip:a@b;alias=~>",
        "<sip:a@b;alias=~~>",
        "<sip:a@b;alias=1.2.3.4~x~y>",
        "<sip:a@b;alias=[::1]~5060~1>;expires=",
        "<sip:%00@b>",
        "<sip:a@b>;expires=-1",
        "<sip:a@b>;expires=x;q=;+sip.instance=",
        "<sip:a@b>, <",
        "<sip:a@b>,",
        "\u{e4}\u{f6}\u{fc}",
        "\u{0}",
        "$(x)",
        "$ua",
        "%s%n",
        "ipsec-3gpp;",
        "ipsec-3gpp;spi-c=;port-c",
        "ipsec-3gpp;spi-c=99999999999999999999",
        "99999999999999999999",
        "-1",
        "SIP/2.0/UDP",
    ];
    let mut all: Vec<_> = short.iter().map(|text| (*text).to_owned()).collect();
    all.push("<".repeat(2000));
    all.push("<sip:a@b>,".repeat(500));
    all.push(format!("<sip:{}@b>", "x".repeat(5000)));
    all.push(format!("<sip:a@{}>", "x".repeat(5000)));
    all.push(format!("<sip:a@b;{}>", "p=v;".repeat(1000)));
    all
}
