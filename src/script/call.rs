//! From a safe function to the C functions that stand for it.

use super::{Arg, Args, Verdict, arg::Fixup};
use crate::{boundary, error::Report, module::item, msg::Msg};
use bstr::BString;
use core::{
    ffi::{c_char, c_int, c_void},
    mem::transmute,
};
use kamailio_sys as sys;

/// A function that the script may call: it takes the message and up to six arguments.
///
/// Implemented for every `fn(&Msg, A, B, …) -> Result<Verdict, E>` with arguments of a type that
/// is an [`Arg`] and an error that is a [`Report`]; `Sig` is their list.
pub trait Script<Sig>: Copy {
    /// How many arguments it takes.
    const ARITY: c_int;
    /// What the core calls for the native script.
    const CALL: sys::cmd_function;
    /// What prepares its arguments.
    const FIXUP: sys::fixup_function;
    /// What the core calls for scripts in other languages.
    const KEMI_CALL: *const c_void;
    /// The types of its arguments for KEMI, unused ones zero.
    const KEMI_TYPES: [c_int; 6];
}

type Cmd = unsafe extern "C" fn(*mut sys::sip_msg, *mut c_char, *mut c_char) -> c_int;

/// A row of the table of functions has room for a function of two arguments; the core casts it to
/// what the number of arguments in the row says.
macro_rules! arity {
    ($arity:literal, $call:ident, $kemi:ident, $fixup:expr, [$($unused:ident),*],
     [$($Arg:ident $arg:ident $index:literal),*], $fixups:item) => {
        impl<F, E, $($Arg),*> Script<(E, $($Arg),*)> for F
        where
            F: Fn(&Msg<'_>, $($Arg),*) -> Result<Verdict, E> + Copy,
            E: Report,
            $($Arg: Arg),*
        {
            const ARITY: c_int = $arity;
            // SAFETY: the core casts back to this type, because the row has this arity.
            const CALL: sys::cmd_function = Some(unsafe {
                transmute::<
                    unsafe extern "C" fn(
                        *mut sys::sip_msg,
                        $(arity!(@char $unused),)*
                        $(arity!(@char $arg)),*
                    ) -> c_int,
                    Cmd,
                >($call::<F, E, $($Arg),*>)
            });
            const FIXUP: sys::fixup_function = $fixup;
            const KEMI_CALL: *const c_void = $kemi::<F, E, $($Arg),*> as *const c_void;
            const KEMI_TYPES: [c_int; 6] = {
                #[allow(unused_mut, reason = "without arguments nothing is set")]
                let mut types = [0; 6];
                $(types[$index] = $Arg::KEMI_TYPE;)*
                types
            };
        }

        /// # Safety
        ///
        /// For the core only: `msg` is the message it runs the script for, the arguments come
        /// from the fixup of the row that names `F`.
        #[allow(clippy::too_many_arguments, reason = "as many as the script may give")]
        unsafe extern "C" fn $call<F, E, $($Arg),*>(
            msg: *mut sys::sip_msg,
            $($unused: *mut c_char,)*
            $($arg: *mut c_char),*
        ) -> c_int
        where
            F: Fn(&Msg<'_>, $($Arg),*) -> Result<Verdict, E> + Copy,
            E: Report,
            $($Arg: Arg),*
        {
            // SAFETY: by the contract of this function.
            let msg = unsafe { Msg::from_raw(msg) };
            boundary::script::<F, E>(|| {
                $(
                    // SAFETY: by the contract of this function.
                    let $arg = match unsafe { $Arg::from_script($arg, &msg, $index) } {
                        Ok(value) => value,
                        Err(error) => return Ok(boundary::refuse::<F>(&error)),
                    };
                )*
                item::<F>()(&msg, $($arg),*)
            })
            .code()
        }

        /// # Safety
        ///
        /// For the core only: as above, the arguments are of the types in `KEMI_TYPES`.
        #[allow(clippy::too_many_arguments, reason = "as many as the script may give")]
        unsafe extern "C" fn $kemi<F, E, $($Arg),*>(
            msg: *mut sys::sip_msg,
            $($arg: $Arg::Kemi),*
        ) -> c_int
        where
            F: Fn(&Msg<'_>, $($Arg),*) -> Result<Verdict, E> + Copy,
            E: Report,
            $($Arg: Arg),*
        {
            // SAFETY: by the contract of this function.
            let msg = unsafe { Msg::from_raw(msg) };
            boundary::script::<F, E>(|| {
                $(
                    // SAFETY: by the contract of this function.
                    let $arg = match unsafe { $Arg::from_kemi($arg, $index) } {
                        Ok(value) => value,
                        Err(error) => return Ok(boundary::refuse::<F>(&error)),
                    };
                )*
                item::<F>()(&msg, $($arg),*)
            })
            .code()
        }

        $fixups
    };
    (@char $any:ident) => { *mut c_char };
}
