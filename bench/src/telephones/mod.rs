//! Many telephones that each do one thing at a time, whatever the server under measurement is.

pub(crate) mod network;
pub(crate) mod operation;
pub(crate) mod site;
