//! (state, event) → state, for tasks and for jobs. Total matches: a new state does not compile until it is thought
//! through. `None` means that the event cannot happen in that state.

pub mod job;
pub mod task;
