//! All SQL about the user's data is written here, from typed parts.

pub mod assertions;
pub mod calibration;
pub mod checks;
pub(crate) mod conversion;
pub mod fence;
pub(crate) mod grain;
pub mod identifier;
pub(crate) mod insert;
pub(crate) mod key_predicate;
mod key_probes;
pub mod key_type;
pub mod literal;
pub(crate) mod partition;
pub(crate) mod predicate;
mod probes;
pub mod time_type;
pub mod tokens;
pub mod window;
