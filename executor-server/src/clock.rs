//! The service's clock and its chance: the only places that ask for either.
//!
//! The wall clock is for people. What is awaited is measured by monotonic clocks, or by the server's own clock where it
//! decides; a wall clock that jumps makes labels wrong, and a pause end early at worst.

use std::time::{SystemTime, UNIX_EPOCH};

use planner_core::quantity::UnixMillis;

/// Now.
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX).saturating_add(jump()))
}

/// How far the tests have put the clock forward, in milliseconds: the content of the file that `PENSTOCK_TEST_CLOCK`
/// names. Release builds do not know it.
fn jump() -> i64 {
    if !cfg!(debug_assertions) {
        return 0;
    }
    let file = std::env::var_os("PENSTOCK_TEST_CLOCK").and_then(|path| std::fs::read_to_string(path).ok());
    file.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// 16 hex characters by chance.
pub fn random_id() -> String {
    let bytes = random();
    format!("{:016x}", u64::from_be_bytes(bytes))
}

/// Chance for retries, 0 to 1000.
pub fn jitter() -> u16 {
    u16::try_from(u64::from_be_bytes(random()) % 1001).unwrap_or(500)
}

fn random() -> [u8; 8] {
    let mut bytes = [0; 8];
    // The operating system's source does not fail after the first success; a constant would only make ids collide,
    // which the store refuses.
    let _ = getrandom::fill(&mut bytes);
    bytes
}
