//! Dies on purpose, for the tests of what a death leaves: `PENSTOCK_TEST_CRASH=before:<kind>` or `after:<kind>` ends the
//! process, without any clean-up, before or after the first event of that kind is stored. Release builds do not know it.

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
    if std::env::var("PENSTOCK_TEST_CRASH").is_ok_and(|wanted| wanted == format!("{moment}:{kind}")) {
        tracing::error!(moment, kind, "PENSTOCK_TEST_CRASH: the process ends here");
        std::process::abort();
    }
}
