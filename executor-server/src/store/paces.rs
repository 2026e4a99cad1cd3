//! How quickly chunks of past jobs were carried.

use planner_core::pace::Pace;
use planner_core::sql::identifier::TableName;
use rusqlite::params;

use super::{Store, StoreError};

/// Most jobs that are looked at, the latest first.
const JOBS: u32 = 5;
/// Fewest chunks that say anything.
const LEAST: usize = 3;

impl Store {
    /// The pace of the latest completed jobs between two tables, and of how many chunks it is.
    pub async fn pace(&self, source: &TableName, target: &TableName) -> Result<Option<(Pace, u64)>, StoreError> {
        let (source, target) = (source.to_string(), target.to_string());
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT json_extract(t.body, '$.task.bytes_estimated'), json_extract(t.body, '$.task.duration_ms'), \
                 json_extract(j.body, '$.lanes') FROM (SELECT id, body FROM jobs WHERE source = ?1 AND target = ?2 \
                 AND state = 'completed' ORDER BY seq DESC LIMIT ?3) AS j \
                 JOIN tasks AS t ON t.job_id = j.id WHERE t.state = 'done' AND json_extract(t.body, '$.task.duration_ms') > 0 \
                 AND json_extract(t.body, '$.task.bytes_estimated') > 0",
            )?;
            let rows = statement.query_map(params![source, target, JOBS], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(quartiles(&rows.collect::<Result<Vec<_>, _>>()?))
        })
        .await
    }
}

/// Between the slower and the faster quarter of chunks: bytes, milliseconds, lanes.
fn quartiles(chunks: &[(i64, i64, u16)]) -> Option<(Pace, u64)> {
    let lanes = chunks.iter().map(|chunk| chunk.2).min()?;
    let rate = |(bytes, ms, _): &(i64, i64, u16)| bytes.unsigned_abs().saturating_mul(1000) / ms.unsigned_abs().max(1);
    let mut rates: Vec<u64> = chunks.iter().map(rate).collect();
    rates.sort_unstable();
    let count = rates.len();
    let at = |place: usize| rates.get(place.min(count - 1)).copied();
    (count >= LEAST).then(|| Some((Pace { fast: at(count * 3 / 4)?, lanes, slow: at(count / 4)? }, count as u64))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_chunks_make_a_range() {
        let chunks: Vec<(i64, i64, u16)> = (1..=8).map(|n| (n * 100, 1000, 2)).collect();
        assert_eq!(quartiles(&chunks), Some((Pace { fast: 700, lanes: 2, slow: 300 }, 8)));
        assert_eq!(quartiles(&[(100, 1, 1), (100, 1, 1)]), None);
    }
}
