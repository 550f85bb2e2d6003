//! Raw bindings to the Kamailio core: what bindgen finds in the headers, and the shim.
//!
//! Nothing here is safe and nothing here decides anything: only the `kamailio` crate uses it. The
//! headers and their `-D` flags are those of the Kamailio that the build found, so each field has
//! the place it has in that server.

/// What bindgen wrote into the file `$file` of the build, as the module `$name`.
macro_rules! generated {
    ($name:ident, $file:literal) => {
        #[allow(
            clippy::all,
            clippy::pedantic,
            clippy::restriction,
            missing_debug_implementations,
            missing_docs,
            non_camel_case_types,
            non_snake_case,
            non_upper_case_globals,
            rust_2018_idioms,
            unsafe_op_in_unsafe_fn,
            unreachable_pub,
            unused_imports,
            reason = "generated from the headers, which name and document these items"
        )]
        mod $name {
            include!(concat!(env!("OUT_DIR"), "/", $file));
        }
    };
}
use generated;

generated!(bindings, "bindings.rs");

pub mod cdp;
pub mod pcscf;
pub mod scscf;

/// Asserts sizes and places of structs while compiling: C modules read them in place, so a host with
/// others than those written down does not compile.
macro_rules! places {
    ($($Type:ident: $size:expr, { $($field:ident @ $offset:expr),* $(,)? })*) => { $(
        const _: () = assert!(size_of::<$Type>() == $size);
        $(const _: () = assert!(core::mem::offset_of!($Type, $field) == $offset);)*
    )* };
}
use places;

mod target {
    include!(concat!(env!("OUT_DIR"), "/target.rs"));
}

pub use bindings::*;
pub use target::{FLAGS, FULL_VERSION, VERSION, VERSION_NUMBER};

#[cfg(test)]
mod tests;
