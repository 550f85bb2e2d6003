//! Everybody in the play but the two servers under test.

use super::server::Server;
use crate::{Error, sip::phone::Phone};
use host_tests::diameter::{
    Application, Assignment, Hss, Subscriber,
    hss::{REALM, SERVER_ASSIGNMENT},
    setup::client_file,
};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

/// What both users prove themselves with.
const PASSWORD: &str = "a secret of the play";

/// The HSS, two telephones, an application server.
#[derive(Debug)]
pub(crate) struct Cast {
    /// The subscriber database.
    pub(crate) hss: Hss,
    /// Who calls.
    pub(crate) alice: Phone,
    /// Who is called.
    pub(crate) bob: Phone,
    /// Whom calls of alice pass.
    pub(crate) server: Server,
}

impl Cast {
    /// Everybody takes his place at `proxy`'s network whose S-CSCF is at `home`; the file of its Diameter
    /// client is written into `folder`.
    pub(crate) fn enter(proxy: SocketAddr, home: SocketAddr, folder: &Path) -> Result<Self, Error> {
        let server = Server::new(Ipv4Addr::new(127, 0, 0, 6))?;
        let mut alice = subscriber("alice", "+493000001");
        alice.criteria = criteria(&server.uri());
        let hss = Hss::start(vec![alice, subscriber("bob", "+493000002")]);
        let file = client_file(&format!("scscf.{}", home.port()), &hss, &[Application::CX]);
        // Whoever waits for the file must not read half of it.
        let (part, path) = (folder.join("scscf.part"), folder.join("scscf.xml"));
        fs::write(&part, file).map_err(|error| format!("{}: {error}", part.display()))?;
        fs::rename(&part, &path).map_err(|error| format!("{}: {error}", path.display()))?;
        let phone = |name, last| -> Result<Phone, Error> {
            let mut phone = Phone::new(name, REALM, Ipv4Addr::new(127, 0, 0, last), proxy)?;
            phone.prove(PASSWORD);
            Ok(phone)
        };
        Ok(Self { hss, alice: phone("alice", 2)?, bob: phone("bob", 3)?, server })
    }

    /// Lets everybody handle what came in.
    pub(crate) fn pump(&mut self) -> Result<(), Error> {
        self.server.pump()?;
        self.alice.pump()?;
        self.bob.pump()
    }

    /// What the HSS was told last, in order; empty if nothing.
    pub(crate) fn assignments(&self) -> Vec<String> {
        let mut told = Vec::new();
        while self.hss.waiting(SERVER_ASSIGNMENT) > 0 {
            let request = self.hss.take(SERVER_ASSIGNMENT);
            told.push(Assignment::of(&request).map_or("?".to_owned(), |kind| format!("{kind:?}")));
        }
        told
    }

    /// Drops what nobody looks at any more.
    pub(crate) fn forget(&mut self) {
        self.server.seen.clear();
        for phone in [&mut self.alice, &mut self.bob] {
            while phone.take(|_| true).is_some() {}
        }
        self.assignments();
    }
}

fn subscriber(name: &str, number: &str) -> Subscriber {
    let public = [format!("sip:{name}@{REALM}"), format!("tel:{number}")];
    Subscriber::new(&format!("{name}@{REALM}"), PASSWORD, &public.each_ref().map(String::as_str))
}

/// Calls that the user makes pass the application server (3GPP TS 29.228, annex B).
fn criteria(server: &str) -> String {
    format!(
        "<InitialFilterCriteria><Priority>0</Priority><TriggerPoint>\
         <ConditionTypeCNF>1</ConditionTypeCNF>\
         <SPT><ConditionNegated>0</ConditionNegated><Group>0</Group><Method>INVITE</Method></SPT>\
         <SPT><ConditionNegated>0</ConditionNegated><Group>1</Group><SessionCase>0</SessionCase></SPT>\
         </TriggerPoint><ApplicationServer><ServerName>{server}</ServerName>\
         <DefaultHandling>0</DefaultHandling></ApplicationServer></InitialFilterCriteria>"
    )
}
