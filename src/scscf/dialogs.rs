//! The dialogs of `ims_dialog`, which belong to the contacts of the store.

use crate::{
    boundary,
    error::{Error, Result},
    module::item,
    text,
};
use core::{
    ffi::{CStr, c_int, c_void},
    fmt, mem,
    ptr::{self, NonNull},
};
use kamailio_sys::{self as core_sys, scscf as sys};

const MODULE: &str = "ims_dialog";

/// The functions of `ims_dialog`, bound in `mod_init` and good in every process.
#[derive(Clone)]
pub struct Dialogs {
    api: sys::ims_dlg_api_t,
}

// SAFETY: addresses of functions, the same in every process; nothing writes to them.
unsafe impl Send for Dialogs {}
// SAFETY: as for `Send`.
unsafe impl Sync for Dialogs {}

impl fmt::Debug for Dialogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialogs").finish_non_exhaustive()
    }
}

/// What happened to a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It was confirmed.
    Confirmed,
    /// It ended, or came to nothing.
    Ended,
}

/// A dialog to which something happened.
#[derive(Debug)]
pub struct DialogEvent<'d> {
    kind: Kind,
    dialog: &'d sys::dlg_cell,
}

impl Dialogs {
    /// Binds to the module; nothing if it is not loaded before this one.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] if the module refuses.
    pub fn load() -> Result<Option<Self>> {
        const EXPORT: &CStr = c"load_ims_dlg";
        // SAFETY: looks for a function without parameters.
        let load = unsafe { core_sys::find_export(EXPORT.as_ptr().cast_mut(), 0, 0) };
        let Some(load) = load else { return Ok(None) };
        type Load = unsafe extern "C" fn(*mut sys::ims_dlg_api_t) -> c_int;
        // SAFETY: a function of this name has this type; the table of the core has another.
        let load = unsafe { mem::transmute::<unsafe extern "C" fn(_, _, _) -> _, Load>(load) };
        // SAFETY: a struct of addresses of functions, for which zeroes are none.
        let mut api: sys::ims_dlg_api_t = unsafe { mem::zeroed() };
        // SAFETY: `api` is the struct that the module fills.
        match unsafe { load(&raw mut api) } {
            -1 => Err(Error::Core { call: "load_ims_dlg", code: -1 }),
            _ => Ok(Some(Self { api })),
        }
    }

