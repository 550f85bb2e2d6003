//! Domains, identities, and callbacks.

use super::{answer, domain, identity, optional, put, string, subscribers::given};
use crate::{
    Error, boundary,
    scscf::{
        Callback, ContactHandle, IdentityHandle,
        event::{self, List},
        server::{InsertIdentity, Refusal, Store, Target, UpdateIdentity, Wanted},
    },
    shm,
};
use core::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr::{self, NonNull},
};
use kamailio_sys::{self as core_sys, scscf as sys};

/// The name of a domain as C gives it.
///
/// # Safety
///
/// `name` is null or a C string that stays for `'a`.
unsafe fn name<'a>(name: *const c_char) -> Result<&'a [u8], Refusal> {
    if name.is_null() {
        return Err(Refusal::Null("the name of the domain"));
    }
    // SAFETY: by the contract of this function.
    Ok(unsafe { CStr::from_ptr(name) }.to_bytes())
}

/// # Safety
///
/// For clients of the API, as all functions here: pointers are null, or what the API says.
pub(in super::super) unsafe extern "C" fn register_udomain<S: Store>(
    raw_name: *const c_char,
    out: *mut *mut sys::udomain,
) -> c_int {
    answer::<S>("register_udomain", -1, |engine| {
        // SAFETY: by the contract of this function.
        let name = unsafe { name(raw_name) }?;
        put(out, S::open(engine, name)?.raw())
    })
}

/// # Safety
///
/// See [`register_udomain`].
pub(in super::super) unsafe extern "C" fn get_udomain<S: Store>(
    raw_name: *const c_char,
    out: *mut *mut sys::udomain,
) -> c_int {
    boundary::contain::<S, _>(-1, || {
        // SAFETY: by the contract of this function.
        let Ok(name) = (unsafe { name(raw_name) }) else { return -1 };
        let found = S::engine().and_then(|engine| engine.find(name));
        // The place is written in any case; it may be missing.
        let raw = found.map_or(ptr::null_mut(), |domain| domain.raw());
        let written = put(out, raw).unwrap_or(-1);
        if found.is_some() { written } else { -1 }
    })
}

/// # Safety
///
/// The pointers are null, or strings of a client that stay for `'a`.
unsafe fn charging<'a>(raw: [*mut core_sys::str_; 4]) -> Result<[Option<&'a [u8]>; 4], Refusal> {
    let [ccf1, ccf2, ecf1, ecf2] = raw;
    Ok([
        // SAFETY: by the contract of this function.
        unsafe { optional("ccf1", ccf1) }?,
        // SAFETY: as above.
        unsafe { optional("ccf2", ccf2) }?,
        // SAFETY: as above.
        unsafe { optional("ecf1", ecf1) }?,
        // SAFETY: as above.
        unsafe { optional("ecf2", ecf2) }?,
    ])
}

/// The pointer behind a pointer of a client.
///
/// # Safety
///
/// `place` is null or holds a pointer.
unsafe fn behind<T>(place: *mut *mut T) -> *mut T {
    // SAFETY: by the contract of this function.
    NonNull::new(place).map_or(ptr::null_mut(), |place| unsafe { place.read() })
}

/// # Safety
///
/// See [`register_udomain`].
pub(in super::super) unsafe extern "C" fn insert_impurecord<S: Store>(
    raw: *mut sys::udomain,
    public: *mut core_sys::str_,
    private: *mut core_sys::str_,
    reg_state: c_int,
    barring: c_int,
    subscription: *mut *mut sys::ims_subscription,
    ccf1: *mut core_sys::str_,
    ccf2: *mut core_sys::str_,
    ecf1: *mut core_sys::str_,
    ecf2: *mut core_sys::str_,
    out: *mut *mut sys::impurecord,
) -> c_int {
    answer::<S>("insert_impurecord", -1, |engine| {
        let domain = domain(engine, raw)?;
        let mut place = None;
        // SAFETY: by the contract of this function.
        let raw = unsafe { behind(subscription) };
        // SAFETY: as above.
        let given = unsafe { given(raw, &mut place) };
        let new = InsertIdentity {
            // SAFETY: as above.
            public: unsafe { string("the public identity", public) }?,
            // SAFETY: as above.
            private: unsafe { string("the private identity", private) }?,
            state: reg_state,
            barring,
            subscriber: given.ok_or(Refusal::Null("the subscription"))?,
            // SAFETY: as above.
            charging: unsafe { charging([ccf1, ccf2, ecf1, ecf2]) }?,
        };
        if new.private.is_empty() || new.public.is_empty() {
            return Err(Refusal::Null("a text of the identity"));
        }
        put(out, S::insert_identity(engine, domain, &new)?.raw())
    })
}

