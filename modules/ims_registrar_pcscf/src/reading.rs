//! From a message to the plain values that decisions are made of.

use crate::settings::Settings;
use kamailio::{
    Few,
    msg::{self, Bindings, Msg},
};
use pcscf_core::{
    decide::{
        Asked, Contacts, Place, Via,
        place::{self, NoPlace},
        save,
    },
    device,
};

/// A `Via` as decisions take it.
pub(crate) fn via<'m>(via: &msg::Via<'m>) -> Via<'m> {
    Via {
        host: via.host,
        port: via.port.unwrap_or(0),
        proto: via.transport,
        received: via.received,
        rport: via.rport,
    }
}

/// The address that a message came from, as text on the stack.
#[derive(Debug)]
struct Source {
    text: [u8; msg::SOURCE_MAX],
    len: usize,
    port: u16,
    proto: u16,
}

impl Source {
    /// Where `msg` came from; empty if the core does not know.
    fn of(msg: &Msg<'_>) -> Self {
        let mut text = [0; msg::SOURCE_MAX];
        let len = msg.source_text(&mut text).len();
        let port = msg.source().map_or(0, |(_, port)| port);
        Self { text, len, port, proto: msg.transport() }
    }

    fn place(&self) -> Place<'_> {
        let host = self.text.get(..self.len).unwrap_or_default();
        Place { host, port: self.port, proto: self.proto }
    }
}

/// All that says where a message came from; owns the texts of [`Origin::place`].
#[derive(Debug)]
pub(crate) struct Origin<'m> {
    source: Source,
    /// The bottom Via, if the operator trusts it.
    pub(crate) bottom: Option<Via<'m>>,
    /// What the AVP of `received_avp` says now.
    avp: Option<Vec<u8>>,
}

impl<'m> Origin<'m> {
    /// That of `msg`, which is parsed.
    pub(crate) fn of(settings: &Settings, msg: &'m Msg<'_>) -> Self {
        let trusted = settings.trusts_bottom_via;
        let bottom = trusted.then(|| msg.last_via()).flatten();
        // To the route of a reply the transaction gives the AVP of its request, which another one sent.
        let avp = settings.received_avp.filter(|_| msg.is_request());
        Self {
            source: Source::of(msg),
            bottom: bottom.map(|found| via(&found)),
            avp: avp.and_then(|avp| avp.text()),
        }
    }

    /// Where the message came from, as far as the parameters trust what says so.
    pub(crate) fn place(&self) -> Result<Place<'_>, NoPlace> {
        place::effective(self.source.place(), self.bottom.as_ref(), self.avp.as_deref())
    }

    /// What the sender wrote into his Via.
    pub(crate) fn via(&self, msg: &'m Msg<'_>) -> Option<Via<'m>> {
        self.bottom.or_else(|| msg.first_via().map(|found| via(&found)))
    }
}

/// What the Contact headers list, as owner of what [`Listed::contacts`] shows.
#[derive(Debug)]
pub(crate) enum Listed<'m> {
    Missing,
    Unreadable,
    Star,
    List(Few<Asked<'m>, 1>),
}

impl<'m> Listed<'m> {
    /// Of the first Contact header.
    pub(crate) fn first(msg: &'m Msg<'_>) -> Self {
        Self::of(msg.bindings().next())
    }

    fn of(header: Option<Bindings<'m>>) -> Self {
        match header {
            None => Self::Missing,
            Some(Bindings::Malformed) => Self::Unreadable,
            Some(Bindings::Star) => Self::Star,
            Some(Bindings::List(list)) => Self::List(list.map(asked)),
        }
    }

    /// Of all Contact headers: the first one says whether there are any, of the others those count
    /// that can be read.
    pub(crate) fn all(msg: &'m Msg<'_>) -> Self {
        let mut headers = msg.bindings();
        let mut first = Self::of(headers.next());
        if let Self::List(all) = &mut first {
            for more in headers {
                if let Bindings::List(list) = more {
                    list.iter().for_each(|binding| all.push(asked(*binding)));
                }
            }
        }
        first
    }

    /// As decisions take them.
    pub(crate) fn contacts(&self) -> Contacts<'_> {
        match self {
            Self::Missing => Contacts::Missing,
            Self::Unreadable => Contacts::Unreadable,
            Self::Star => Contacts::Star,
            Self::List(list) => Contacts::List(list),
        }
    }
}

/// The URIs of the first Contact header; none if it has no list.
pub(crate) fn contact_uris<'m>(msg: &'m Msg<'_>) -> Few<&'m [u8], 1> {
    match msg.bindings().next() {
        Some(Bindings::List(list)) => list.map(|binding| binding.uri),
        _ => Few::new(b""),
    }
}

/// The number of the device that registers the contact `uri`, as the answer says; for what that
/// leaves out, as the request said. 0 if neither does; nothing for a contact that the answer only
/// lists, which is `listed`: the request was about another one.
pub(crate) fn device(
    listed: Contacts<'_>,
    reply: &Msg<'_>,
    request: &Msg<'_>,
    uri: &[u8],
) -> Option<u64> {
    let lists_one = matches!(listed, Contacts::List([_]));
    let names_one =
        |msg: &Msg<'_>| msg.headers(b"Contact").any(|header| device::is_named(header.body()));
    if lists_one && !names_one(reply) && !names_one(request) {
        return Some(device::key(None, None));
    }
    let own = told(request, uri);
    if own.is_none() && !lists_one {
        return None;
    }
    let (own, flow) = own.unwrap_or_default();
    let (instance, reg_id) = told(reply, uri).unwrap_or_default();
    Some(device::key(instance.or(own), reg_id.or(flow)))
}

/// What tells a device and its flow apart, of the contact `uri` of `msg`.
type Device<'m> = (Option<&'m [u8]>, Option<&'m [u8]>);

fn told<'m>(msg: &'m Msg<'_>, uri: &[u8]) -> Option<Device<'m>> {
    let lists = msg.bindings().filter_map(|bindings| match bindings {
        Bindings::List(list) => Some(list),
        _ => None,
    });
    let same = |list: Few<msg::Binding<'m>, 1>| {
        list.iter().find(|binding| save::is_same(binding.uri, uri)).copied()
    };
    let found = lists.filter_map(same).next()?;
    Some((found.instance, found.reg_id))
}

fn asked(binding: msg::Binding<'_>) -> Asked<'_> {
    Asked { uri: binding.uri, expires: binding.expires }
}