    /// Has `F` called when a dialog is confirmed and when it ends. For `mod_init` only.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoaded`] if the module lacks the function, [`Error::Core`] if it refuses.
    pub fn on_dialogs<F>(&self, _: F) -> Result<()>
    where
        F: Fn(&DialogEvent<'_>) + Copy,
    {
        let missing = Error::NotLoaded { module: MODULE, export: "register_dlgcb" };
        let register = self.api.register_dlgcb.ok_or(missing)?;
        // What is registered for a dialog needs the function that registers, in a place that all
        // processes inherit.
        let leaked: &'static sys::ims_dlg_api_t = Box::leak(Box::new(self.api));
        let param = ptr::from_ref(leaked).cast_mut().cast();
        let created = c_int::try_from(sys::DLGCB_CREATED).unwrap_or(0);
        // SAFETY: a callback for all new dialogs belongs to none; the parameter stays.
        let code =
            unsafe { register(ptr::null_mut(), created, Some(on_created::<F>), param, None) };
        if code < 0 { Err(Error::Core { call: "register_dlgcb", code }) } else { Ok(()) }
    }

    /// Ends a dialog, which `ims_dialog` does with BYE to both sides. Never under a lock.
    ///
    /// # Errors
    ///
    /// [`Error::NotLoaded`] if the module lacks the function, [`Error::Core`] if there is no such
    /// dialog or it cannot be ended.
    pub fn terminate(&self, entry: u32, id: u32) -> Result<()> {
        crate::sync::assert_unlocked();
        let missing = Error::NotLoaded { module: MODULE, export: "lookup_terminate_dlg" };
        let terminate = self.api.lookup_terminate_dlg.ok_or(missing)?;
        // SAFETY: the module looks the dialog up; no headers are added.
        let code = unsafe { terminate(entry, id, ptr::null_mut()) };
        if code < 0 { Err(Error::Core { call: "lookup_terminate_dlg", code }) } else { Ok(()) }
    }
}

/// What a dialog is watched for.
const WATCHED: u32 = sys::DLGCB_CONFIRMED
    | sys::DLGCB_EXPIRED
    | sys::DLGCB_TERMINATED
    | sys::DLGCB_DESTROY
    | sys::DLGCB_FAILED;

/// # Safety
///
/// For `ims_dialog` only: `params` are null or its own, with the parameter of the registration.
unsafe extern "C" fn on_created<F>(
    dialog: *mut sys::dlg_cell,
    _: c_int,
    params: *mut sys::dlg_cb_params,
) where
    F: Fn(&DialogEvent<'_>) + Copy,
{
    boundary::contain::<F, _>((), || {
        // SAFETY: by the contract of this function.
        let Some(params) = NonNull::new(params).map(|params| unsafe { params.read() }) else {
            return;
        };
        // SAFETY: the parameter is that of `on_dialogs`; modules give it as address of an address.
        let Some(api) = (unsafe { api_of(params.param) }) else { return };
        let Some(register) = api.register_dlgcb else { return };
        let types = c_int::try_from(WATCHED).unwrap_or(0);
        // SAFETY: the dialog is the module's, and the callback is made for it.
        let code = unsafe { register(dialog, types, Some(on_event::<F>), ptr::null_mut(), None) };
        if code < 0 {
            crate::error!("ims_dialog: a dialog is not followed: register_dlgcb gives {code}");
        }
    });
}

/// # Safety
///
/// `param` is what `ims_dialog` gives for a parameter that was an address of its API.
unsafe fn api_of(param: *mut *mut c_void) -> Option<&'static sys::ims_dlg_api_t> {
    // SAFETY: by the contract of this function.
    let api = unsafe { NonNull::new(param)?.read() };
    // SAFETY: as above; it was leaked, so it stays.
    NonNull::new(api.cast::<sys::ims_dlg_api_t>()).map(|api| unsafe { api.as_ref() })
}

/// # Safety
///
/// For `ims_dialog` only: `dialog` is null or stays for the call.
unsafe extern "C" fn on_event<F>(
    dialog: *mut sys::dlg_cell,
    types: c_int,
    _: *mut sys::dlg_cb_params,
) where
    F: Fn(&DialogEvent<'_>) + Copy,
{
    boundary::contain::<F, _>((), || {
        // SAFETY: by the contract of this function.
        let Some(dialog) = NonNull::new(dialog).map(|dialog| unsafe { dialog.as_ref() }) else {
            return;
        };
        let confirmed = u32::try_from(types).unwrap_or(0) & sys::DLGCB_CONFIRMED != 0;
        let kind = if confirmed { Kind::Confirmed } else { Kind::Ended };
        item::<F>()(&DialogEvent { kind, dialog });
    });
}

impl DialogEvent<'_> {
    /// What happened.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The entry of the dialog; with [`DialogEvent::id`] its name.
    pub fn entry(&self) -> u32 {
        self.dialog.h_entry
    }

    /// The number of the dialog within its entry.
    pub fn id(&self) -> u32 {
        self.dialog.h_id
    }

    /// The URI of the From.
    pub fn from_uri(&self) -> &[u8] {
        self.text(self.dialog.from_uri)
    }

    /// The contact of the caller.
    pub fn caller_contact(&self) -> &[u8] {
        self.text(self.dialog.caller_contact)
    }

    /// The URI of the To, once somebody has answered.
    pub fn to_uri(&self) -> Option<&[u8]> {
        self.answered().map(|out| self.text(out.to_uri))
    }

    /// The contact of who has answered.
    pub fn callee_contact(&self) -> Option<&[u8]> {
        self.answered().map(|out| self.text(out.callee_contact))
    }

    fn answered(&self) -> Option<&sys::dlg_cell_out> {
        // SAFETY: the legs of a dialog stay with it, and it stays for the callback.
        NonNull::new(self.dialog.dlg_entry_out.first).map(|out| unsafe { out.as_ref() })
    }

    fn text(&self, text: core_sys::str_) -> &[u8] {
        // SAFETY: texts of the dialog stay with it.
        unsafe { text::bytes(text) }.unwrap_or_default()
    }
}
