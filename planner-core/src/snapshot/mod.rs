//! What is known of the two tables at one moment: immutable, named by its digest. All that a plan rests on.

mod partition;
mod table;
mod time_profile;
mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::digest::{self, Digest};
use crate::policy::Policy;
use crate::quantity::UnixMillis;

pub use self::partition::Partition;
pub use self::table::{Column, DedupWindow, DefaultKind, Stored, Table};
pub use self::time_profile::{ProfileOrigin, TimeBucket, TimeProfile};
pub use self::view::{View, ViewColumn};

/// Format of the snapshot document.
pub const FORMAT: u32 = 2;

/// What a snapshot takes at most before detail is asked for, in bytes of its document. Long keys and many partitions leave
/// room for fewer points of the histogram. A partition takes about 60 bytes itself: above some 15,000 the list alone is larger.
pub const MOST_BYTES: usize = 1_000_000;

/// What points may take, however many partitions there are.
const LEAST_HISTOGRAM_BYTES: usize = 50_000;

/// Facts of one moment. Fields stand in alphabetical order: the serialized form is canonical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// For zones other than UTC: the instants at which calendar days start there, ascending.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub day_starts: BTreeMap<String, Vec<UnixMillis>>,
    /// [`FORMAT`].
    pub format: u32,
    /// The planner's limits and defaults, as the host is configured.
    pub policy: Policy,
    /// The server's version and settings.
    pub server: Server,
    /// Where rows are read.
    pub source: Table,
    /// Where rows are written.
    pub target: Table,
    /// Materialized views that read the source or the target, or write the target, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
}

impl Snapshot {
    /// Names this snapshot.
    pub fn digest(&self) -> Digest {
        digest::of_document("penstock-snapshot", self)
    }

    /// Joins points of the histogram until the document is no larger than [`MOST_BYTES`].
    pub(crate) fn fit(&mut self) {
        let Some(mut keys) = self.source.keys.take() else { return };
        let room = MOST_BYTES.saturating_sub(canonical::to_string(self).len());
        keys.thin(room.max(LEAST_HISTOGRAM_BYTES));
        self.source.keys = Some(keys);
    }

    /// The views that write into the target from the source, in the order of their names.
    pub fn feeding_views(&self) -> impl Iterator<Item = &View> {
        self.views.iter().filter(|view| view.target.as_ref() == Some(&self.target.name) && view.source == self.source.name)
    }
}

/// A snapshot with its digest. Planning writes the digest into every plan: who plans again and again hashes the snapshot once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    digest: Digest,
    snapshot: Box<Snapshot>,
}

impl Named {
    /// Computes the digest.
    pub fn of(snapshot: Box<Snapshot>) -> Self {
        Self { digest: snapshot.digest(), snapshot }
    }

    /// The digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// The server that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Bytes that are free where the server keeps data, rounded down to a power of two: it changes with every write, and a
    /// snapshot should not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_free_bytes: Option<u64>,
    /// `max_server_memory_usage` in bytes; 0 when the server does not say.
    pub memory_bytes: u64,
    /// Those of the settings that plans may pin which this server knows, with their values.
    pub settings: BTreeMap<String, String>,
    /// The server's time zone.
    pub timezone: String,
    /// `version()`.
    pub version: String,
}
