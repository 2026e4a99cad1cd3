//! One page a route.

pub(crate) mod job;
pub(crate) mod jobs;
pub(crate) mod overview;
pub(crate) mod plan;
pub(crate) mod studio;
pub(crate) mod table;
pub(crate) mod tables;
