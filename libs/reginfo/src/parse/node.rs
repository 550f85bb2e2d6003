//! An element with its attributes, for the reasons that it cannot be used.

use super::{Skipped, Why};
use xml_read::node::{Attributes, shown};

/// An element that is read.
pub(super) struct Element<'t> {
    pub(super) attributes: &'t Attributes,
    pub(super) what: &'static str,
    pub(super) of: &'t str,
}

impl Element<'_> {
    /// What `read` makes of the attribute `name`, which must be there and be one of `allowed`.
    pub(super) fn value<T>(
        &self,
        name: &'static str,
        allowed: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Skipped> {
        let text = self.attributes.get(name).ok_or_else(|| self.skipped(Why::Missing(name)))?;
        read(text).ok_or_else(|| self.skipped(Why::Value(name, shown(text), allowed)))
    }

    pub(super) fn skipped(&self, why: Why) -> Skipped {
        Skipped { what: self.what, of: shown(self.of), why }
    }
}
