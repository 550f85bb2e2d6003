//! What the Diameter module `cdp` offers to others.

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
mod generated {
    include!(concat!(env!("OUT_DIR"), "/cdp.rs"));
}

pub use generated::*;
