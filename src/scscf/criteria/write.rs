//! Writes a block of filter criteria.

use super::{Head, items};
use crate::{
    Error, Result,
    location::block::Block,
    scscf::{header, texts},
};
use core::{
    ffi::{c_char, c_int},
    ptr::{self, NonNull},
};
use kamailio_sys::scscf as sys;
use scscf_core::profile::{
    DefaultHandling, FilterCriteria, ProfilePart, ServicePoint, Trigger, TriggerPoint,
};

/// A condition that is never met: the form of a DNF without parts.
static NEVER: [ServicePoint; 1] = [ServicePoint {
    negated: false,
    group: 0,
    what: Trigger::Method(bstr::BString::new(Vec::new())),
    registration: 0,
}];

/// The parts of a condition as C needs them: one at least. A CNF without parts is always met.
fn points(trigger: Option<&TriggerPoint>) -> Option<(&TriggerPoint, &[ServicePoint])> {
    let trigger = trigger?;
    match (trigger.points.as_slice(), trigger.cnf) {
        ([], true) => None,
        ([], false) => Some((trigger, &NEVER)),
        (points, _) => Some((trigger, points)),
    }
}

/// Where the structs of one kind are written, one after the other.
struct Places<T>(NonNull<T>);

impl<T> Places<T> {
    /// Writes one; gives its place.
    ///
    /// # Safety
    ///
    /// The block has room for one more.
    unsafe fn write(&mut self, value: T) -> NonNull<T> {
        let place = self.0;
        // SAFETY: by the contract of this function.
        unsafe { place.write(value) };
        // SAFETY: as above: at most one beyond the last.
        self.0 = unsafe { place.add(1) };
        place
    }
}

pub(super) fn block(criteria: &[FilterCriteria], hash: u64) -> Result<NonNull<Head>> {
    let (mut triggers, mut spts, mut room) = (0_usize, 0_usize, 0_usize);
    for one in criteria {
        // One byte for the part of the profile.
        room += texts::length([one.server.name.as_slice(), &one.server.info])? + 1;
        let Some((_, points)) = points(one.trigger.as_ref()) else { continue };
        triggers += 1;
        spts += points.len();
        for point in points {
            room += texts::length(texts_of(&point.what))?;
        }
    }
    let first = size_of::<Head>() + size_of_val_of::<sys::ims_filter_criteria>(criteria.len());
    let second = first + size_of_val_of::<sys::ims_trigger_point>(triggers);
    let head = second + size_of_val_of::<sys::ims_spt>(spts);
    let mut block = Block::try_new(head, room)?;
    let start: NonNull<Head> = block.start();
    let value = Head {
        next: ptr::null_mut(),
        prev: ptr::null_mut(),
        hash,
        users: 1,
        count: texts::count(criteria.len())?,
        items: [],
    };
    // SAFETY: the block starts with room for the head.
    unsafe { start.write(value) };
    let array = NonNull::new(items(start)).ok_or(Error::OutOfShm)?;
    let mut places = Places(array);
    // SAFETY: inside the block, behind the array.
    let mut triggers = Places(unsafe { start.byte_add(first) }.cast());
    // SAFETY: as above, behind the conditions.
    let mut spts = Places(unsafe { start.byte_add(second) }.cast());
    for one in criteria {
        let trigger_point = match points(one.trigger.as_ref()) {
            None => ptr::null_mut(),
            Some((trigger, points)) => {
                let spt = spts.0.as_ptr();
                for point in points {
                    let point = service_point(&mut block, point);
                    // SAFETY: counted above.
                    unsafe { spts.write(point) };
                }
                let cnf = c_char::from(trigger.cnf);
                let spt_cnt = texts::count(points.len())?;
                let point = sys::ims_trigger_point { condition_type_cnf: cnf, spt, spt_cnt };
                // SAFETY: counted above.
                unsafe { triggers.write(point) }.as_ptr()
            }
        };
        let part = one.part.map(|part| match part {
            ProfilePart::Registered => [0],
            ProfilePart::Unregistered => [1],
        });
        let value = sys::ims_filter_criteria {
            priority: one.priority,
            trigger_point,
            application_server: server(&mut block, one),
            profile_part_indicator: part
                .map_or(ptr::null_mut(), |part| texts::put(&mut block, &part).s),
        };
        // SAFETY: counted above.
        unsafe { places.write(value) };
    }
    Ok(block.finish())
}

fn size_of_val_of<T>(count: usize) -> usize {
    size_of::<T>().saturating_mul(count)
}

fn server(block: &mut Block, one: &FilterCriteria) -> sys::ims_application_server {
    let server = &one.server;
    sys::ims_application_server {
        server_name: texts::put(block, &server.name),
        default_handling: match server.handling {
            DefaultHandling::Unsaid => -1,
            DefaultHandling::Continued => 0,
            DefaultHandling::Terminated => 1,
        },
        service_info: texts::put(block, &server.info),
        include_register_request: c_int::from(server.include_request),
        include_register_response: c_int::from(server.include_response),
    }
}

/// The texts that a part of a condition has.
fn texts_of(what: &Trigger) -> impl Iterator<Item = &[u8]> {
    let both: [&[u8]; 2] = match what {
        Trigger::RequestUri(text) | Trigger::Method(text) => [text, b""],
        Trigger::Header { name, content } => [name, content],
        Trigger::SessionDescription { line, content } => [line, content],
        Trigger::SessionCase(_) => [b"", b""],
    };
    both.into_iter()
}

fn service_point(block: &mut Block, point: &ServicePoint) -> sys::ims_spt {
    // SAFETY: a struct of numbers and addresses, for which zeroes are none.
    let mut spt: sys::ims_spt = unsafe { core::mem::zeroed() };
    spt.condition_negated = c_char::from(point.negated);
    spt.group = point.group;
    spt.registration_type = i8::try_from(point.registration & 7).unwrap_or(0);
    let kind = match &point.what {
        Trigger::RequestUri(text) => {
            spt.__bindgen_anon_1.request_uri = texts::put(block, text);
            sys::IFC_REQUEST_URI
        }
        Trigger::Method(text) => {
            spt.__bindgen_anon_1.method = texts::put(block, text);
            sys::IFC_METHOD
        }
        Trigger::Header { name, content } => {
            spt.__bindgen_anon_1.sip_header = sys::ims_sip_header {
                header: texts::put(block, name),
                content: texts::put(block, content),
                type_: header::header_type(name),
            };
            sys::IFC_SIP_HEADER
        }
        Trigger::SessionCase(case) => {
            spt.__bindgen_anon_1.session_case = i8::try_from(*case).unwrap_or(i8::MAX);
            sys::IFC_SESSION_CASE
        }
        Trigger::SessionDescription { line, content } => {
            spt.__bindgen_anon_1.session_desc = sys::ims_session_desc {
                line: texts::put(block, line),
                content: texts::put(block, content),
            };
            sys::IFC_SESSION_DESC
        }
    };
    spt.type_ = i8::try_from(kind).unwrap_or(-1);
    spt
}
