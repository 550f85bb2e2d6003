//! The functions for the script.

use crate::{
    calls::{self, CallError},
    parties::StandIns,
    subscribe::{self, Refused},
};
use bstr::BString;
use kamailio::{msg::Msg, script::Verdict};

/// Both sides of a call.
const BOTH: i32 = 3;

/// `sca_handle_subscribe()`
pub(crate) fn handle_subscribe(msg: &Msg<'_>) -> Result<Verdict, Refused> {
    subscribe::handle(msg, &StandIns::given(None, None))
}

/// `sca_handle_subscribe(to)`
pub(crate) fn handle_subscribe_to(msg: &Msg<'_>, to: BString) -> Result<Verdict, Refused> {
    subscribe::handle(msg, &StandIns::given(Some(to), None))
}

/// `sca_handle_subscribe(to, from)`
pub(crate) fn handle_subscribe_to_from(
    msg: &Msg<'_>,
    to: BString,
    from: BString,
) -> Result<Verdict, Refused> {
    subscribe::handle(msg, &StandIns::given(Some(to), Some(from)))
}

/// `sca_call_info_update()`
pub(crate) fn call_info_update(msg: &Msg<'_>) -> Result<Verdict, CallError> {
    calls::update(msg, BOTH, &StandIns::given(None, None))
}

/// `sca_call_info_update(mask)`
pub(crate) fn call_info_update_mask(msg: &Msg<'_>, mask: i32) -> Result<Verdict, CallError> {
    calls::update(msg, mask, &StandIns::given(None, None))
}

/// `sca_call_info_update(mask, to)`
pub(crate) fn call_info_update_to(
    msg: &Msg<'_>,
    mask: i32,
    to: BString,
) -> Result<Verdict, CallError> {
    calls::update(msg, mask, &StandIns::given(Some(to), None))
}

/// `sca_call_info_update(mask, to, from)`
pub(crate) fn call_info_update_to_from(
    msg: &Msg<'_>,
    mask: i32,
    to: BString,
    from: BString,
) -> Result<Verdict, CallError> {
    calls::update(msg, mask, &StandIns::given(Some(to), Some(from)))
}
