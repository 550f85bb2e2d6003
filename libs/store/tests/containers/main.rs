//! The containers against simple models, and when memory is short.

#[cfg(test)]
mod journal;
#[cfg(test)]
mod short;
#[cfg(test)]
mod wheel;
