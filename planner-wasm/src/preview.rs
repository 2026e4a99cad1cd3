//! A plan as the page shows it: sums, cells, sizes and marks, so that what crosses to the page stays small however many
//! chunks there are.

use planner_core::key::KeyColumn;
use planner_core::plan::{ChunkSpan, Estimate, Plan, PlanCore, Span};
use planner_core::request::Method;
use planner_core::sql::key_type::KeyType;

use crate::message::{Cell, Marks, Preview, Sizes};
use crate::notes;

/// Most chunks of a plan that is hashed while somebody waits for its picture.
const HASHED_AT_ONCE: usize = 20_000;
/// Steps of a unit.
const STEPS: u64 = 20;
/// Steps that are told apart; the last holds everything beyond two units.
const BARS: usize = 41;

/// Sums a plan up, with at most so many cells.
pub(crate) fn preview(plan: &Plan, cells: u32) -> Preview {
    let total = plan.total();
    Preview {
        along: along(&plan.core),
        bytes: total.bytes,
        cells: strip(plan, cells),
        chunks: plan.len() as u64,
        digest: (plan.len() <= HASHED_AT_ONCE).then(|| plan.core.digest()),
        largest_bytes: plan.estimates.iter().map(|estimate| estimate.bytes).max().unwrap_or(0),
        mode: plan.core.mode,
        plan_id: plan.core.plan_id.clone(),
        rationale: notes::few(&plan.rationale),
        rows: total.rows,
        sizes: sizes(plan, total),
        write: plan.core.write,
    }
}

/// Tells which chunks are larger than was asked for, and which hold a part of one heavy key.
pub(crate) struct Marker {
    leading: Option<KeyType>,
    most_bytes: u64,
}

impl Marker {
    pub(crate) fn of(core: &PlanCore) -> Self {
        let leading = core.key.as_ref().and_then(|key| KeyType::of(&key.columns.first()?.type_name));
        Self { leading, most_bytes: core.method.most_bytes().unwrap_or(u64::MAX) }
    }

    pub(crate) fn marks(&self, span: &Span, bytes: u64) -> Marks {
        let hot = match span {
            Span::Key(span) => span.bucket.is_some() || self.leading.as_ref().is_some_and(|leading| span.is_within_one(leading)),
            Span::Time(..) | Span::TimeIsNull => false,
        };
        Marks { hot, over: bytes > self.most_bytes }
    }
}

/// The strip: one cell a chunk, or runs of neighbours of equal number where there are more chunks than cells.
fn strip(plan: &Plan, cells: u32) -> Vec<Cell> {
    let marker = Marker::of(&plan.core);
    let per_cell = plan.len().div_ceil(usize::try_from(cells.max(1)).unwrap_or(usize::MAX)).max(1);
    let runs = plan.core.chunks.chunks(per_cell).zip(plan.estimates.chunks(per_cell)).enumerate();
    runs.map(|(i, (chunks, estimates))| {
        let empty = Cell { bytes: 0, chunks: chunks.len() as u64, first: (i * per_cell) as u64, hot: 0, over: 0, rows: 0 };
        chunks.iter().zip(estimates).fold(empty, |cell, (chunk, estimate)| {
            let marks = marker.marks(&chunk.span, estimate.bytes);
            Cell {
                bytes: cell.bytes.saturating_add(estimate.bytes),
                hot: cell.hot + u64::from(marks.hot),
                over: cell.over + u64::from(marks.over),
                rows: cell.rows.saturating_add(estimate.rows),
                ..cell
            }
        })
    })
    .collect()
}

fn sizes(plan: &Plan, total: Estimate) -> Sizes {
    let average = total.bytes / (plan.len() as u64).max(1);
    let unit = match plan.core.method {
        Method::SizeBudget { bytes } => bytes.max(1),
        Method::TimeWindow { .. } | Method::CalendarDays { .. } | Method::Partitions => average.max(1),
    };
    let mut counts = vec![0; BARS];
    for estimate in &plan.estimates {
        // A size on the border of two steps belongs to the lower one: exactly the unit is not beyond it.
        let step = estimate.bytes.saturating_mul(STEPS).div_ceil(unit).saturating_sub(1);
        let bar = usize::try_from(step).unwrap_or(usize::MAX).min(BARS - 1);
        if let Some(count) = counts.get_mut(bar) {
            *count += 1;
        }
    }
    Sizes { by_budget: plan.core.method.most_bytes().is_some(), counts, unit }
}

/// What the cuts lie on.
fn along(core: &PlanCore) -> String {
    let columns = core.key.as_ref().map_or(&[][..], |key| &key.columns);
    let name = |column: &KeyColumn| {
        let bare = column.expression.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).unwrap_or(&column.expression);
        format!("{bare}{}", if column.descending { " DESC" } else { "" })
    };
    let is_bound = |chunk: &ChunkSpan| matches!(&chunk.span, Span::Key(span) if span.from.is_some() || span.to.is_some());
    match (&core.key, &core.time) {
        (None, Some(time)) => time.column.to_string(),
        // The key may have columns that no cut names: they tell how a chunk is halved.
        (Some(_), _) if core.chunks.iter().any(is_bound) => columns.iter().map(name).collect::<Vec<_>>().join(", "),
        _ => "partitions".to_owned(),
    }
}
