//! Dies on purpose, for the tests of what a death leaves: `PENSTOCK_TEST_CRASH=before:<kind>` or `after:<kind>` ends the
//! process, without any clean-up, before or after the first event of that kind is stored. `PENSTOCK_TEST_PAUSE`, written
//! alike, stops it there until it is told to go on: once. Release builds know neither.

use std::sync::atomic::{AtomicBool, Ordering};

static PAUSED: AtomicBool = AtomicBool::new(false);

/// Before or after the event is on disk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    Before,
    After,
}

/// Ends the process where the tests asked for it.
pub(super) fn point(moment: Moment, kind: &str) {
    debug_assert!(super::kinds::ALL.contains(&kind), "{kind} is not in the list of kinds");
    if !cfg!(debug_assertions) {
        return;
    }
    let moment = match moment {
        Moment::Before => "before",
        Moment::After => "after",
    };
    let wanted = |name: &str| std::env::var(name).is_ok_and(|wanted| wanted == format!("{moment}:{kind}"));
    if wanted("PENSTOCK_TEST_CRASH") {
        tracing::error!(moment, kind, "PENSTOCK_TEST_CRASH: the process ends here");
        std::process::abort();
    }
    if wanted("PENSTOCK_TEST_PAUSE") && !PAUSED.swap(true, Ordering::Relaxed) {
        tracing::error!(moment, kind, "PENSTOCK_TEST_PAUSE: the process stops here");
        // Comes back when somebody sends SIGCONT. The signal may meet another thread first: this one stays here meanwhile.
        let _ = std::process::Command::new("kill").arg("-STOP").arg(std::process::id().to_string()).status();
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
}
