//! What holds for the registrar whatever clients and the HSS send.

mod laws;
mod time;
mod torture;

use scscf_core::{
    expires::Lifetimes,
    register::{Request, Settings, path},
};

/// The settings of a server that looks at everything.
fn settings() -> Settings {
    Settings {
        lifetimes: Lifetimes { range: 30, ..Lifetimes::of_host(true) },
        default_q: -1,
        path: path::Settings { enabled: true, mode: path::Mode::IfSupported, use_received: true },
        refuses_brief: false,
        precise: false,
        any_realm: true,
    }
}

/// A REGISTER of bob with these Contact headers.
fn request<'m>(contacts: Vec<&'m [u8]>) -> Request<'m> {
    let to = b"sip:bob@example.org";
    Request { to, call_id: b"c1", cseq: b"1", contacts, ..Request::default() }
}
