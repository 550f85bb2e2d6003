//! Reads filter criteria out of structs of C: ours, or those that a module of C built.

use super::slice;
use crate::scscf::{subscriber::BadSubscription, texts};
use core::ptr::NonNull;
use kamailio_sys::{self as core_sys, scscf as sys};
use scscf_core::profile::{
    ApplicationServer, DefaultHandling, FilterCriteria, ProfilePart, ServicePoint, Trigger,
    TriggerPoint,
};

type Read<T> = Result<T, BadSubscription>;

/// The criteria of an array.
///
/// # Safety
///
/// The array and what it points to are what the API says, and stay for the call.
pub(in crate::scscf) unsafe fn read(
    array: *const sys::ims_filter_criteria,
    count: u16,
) -> Read<Vec<FilterCriteria>> {
    // SAFETY: by the contract of this function.
    let array = unsafe { slice("filter_criteria", array, count) }?;
    // SAFETY: as above.
    array.iter().map(|one| unsafe { criteria(one) }).collect()
}

/// # Safety
///
/// See [`read`].
unsafe fn criteria(c: &sys::ims_filter_criteria) -> Read<FilterCriteria> {
    let trigger = match NonNull::new(c.trigger_point) {
        Some(trigger) => {
            // SAFETY: by the contract of this function.
            let trigger = unsafe { trigger.as_ref() };
            // SAFETY: as above.
            Some(unsafe { condition(trigger) }?)
        }
        None => None,
    };
    // SAFETY: as above.
    let part = NonNull::new(c.profile_part_indicator).map(|part| unsafe { part.read() });
    let server = &c.application_server;
    Ok(FilterCriteria {
        priority: c.priority,
        trigger,
        server: ApplicationServer {
            // SAFETY: as above.
            name: unsafe { text("server_name", server.server_name) }?.into(),
            handling: match server.default_handling {
                0 => DefaultHandling::Continued,
                1 => DefaultHandling::Terminated,
                _ => DefaultHandling::Unsaid,
            },
            // SAFETY: as above.
            info: unsafe { text("service_info", server.service_info) }?.into(),
            include_request: server.include_register_request != 0,
            include_response: server.include_register_response != 0,
        },
        part: part.map(|part| match part {
            0 => ProfilePart::Registered,
            _ => ProfilePart::Unregistered,
        }),
    })
}

/// # Safety
///
/// See [`read`].
unsafe fn condition(c: &sys::ims_trigger_point) -> Read<TriggerPoint> {
    // SAFETY: by the contract of this function.
    let points = unsafe { slice("spt", c.spt, c.spt_cnt) }?;
    // SAFETY: as above.
    let points: Read<_> = points.iter().map(|point| unsafe { service_point(point) }).collect();
    Ok(TriggerPoint { cnf: c.condition_type_cnf != 0, points: points? })
}

/// # Safety
///
/// See [`read`].
unsafe fn service_point(c: &sys::ims_spt) -> Read<ServicePoint> {
    let union = c.__bindgen_anon_1;
    let what = match u32::try_from(c.type_).unwrap_or(0) {
        sys::IFC_REQUEST_URI => {
            // SAFETY: the kind says which one it is.
            let uri = unsafe { union.request_uri };
            // SAFETY: by the contract of this function.
            Trigger::RequestUri(unsafe { text("request_uri", uri) }?.into())
        }
        sys::IFC_METHOD => {
            // SAFETY: as above.
            let method = unsafe { union.method };
            // SAFETY: as above.
            Trigger::Method(unsafe { text("method", method) }?.into())
        }
        sys::IFC_SIP_HEADER => {
            // SAFETY: as above.
            let header = unsafe { union.sip_header };
            Trigger::Header {
                // SAFETY: as above.
                name: unsafe { text("header", header.header) }?.into(),
                // SAFETY: as above.
                content: unsafe { text("content", header.content) }?.into(),
            }
        }
        sys::IFC_SESSION_CASE => {
            // SAFETY: as above.
            let case = unsafe { union.session_case };
            Trigger::SessionCase(u8::try_from(case).unwrap_or(u8::MAX))
        }
        sys::IFC_SESSION_DESC => {
            // SAFETY: as above.
            let description = unsafe { union.session_desc };
            Trigger::SessionDescription {
                // SAFETY: as above.
                line: unsafe { text("line", description.line) }?.into(),
                // SAFETY: as above.
                content: unsafe { text("content", description.content) }?.into(),
            }
        }
        // Nothing is looked at, so it is never met: as a method without a name.
        _ => Trigger::Method(bstr::BString::default()),
    };
    let registration = u8::try_from(c.registration_type).unwrap_or(0);
    Ok(ServicePoint { negated: c.condition_negated != 0, group: c.group, what, registration })
}

/// # Safety
///
/// `value` is none, or stays as it is for `'a`.
pub(in crate::scscf) unsafe fn text<'a>(
    what: &'static str,
    value: core_sys::str_,
) -> Read<&'a [u8]> {
    if value.len < 0 || (value.s.is_null() && value.len > 0) {
        return Err(BadSubscription::Text(what));
    }
    if usize::try_from(value.len).is_ok_and(|len| len > crate::location::TEXT_MAX) {
        return Err(BadSubscription::Text(what));
    }
    // SAFETY: by the contract of this function.
    Ok(unsafe { texts::get(value) })
}
