//! Tests of the build script: they lie in its files, and this makes a test program of them.
#![allow(dead_code, reason = "the tests use parts of the build script only")]

#[path = "../build/defines.rs"]
mod defines;
#[path = "../build/failure.rs"]
mod failure;
#[path = "../build/headers.rs"]
mod headers;
#[path = "../build/layout.rs"]
mod layout;
#[path = "../build/target.rs"]
mod target;

/// Cargo does not listen to tests.
fn tell(_: std::fmt::Arguments<'_>) {}
