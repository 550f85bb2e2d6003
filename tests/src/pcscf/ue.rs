//! What a P-CSCF tells a client.

use crate::{
    message::Message,
    ue::{self, Ue},
};

pub use crate::ue::rc;

impl Ue {
    /// Whether the P-CSCF takes this client for registered.
    pub fn is_registered(&self) -> bool {
        match self.returned("is_registered") {
            1 => true,
            -1 => false,
            other => panic!("pcscf_is_registered returned {other}"),
        }
    }
}

/// What `pcscf_save` returned.
pub fn saved(message: &Message) -> i32 {
    ue::number(message, "X-Save")
}
