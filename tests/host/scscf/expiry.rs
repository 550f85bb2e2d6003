//! For how long a contact is registered.

use host_tests::{
    Draft, Message, mixed,
    scscf::{Mix, Plan, Ue, bindings},
};

mixed! {
    all:
        r_05_a_register_without_a_time_gets_the_default,
        r_06_the_expires_header_counts,
        r_07_the_time_of_the_contact_counts_before_the_header,
        r_08_a_short_time_is_made_longer,
        r_09_a_time_beyond_all_bounds_is_made_shorter,
        r_11_times_are_spread_downwards,
        r_12_clients_are_told_less_than_they_have,
        r_12_more_than_nine_tenths_are_refused_at_the_start;
    registrar:
        r_10_emergency_contacts_have_bounds_of_their_own,
        bounds_of_zero_are_none,
        a_garbled_time_beside_the_end_of_all_is_the_end,
        a_garbled_time_is_no_time;
}

/// Seconds that the only contact is told to have.
fn told(reply: &Message) -> i64 {
    assert_eq!(reply.status(), 200, "{reply:?}");
    let [bound] = bindings(reply).try_into().unwrap();
    bound.expires
}

/// What a REGISTER that is edited gets.
fn granted(plan: Plan, edit: impl Fn(&Ue, Draft) -> Draft) -> i64 {
    let lab = plan.start();
    let bob = lab.ue("bob");
    told(&bob.ask(&edit(&bob, bob.register(0).without("Expires"))))
}

/// The Contact of `ue` with `parameters`.
fn contact(ue: &Ue, parameters: &str) -> String {
    format!("<{}>{parameters}", ue.contact())
}

fn r_05_a_register_without_a_time_gets_the_default(mix: Mix) {
    assert_eq!(granted(Plan::new(mix), |_, draft| draft), 3240);
    let plan = Plan::new(mix).registrar("default_expires", 1000);
    assert_eq!(granted(plan, |_, draft| draft), 900);
}

fn r_06_the_expires_header_counts(mix: Mix) {
    assert_eq!(granted(Plan::new(mix), |_, draft| draft.set("Expires", "1800")), 1620);
}

fn r_07_the_time_of_the_contact_counts_before_the_header(mix: Mix) {
    let edit = |ue: &Ue, draft: Draft| {
        draft.set("Expires", "1800").set("Contact", &contact(ue, ";expires=1000"))
    };
    assert_eq!(granted(Plan::new(mix), edit), 900);
}

fn r_08_a_short_time_is_made_longer(mix: Mix) {
    assert_eq!(granted(Plan::new(mix), |_, draft| draft.set("Expires", "10")), 54);
    let plan = Plan::new(mix).registrar("min_expires", 0);
    assert_eq!(granted(plan, |_, draft| draft.set("Expires", "10")), 9);
}

fn r_09_a_time_beyond_all_bounds_is_made_shorter(mix: Mix) {
    let edit = |ue: &Ue, draft: Draft| draft.set("Contact", &contact(ue, ";expires=4294967295"));
    assert_eq!(granted(Plan::new(mix), edit), 540_000);
}

fn r_10_emergency_contacts_have_bounds_of_their_own(mix: Mix) {
    let edit = |ue: &Ue, draft: Draft| {
        let uri = ue.contact();
        draft.set("Contact", &format!("<{uri};sos>")).set("Expires", "7200")
    };
    assert_eq!(granted(Plan::new(mix), edit), 3240);
    let plan = Plan::new(mix).registrar("em_max_expires", 100).registrar("em_min_expires", 50);
    assert_eq!(granted(plan.exact(), edit), 100);
    let edit = |ue: &Ue, draft: Draft| {
        let uri = ue.contact();
        draft.set("Contact", &format!("<{uri};sos>")).set("Expires", "20")
    };
    let plan = Plan::new(mix).registrar("em_max_expires", 100).registrar("em_min_expires", 50);
    assert_eq!(granted(plan.exact(), edit), 50);
}

fn r_11_times_are_spread_downwards(mix: Mix) {
    let lab = Plan::new(mix).registrar("default_expires_range", 50).start();
    let times: Vec<_> = (0..20)
        .map(|number| {
            let ue = lab.ue(&format!("user{number}"));
            told(&lab.register(&ue, 3600))
        })
        .collect();
    assert!(times.iter().all(|time| (1619..=3240).contains(time)), "{times:?}");
    assert!(times.iter().any(|time| *time != times[0]), "{times:?}");
}

fn r_12_clients_are_told_less_than_they_have(mix: Mix) {
    for (percent, shown) in [(0, 3600), (90, 360)] {
        let plan = Plan::new(mix).registrar("expires_buffer_percent", percent);
        assert_eq!(granted(plan, |_, draft| draft), shown);
    }
}

fn r_12_more_than_nine_tenths_are_refused_at_the_start(mix: Mix) {
    let log = Plan::new(mix).registrar("expires_buffer_percent", 91).refused();
    assert!(log.contains("expires_buffer_percent") || log.contains("ims_registrar_scscf"), "{log}");
}

fn bounds_of_zero_are_none(mix: Mix) {
    let edit = |_: &Ue, draft: Draft| draft.set("Expires", "1000000");
    let plan = Plan::new(mix).registrar("max_expires", 0).exact();
    assert_eq!(granted(plan, edit), 1_000_000);
    let plan = Plan::new(mix).default_registrar("max_expires").exact();
    assert!(granted(plan, edit) >= 600_000);
}

fn a_garbled_time_beside_the_end_of_all_is_the_end(mix: Mix) {
    let lab = Plan::new(mix).exact().start();
    let bob = lab.ue("bob");
    lab.register(&bob, 600);
    let draft = bob.register(0).set("Contact", &contact(&bob, ";expires=x"));
    assert_eq!(bob.ask(&draft.set("Expires", "0")).status(), 200);
    assert!(!lab.finds(&bob, "bob"));
}

fn a_garbled_time_is_no_time(mix: Mix) {
    let lab = Plan::new(mix).exact().start();
    let bob = lab.ue("bob");
    for garbled in ["x", "-1", "", "1x"] {
        let draft =
            bob.register(600).set("Contact", &contact(&bob, &format!(";expires={garbled}")));
        let reply = bob.ask(&draft);
        // A time, or a reason why there is none; never a contact for ever.
        if reply.status() == 200 {
            assert!(bindings(&reply).iter().all(|bound| bound.expires <= 3600), "{reply:?}");
        } else {
            assert!([400, 500].contains(&reply.status()), "{reply:?}");
        }
    }
}
