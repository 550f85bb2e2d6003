//! The processes of the registrar, where the host has room for fewer than there are to be.

use host_tests::{
    Flavor, mixed,
    scscf::{Lab, Mix, Plan, Watcher, private},
};

mixed! {
    all:
        a_client_that_knows_no_diameter_peer_starts;
    registrar:
        a_client_that_knows_no_diameter_peer_starts_with_tcp;
}

/// A server whose Diameter configuration has an acceptor and no peer. The module `cdp` forks one process
/// more then than it announces.
fn accepting(mix: Mix, tcp: bool) -> Lab {
    let plan = Plan::new(mix).exact().registrar("notification_processes", 1).accepting();
    let diameter = plan.diameter_address();
    let lab = plan.with(|mut setup| {
        setup.tcp = tcp;
        setup
    });
    let lab = lab.start();
    lab.hss.call(diameter);
    lab.open();
    lab
}

/// Registrations work, and who watches them is told.
fn serves(lab: &mut Lab) {
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    assert!(lab.finds(&bob, "bob"));
    if lab.mix.registrar() == Flavor::Ours {
        let mut watcher = Watcher::proxy(lab, &bob.identity());
        watcher.registers(&bob, 600);
        assert_eq!(watcher.begins(600).states()[0], "active");
        assert_eq!(lab.hss.terminate(&private("bob"), &[], 0).result(), Some(2001));
        watcher.hears_of("rejected");
        assert_eq!(lab.host.journal().count("Process limit"), 0);
    }
    lab.host.assert_alive();
}

fn a_client_that_knows_no_diameter_peer_starts(mix: Mix) {
    serves(&mut accepting(mix, false));
}

fn a_client_that_knows_no_diameter_peer_starts_with_tcp(mix: Mix) {
    serves(&mut accepting(mix, true));
}
