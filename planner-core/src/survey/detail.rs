//! Detail: answers that refine a snapshot which is there.

use super::key::{columns_below, deepen, index_shape, marks, sample_probe};
use super::time::read_profile;
use crate::answer;
use crate::histogram::{KeyHistogram, KeyOrigin, MOST_DETAIL_BYTES};
use crate::limits::MOST_BELOW;
use crate::probe::{self, Answers, Probe};
use crate::refusal::Refusal;
use crate::snapshot::Snapshot;
use crate::time_column;

/// Adds the answers of detail probes to a snapshot. The result is another snapshot, with its own digest.
pub fn extend(snapshot: &Snapshot, answers: &Answers) -> Result<Snapshot, Refusal> {
    let mut extended = snapshot.clone();
    for (probe, text) in answers {
        if !is_detail_of(probe, snapshot) {
            return Err(Refusal::new(
                "not-a-detail",
                format!("{probe:?} asks nothing that a plan of this snapshot can need"),
                "send the probes that planning returned",
            ));
        }
        match probe {
            Probe::TimeMarks { table, column } | Probe::TimeColumn { table, column } => {
                let profile = read_profile(probe, text)?.ok_or_else(|| {
                    Refusal::new(
                        "marks-without-time",
                        format!("the index of {table} does not hold '{column}'"),
                        "ask for the column itself",
                    )
                })?;
                for side in [&mut extended.source, &mut extended.target] {
                    if &side.name == table {
                        side.times.insert(column.clone(), profile.clone());
                    }
                }
            }
            Probe::DayStarts { zone, .. } => {
                let known = extended.day_starts.entry(zone.clone()).or_default();
                // The probes of one zone may leave a gap between them; only one run of days is kept.
                *known = answer::day_starts(text)?;
            }
            Probe::KeyMarks { spread, .. } => {
                let finer = match probe::words_of_refusal(text) {
                    Some(words) => KeyHistogram::unknown(words),
                    None => marks(&extended.source, text, *spread)?,
                };
                match &mut extended.source.keys {
                    Some(known) if finer.origin == KeyOrigin::IndexMarks => known.refine(finer),
                    keys => *keys = Some(finer),
                }
            }
            Probe::KeySample { columns, .. } => {
                let keys = answer::keys(text, KeyOrigin::Sample, columns.clone())?;
                extended.source.keys = Some(keys.histogram);
            }
            Probe::KeyBelow { columns, spans, .. } => deepen(&mut extended.source, text, columns, spans)?,
            Probe::Server | Probe::Tables { .. } | Probe::Columns { .. } | Probe::Partitions { .. } => {}
        }
    }
    if let Some(keys) = &mut extended.source.keys {
        keys.thin(MOST_DETAIL_BYTES);
    }
    Ok(extended)
}

/// Whether a probe asks something that only refines this snapshot: about its own tables and columns, or about days.
pub fn is_detail_of(probe: &Probe, snapshot: &Snapshot) -> bool {
    match probe {
        Probe::TimeMarks { table, column } | Probe::TimeColumn { table, column } => [&snapshot.source, &snapshot.target]
            .iter()
            .any(|side| &side.name == table && time_column::time_columns(side).iter().any(|name| name == column.as_str())),
        Probe::KeyMarks { table, columns, descending, .. } => {
            table == &snapshot.source.name && (*columns, descending.clone()) == index_shape(&snapshot.source)
        }
        // Its columns are SQL, so what comes from outside must be what the survey itself would ask.
        Probe::KeySample { .. } => probe == &sample_probe(&snapshot.source, None),
        // Its bounds are literals of known types, whatever they hold.
        Probe::KeyBelow { table, columns, spans, .. } => {
            table == &snapshot.source.name && Some(columns) == columns_below(&snapshot.source).as_ref() && spans.len() <= MOST_BELOW
        }
        Probe::DayStarts { .. } => true,
        Probe::Server | Probe::Tables { .. } | Probe::Columns { .. } | Probe::Partitions { .. } => false,
    }
}
