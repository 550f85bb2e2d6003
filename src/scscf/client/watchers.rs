//! Who watches an identity: the subscriptions to the event package `reg` that the module keeps.

use super::{Guard, Identity, Usrloc, guard::done, lacks};
use crate::{
    error::{Error, Result},
    text,
};
use core::{
    ffi::c_int,
    iter,
    marker::PhantomData,
    mem,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as sys, scscf as raw};

/// The number of the event package `reg` in records of watchers.
const EVENT_REG: c_int = 1;

/// A watcher of an identity, readable while that is locked.
#[derive(Debug)]
pub struct Watcher<'g> {
    raw: NonNull<raw::reg_subscriber>,
    _guard: PhantomData<&'g raw::reg_subscriber>,
}

/// A watcher that is to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewWatcher<'t> {
    /// The identity that is watched, as the key of its record.
    pub presentity: &'t [u8],
    /// URI of the watcher.
    pub uri: &'t [u8],
    /// Where NOTIFYs go.
    pub contact: &'t [u8],
    /// `Call-ID` of the dialog.
    pub call_id: &'t [u8],
    /// The watcher's tag.
    pub from_tag: &'t [u8],
    /// Our tag.
    pub to_tag: &'t [u8],
    /// The route set; empty: none.
    pub record_route: &'t [u8],
    /// The socket that the SUBSCRIBE came in by.
    pub socket: &'t [u8],
    /// When the subscription ends, in seconds since 1970.
    pub expires: i64,
    /// The number that our requests are counted from.
    pub cseq: u32,
    /// The number of the last document.
    pub version: i32,
}

/// What changes of a watcher; nothing stands for what stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct WatcherChange {
    /// When the subscription ends, in seconds since 1970.
    pub expires: Option<i64>,
    /// The number that our requests are counted from.
    pub cseq: Option<u32>,
    /// The number of the last document.
    pub version: Option<i32>,
}

impl<'g> Watcher<'g> {
    fn c(&self) -> &'g raw::reg_subscriber {
        // SAFETY: an element of the list of a record that stays and is locked for `'g`.
        unsafe { &*self.raw.as_ptr() }
    }

    /// Whether it watches registrations; records of other packages are none of ours.
    pub fn is_reg(&self) -> bool {
        self.c().event == EVENT_REG
    }

    /// The identity that is watched.
    pub fn presentity(&self) -> &'g [u8] {
        shown(self.c().presentity_uri)
    }

    /// URI of the watcher.
    pub fn uri(&self) -> &'g [u8] {
        shown(self.c().watcher_uri)
    }

    /// Where NOTIFYs go.
    pub fn contact(&self) -> &'g [u8] {
        shown(self.c().watcher_contact)
    }

    /// `Call-ID` of the dialog.
    pub fn call_id(&self) -> &'g [u8] {
        shown(self.c().call_id)
    }

    /// The watcher's tag.
    pub fn from_tag(&self) -> &'g [u8] {
        shown(self.c().from_tag)
    }

    /// Our tag.
    pub fn to_tag(&self) -> &'g [u8] {
        shown(self.c().to_tag)
    }

    /// The route set; empty: none.
    pub fn record_route(&self) -> &'g [u8] {
        shown(self.c().record_route)
    }

    /// The socket that the SUBSCRIBE came in by.
    pub fn socket(&self) -> &'g [u8] {
        shown(self.c().sockinfo_str)
    }

    /// When the subscription ends, in seconds since 1970.
    pub fn expires(&self) -> i64 {
        self.c().expires
    }

    /// The number that our requests are counted from.
    pub fn cseq(&self) -> u32 {
        self.c().local_cseq
    }

    /// The number of the last document.
    pub fn version(&self) -> i32 {
        self.c().version
    }
}

fn shown<'g>(text: sys::str_) -> &'g [u8] {
    // SAFETY: texts of a record that stays as long as whoever borrowed it says.
    unsafe { text::bytes(text) }.unwrap_or_default()
}

impl<'g> Identity<'g> {
    /// The watchers, the newest last.
    pub fn watchers(&self) -> impl Iterator<Item = Watcher<'g>> + use<'g> {
        let mut next = self.c().shead;
        iter::from_fn(move || {
            let raw = NonNull::new(next)?;
            // SAFETY: an element of the list of a record that stays; an address.
            next = unsafe { (*raw.as_ptr()).next };
            Some(Watcher { raw, _guard: PhantomData })
        })
    }
}

/// A count of the module; one that it cannot hold is the greatest.
fn count(number: impl TryInto<c_int>) -> c_int {
    number.try_into().unwrap_or(c_int::MAX)
}