/// # Safety
///
/// See [`register_udomain`].
pub(in super::super) unsafe extern "C" fn delete_impurecord<S: Store>(
    raw: *mut sys::udomain,
    public: *mut core_sys::str_,
    record: *mut sys::impurecord,
) -> c_int {
    answer::<S>("delete_impurecord", -1, |engine| {
        let domain = domain(engine, raw)?;
        // SAFETY: by the contract of this function.
        let wanted = unsafe { identify(record, public) }?;
        S::delete_identity(engine, domain, wanted)?;
        Ok(0)
    })
}

/// # Safety
///
/// `public` is null or a string that stays for `'a`.
unsafe fn identify<'a>(
    record: *mut sys::impurecord,
    public: *mut core_sys::str_,
) -> Result<Wanted<'a>, Refusal> {
    match IdentityHandle::new(record) {
        Some(handle) => Ok(Wanted::Handle(handle)),
        // SAFETY: by the contract of this function.
        None => Ok(Wanted::Public(unsafe { string("the public identity", public) }?)),
    }
}

/// # Safety
///
/// See [`register_udomain`].
pub(in super::super) unsafe extern "C" fn get_impurecord<S: Store>(
    raw: *mut sys::udomain,
    public: *mut core_sys::str_,
    out: *mut *mut sys::impurecord,
) -> c_int {
    answer::<S>("get_impurecord", 1, |engine| {
        let domain = domain(engine, raw)?;
        // SAFETY: by the contract of this function.
        let public = unsafe { string("the public identity", public) }?;
        match S::find_identity(engine, domain, public)? {
            Some(found) => put(out, found.raw()),
            None => Ok(1),
        }
    })
}

/// # Safety
///
/// See [`register_udomain`].
pub(in super::super) unsafe extern "C" fn update_impurecord<S: Store>(
    raw: *mut sys::udomain,
    public: *mut core_sys::str_,
    record: *mut sys::impurecord,
    reg_state: c_int,
    send_sar_on_delete: c_int,
    barring: c_int,
    is_primary: c_int,
    subscription: *mut *mut sys::ims_subscription,
    ccf1: *mut core_sys::str_,
    ccf2: *mut core_sys::str_,
    ecf1: *mut core_sys::str_,
    ecf2: *mut core_sys::str_,
    out: *mut *mut sys::impurecord,
) -> c_int {
    answer::<S>("update_impurecord", -1, |engine| {
        let domain = domain(engine, raw)?;
        // SAFETY: by the contract of this function.
        let wanted = unsafe { identify(record, public) }?;
        if wanted == Wanted::Public(b"") {
            return Err(Refusal::Null("a text of the identity"));
        }
        let mut place = None;
        // SAFETY: as above.
        let raw = unsafe { behind(subscription) };
        let update = UpdateIdentity {
            state: reg_state,
            send_sar: (send_sar_on_delete >= 0).then_some(send_sar_on_delete != 0),
            barring: (barring >= 0).then_some(barring),
            primary: is_primary != 0,
            // SAFETY: as above.
            subscriber: unsafe { given(raw, &mut place) },
            // SAFETY: as above.
            charging: unsafe { charging([ccf1, ccf2, ecf1, ecf2]) }?,
        };
        match S::update_identity(engine, domain, wanted, &update)? {
            Some(identity) => put(out, identity.raw()),
            None => Ok(0),
        }
    })
}

/// The most identities of a subscriber, as the counts of the API are.
const IDENTITIES_MAX: usize = 65_535;

/// # Safety
///
/// See [`register_udomain`].
pub(in super::super) unsafe extern "C" fn get_impus_from_subscription<S: Store>(
    _: *mut sys::udomain,
    record: *mut sys::impurecord,
    barring: c_int,
    out: *mut *mut core_sys::str_,
    count: *mut c_int,
    is_shm: c_int,
) -> c_int {
    answer::<S>("get_impus_from_subscription_as_string", 1, |engine| {
        put(count, 0)?;
        put(out, ptr::null_mut())?;
        let handle = identity(record)?;
        let barred = (barring >= 0).then_some(barring != 0);
        let mut all = S::identities_of(engine, handle, barred)?;
        all.truncate(IDENTITIES_MAX);
        if all.is_empty() {
            return Ok(0);
        }
        put(out, pack(&all, is_shm != 0)?)?;
        put(count, c_int::try_from(all.len()).unwrap_or(0))
    })
}

