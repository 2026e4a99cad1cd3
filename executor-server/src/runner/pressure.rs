//! Whether the target can take another chunk: too many parts, merges or replication tasks, and nothing more is sent for a
//! while. One question every two seconds for a job that has chunks to send, and none otherwise.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::step::{Site, Step};
use crate::clickhouse::queries::Load;
use crate::verify::thousands;

const EVERY: Duration = Duration::from_secs(2);

/// What a target may carry before chunks wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Active parts of the fullest partition, in percent of the table's `parts_to_delay_insert`; default 50.
    pub parts_share_percent: u32,
    /// Merges of the target that run at the same time; default 32.
    pub running_merges: u32,
    /// Entries of the target's replication queue; default 1,000.
    pub replication_queue: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { parts_share_percent: 50, running_merges: 32, replication_queue: 1000 }
    }
}

/// What is known of the target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Pressure {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// Another chunk may be sent.
    Fine,
    /// Chunks wait for this, in words.
    Full(String),
}

/// What is waited for, in words; none when another chunk may be sent.
fn decide(load: &Load, bounds: Bounds) -> Option<String> {
    let parts = (load.parts_to_delay * u64::from(bounds.parts_share_percent) / 100).max(1);
    // Where the server does not delay inserts, it does not say how many parts are too many.
    if load.parts_to_delay > 0 && load.parts >= parts {
        return Some(format!(
            "merges: partition {} has {} active parts, and chunks wait from {} on ({} % of parts_to_delay_insert, {})",
            load.partition,
            thousands(load.parts),
            thousands(parts),
            bounds.parts_share_percent,
            thousands(load.parts_to_delay)
        ));
    }
    if load.merges >= u64::from(bounds.running_merges) {
        return Some(format!("merges: {} run, and chunks wait from {} on", load.merges, bounds.running_merges));
    }
    if load.queue >= u64::from(bounds.replication_queue) {
        let (queue, bound) = (thousands(load.queue), thousands(bounds.replication_queue.into()));
        return Some(format!("replication: its queue holds {queue} entries, and chunks wait from {bound} on"));
    }
    None
}

/// Looks while `sending` says that there are chunks to send, and reports every first finding and every change.
pub(super) async fn watch(site: Site, bounds: Bounds, mut sending: watch::Receiver<bool>, to: UnboundedSender<Step>) {
    loop {
        // The driver is gone when the sender is.
        if sending.wait_for(|sending| *sending).await.is_err() {
            return;
        }
        let (client, target) = (site.health.client(), &site.plan.core.target.name);
        let found = match site.health.ask(|| async { client.at_holder(target).await.load(target).await }).await {
            Ok(load) => decide(&load, bounds).map_or(Pressure::Fine, Pressure::Full),
            Err(failure) => {
                tracing::debug!(%failure, "the target's parts and merges cannot be read; chunks are sent without looking at them");
                Pressure::Fine
            }
        };
        if to.send(Step::Pressure(found)).is_err() {
            return;
        }
        tokio::time::sleep(EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: u64, parts_to_delay: u64, merges: u64, queue: u64, expected: Option<&str>) {
        let load = Load { partition: "202501".into(), parts, parts_to_delay, merges, queue };
        let words = decide(&load, Bounds::default());
        assert_eq!(words.as_deref().and_then(|words| words.split(':').next()), expected, "{load:?}: {words:?}");
    }

    #[test]
    fn chunks_wait_from_each_bound_on() {
        check(0, 1000, 0, 0, None);
        check(499, 1000, 31, 999, None);
        check(500, 1000, 0, 0, Some("merges"));
        check(0, 1000, 32, 0, Some("merges"));
        check(0, 1000, 0, 1000, Some("replication"));
        check(5000, 0, 0, 0, None);
        check(1, 1, 0, 0, Some("merges"));
    }
}
