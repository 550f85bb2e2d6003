//! The pseudo-variables: of whom they tell, in whatever route and process.

use host_tests::{
    Answer,
    host::own_address,
    mixed,
    pcscf::{Mix, Plan, Ue},
    wait::PATIENCE,
};

mixed! {
    all:
        the_sender_is_accounted_with_his_identity;
    registrar:
        a_failure_route_shows_nobody_of_the_message_before,
        a_failure_route_in_another_process_shows_nobody_else,
        a_search_in_a_failure_route_is_shown_there;
}

/// What fails says whom the variables name; with X-Do, after it has looked for the sender.
const FAILED: &str = "
failure_route[FAILED] {
    if ($hdr(X-Do) == \"is_registered\") route(AGAIN);
    append_to_reply(\"X-Asserted: $pcscf_asserted_identity\\r\\n\");
    append_to_reply(\"X-User: $pcscf_registration_contact\\r\\n\");
    t_reply(\"480\", \"Failed\");
}

route[AGAIN] {
    pcscf_is_registered(\"location\");
}
";

/// One process for each socket; what is relayed goes by way of `socket`, whose process gets the answer.
fn plan(mix: Mix, socket: &str) -> Plan {
    Plan::new(mix).with(|mut setup| {
        setup.workers = 1;
        let up = "sl_send_reply(\"200\", \"Up\");";
        let relays = "$avp(reply) = $hdr(X-Reply);";
        let fails = format!("{relays}\n$fs = \"udp:{socket}\";\nt_on_failure(\"FAILED\");");
        setup
            .word("# The second half.\n", FAILED)
            .word(up, &format!("append_to_reply(\"X-Number: $mi\\r\\n\");\n{up}"))
            .word(relays, &fails)
    })
}

/// The number that the process of the socket of `ue` gives to its next message.
fn number(ue: &Ue) -> u32 {
    let reply = ue.ask(&ue.draft("OPTIONS", "sip:ping@ims.test"));
    reply.header("X-Number").parse().unwrap()
}

/// Whom the variables name when a request of `ue` that calls `function` fails.
fn shown(ue: &Ue, function: &str, gone: &Ue) -> [String; 2] {
    gone.answer("MESSAGE", Answer::Status(404));
    let failed = ue.ask(&ue.calling(function).add("X-Relay", &gone.address()));
    assert_eq!(failed.status(), 480, "{failed:?}");
    ["X-Asserted", "X-User"].map(|name| failed.header(name).to_owned())
}

fn the_sender_is_accounted_with_his_identity(mix: Mix) {
    // The accounting asks for the request that the transaction keeps.
    let begin = "switch ($hdr(X-Do)) {";
    let rejects = "case \"reject\":\n setflag(1);\n pcscf_is_registered(\"location\");\n \
                   t_newtran();\n t_reply(\"403\", \"No\");\n exit;\n";
    let plan = Plan::new(mix).with(|mut setup| {
        setup.workers = 1;
        setup
            .module("acc")
            .param("acc", "log_level", 1)
            .param("acc", "log_flag", 1)
            .param("acc", "failed_transaction_flag", 1)
            .param("acc", "log_extra", "who=$pcscf_asserted_identity")
            .word(begin, &format!("{begin}\n{rejects}"))
    });
    let lab = plan.start();
    let alice = lab.ue("alice");
    lab.register(&alice);
    assert_eq!(alice.ask(&alice.calling("reject")).status(), 403);
    lab.host
        .journal()
        .wait(&format!("code=403;reason=Forbidden;who={}", alice.identity()), PATIENCE);
}

fn a_failure_route_shows_nobody_of_the_message_before(mix: Mix) {
    let lab = plan(mix, "{address}").start();
    let (alice, bob, gone) = (lab.ue("alice"), lab.ue("bob"), lab.ue("gone"));
    lab.register(&alice);
    // In a failure route the core numbers a message as the one before it.
    assert!(alice.is_registered());
    assert_eq!(shown(&bob, "nothing", &gone), ["<null>", "<null>"]);
}

fn a_failure_route_in_another_process_shows_nobody_else(mix: Mix) {
    let second = own_address();
    let plan = plan(mix, &second.to_string());
    let lab = plan.with(|setup| setup.global(&format!("listen=udp:{second}"))).start();
    let (alice, bob, gone) = (Ue::new(second, "alice"), lab.ue("bob"), lab.ue("gone"));
    lab.register(&alice);
    let (mut here, mut there) = (number(&bob), number(&alice));
    while here != there + 1 {
        if here <= there {
            here = number(&bob);
        } else {
            there = number(&alice);
        }
    }
    assert!(alice.is_registered());
    assert_eq!(shown(&bob, "nothing", &gone), ["<null>", "<null>"]);
}

fn a_search_in_a_failure_route_is_shown_there(mix: Mix) {
    let lab = plan(mix, "{address}").start();
    let (alice, gone) = (lab.ue("alice"), lab.ue("gone"));
    lab.register(&alice);
    assert_eq!(shown(&alice, "is_registered", &gone), [&alice.identity(), "alice"]);
}
