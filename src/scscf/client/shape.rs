//! What the HSS says of a user, in the shape of C: structs and texts that point to each other.

use crate::{
    error::{Error, Result},
    text,
};
use core::{
    ffi::{c_char, c_int, c_short, c_ushort, c_void},
    mem,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as sys, scscf as raw};
use scscf_core::profile::{
    self, ApplicationServer, DefaultHandling, FilterCriteria, ProfilePart, PublicIdentity,
    ServicePoint, ServiceProfile, Trigger, TriggerPoint,
};

/// Where the parts lie.
pub(super) trait Room {
    /// A block of `size` bytes, aligned for every struct of C.
    fn block(&mut self, size: usize) -> Result<NonNull<c_void>>;

    /// A text of the subscription, which is not empty.
    fn text(&mut self, text: &[u8]) -> Result<sys::str_>;

    /// The lock that whoever takes the structs over expects in them; null: it expects none.
    fn lock(&mut self) -> Result<*mut sys::gen_lock_t>;
}

/// Each text and each array a block of its own in shared memory, as the module of C frees them. What
/// nobody has taken over is freed when dropped.
#[derive(Default)]
pub(super) struct Shared(Vec<NonNull<c_void>>);

impl Shared {
    /// The module owns the blocks now.
    pub(super) fn give_away(mut self) {
        self.0.clear();
    }
}

impl Room for Shared {
    fn block(&mut self, size: usize) -> Result<NonNull<c_void>> {
        let block = crate::shm::malloc(size)?.cast();
        self.0.push(block);
        Ok(block)
    }

    fn text(&mut self, text: &[u8]) -> Result<sys::str_> {
        let block: NonNull<u8> = self.block(text.len())?.cast();
        // SAFETY: the new block has room for all of `text`, and they cannot overlap.
        unsafe { block.as_ptr().copy_from_nonoverlapping(text.as_ptr(), text.len()) };
        Ok(sys::str_ { s: block.as_ptr().cast(), ..text::lend(text) })
    }

    fn lock(&mut self) -> Result<*mut sys::gen_lock_t> {
        let lock = self.block(size_of::<sys::gen_lock_t>())?.as_ptr().cast();
        // SAFETY: a block of its own for a lock, which nobody else knows yet.
        let made = unsafe { sys::ks_lock_init(lock) } != 0;
        if made { Ok(lock) } else { Err(Error::OutOfShm) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for block in self.0.drain(..) {
            // SAFETY: a block of `block`, which nobody else knows.
            unsafe { crate::location::block::free(block) };
        }
    }
}

/// Memory of this process, and texts that stay where they are: for a call that copies what it keeps.
#[derive(Default)]
pub(super) struct Lent(Vec<Vec<u64>>);

impl Room for Lent {
    fn block(&mut self, size: usize) -> Result<NonNull<c_void>> {
        let mut words = vec![0; size.div_ceil(size_of::<u64>())];
        let block = NonNull::new(words.as_mut_ptr()).ok_or(Error::OutOfPkg)?.cast();
        self.0.push(words);
        Ok(block)
    }

    fn text(&mut self, text: &[u8]) -> Result<sys::str_> {
        Ok(text::lend(text))
    }

    fn lock(&mut self) -> Result<*mut sys::gen_lock_t> {
        Ok(ptr::null_mut())
    }
}

/// Builds the structs of a subscription.
pub(super) struct Shape<'r, R>(pub(super) &'r mut R);

