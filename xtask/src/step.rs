use std::time::Instant;

use crate::Result;

/// Runs one piece of work with its name before and its duration after.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("▸ {name}");
    let started = Instant::now();
    let done = work();
    let took = started.elapsed().as_secs_f64();
    match &done {
        Ok(_) => eprintln!("✓ {name} ({took:.1} s)"),
        Err(_) => eprintln!("✗ {name} ({took:.1} s)"),
    }
    done.map_err(|reason| format!("{name}: {reason}"))
}

/// Says that there was nothing to do.
pub(crate) fn already(name: &str) {
    eprintln!("✓ {name} (already done)");
}
