//! Whatever bytes a Security-Client header has, an IPsec mechanism is read or refused; its texts
//! lie in the header, and written again they say the same.
#![no_main]

use pcscf_core::sec_agree::{Security, parse};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let read = match parse([body]) {
        Ok(read) => read,
        Err(reason) => {
            assert!(reason.to_string().len() < 1000);
            return;
        }
    };
    let mut written = Vec::from(&b"IPSEC-3GPP"[..]);
    let texts = [("prot", read.prot), ("mod", read.mode), ("alg", read.alg), ("ealg", read.ealg)];
    for (name, text) in texts.into_iter().chain([("q", read.q)]) {
        let Some(text) = text else { continue };
        assert!(body.windows(text.len()).any(|window| window == text));
        written.extend_from_slice(format!(" ; {name} = \"").as_bytes());
        written.extend_from_slice(text);
        written.push(b'"');
    }
    let (ports, spis) = ((read.port_c, read.port_s), (read.spi_c, read.spi_s));
    written.extend_from_slice(
        format!(";spi-c={};spi-s={};port-c={};port-s={}", spis.0, spis.1, ports.0, ports.1)
            .as_bytes(),
    );
    let again = parse([written.as_slice()]).expect("a mechanism that was read is read again");
    assert_eq!(again, read);
    assert_eq!(Security::new(&again, Some(&read)), Security::new(&read, Some(&again)));
});
