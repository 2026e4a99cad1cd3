//! How both tables are spread over the time column.

use super::{Stop, SurveySpec};
use crate::answer;
use crate::engine;
use crate::probe::{Answers, Probe};
use crate::refusal::Refusal;
use crate::snapshot::{ProfileOrigin, Table, TimeProfile};
use crate::time_column;

/// Profiles the time column of the source, and of the target where it holds rows that a window could meet.
pub(super) fn profile_both(spec: &SurveySpec, source: &mut Table, target: &mut Table, answers: &Answers) -> Result<(), Stop> {
    // A time column that cannot be resolved is planning's to refuse, not the survey's.
    let Ok(resolved) = time_column::resolve(spec.time_column.as_ref(), &spec.policy, source) else { return Ok(()) };
    if engine::folding(&source.engine).is_none() {
        return Ok(());
    }
    let mut missing = Vec::new();
    let mut wanted = |probe: Probe| -> Result<Option<TimeProfile>, Refusal> {
        let Some(text) = answers.get(&probe) else {
            missing.push(probe);
            return Ok(None);
        };
        read_profile(&probe, text)
    };
    let column = resolved.column;
    let of_column = |table: &Table| Probe::TimeColumn { table: table.name.clone(), column: column.clone() };
    let source_profile = match time_column::profile_probe(source, &column) {
        None => time_column::from_partitions(source, &column),
        Some(probe) if source.stored.rows == 0 => {
            Some(TimeProfile { buckets: Vec::new(), null_rows: 0, origin: origin(&probe), step_ms: 900_000 })
        }
        Some(probe) => match wanted(probe.clone())? {
            Some(profile) => Some(profile),
            // The index leaves this column out: the partitions may tell it, else it is read itself.
            None if answers.contains_key(&probe) => match time_column::from_partitions(source, &column) {
                Some(profile) => Some(profile),
                None => wanted(of_column(source))?,
            },
            None => None,
        },
    };
    let holds_times = target.stored.rows > 0 && time_column::time_columns(target).iter().any(|name| name == column.as_str());
    let target_profile = if holds_times && target.name != source.name { wanted(of_column(target))? } else { None };
    if !missing.is_empty() {
        return Err(Stop::Ask(missing));
    }
    source.times.extend(source_profile.map(|profile| (column.clone(), profile)));
    target.times.extend(target_profile.map(|profile| (column.clone(), profile)));
    Ok(())
}

/// Reads a profile. `None` when the index in memory leaves the column out: it then shows the type's default everywhere
/// (`primary_key_ratio_of_unique_prefix_values_to_skip_suffix_columns`, clickhouse.md section 3).
pub(super) fn read_profile(probe: &Probe, text: &str) -> Result<Option<TimeProfile>, Refusal> {
    let profile = answer::profile(text, origin(probe))?;
    let defaulted = profile.origin == ProfileOrigin::IndexMarks && profile.buckets.iter().any(|bucket| bucket.min.0 == 0);
    Ok((!defaulted).then_some(profile))
}

fn origin(probe: &Probe) -> ProfileOrigin {
    match probe {
        Probe::TimeMarks { .. } => ProfileOrigin::IndexMarks,
        Probe::TimeColumn { .. }
        | Probe::Server
        | Probe::Tables { .. }
        | Probe::Columns { .. }
        | Probe::Partitions { .. }
        | Probe::KeyMarks { .. }
        | Probe::KeySample { .. }
        | Probe::KeyBelow { .. }
        | Probe::DayStarts { .. } => ProfileOrigin::Column,
    }
}
