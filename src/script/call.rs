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
    /// Whether the script may give expressions as arguments: all of them are of a type that may.
    const EXPRESSIONS: bool;
    /// What the core calls for scripts in other languages.
    const KEMI_CALL: *const c_void;
    /// The types of its arguments for KEMI, unused ones zero.
    const KEMI_TYPES: [c_int; 6];
}

type Cmd = unsafe extern "C" fn(*mut sys::sip_msg, *mut c_char, *mut c_char) -> c_int;

/// Defines functions of one arity. The core gives at least two arguments, so the shorter ones
/// have unused ones behind. A row has room for a function of two arguments; the core casts it
/// back to what the arity in the row says.
macro_rules! arity {
    ($arity:literal, $call:ident, $kemi:ident, $fixup:ident,
     [$($Arg:ident $arg:ident $index:literal),*], [$($unused:ident),*]) => {
        impl<F, E, $($Arg),*> Script<(E, $($Arg),*)> for F
        where
            F: Fn(&Msg<'_>, $($Arg),*) -> Result<Verdict, E> + Copy,
            E: Report,
            $($Arg: Arg),*
        {
            const ARITY: c_int = $arity;
            #[allow(clippy::useless_transmute, reason = "of two arguments, it is the same type")]
            // SAFETY: the core casts back to this type, because the row has this arity.
            const CALL: sys::cmd_function = Some(unsafe {
                transmute::<
                    unsafe extern "C" fn(
                        *mut sys::sip_msg,
                        $(arity!(@char $arg),)*
                        $(arity!(@char $unused)),*
                    ) -> c_int,
                    Cmd,
                >($call::<F, E, $($Arg),*>)
            });
            const FIXUP: sys::fixup_function =
                if $arity == 0 { None } else { Some($fixup::<$($Arg),*>) };
            const EXPRESSIONS: bool = $arity > 0 $(&& $Arg::EXPRESSION)*;
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
            $($arg: *mut c_char,)*
            $($unused: *mut c_char),*
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
        /// For the core only: as above, with arguments of the types in `KEMI_TYPES`.
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

        /// # Safety
        ///
        /// For the core only: `param` is an argument of an action of the script.
        unsafe extern "C" fn $fixup<$($Arg: Arg),*>(param: *mut *mut c_void, no: c_int) -> c_int {
            // SAFETY: by the contract of this function.
            unsafe { fix(&[$($Arg::FIXUP),*], param, no) }
        }
    };
    (@char $any:ident) => { *mut c_char };
}

arity!(0, call0, kemi0, fixup0, [], [_a, _b]);
arity!(1, call1, kemi1, fixup1, [A a 0], [_b]);
arity!(2, call2, kemi2, fixup2, [A a 0, B b 1], []);
arity!(3, call3, kemi3, fixup3, [A a 0, B b 1, C c 2], []);
arity!(4, call4, kemi4, fixup4, [A a 0, B b 1, C c 2, D d 3], []);
arity!(5, call5, kemi5, fixup5, [A a 0, B b 1, C c 2, D d 3, G g 4], []);
arity!(6, call6, kemi6, fixup6, [A a 0, B b 1, C c 2, D d 3, G g 4, H h 5], []);

/// Applies the fixup of argument `no`, counted from 1.
///
/// # Safety
///
/// As for the fixups of the core.
unsafe fn fix(fixups: &[Fixup], param: *mut *mut c_void, no: c_int) -> c_int {
    let index = usize::try_from(no).ok().and_then(|no| no.checked_sub(1));
    match index.and_then(|index| fixups.get(index)) {
        // SAFETY: by the contract of this function.
        Some(fixup) => unsafe { fixup(param, no) },
        None => -1,
    }
}

/// A function that takes any number of texts.
pub trait Variadic<E>: Copy {
    /// What the core calls for the native script.
    const CALL: sys::cmd_function;
    /// What prepares its arguments.
    const FIXUP: sys::fixup_function;
}

impl<F, E> Variadic<E> for F
where
    F: Fn(&Msg<'_>, &Args<'_>) -> Result<Verdict, E> + Copy,
    E: Report,
{
    // SAFETY: the core casts back to this type, because the row says that the number varies.
    const CALL: sys::cmd_function = Some(unsafe {
        transmute::<
            unsafe extern "C" fn(*mut sys::sip_msg, c_int, *mut sys::action_u_t) -> c_int,
            Cmd,
        >(call_variadic::<F, E>)
    });
    const FIXUP: sys::fixup_function = Some(<BString as Arg>::FIXUP);
}

/// # Safety
///
/// For the core only: `values` are `count` arguments that the fixup of the row prepared.
unsafe extern "C" fn call_variadic<F, E>(
    msg: *mut sys::sip_msg,
    count: c_int,
    values: *mut sys::action_u_t,
) -> c_int
where
    F: Fn(&Msg<'_>, &Args<'_>) -> Result<Verdict, E> + Copy,
    E: Report,
{
    // SAFETY: by the contract of this function.
    let msg = unsafe { Msg::from_raw(msg) };
    let count = usize::try_from(count).ok().filter(|_| !values.is_null());
    let values = match count {
        // SAFETY: by the contract of this function.
        Some(count) => unsafe { core::slice::from_raw_parts(values, count) },
        None => &[],
    };
    let args = Args { values, msg: &msg };
    boundary::script::<F, E>(|| item::<F>()(&msg, &args)).code()
}