impl Guard<'_> {
    /// Stores a watcher of `identity`.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the module refuses: memory is short, mostly.
    pub fn add_watcher(&self, identity: &Identity<'_>, new: &NewWatcher<'_>) -> Result<()> {
        let add = self.api.add_subscriber.ok_or(lacks("add_subscriber"))?;
        let mut texts = [
            new.call_id,
            new.from_tag,
            new.to_tag,
            new.record_route,
            new.socket,
            new.presentity,
            new.uri,
            new.contact,
        ]
        .map(text::lend);
        let [call_id, from_tag, to_tag, record_route, socket, presentity, uri, contact] =
            &mut texts;
        let mut data = raw::subscriber_data_t {
            event: EVENT_REG,
            expires: count(new.expires),
            version: new.version,
            callid: call_id,
            ftag: from_tag,
            ttag: to_tag,
            local_cseq: new.cseq,
            record_route,
            sockinfo_str: socket,
            presentity_uri: presentity,
            watcher_uri: uri,
            watcher_contact: contact,
        };
        let mut made: *mut raw::reg_subscriber = ptr::null_mut();
        // SAFETY: a record of the module, locked; it copies the texts and writes an address.
        let code = unsafe { add(identity.as_raw(), &raw mut data, &raw mut made, 0) };
        let refused = Error::Core { call: "add_subscriber", code };
        if code == 0 && !made.is_null() { Ok(()) } else { Err(refused) }
    }

    /// Changes the numbers of a watcher of `identity`.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the module refuses.
    pub fn change_watcher(
        &self,
        identity: &Identity<'_>,
        watcher: &Watcher<'_>,
        change: &WatcherChange,
    ) -> Result<()> {
        let update = self.api.update_subscriber.ok_or(lacks("update_subscriber"))?;
        let mut raw = watcher.raw.as_ptr();
        let mut expires = change.expires.map(count);
        let mut cseq = change.cseq.map(u32::cast_signed);
        let mut version = change.version;
        let [expires, cseq, version] = [&mut expires, &mut cseq, &mut version]
            .map(|number| number.as_mut().map_or(ptr::null_mut(), ptr::from_mut));
        // SAFETY: records of the module, locked; it reads the numbers whose address is given.
        let code = unsafe { update(identity.as_raw(), &raw mut raw, expires, cseq, version) };
        done("update_subscriber", c_int::from(code != 1))
    }

    /// Removes a watcher of the identity that is locked.
    #[expect(clippy::needless_pass_by_value, reason = "it is gone afterwards")]
    pub fn drop_watcher(&self, watcher: Watcher<'_>) {
        if let Some(delete) = self.api.external_delete_subscriber {
            // SAFETY: a watcher of a locked identity of this domain, which the caller gives up.
            unsafe { delete(watcher.raw.as_ptr(), self.domain.as_raw(), 0) };
        }
    }

    /// The identities of the subscription of `identity` that are told to watchers: those that are not
    /// barred, without those that the module is configured to leave out.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the module refuses.
    pub fn told_identities(&self, identity: &Identity<'_>) -> Result<Vec<Vec<u8>>> {
        let lacking = lacks("get_impus_from_subscription_as_string");
        let get = self.api.get_impus_from_subscription_as_string.ok_or(lacking)?;
        let (mut list, mut number): (*mut sys::str_, c_int) = (ptr::null_mut(), 0);
        // SAFETY: a record of the module, locked; it writes a block and how many texts that has.
        let code = unsafe {
            get(self.domain.as_raw(), identity.as_raw(), 0, &raw mut list, &raw mut number, 0)
        };
        let Some(first) = NonNull::new(list) else {
            return done("get_impus_from_subscription_as_string", code).map(|()| Vec::new());
        };
        let number = usize::try_from(number).unwrap_or(0);
        // SAFETY: the block has that many texts, and nobody else knows it.
        let texts = unsafe { core::slice::from_raw_parts(first.as_ptr(), number) };
        let copies = texts.iter().map(|text| shown(*text).to_vec()).collect();
        // SAFETY: a block of the memory of this process, which the caller has to free.
        unsafe { sys::ks_pkg_free(first.as_ptr().cast()) };
        Ok(copies)
    }
}

impl Usrloc {
    /// The identity that is watched in a dialog; nothing if there is no such dialog.
    pub fn presentity_of_dialog(
        &self,
        call_id: &[u8],
        to_tag: &[u8],
        from_tag: &[u8],
    ) -> Option<Vec<u8>> {
        let get = self.api.get_presentity_from_subscriber_dialog?;
        let mut texts = [call_id, to_tag, from_tag].map(text::lend);
        let [call_id, to_tag, from_tag] = &mut texts;
        // SAFETY: the texts are compared only.
        let found = unsafe { get(call_id, to_tag, from_tag) };
        let address = NonNull::new(found.s)?;
        // SAFETY: a copy in shared memory that was made for us.
        let copy = unsafe { text::bytes(found) }.map(<[u8]>::to_vec);
        // SAFETY: the copy is ours to free.
        unsafe { sys::ks_shm_free(address.as_ptr().cast()) };
        copy
    }
}

const _: () = assert!(mem::size_of::<raw::reg_subscriber>() == 176);
