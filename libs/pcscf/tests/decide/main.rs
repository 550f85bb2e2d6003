//! Laws of the registrar's half: whatever headers say they are read or refused, and whatever
//! somebody sends, the registration of somebody else stays as it is.

#[cfg(test)]
mod headers;
#[cfg(test)]
mod nobody;
#[cfg(test)]
mod store;

#[cfg(test)]
fn config(cases: u32) -> proptest::prelude::ProptestConfig {
    proptest::prelude::ProptestConfig {
        failure_persistence: None,
        ..proptest::prelude::ProptestConfig::with_cases(cases)
    }
}
