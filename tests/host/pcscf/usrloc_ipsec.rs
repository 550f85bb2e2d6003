//! The C module `ims_ipsec_pcscf` on the location store: it changes security data in place, replaces
//! them, and takes kernel policies away in callbacks. Each case has a network of its own, as
//! policies belong to the whole network.

use host_tests::{
    Draft, Flavor, Message,
    install::{Version, install},
    mixed,
    netns::{isolated, policies},
    pcscf::{Lab, Mix, Plan, Ue, rc},
    steady::tell,
    suite::{Variant as _, soak},
    wait::{PATIENCE, SILENCE, until},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

mixed! {
    all:
        u_36_a_registration_in_two_steps_is_secured,
        u_36_an_offer_that_names_no_encryption_is_secured,
        u_38_only_unused_associations_are_removed,
        ip1_a_secured_client_registers_again_and_leaves;
    usrloc:
        ip2_a_pending_record_that_goes_leaves_the_associations_of_the_registered_one,
        u_36_secured_registrations_leak_nothing;
    ours:
        u_36_the_answer_comes_by_the_last_challenge;
}

/// Policies of one secured client: two in each direction, and from 6.0 on for each of UDP and TCP.
fn policies_of_one() -> usize {
    if install().version() < Version(6, 0) { 4 } else { 8 }
}

/// What the route does beside saving, as the manual of the C module says.
const SAVED: &str = "
    if (status == \"401\") {
        if ($avp(unused) != $null) ipsec_create(\"location\", \"1\");
        else ipsec_create(\"location\");
        append_hf(\"X-Ipsec: $rc\\r\\n\");
    }
    if (status == \"200\") {
        ipsec_forward(\"location\");
        append_hf(\"X-Ipsec: $rc\\r\\n\");
    }";

fn plan(mix: Mix) -> Plan {
    Plan::new(mix).ipsec().registrar("pending_reg_expires", 2).aging(1).with(|setup| {
        setup
            .module("tmx")
            .param("ims_ipsec_pcscf", "ipsec_listen_addr", "{ip}")
            .param("ims_ipsec_pcscf", "ipsec_client_port", 22_400)
            .param("ims_ipsec_pcscf", "ipsec_server_port", 22_450)
            .param("ims_ipsec_pcscf", "ipsec_max_connections", 20)
            .param("tm", "wt_timer", 500)
            .word("{saved}", SAVED)
            .word("$hdr(X-Always);", "$hdr(X-Always);\n    $avp(unused) = $hdr(X-Unused);")
    })
}

/// A client with its three ports: where it is before it is secured, and its protected two.
#[derive(Debug)]
struct Secured {
    plain: Ue,
    client: Ue,
    server: Ue,
    spi: u32,
}

impl Secured {
    fn new(lab: &Lab, user: &str, spi: u32) -> Self {
        Self { plain: lab.ue(user), client: lab.ue(user), server: lab.ue(user), spi }
    }

    fn contact(&self) -> String {
        format!("<{}>", self.server.contact())
    }

    fn offer(&self) -> String {
        let (client, server) = (self.client.local().port(), self.server.local().port());
        format!(
            "ipsec-3gpp;alg=hmac-md5-96;ealg=null;prot=esp;mod=trans;spi-c={};spi-s={};\
             port-c={client};port-s={server}",
            self.spi,
            self.spi + 1
        )
    }

    /// The first REGISTER, which the core challenges. Its Via names port 5060, as that of a
    /// client without associations does.
    fn challenged(&self, lab: &Lab, edit: impl FnOnce(Draft) -> Draft) -> Message {
        let via = self.plain.register(600).find("Via").unwrap().to_owned();
        let plain = self.plain.local().to_string();
        let register = self
            .plain
            .register(600)
            .set("Via", &via.replacen(&plain, "127.0.0.1:5060", 1))
            .set("Contact", &self.contact())
            .add("Security-Client", &self.offer());
        let register = edit(register);
        let relayed = lab.relayed(&self.plain, &register);
        assert_eq!(rc(&relayed), 1);
        let keys = "00112233445566778899aabbccddeeff";
        let challenge = format!(
            "Digest realm=\"ims.test\", nonce=\"n\", algorithm=AKAv1-MD5, ck=\"{keys}\", \
             ik=\"{keys}\""
        );
        lab.core.send(&lab.core.challenge(&relayed).set("WWW-Authenticate", &challenge));
        let reply = self.plain.final_reply(&register);
        assert_eq!((reply.status(), reply.header("X-Ipsec")), (401, "1"), "{reply:?}");
        reply
    }

    /// The second REGISTER, which the core accepts; the reply comes to the protected server port.
    fn accepted(&self, lab: &Lab, server: &str) -> Message {
        let register = self
            .client
            .register(600)
            .set("Contact", &self.contact())
            .add("Security-Client", &self.offer())
            .add("Security-Verify", server);
        let relayed = lab.relayed(&self.client, &register);
        lab.core.send(&lab.core.ok(&relayed));
        let arrived = || self.server.wait(PATIENCE / 4, |message| message.status() == 200);
        let reply = arrived().or_else(|| {
            self.client.send(&register);
            arrived()
        });
        let reply = reply.unwrap_or_else(|| {
            let plain = self.client.wait(SILENCE, |message| message.status() >= 200);
            let port = self.client.local().port().to_string();
            let known = lab.host.rpc(&["ulpcscf.explain", "127.0.0.1", &port]);
            panic!("no reply at the protected port; {plain:?} at that of the client; {known:?}")
        });
        assert_eq!((reply.header("X-Save"), reply.header("X-Ipsec")), ("1", "1"), "{reply:?}");
        reply
    }

    /// From where a reply came last to the protected port, once there was one.
    fn answerer(&self) -> Arc<AtomicU16> {
        let port = Arc::new(AtomicU16::new(0));
        let last = Arc::clone(&port);
        self.server.script(move |_, _, from| {
            last.store(from.port(), Ordering::Relaxed);
            false
        });
        port
    }

    /// Ends the registration; the reply cannot be secured any more and is not waited for.
    fn left(&self, lab: &Lab) {
        let register = self.client.register(0).set("Contact", &self.contact());
        let relayed = lab.relayed(&self.client, &register);
        let gone = format!("{};expires=0", self.contact());
        lab.core.send(&lab.core.ok(&relayed).set("Contact", &gone));
    }
}

fn states(lab: &Lab) -> Option<Vec<String>> {
    let mut states: Vec<_> = lab.records()?.into_iter().map(|record| record.state).collect();
    states.sort_unstable();
    Some(states)
}

fn named(case: &str, mix: Mix) -> String {
    format!("usrloc_ipsec::{case}::{}", mix.word())
}

/// The client port of the P-CSCF in its Security-Server.
fn client_port(server: &str) -> u16 {
    let (_, rest) = server.split_once("port-c=").unwrap();
    rest.split(';').next().unwrap().parse().unwrap()
}

/// Whether a request from `ue` with the Contact of `secured` is taken for one of a registered client.
fn known(ue: &Ue, secured: &Secured) -> i32 {
    rc(&ue.ask(&ue.calling("is_registered").set("Contact", &secured.contact())))
}

fn u_36_a_registration_in_two_steps_is_secured(mix: Mix) {
    isolated(&named("u_36_a_registration_in_two_steps_is_secured", mix), || {
        let mut lab = plan(mix).registrar("pending_reg_expires", 30).start();
        let alice = Secured::new(&lab, "alice", 11);
        let challenge = alice.challenged(&lab, |register| register);
        assert_eq!(challenge.header("Supported"), "sec-agree");
        let server = challenge.header("Security-Server").to_owned();
        for part in [
            "ipsec-3gpp;",
            "prot=esp",
            "mod=trans",
            "spi-c=100",
            "spi-s=101",
            "port-c=22400",
            "port-s=22450",
            "alg=hmac-md5-96",
            "ealg=null",
        ] {
            assert!(server.contains(part), "{part}: {server}");
        }
        assert_eq!((lab.count(), policies()), (1, policies_of_one()));
        if let Some(states) = states(&lab) {
            assert_eq!(states, ["unknown"]);
        }
        // A retransmission of the flow: from the protected port, a record of its own.
        let reply = alice.accepted(&lab, &server);
        let from: SocketAddr = reply
            .header("Contact")
            .trim_start_matches("<sip:alice@")
            .split('>')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(from, alice.server.local());
        assert_eq!((lab.count(), policies()), (2, policies_of_one()));
        if let Some(states) = states(&lab) {
            assert_eq!(states, ["registered", "unknown"]);
        }
        assert_eq!(known(&alice.client, &alice), 1);
        assert_eq!(known(&alice.server, &alice), -1);
        assert_eq!(known(&alice.plain, &alice), -1);
        lab.host.assert_alive();
    });
}

fn u_36_an_offer_that_names_no_encryption_is_secured(mix: Mix) {
    isolated(&named("u_36_an_offer_that_names_no_encryption_is_secured", mix), || {
        let lab = plan(mix).registrar("pending_reg_expires", 30).start();
        // The C module answers an offer without the parameter with an empty one, and the client
        // repeats what it was answered.
        for (spi, ealg) in [(11, ""), (21, "ealg=;")] {
            let alice = Secured::new(&lab, "alice", spi);
            let offer = alice.offer().replace("ealg=null;", ealg);
            let challenge = alice.challenged(&lab, |draft| draft.set("Security-Client", &offer));
            let server = challenge.header("Security-Server").to_owned();
            assert!(server.ends_with(";ealg="), "{server}");
            let from = alice.answerer();
            alice.accepted(&lab, &server);
            assert_eq!(from.load(Ordering::Relaxed), client_port(&server));
            assert_eq!(known(&alice.client, &alice), 1);
        }
    });
}

fn u_36_the_answer_comes_by_the_last_challenge(mix: Mix) {
    isolated(&named("u_36_the_answer_comes_by_the_last_challenge", mix), || {
        let lab = plan(mix).registrar("pending_reg_expires", 30).start();
        let alice = Secured::new(&lab, "alice", 11);
        let first = alice.challenged(&lab, |register| register);
        let first = first.header("Security-Server");
        let register = alice.client.register(600).set("Contact", &alice.contact());
        let register = register.add("Security-Client", &alice.offer());
        let register = register.add("Security-Verify", first);
        let relayed = lab.relayed(&alice.client, &register);
        lab.core.send(&Draft::reply(&relayed, 500, "core"));
        assert_eq!(alice.client.final_reply(&register).status(), 500);
        // She begins anew with the same numbers; those of the proxy are others.
        let second = alice.challenged(&lab, |register| register);
        let second = second.header("Security-Server");
        assert_ne!(client_port(second), client_port(first));
        let from = alice.answerer();
        alice.accepted(&lab, second);
        assert_eq!(from.load(Ordering::Relaxed), client_port(second));
    });
}

fn ip1_a_secured_client_registers_again_and_leaves(mix: Mix) {
    isolated(&named("ip1_a_secured_client_registers_again_and_leaves", mix), || {
        let mut lab = plan(mix).registrar("pending_reg_expires", 30).start();
        let alice = Secured::new(&lab, "alice", 11);
        let challenge = alice.challenged(&lab, |register| register);
        let server = challenge.header("Security-Server").to_owned();
        for _ in 0..3 {
            alice.accepted(&lab, &server);
            assert_eq!((lab.count(), policies()), (2, policies_of_one()));
            assert_eq!(known(&alice.client, &alice), 1);
        }
        alice.left(&lab);
        lab.wait_count(1, PATIENCE);
        until("no policies", PATIENCE, || (policies() == 0).then_some(()));
        assert_eq!(known(&alice.client, &alice), -1);
        lab.host.assert_alive();
    });
}

fn ip2_a_pending_record_that_goes_leaves_the_associations_of_the_registered_one(mix: Mix) {
    let case = "ip2_a_pending_record_that_goes_leaves_the_associations_of_the_registered_one";
    isolated(&named(case, mix), || {
        let lab = plan(mix).start();
        let alice = Secured::new(&lab, "alice", 11);
        let server = alice.challenged(&lab, |register| register);
        alice.accepted(&lab, server.header("Security-Server"));
        lab.wait_count(1, PATIENCE);
        // The callback of the record that went would have run by now.
        assert_eq!(policies(), policies_of_one());
        assert_eq!(known(&alice.client, &alice), 1);
        alice.left(&lab);
        lab.wait_count(0, PATIENCE);
        until("no policies", PATIENCE, || (policies() == 0).then_some(()));
        // A challenge that nobody answers: what was made for it goes with the record.
        let bob = Secured::new(&lab, "bob", 21);
        bob.challenged(&lab, |register| register);
        assert_eq!(policies(), policies_of_one());
        lab.wait_count(0, PATIENCE);
        until("no policies", PATIENCE, || (policies() == 0).then_some(()));
    });
}

fn u_38_only_unused_associations_are_removed(mix: Mix) {
    isolated(&named("u_38_only_unused_associations_are_removed", mix), || {
        let lab = plan(mix).registrar("pending_reg_expires", 30).start();
        let (alice, bob) = (Secured::new(&lab, "alice", 11), Secured::new(&lab, "bob", 21));
        let server = alice.challenged(&lab, |register| register);
        alice.accepted(&lab, server.header("Security-Server"));
        // Another challenge makes other associations of the same record; nobody uses the first.
        bob.challenged(&lab, |register| register);
        bob.challenged(&lab, |register| register);
        assert_eq!(policies(), 3 * policies_of_one());
        let carol = Secured::new(&lab, "carol", 31);
        carol.challenged(&lab, |register| register.add("X-Unused", "1"));
        // Hers and those of alice; before 6.0 also those of bob's second challenge.
        let clients = if install().version() < Version(6, 0) { 3 } else { 2 };
        assert_eq!(policies(), clients * policies_of_one());
        assert_eq!(known(&alice.client, &alice), 1);
    });
}

fn u_36_secured_registrations_leak_nothing(mix: Mix) {
    isolated(&named("u_36_secured_registrations_leak_nothing", mix), || {
        let (warm, cycles) = if soak() { (200, 10_000) } else { (30, 150) };
        // Long enough for a challenge that takes its time on a busy machine.
        let mut lab = plan(mix).registrar("pending_reg_expires", 5).start();
        // Ports are not used again before the records of their last turn are gone.
        let mut ring: Vec<_> = (0..200)
            .map(|number| (Secured::new(&lab, "alice", 1000 + 2 * number), None::<Instant>))
            .collect();
        let mut next = 0;
        let mut play = |lab: &Lab, cycles: u32| {
            for _ in 0..cycles {
                let length = ring.len();
                let (alice, last) = &mut ring[next % length];
                next += 1;
                let rest = last.map(|last| Duration::from_secs(9).saturating_sub(last.elapsed()));
                sleep(rest.unwrap_or_default());
                let server = alice.challenged(lab, |register| register);
                alice.accepted(lab, server.header("Security-Server"));
                alice.left(lab);
                // Ports of the server are few: a registration has them as long as it lasts.
                until("the end of a registration", PATIENCE, || (policies() == 0).then_some(()));
                *last = Some(Instant::now());
            }
            lab.wait_count(0, Duration::from_secs(20));
        };
        play(&lab, warm);
        let settled = |lab: &Lab| {
            // Until what was removed is given back and transactions are over.
            sleep(Duration::from_secs(9));
            lab.host.shared_memory()
        };
        let (before, own) = (settled(&lab), lab.own_memory());
        let start = Instant::now();
        play(&lab, cycles);
        let took = start.elapsed();
        let (after, own_after) = (settled(&lab), lab.own_memory());
        tell(&format!(
            "{cycles} cycles in {took:.0?}: shared memory {before} -> {after} bytes, of our own \
             {own} -> {own_after}"
        ));
        let growth = after.saturating_sub(before);
        // The C registrar forgets what it has read of Security-Verify, and from 6.0 on
        // `ims_ipsec_pcscf` what it has read itself. What that puts others in the place of is ours.
        let verify = if mix.registrar() == Flavor::C { 512 } else { 0 };
        let given = if install().version() < Version(6, 0) { 0 } else { 512 };
        let theirs = u64::from(cycles) * (verify + given);
        assert!(growth < 16_384 + theirs, "{cycles} cycles: {before} to {after} bytes");
        let own = own_after.saturating_sub(own);
        assert!(own < 8_192, "{cycles} cycles: {own} bytes more of our own");
        lab.host.assert_alive();
    });
}