/// One block: an array of strings, then their texts. The client frees it.
fn pack(all: &[Vec<u8>], is_shm: bool) -> Result<*mut core_sys::str_, Refusal> {
    let head = size_of_val(all) / size_of::<Vec<u8>>() * size_of::<core_sys::str_>();
    let texts: usize = all.iter().map(Vec::len).sum();
    let size = head.checked_add(texts).ok_or(Error::OutOfShm)?;
    let block: NonNull<u8> = match is_shm {
        true => shm::malloc(size).map_err(|_| Error::OutOfShm)?,
        false => {
            let size = core::ffi::c_ulong::try_from(size).map_err(|_| Error::OutOfPkg)?;
            // SAFETY: any size may be asked for.
            let block = unsafe { core_sys::ks_pkg_malloc(size) };
            NonNull::new(block.cast()).ok_or(Error::OutOfPkg)?
        }
    };
    let array: NonNull<core_sys::str_> = block.cast();
    let mut at = head;
    for (index, text) in all.iter().enumerate() {
        // SAFETY: inside the block: the texts follow each other behind the array.
        let place = unsafe { block.add(at) };
        // SAFETY: as above, with room for it; a new block.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), place.as_ptr(), text.len()) };
        let len = c_int::try_from(text.len()).unwrap_or(0);
        // SAFETY: the array has a place for each.
        let item = unsafe { array.add(index) };
        // SAFETY: as above.
        unsafe { item.write(core_sys::str_ { s: place.as_ptr().cast(), len }) };
        at += text.len();
    }
    Ok(array.as_ptr())
}

/// # Safety
///
/// See [`register_udomain`]; the function is made for the data.
pub(in super::super) unsafe extern "C" fn identities_of<S: Store>(
    private: *mut core_sys::str_,
    each: Option<unsafe extern "C" fn(*mut c_void, *mut sys::udomain, *mut core_sys::str_)>,
    data: *mut c_void,
) -> c_int {
    answer::<S>("ul_scscf_identities_of", -1, |engine| {
        // SAFETY: by the contract of this function.
        let private = unsafe { string("the private identity", private) }?;
        let each = each.ok_or(Refusal::Null("the function"))?;
        let all = S::identities_of_private(engine, private);
        for (domain, public) in &all {
            let mut public = crate::text::lend(public);
            // SAFETY: a function of the client with its data; it reads the text only.
            unsafe { each(data, domain.raw(), &raw mut public) };
        }
        Ok(c_int::try_from(all.len()).unwrap_or(c_int::MAX))
    })
}

/// # Safety
///
/// See [`register_udomain`].
pub(in super::super) unsafe extern "C" fn register_ulcb<S: Store>(
    record: *mut sys::impurecord,
    contact: *mut sys::ucontact,
    types: c_int,
    function: sys::ul_cb,
    param: *mut c_void,
) -> c_int {
    /// What the API gives for a mistake of the client, and for a lack of memory.
    const BUG: c_int = core_sys::E_BUG;
    const MEMORY: c_int = core_sys::E_OUT_OF_MEM;
    let mut short = false;
    let code = answer::<S>("register_ulcb", -1, |engine| {
        let function = function.ok_or(Refusal::Null("the function"))?;
        let types = u32::try_from(types).map_err(|_| Refusal::Events(0))?;
        let callback = Callback { function, types, param };
        let done = match event::list_of(types).ok_or(Refusal::Events(types))? {
            List::Global => engine
                .with(|records, _| records.register(callback))
                .ok_or(Refusal::Busy)?
                .map_err(Refusal::from),
            List::Identity => match IdentityHandle::new(record) {
                Some(handle) => S::register(engine, Target::Identity(handle), callback),
                None => return Ok(BUG),
            },
            List::Contact => match ContactHandle::new(contact) {
                Some(handle) => S::register(engine, Target::Contact(handle), callback),
                None => return Ok(BUG),
            },
        };
        short = matches!(done, Err(Refusal::Core(Error::OutOfShm)));
        done.map(|()| 1)
    });
    if short { MEMORY } else { code }
}
