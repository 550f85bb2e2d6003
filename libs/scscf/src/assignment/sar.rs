//! Server-Assignment-Request, 301.

use super::{
    APPLICATION, Kind, VENDOR,
    avp::{Avp, VENDOR_SPECIFIC, number},
};

use std::{borrow::Cow, sync::LazyLock};

/// The command code.
pub const COMMAND: u32 = 301;

/// What the HSS is asked. Session, origin and host are added by who carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sar<'a> {
    /// The Call-ID of the SIP request; empty: none is told.
    pub call_id: &'a [u8],
    /// The realm of the HSS.
    pub realm: &'a [u8],
    /// The public identity.
    pub identity: &'a [u8],
    /// The wildcarded identity that stands for it; empty: none.
    pub wildcard: &'a [u8],
    /// The name of this server.
    pub server_name: &'a [u8],
    /// The private identity; empty: it is not known.
    pub private: &'a [u8],
    /// What for.
    pub kind: Kind,
    /// Whether the profile is here already.
    pub available: bool,
}

impl<'a> Sar<'a> {
    /// Its AVPs in the order of the wire.
    pub fn avps(&self) -> Vec<Avp<'a>> {
        let mut avps = Vec::with_capacity(10);
        if !self.call_id.is_empty() {
            // Vendor 50 has told the Call-ID in this one for long.
            avps.push(Avp {
                code: 494,
                vendor: 50,
                flags: VENDOR_SPECIFIC,
                data: self.call_id.into(),
            });
        }
        avps.extend([
            Avp::base(283, self.realm),
            vendor_specific_application(),
            Avp::base(277, number(1)),
            Avp::of_3gpp(601, self.identity),
        ]);
        if !self.wildcard.is_empty() {
            // Wildcarded-Public-Identity (TS 29.229 6.3.35): nobody needs to understand it.
            let avp = Avp::of_3gpp(634, self.wildcard);
            avps.push(Avp { flags: VENDOR_SPECIFIC, ..avp });
        }
        avps.push(Avp::of_3gpp(602, self.server_name));
        if !self.private.is_empty() {
            avps.push(Avp::base(1, self.private));
        }
        avps.push(Avp::of_3gpp(614, number(self.kind.number())));
        avps.push(Avp::of_3gpp(624, number(u32::from(self.available))));
        avps
    }
}

/// Vendor-Specific-Application-Id of Cx, which stands in every request.
pub fn vendor_specific_application() -> Avp<'static> {
    static CX: LazyLock<Avp<'static>> = LazyLock::new(|| {
        Avp::group(260, &[Avp::base(266, number(VENDOR)), Avp::base(258, number(APPLICATION))])
    });
    let cx: &Avp<'static> = &CX;
    Avp { data: Cow::Borrowed(&cx.data), ..*cx }
}
