//! Small parts on native elements. Functions that give a view; pages put them together.

pub(crate) mod badge;
pub(crate) mod chart;
pub(crate) mod chunk_table;
pub(crate) mod copy;
pub(crate) mod dialog;
pub(crate) mod figure;
pub(crate) mod header;
pub(crate) mod help;
pub(crate) mod job_row;
pub(crate) mod marks;
pub(crate) mod notes;
pub(crate) mod palette;
pub(crate) mod partition_strip;
pub(crate) mod pointer;
pub(crate) mod states;
pub(crate) mod table;
pub(crate) mod time_bars;
pub(crate) mod token;
pub(crate) mod virtual_rows;
