//! All SQL about the user's data is written here, from typed parts.

pub mod checks;
pub mod fence;
pub mod identifier;
pub(crate) mod insert;
pub mod literal;
pub mod predicate;
mod probes;
pub mod time_type;
pub mod tokens;
