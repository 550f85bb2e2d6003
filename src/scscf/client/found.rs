//! A contact that is looked for by its URI alone.

use super::{Contact, Usrloc};
use crate::text;
use core::{
    fmt,
    ops::Deref,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as sys, scscf as raw};

/// A contact that the module keeps for us until this is dropped. No lock is held.
pub struct Found<'u> {
    contact: Contact<'u>,
    api: &'u raw::usrloc_api_t,
}

impl fmt::Debug for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("contact", &self.contact).finish_non_exhaustive()
    }
}

impl<'u> Deref for Found<'u> {
    type Target = Contact<'u>;

    fn deref(&self) -> &Contact<'u> {
        &self.contact
    }
}

impl Drop for Found<'_> {
    fn drop(&mut self) {
        if let Some(release) = self.api.release_ucontact {
            // SAFETY: the module counted one reference for this.
            unsafe { release(self.contact.as_raw()) };
        }
    }
}

impl Usrloc {
    /// The contact with exactly that URI, of whatever user. By its parameter `matching_mode` the
    /// module compares the Call-ID or the path as well, if they are not empty; that of C compares the
    /// Call-ID in any case.
    pub fn find_contact(&self, uri: &[u8], call_id: &[u8], path: &[u8]) -> Option<Found<'_>> {
        let get = self.api.get_ucontact?;
        let mut found = ptr::null_mut();
        let mut texts: [sys::str_; 3] = [uri, call_id, path].map(text::lend);
        let [uri, call_id, path] = &mut texts;
        let path = if path.len > 0 { ptr::from_mut(path) } else { ptr::null_mut() };
        // The module of C does not look whether there is one.
        let any = self.is_ours() && call_id.len == 0;
        let call_id = if any { ptr::null_mut() } else { ptr::from_mut(call_id) };
        // SAFETY: the texts live during the call, which only compares them; the module writes the
        // address of one of its contacts and counts a reference to it.
        let code = unsafe { get(uri, call_id, path, 0, &raw mut found) };
        let found = NonNull::new(found).filter(|_| code == 0)?;
        // SAFETY: what is referred to stays. Other processes may change numbers in it meanwhile.
        let contact = unsafe { Contact::from_raw(found) };
        Some(Found { contact, api: &self.api })
    }
}
