//! Push-Profile-Request, 305: the HSS changes a profile.

use super::{
    VENDOR,
    avp::{AvpRef, MOST},
    saa::Charging,
};
use sip_text::scan;

/// The command code.
pub const COMMAND: u32 = 305;

/// What the HSS sends. It is answered with [`super::rtr::Outcome`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ppr<'a> {
    /// User-Name: the private identity.
    pub private: Option<&'a [u8]>,
    /// The new user data; `None`: it stays.
    pub user_data: Option<&'a [u8]>,
    /// The new charging addresses; `None`: they stay.
    pub charging: Option<Charging<'a>>,
}

impl<'a> Ppr<'a> {
    /// Reads the AVPs of a request.
    pub fn read(avps: impl IntoIterator<Item = AvpRef<'a>>) -> Self {
        let mut ppr = Self::default();
        for avp in avps.into_iter().take(MOST) {
            match (avp.code, avp.vendor) {
                (1, 0) if ppr.private.is_none() => {
                    ppr.private = Some(scan::trim(avp.data)).filter(|name| !name.is_empty());
                }
                (606, VENDOR) if ppr.user_data.is_none() => {
                    ppr.user_data = Some(avp.data).filter(|data| !data.is_empty());
                }
                (618, VENDOR) if ppr.charging.is_none() => {
                    ppr.charging = Some(Charging::read(&avp));
                }
                _ => {}
            }
        }
        ppr
    }
}
