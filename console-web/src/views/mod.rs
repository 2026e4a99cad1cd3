//! What pages show, as plain values: no DOM, no clock, tested natively.

pub mod address;
pub mod answer;
pub mod bars;
pub mod budget;
pub mod command;
pub mod eta;
pub mod facts;
pub mod format;
pub mod job_live;
pub mod job_query;
pub mod job_state;
pub mod order;
pub mod overview;
pub mod question;
pub mod route;
pub mod row_window;
pub mod sizes;
pub mod sse;
pub mod stream;
pub mod strip;
pub mod studio;
pub mod task_book;
pub mod timeline;
pub mod why;
pub mod width;
pub mod words;
