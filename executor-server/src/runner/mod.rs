//! Runs jobs. One driver a job owns its state; everything else sends it messages.
//!
//! ```text
//!   HTTP ──Command──► Engine ──► Driver ◄──Step── workers (check · send · resolve · compare)
//!                                  │ scheduler decides, lifecycle permits
//!                                  ├──Change──► Store      before and after the outside world is touched
//!                                  └──Live────► Board ──► SSE
//! ```

pub mod board;
mod book;
mod command;
mod compare;
mod crash;
mod driver;
mod engine;
mod kinds;
mod others;
mod passes;
pub mod pressure;
mod step;
mod traffic;

pub use board::Live;
pub use command::{Command, CommandError};
pub use engine::{Engine, SubmitError};
pub(crate) use others::overlap;
