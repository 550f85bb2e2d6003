//! The parties of a message: From, To and Contact as this module reads them.

use crate::{lines, settings};
use bstr::BString;
use kamailio::msg::{Contact, Malformed, Msg, NameAddr, Uri};
use sca_core::{Dialog, Text, aor, uri::BadUri};
use std::borrow::Cow;

/// What the script gave to stand in for the To and the From header.
#[derive(Debug, Default)]
pub(crate) struct StandIns {
    to: Option<BString>,
    from: Option<BString>,
}

impl StandIns {
    /// Those of a call from the script. Where the parameters name AVPs, they carry them to the
    /// callbacks of the transaction; what an earlier call left there is taken away.
    pub(crate) fn given(to: Option<BString>, from: Option<BString>) -> Self {
        if let Some(settings) = settings::get() {
            for (avp, text) in [(settings.to_avp, &to), (settings.from_avp, &from)] {
                let Some(avp) = avp else { continue };
                avp.delete();
                if let Some(Err(error)) = text.as_ref().map(|text| avp.set_text(text)) {
                    kamailio::error!("the callbacks will see the header: {error}");
                }
            }
        }
        Self { to, from }
    }

    /// The text for From.
    pub(crate) fn from(&self) -> Option<&[u8]> {
        self.from.as_ref().map(|text| text.as_slice())
    }

    /// The text for To.
    pub(crate) fn to(&self) -> Option<&[u8]> {
        self.to.as_ref().map(|text| text.as_slice())
    }

    /// Those that the AVPs of the running transaction carry.
    pub(crate) fn remembered() -> Self {
        let Some(settings) = settings::get() else { return Self::default() };
        let text = |avp: Option<kamailio::avp::AvpSpec>| avp?.text().map(BString::from);
        Self { to: text(settings.to_avp), from: text(settings.from_avp) }
    }
}

/// Why a message cannot be used; the script goes on with -1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("{0:?} given to stand in for a header is no address")]
    StandIn(BString),
    #[error("{part} {uri:?} is no URI")]
    Uri { part: &'static str, uri: BString },
    #[error(transparent)]
    Aor(#[from] BadUri),
}

/// The parties of one message.
#[derive(Debug)]
pub(crate) struct Parties<'m> {
    pub(crate) from: NameAddr<'m>,
    pub(crate) to: NameAddr<'m>,
    /// The Contact URI; of a message without one, what the caller gave in its place.
    pub(crate) contact: Option<&'m [u8]>,
    /// The line of the calling side.
    pub(crate) from_aor: Text<'m>,
    /// The line of the called side.
    pub(crate) to_aor: Text<'m>,
    /// Call-ID and tags.
    pub(crate) dialog: Dialog<'m>,
}

impl<'m> Parties<'m> {
    /// Reads them. The headers must be parsed.
    ///
    /// The side that sent the message is told by its Contact if that has another user part than
    /// From (of a request) or To (of a reply): a phone with several lines does so.
    pub(crate) fn read(
        msg: &'m Msg<'_>,
        stand_ins: &'m StandIns,
        fallback: Option<&'m [u8]>,
    ) -> Result<Self, Unreadable> {
        let from = match &stand_ins.from {
            Some(text) => stand_in(text)?,
            None => msg.from()?,
        };
        if stand_ins.from.is_none() && from.tag.is_none() {
            return Err(Malformed("tag of From").into());
        }
        let to = match &stand_ins.to {
            Some(text) => stand_in(text)?,
            None => msg.to()?,
        };
        let contact = match msg.contact() {
            Contact::One(uri) => Some(uri),
            Contact::Absent | Contact::Empty => fallback,
            Contact::Star | Contact::Many | Contact::Malformed => {
                return Err(Malformed("Contact").into());
            }
        };
        for (part, uri, known) in [
            ("From", Some(from.uri), None),
            ("To", Some(to.uri), Some(from.uri)),
            ("Contact", contact, None),
        ] {
            if let Some(uri) = uri.filter(|uri| Some(*uri) != known && !Uri::is_valid(uri)) {
                return Err(Unreadable::Uri { part, uri: BString::from(uri) });
            }
        }
        let of = |address: &NameAddr<'m>, sent: bool, given: bool| match (sent, given) {
            (true, false) => aor::canonical(address.uri, contact),
            _ => Ok(Cow::Borrowed(aor::of_uri(address.uri))),
        };
        let request = msg.is_request();
        let from_aor = of(&from, request, stand_ins.from.is_some())?;
        let to_aor = of(&to, !request, stand_ins.to.is_some())?;
        let own = from_aor == to_aor;
        let dialog =
            Dialog::new(msg.call_id()?, from.tag.unwrap_or_default(), to.tag.unwrap_or_default());
        let called = match stand_ins.to {
            None => called_line(msg, &to, &to_aor, own, &dialog),
            Some(_) => None,
        };
        Ok(Self { from_aor, to_aor: called.unwrap_or(to_aor), dialog, from, to, contact })
    }
}

/// The line of the phone that gets a request within its call, where To does not name it: that has
/// the address that was dialled, but the Request-URI is the Contact of who answered. If both are
/// lines, as when a call was forwarded from one to the other, it is the one that has the call.
///
/// To names no other line either where it is the sender's `own`: a phone that takes a held call
/// dials its own line.
fn called_line<'m>(
    msg: &Msg<'_>,
    to: &NameAddr<'m>,
    to_aor: &[u8],
    own: bool,
    dialog: &Dialog<'_>,
) -> Option<Text<'m>> {
    if !msg.is_request() || to.tag.is_none() {
        return None;
    }
    let aor = aor::canonical(to.uri, Some(msg.request_uri()?)).ok()?;
    if *aor == *to_aor || !lines::is_shared(&aor) {
        return None;
    }
    let named = !own && lines::is_shared(to_aor);
    (!named || (lines::has_call(&aor, dialog) && !lines::has_call(to_aor, dialog))).then_some(aor)
}

fn stand_in(text: &BString) -> Result<NameAddr<'_>, Unreadable> {
    NameAddr::parse(text).ok_or_else(|| Unreadable::StandIn(text.clone()))
}
