//! The tables of a trial, and their contents compared.

use super::{DAYS, Target, Trial};
use crate::clickhouse::ClickHouse;

/// Ids from here on belong to rows that were in the target before the job.
pub(super) const HELD_FROM: u64 = 1_000_000_000;

impl Trial {
    /// Makes the tables, and fills the source with parts that overlap.
    pub(super) async fn install(&self, server: &ClickHouse) {
        let db = self.database();
        let columns = "id UInt64, tenant LowCardinality(String), ts DateTime64(3, 'UTC'), amount UInt32, note Nullable(String)";
        let target = match self.target {
            Target::Plain | Target::Held => "PARTITION BY toYYYYMM(ts) ORDER BY (ts, id)".to_owned(),
            Target::Windowed => {
                "PARTITION BY toYYYYMMDD(ts) ORDER BY (tenant, ts) SETTINGS non_replicated_deduplication_window = 10000".into()
            }
            Target::View => "ORDER BY (ts, id)".into(),
        };
        server
            .run(&[
                &format!("CREATE DATABASE {db}"),
                &format!("CREATE TABLE {db}.events ({columns}) ENGINE = MergeTree PARTITION BY toYYYYMM(ts) ORDER BY (tenant, ts)"),
                &format!("SYSTEM STOP MERGES {db}.events"),
                &format!("CREATE TABLE {db}.target ({columns}) ENGINE = MergeTree {target}"),
            ])
            .await;
        for part in 0..self.parts {
            server
                .query(&format!(
                    "INSERT INTO {db}.events SELECT number AS id, if(cityHash64(number) % 10 < 6, 'mega', toString(cityHash64(number) % 50)), \
                     fromUnixTimestamp64Milli(1735689600000 + toInt64(cityHash64(number, 1) % {span}), 'UTC'), number % 1000, \
                     if(number % 3 = 0, NULL, toString(number)) FROM numbers({rows}) WHERE number % {parts} = {part} SETTINGS max_insert_threads = 1",
                    span = DAYS * 86_400_000,
                    rows = self.rows,
                    parts = self.parts,
                ))
                .await;
        }
        if self.target == Target::Held {
            server
                .query(&format!(
                    "INSERT INTO {db}.target SELECT id + {HELD_FROM}, tenant, ts, amount, note FROM {db}.events WHERE id % 1000 = 7"
                ))
                .await;
        }
        if self.target == Target::View {
            let view = format!("CREATE MATERIALIZED VIEW {db}.view TO {db}.target AS SELECT id, tenant, ts, amount, note FROM {db}.events");
            server.query(&view).await;
        }
    }

    /// The target's rows against the source's, by id and by content.
    pub(super) async fn content(&self, server: &ClickHouse) -> Content {
        let db = self.database();
        let rows = |table: &str| format!("SELECT * FROM {db}.{table} WHERE id < {HELD_FROM}");
        let same = server.fingerprint(&rows("events")).await == server.fingerprint(&rows("target")).await;
        let counted = server
            .query(&format!(
                "SELECT sum(greatest(s - t, 0)), sum(greatest(t - s, 0)) FROM (SELECT id, toInt64(countIf(side = 0)) AS s, toInt64(countIf(side = 1)) AS t \
                 FROM (SELECT id, 0 AS side FROM {db}.events UNION ALL SELECT id, 1 FROM {db}.target WHERE id < {HELD_FROM}) GROUP BY id)"
            ))
            .await;
        let numbers: Vec<u64> = counted.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let held = server.query(&format!("SELECT count(), sum(id) FROM {db}.target WHERE id >= {HELD_FROM}")).await;
        let held_expected = match self.target {
            Target::Held => server.query(&format!("SELECT count(), sum(id + {HELD_FROM}) FROM {db}.events WHERE id % 1000 = 7")).await,
            Target::Plain | Target::Windowed | Target::View => "0\t0\n".into(),
        };
        Content { same, lost: *numbers.first().unwrap_or(&0), duplicated: *numbers.get(1).unwrap_or(&0), held, held_expected }
    }

    /// Forgets the tables.
    pub(super) async fn remove(&self, server: &ClickHouse) {
        server.query(&format!("DROP DATABASE {} SYNC", self.database())).await;
    }
}

/// The target's rows against the source's.
#[derive(Debug)]
pub(super) struct Content {
    same: bool,
    /// Rows of the source that are missing.
    pub(super) lost: u64,
    /// Rows that are there too often.
    pub(super) duplicated: u64,
    /// Rows that were there before, and what they should be.
    pub(super) held: String,
    pub(super) held_expected: String,
}

impl Content {
    pub(super) fn exact(&self) -> bool {
        self.same && self.lost == 0 && self.duplicated == 0
    }
}
