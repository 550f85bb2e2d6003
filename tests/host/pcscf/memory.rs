//! The pair under valgrind: one of the long tests.

use host_tests::{
    pcscf::{
        Mix, Plan,
        reginfo::{Contact, document},
    },
    setup::Storage,
    suite::{Case, soak},
    valgrind,
};
use std::{thread::sleep, time::Duration};

/// The cases of this file.
pub(crate) const CASES: &[Case<Mix>] = &[Case::on(
    "registrations_under_valgrind_have_no_error",
    registrations_under_valgrind_have_no_error,
    &[Mix::Ours],
)
.with("valgrind")];

fn registrations_under_valgrind_have_no_error(mix: Mix) {
    // Several times slower than the others, and nothing new while little changes.
    if !soak() {
        return;
    }
    let plan = Plan::new(mix).subscribing().aging(1).stored(Storage::Own, 1);
    let mut lab = plan
        .with(|mut setup| {
            setup.valgrind = true;
            setup.param("tm", "fr_timer", 30_000)
        })
        .start();
    let (alice, bob) = (lab.ue("alice"), lab.ue("bob"));
    let offer = "ipsec-3gpp;alg=hmac-md5-96;ealg=null;prot=esp;mod=trans;spi-c=11;spi-s=12;\
                 port-c=22413;port-s=22414";
    for _ in 0..3 {
        let register = alice.register(600).add("Security-Client", offer);
        assert_eq!(lab.exchange(&alice, &register, |ok| ok).saved(), 1);
    }
    lab.register(&bob);
    assert!(alice.is_registered() && bob.is_registered());
    assert!(lab.core.service_route().contains(alice.ask(&alice.calling("force")).header("X-Du")));
    let subscribe = lab.subscribed();
    sleep(Duration::from_secs(1));
    let gone = document(&alice.identity(), "terminated", &[Contact::gone(&alice.contact())]);
    lab.notified(&lab.core.notify(&subscribe, 1, &gone));
    for command in [&["ulpcscf.status"][..], &["ulpcscf.list"], &["ulpcscf.show", &bob.contact()]] {
        lab.host.rpc(command).unwrap();
    }
    lab.leave(&bob);
    // Until what was removed is given back.
    sleep(Duration::from_secs(8));
    valgrind::assert_clean(&mut lab.host, &["pcscf", "kamailio::"]);
}
