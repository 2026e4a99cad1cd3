//! `penstock config`

use serde::Serialize;

use super::context::Context;
use crate::config::Entry;

#[derive(Serialize)]
struct Answer {
    settings: Vec<Entry>,
}

/// Prints every value in force and where it comes from.
pub(super) fn run(context: &Context) -> u8 {
    context.output.answer("config", Answer { settings: context.config.entries.clone() }, |answer| {
        let width = answer.settings.iter().map(|entry| entry.key.len()).max().unwrap_or(0);
        let shown = |entry: &Entry| entry.value.clone().unwrap_or_else(|| "(not set)".into());
        let values = answer.settings.iter().map(|entry| shown(entry).len()).max().unwrap_or(0);
        let line = |entry: &Entry| format!("{:width$}  {:values$}  {}\n", entry.key, shown(entry), entry.origin);
        answer.settings.iter().map(line).collect()
    });
    0
}
