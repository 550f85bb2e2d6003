//! What the HSS says of a user, in the shape that the module keeps: each text and each array a block
//! of its own in shared memory, which the module frees one by one.

use super::{Identity, Usrloc};
use crate::{
    error::{Error, Result},
    text,
};
use core::{
    ffi::{c_char, c_int, c_short, c_ushort, c_void},
    mem,
    ptr::{self, NonNull},
    slice,
};
use kamailio_sys::{self as sys, scscf as raw};
use scscf_core::profile::{
    self, ApplicationServer, DefaultHandling, FilterCriteria, ProfilePart, PublicIdentity,
    ServicePoint, ServiceProfile, Trigger, TriggerPoint,
};

/// A subscription that the module may keep; this holds one reference to it.
#[derive(Debug)]
pub struct Subscription {
    raw: NonNull<raw::ims_subscription>,
    usrloc: &'static Usrloc,
}

impl Subscription {
    /// A copy of `value` for the module.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfShm`]
    pub fn new(usrloc: &'static Usrloc, value: &profile::Subscription) -> Result<Self> {
        let mut blocks = Blocks::default();
        let raw = blocks.subscription(value)?;
        blocks.give_away();
        Ok(Self { raw, usrloc })
    }

    pub(super) fn as_raw(&self) -> *mut raw::ims_subscription {
        self.raw.as_ptr()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(unref) = self.usrloc.api.unref_subscription {
            // SAFETY: counted for this when it was made; the module frees it with the last one.
            unsafe { unref(self.raw.as_ptr()) };
        }
    }
}

/// The blocks of a subscription under construction: freed when dropped.
#[derive(Default)]
struct Blocks(Vec<*mut c_void>);

impl Blocks {
    /// A zeroed block for `count` values; null for none of them.
    fn array<T>(&mut self, count: usize) -> Result<*mut T> {
        if count == 0 {
            return Ok(ptr::null_mut());
        }
        let size = size_of::<T>().checked_mul(count).and_then(|size| u64::try_from(size).ok());
        let size = size.ok_or(Error::OutOfShm)?;
        // SAFETY: any size may be asked for.
        let block = unsafe { sys::ks_shm_malloc(size) };
        if block.is_null() {
            return Err(Error::OutOfShm);
        }
        self.0.push(block);
        let block = block.cast::<T>();
        // SAFETY: a new block with that much room, aligned for every struct of C.
        unsafe { block.write_bytes(0, count) };
        Ok(block)
    }

    fn text(&mut self, text: &[u8]) -> Result<sys::str_> {
        let block: *mut c_char = self.array(text.len())?;
        if !block.is_null() {
            // SAFETY: the new block has room for all of `text`, and they cannot overlap.
            unsafe { block.copy_from_nonoverlapping(text.as_ptr().cast(), text.len()) };
        }
        Ok(sys::str_ { s: block, ..text::lend(text) })
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

    fn subscription(
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
        subscription.lock = self.array::<sys::gen_lock_t>(1)?;
        // SAFETY: a block of its own for a lock, which nobody else knows yet.
        if unsafe { sys::ks_lock_init(subscription.lock) } == 0 {
            return Err(Error::OutOfShm);
        }
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

    /// The module owns them now.
    fn give_away(mut self) {
        self.0.clear();
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        for block in self.0.drain(..) {
            // SAFETY: a block of `array`, which nobody else knows.
            unsafe { sys::ks_shm_free(block) };
        }
    }
}

/// The number by which the core knows the header `name`: another one in each version.
fn header_type(name: &[u8]) -> c_short {
    crate::msg::header_type(name)
}

impl<'g> Identity<'g> {
    fn profiles(&self) -> &'g [raw::ims_service_profile] {
        let Some(subscription) = self.subscription() else { return &[] };
        // SAFETY: an array of that many, which stays as long as the record is locked.
        unsafe { array(subscription.service_profiles, subscription.service_profiles_cnt) }
    }

    /// The public identities of its subscription, in their order: their URIs, and whether they are
    /// barred.
    pub fn identities(&self) -> impl Iterator<Item = (&'g [u8], bool)> + use<'g> {
        let all = self.profiles().iter().flat_map(|profile| {
            // SAFETY: as in `profiles`.
            unsafe { array(profile.public_identities, profile.public_identities_cnt) }
        });
        all.map(|identity| {
            // SAFETY: as in `profiles`.
            let uri = unsafe { text::bytes(identity.public_identity) };
            (uri.unwrap_or_default(), identity.barring != 0)
        })
    }

    /// How many public identities its subscription has.
    pub fn set_size(&self) -> usize {
        let counts = self.profiles().iter().map(|profile| profile.public_identities_cnt);
        counts.map(usize::from).sum()
    }

    /// The application servers that the filter criteria of its subscription name.
    pub fn servers(&self) -> impl Iterator<Item = &'g [u8]> + use<'g> {
        let all = self.profiles().iter().flat_map(|profile| {
            // SAFETY: as in `profiles`.
            unsafe { array(profile.filter_criteria, profile.filter_criteria_cnt) }
        });
        all.map(|criteria| {
            // SAFETY: as in `profiles`.
            unsafe { text::bytes(criteria.application_server.server_name) }.unwrap_or_default()
        })
    }
}

/// The array at `first`; empty if there is none.
///
/// # Safety
///
/// Unless it is null, `first` starts `count` values that stay as they are for `'a`.
unsafe fn array<'a, T>(first: *mut T, count: c_ushort) -> &'a [T] {
    if first.is_null() {
        return &[];
    }
    // SAFETY: by the contract of this function.
    unsafe { slice::from_raw_parts(first, usize::from(count)) }
}
