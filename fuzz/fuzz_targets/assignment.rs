//! Whatever AVPs the HSS sends: each lies in the bytes it came from, and what is asked for is
//! answered.
#![no_main]

use scscf_core::assignment::{Group, Ppr, Rtr, Saa, avp::MOST, rtr::Outcome};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let avps = || Group::new(bytes);
    assert!(avps().count() <= MOST);
    let total: usize = avps().map(|avp| avp.data.len() + 8).sum();
    assert!(total <= bytes.len());
    let saa = Saa::read(avps());
    if saa.judge(true).is_ok() {
        assert!(saa.user_data.is_some_and(|data| !data.is_empty()));
        assert_eq!(saa.result, Some(2001));
    }
    let rtr = Rtr::read(avps());
    assert!(rtr.to_string().len() < 2000);
    assert!(rtr.identities.iter().chain(&rtr.associated).all(|name| !name.is_empty()));
    for known in [0, 1] {
        assert_eq!(Outcome::of(&rtr.target(), known).avps().len(), 3);
    }
    let ppr = Ppr::read(avps());
    assert_eq!(ppr.user_data, saa.user_data);
    assert_eq!(ppr.charging, saa.charging);
});
