//! What the Diameter module `cdp` offers to others.

crate::generated!(generated, "cdp.rs");

pub use generated::*;
