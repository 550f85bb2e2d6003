//! A binding as a test needs it.

use super::Bytes;
use pcscf_core::{Binding, State, uri::Uri};

/// Few hosts, so that records meet; some are the same in another spelling.
pub(crate) const HOSTS: [&[u8]; 7] = [
    b"192.0.2.1",
    b"192.0.2.2",
    b"2001:db8::1",
    b"[2001:DB8:0::1]",
    b"ue.example",
    b"UE.Example",
    b"",
];
/// Few ports.
pub(crate) const PORTS: [u16; 3] = [5060, 5061, 22100];
/// States with and without a name.
pub(crate) const STATES: [u32; 9] = [0, 1, 2, 2, 4, 8, 14, 32, 77];

/// A binding that owns its texts.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Record {
    pub(crate) aor: Vec<u8>,
    pub(crate) contact_host: Vec<u8>,
    pub(crate) contact_port: u16,
    pub(crate) contact_user: Vec<u8>,
    pub(crate) rinstance: Vec<u8>,
    pub(crate) received_host: Vec<u8>,
    pub(crate) received_port: u16,
    pub(crate) via_host: Vec<u8>,
    pub(crate) state: State,
    pub(crate) ids: Vec<&'static str>,
    pub(crate) routes: Vec<Vec<u8>>,
    pub(crate) device: u64,
    pub(crate) spis: u64,
}

/// Few identities; some are the same in another case.
pub(crate) const IDS: [&str; 4] = ["sip:a@ims.test", "SIP:A@ims.test", "tel:+1", "sip:b@ims.test"];

/// Few devices; 0 is none.
pub(crate) const DEVICES: [u64; 4] = [0, 0, 7, u64::MAX];

/// The same of security associations.
pub(crate) const SPIS: [u64; 4] = [0, 0, 1 << 32 | 2, u64::MAX];

impl Record {
    /// A pending binding of this Contact URI from this place, with the host of its Via.
    pub(crate) fn new(aor: &str, received: (&str, u16), via_host: &str) -> Self {
        let uri = Uri::parse(aor.as_bytes()).ok();
        let host = uri.map_or(&b""[..], |uri| uri.host);
        Self {
            aor: aor.into(),
            contact_host: host.into(),
            contact_port: uri.map_or(5060, |uri| uri.port_or_default()),
            contact_user: uri.map_or(&b""[..], |uri| uri.user).into(),
            rinstance: uri.and_then(|uri| uri.param(b"rinstance")).unwrap_or_default().into(),
            received_host: received.0.into(),
            received_port: received.1,
            via_host: via_host.into(),
            state: State::PENDING,
            ids: Vec::new(),
            routes: Vec::new(),
            device: 0,
            spis: 0,
        }
    }

    /// A binding that `bytes` choose.
    pub(crate) fn read(bytes: &mut Bytes<'_>) -> Self {
        let text = |host: &[u8]| String::from_utf8(host.to_vec()).unwrap();
        let host = match text(bytes.choose(&HOSTS)) {
            host if host.contains(':') && !host.starts_with('[') => format!("[{host}]"),
            host => host,
        };
        let (scheme, user) =
            (bytes.choose(&["sip", "sip", "sips"]), bytes.choose(&["a@", "b@", ""]));
        let port = bytes.choose(&["", "", ":5060", ":5061", ":22100"]);
        let rinstance = bytes.choose(&["", "", "", ";rinstance=x", ";rinstance=y"]);
        let aor = match bytes.next() {
            253.. => "urn:service:sos".into(),
            250.. => "tel:+1".into(),
            240.. => "<foo>".into(),
            _ => format!("{scheme}:{user}{host}{port}{rinstance}"),
        };
        let received = (text(bytes.choose(&HOSTS)), bytes.choose(&PORTS));
        let via = text(bytes.choose(&HOSTS));
        let mut record = Self::new(&aor, (&received.0, received.1), &via);
        record.state = State(bytes.choose(&STATES));
        record.ids = Self::read_ids(bytes);
        record.routes = vec![b"sip:orig@scscf;lr".to_vec(); bytes.below(3)];
        record.device = bytes.choose(&DEVICES);
        record.spis = bytes.choose(&SPIS);
        record
    }

    /// Up to three identities, which may be the same.
    pub(crate) fn read_ids(bytes: &mut Bytes<'_>) -> Vec<&'static str> {
        (0..bytes.below(4)).map(|_| bytes.choose(&IDS)).collect()
    }
}

impl Binding for Record {
    fn aor(&self) -> &[u8] {
        &self.aor
    }
    fn contact_host(&self) -> &[u8] {
        &self.contact_host
    }
    fn contact_port(&self) -> u16 {
        self.contact_port
    }
    fn contact_user(&self) -> &[u8] {
        &self.contact_user
    }
    fn rinstance(&self) -> &[u8] {
        &self.rinstance
    }
    fn received_host(&self) -> &[u8] {
        &self.received_host
    }
    fn received_port(&self) -> u16 {
        self.received_port
    }
    fn via_host(&self) -> &[u8] {
        &self.via_host
    }
    fn state(&self) -> State {
        self.state
    }
    fn public_ids(&self) -> usize {
        self.ids.len()
    }
    fn each_public_id(&self, look: &mut dyn FnMut(&[u8])) {
        self.ids.iter().for_each(|id| look(id.as_bytes()));
    }
    fn service_routes(&self) -> usize {
        self.routes.len()
    }
    fn service_route(&self, at: usize) -> Option<&[u8]> {
        self.routes.get(at).map(Vec::as_slice)
    }
    fn device(&self) -> u64 {
        self.device
    }
    fn spis(&self) -> u64 {
        self.spis
    }
}