impl<R: Room> Shape<'_, R> {
    /// A zeroed block for `count` values; null for none of them.
    fn array<T>(&mut self, count: usize) -> Result<*mut T> {
        if count == 0 {
            return Ok(ptr::null_mut());
        }
        let size = size_of::<T>().checked_mul(count).ok_or(Error::OutOfShm)?;
        let block = self.0.block(size)?.as_ptr();
        let block = block.cast::<T>();
        // SAFETY: a new block with that much room, aligned for every struct of C.
        unsafe { block.write_bytes(0, count) };
        Ok(block)
    }

    fn text(&mut self, text: &[u8]) -> Result<sys::str_> {
        if text.is_empty() {
            return Ok(sys::str_ { s: ptr::null_mut(), len: 0 });
        }
        self.0.text(text)
    }

    /// An array with what `make` makes of each item, and its length.
    fn list<T, I>(
        &mut self,
        items: &[I],
        make: impl Fn(&mut Self, &I) -> Result<T>,
    ) -> Result<(*mut T, c_ushort)> {
        let count = c_ushort::try_from(items.len()).map_err(|_| Error::OutOfShm)?;
        let array = self.array::<T>(items.len())?;
        for (at, item) in items.iter().enumerate() {
            let value = make(self, item)?;
            // SAFETY: within the array that was made for as many.
            let place = unsafe { array.add(at) };
            // SAFETY: as above.
            unsafe { place.write(value) };
        }
        Ok((array, count))
    }

    fn one<T>(&mut self, value: T) -> Result<*mut T> {
        let block = self.array::<T>(1)?;
        // SAFETY: a new block for one such value.
        unsafe { block.write(value) };
        Ok(block)
    }

    /// The struct of `value`, with one reference.
    pub(super) fn subscription(
        &mut self,
        value: &profile::Subscription,
    ) -> Result<NonNull<raw::ims_subscription>> {
        // SAFETY: a struct of addresses and numbers, for which zeroes are none.
        let mut subscription: raw::ims_subscription = unsafe { mem::zeroed() };
        subscription.private_identity = self.text(&value.private_identity)?;
        let (profiles, count) = self.list(&value.profiles, Self::profile)?;
        (subscription.service_profiles, subscription.service_profiles_cnt) = (profiles, count);
        let wildcarded = value.identities().any(|identity| !identity.wildcard.is_empty());
        subscription.wpsi = c_int::from(wildcarded);
        // In no table of the module yet.
        subscription.sl = -1;
        subscription.ref_count = 1;
        subscription.lock = self.0.lock()?;
        NonNull::new(self.one(subscription)?).ok_or(Error::OutOfShm)
    }

    fn profile(&mut self, value: &ServiceProfile) -> Result<raw::ims_service_profile> {
        // SAFETY: as in `subscription`.
        let mut profile: raw::ims_service_profile = unsafe { mem::zeroed() };
        (profile.public_identities, profile.public_identities_cnt) =
            self.list(&value.identities, Self::identity)?;
        (profile.filter_criteria, profile.filter_criteria_cnt) =
            self.list(&value.criteria, Self::criteria)?;
        if let Some(id) = value.media_profile {
            profile.cn_service_auth =
                self.one(raw::ims_cn_service_auth { subscribed_media_profile_id: id })?;
        }
        (profile.shared_ifc_set, profile.shared_ifc_set_cnt) =
            self.list(&value.shared_sets, |_, set| Ok(*set))?;
        Ok(profile)
    }

    fn identity(&mut self, value: &PublicIdentity) -> Result<raw::ims_public_identity> {
        Ok(raw::ims_public_identity {
            barring: c_char::from(value.barred),
            public_identity: self.text(&value.uri)?,
            wildcarded_psi: self.text(&value.wildcard)?,
        })
    }

    fn criteria(&mut self, value: &FilterCriteria) -> Result<raw::ims_filter_criteria> {
        let trigger = match &value.trigger {
            Some(trigger) => {
                let trigger = self.trigger(trigger)?;
                self.one(trigger)?
            }
            None => ptr::null_mut(),
        };
        let part = match value.part {
            None => ptr::null_mut(),
            Some(ProfilePart::Registered) => self.one::<c_char>(0)?,
            Some(ProfilePart::Unregistered) => self.one::<c_char>(1)?,
        };
        Ok(raw::ims_filter_criteria {
            priority: value.priority,
            trigger_point: trigger,
            application_server: self.server(&value.server)?,
            profile_part_indicator: part,
        })
    }

    fn server(&mut self, value: &ApplicationServer) -> Result<raw::ims_application_server> {
        Ok(raw::ims_application_server {
            server_name: self.text(&value.name)?,
            default_handling: match value.handling {
                DefaultHandling::Unsaid => -1,
                DefaultHandling::Continued => 0,
                DefaultHandling::Terminated => 1,
            },
            service_info: self.text(&value.info)?,
            include_register_request: c_int::from(value.include_request),
            include_register_response: c_int::from(value.include_response),
        })
    }

    fn trigger(&mut self, value: &TriggerPoint) -> Result<raw::ims_trigger_point> {
        let (spt, spt_cnt) = self.list(&value.points, Self::point)?;
        Ok(raw::ims_trigger_point { condition_type_cnf: c_char::from(value.cnf), spt, spt_cnt })
    }

    fn point(&mut self, value: &ServicePoint) -> Result<raw::ims_spt> {
        // SAFETY: as in `subscription`.
        let mut point: raw::ims_spt = unsafe { mem::zeroed() };
        point.condition_negated = c_char::from(value.negated);
        point.group = value.group;
        point.registration_type = c_char::try_from(value.registration).unwrap_or(0);
        let what = &mut point.__bindgen_anon_1;
        point.type_ = match &value.what {
            Trigger::RequestUri(uri) => {
                what.request_uri = self.text(uri)?;
                1
            }
            Trigger::Method(method) => {
                what.method = self.text(method)?;
                2
            }
            Trigger::Header { name, content } => {
                what.sip_header = raw::ims_sip_header {
                    header: self.text(name)?,
                    content: self.text(content)?,
                    type_: header_type(name),
                };
                3
            }
            Trigger::SessionCase(case) => {
                what.session_case = c_char::try_from(*case).unwrap_or(0);
                4
            }
            Trigger::SessionDescription { line, content } => {
                what.session_desc =
                    raw::ims_session_desc { line: self.text(line)?, content: self.text(content)? };
                5
            }
        };
        Ok(point)
    }
}

/// The number by which the core knows the header `name`: another one in each version.
fn header_type(name: &[u8]) -> c_short {
    crate::msg::header_type(name)
}
