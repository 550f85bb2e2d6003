//! Compares filter criteria in structs of C with values, without copying any.

use super::slice;
use crate::scscf::texts;
use core::ptr::NonNull;
use kamailio_sys::{self as core_sys, scscf as sys};
use scscf_core::profile::{
    ApplicationServer, DefaultHandling, FilterCriteria, ProfilePart, ServicePoint, Trigger,
};

/// FNV-1a of 64 bits: the criteria come from the HSS, and few blocks are compared.
struct Fnv(u64);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn text(&mut self, text: &[u8]) {
        self.bytes(text);
        self.bytes(&text.len().to_le_bytes());
    }

    fn number(&mut self, number: impl Into<i64>) {
        self.bytes(&number.into().to_le_bytes());
    }
}

/// A number for the content of `criteria`.
pub(super) fn hash(criteria: &[FilterCriteria]) -> u64 {
    let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
    for one in criteria {
        fnv.number(one.priority);
        fnv.text(&one.server.name);
        fnv.text(&one.server.info);
        for point in one.trigger.iter().flat_map(|trigger| &trigger.points) {
            fnv.number(point.group);
            match &point.what {
                Trigger::RequestUri(text) | Trigger::Method(text) => fnv.text(text),
                Trigger::Header { name: first, content }
                | Trigger::SessionDescription { line: first, content } => {
                    fnv.text(first);
                    fnv.text(content);
                }
                Trigger::SessionCase(case) => fnv.number(*case),
            }
        }
    }
    fnv.0 ^ (fnv.0 >> 32)
}

/// Whether the array of `count` elements says what `criteria` say.
///
/// # Safety
///
/// An array of [`Criteria`](super::Criteria), which stays for the call.
pub(in crate::scscf) unsafe fn same(
    array: *const sys::ims_filter_criteria,
    count: u16,
    criteria: &[FilterCriteria],
) -> bool {
    // SAFETY: by the contract of this function.
    let Ok(array) = (unsafe { slice("filter_criteria", array, count) }) else { return false };
    // SAFETY: as above.
    let same = |(c, value)| unsafe { is(c, value) };
    array.len() == criteria.len() && array.iter().zip(criteria).all(same)
}

/// # Safety
///
/// See [`same`].
unsafe fn is(c: &sys::ims_filter_criteria, value: &FilterCriteria) -> bool {
    // SAFETY: by the contract of this function.
    let part = NonNull::new(c.profile_part_indicator).map(|part| unsafe { part.read() });
    let wanted = value.part.map(|part| match part {
        ProfilePart::Registered => 0,
        ProfilePart::Unregistered => 1,
    });
    // SAFETY: as above.
    let same_server = unsafe { is_server(&c.application_server, &value.server) };
    if c.priority != value.priority || part != wanted || !same_server {
        return false;
    }
    let trigger = value.trigger.as_ref();
    let Some(condition) = NonNull::new(c.trigger_point) else {
        return trigger.is_none_or(|trigger| trigger.cnf && trigger.points.is_empty());
    };
    let Some(trigger) = trigger else { return false };
    // SAFETY: as above.
    let condition = unsafe { condition.as_ref() };
    // SAFETY: as above.
    let Ok(points) = (unsafe { slice("spt", condition.spt, condition.spt_cnt) }) else {
        return false;
    };
    // SAFETY: as above.
    let same = |(point, value)| unsafe { is_point(point, value) };
    // A DNF without parts is written with one that is never met; it is shared with nobody.
    (condition.condition_type_cnf != 0) == trigger.cnf
        && points.len() == trigger.points.len()
        && points.iter().zip(&trigger.points).all(same)
}

/// # Safety
///
/// See [`same`].
unsafe fn is_server(c: &sys::ims_application_server, value: &ApplicationServer) -> bool {
    let handling = match value.handling {
        DefaultHandling::Unsaid => -1,
        DefaultHandling::Continued => 0,
        DefaultHandling::Terminated => 1,
    };
    c.default_handling == handling
        && (c.include_register_request != 0) == value.include_request
        && (c.include_register_response != 0) == value.include_response
        // SAFETY: by the contract of this function.
        && unsafe { is_text(c.server_name, &value.name) }
        // SAFETY: as above.
        && unsafe { is_text(c.service_info, &value.info) }
}

/// # Safety
///
/// See [`same`].
unsafe fn is_point(c: &sys::ims_spt, value: &ServicePoint) -> bool {
    let registration = u8::try_from(c.registration_type).unwrap_or(0);
    if (c.condition_negated != 0) != value.negated
        || c.group != value.group
        || registration != value.registration & 7
    {
        return false;
    }
    let union = c.__bindgen_anon_1;
    let (first, second) = match (&value.what, u32::try_from(c.type_).unwrap_or(0)) {
        (Trigger::SessionCase(case), sys::IFC_SESSION_CASE) => {
            // SAFETY: the kind says which one it is.
            return unsafe { union.session_case } == i8::try_from(*case).unwrap_or(i8::MAX);
        }
        (Trigger::RequestUri(text), sys::IFC_REQUEST_URI) => {
            // SAFETY: as above.
            ((unsafe { union.request_uri }, text), None)
        }
        // SAFETY: as above.
        (Trigger::Method(text), sys::IFC_METHOD) => ((unsafe { union.method }, text), None),
        (Trigger::Header { name, content }, sys::IFC_SIP_HEADER) => {
            // SAFETY: as above.
            let header = unsafe { union.sip_header };
            ((header.header, name), Some((header.content, content)))
        }
        (Trigger::SessionDescription { line, content }, sys::IFC_SESSION_DESC) => {
            // SAFETY: as above.
            let description = unsafe { union.session_desc };
            ((description.line, line), Some((description.content, content)))
        }
        _ => return false,
    };
    let mut both = core::iter::once(first).chain(second);
    // SAFETY: by the contract of this function.
    both.all(|(text, value)| unsafe { is_text(text, value) })
}

/// # Safety
///
/// `text` is none, or stays as it is for the call.
pub(in crate::scscf) unsafe fn is_text(text: core_sys::str_, value: &[u8]) -> bool {
    // SAFETY: by the contract of this function.
    unsafe { texts::get(text) == value }
}
