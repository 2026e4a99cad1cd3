//! Plans by size, without a server: every tuple of the key falls into one chunk, and planted faults are found.

use std::collections::BTreeSet;
use std::time::Instant;

use penstock_tests::keyed::{fixed, huge, keyed};
use planner_core::audit::audit;
use planner_core::key::{Bucket, KeySpan, KeyTuple};
use planner_core::plan::{Plan, PlanDocument, Span};
use planner_core::request::Method;
use planner_core::snapshot::Snapshot;
use planner_core::{Outcome, canonical, plan};
use proptest::prelude::*;

fn key_spans(plan: &Plan) -> Vec<&KeySpan> {
    fn of_key(span: &Span) -> &KeySpan {
        match span {
            Span::Key(span) => span,
            Span::Time(..) | Span::TimeIsNull => panic!("a span of a key"),
        }
    }
    plan.core.chunks.iter().filter(|chunk| chunk.statement == 0).map(|chunk| of_key(&chunk.span)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn keys_of_every_type_are_cut_without_gap((request, snapshot) in keyed()) {
        let planned = match plan(&request, &snapshot) {
            Outcome::Planned(planned) => planned,
            Outcome::Refused(refusal) => {
                prop_assert!(["no-feeding-view", "cut-tears-groups", "no-common-column", "too-many-chunks", "source-is-target"].contains(&refusal.code.as_str()), "{refusal:?}");
                return Ok(());
            }
            Outcome::NeedsDetail(probes) => return Err(TestCaseError::fail(format!("{probes:?}"))),
        };
        prop_assert_eq!(audit(&planned, &snapshot), Vec::new());
        prop_assert_eq!(planned.estimates.len(), planned.len());
        let statements = planned.core.statements.len() as u64;
        let rows = planned.estimates.iter().map(|one| one.rows).sum::<u64>() / statements;
        // Shares of whole rows: each bucket may lose a part of one.
        let buckets = key_spans(&planned).iter().filter(|span| span.bucket.is_some()).count() as u64;
        prop_assert!(snapshot.source.stored.rows - rows <= buckets, "{} of {} rows", rows, snapshot.source.stored.rows);
        if let Method::SizeBudget { bytes } = request.method {
            // A chunk of several runs of tuples is over the budget by less than one run; a single run is divided by hash.
            let packed = planned.core.chunks.iter().zip(&planned.estimates).find(|(chunk, size)| {
                matches!(&chunk.span, Span::Key(span) if span.partitions.len() > 1) && size.bytes > bytes
            });
            prop_assert!(packed.is_none(), "{packed:?}");
        }
        let text = canonical::to_string(&planned.document());
        let read: PlanDocument = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read.into_plan().unwrap(), *planned);
    }
}

/// Audits a sound plan by size after a change, and looks for a fault.
fn planted(code: &str, change: impl Fn(&mut Plan, &mut Snapshot)) {
    let mut tried = 0;
    for (request, mut snapshot) in fixed(120) {
        let Outcome::Planned(mut planned) = plan(&request, &snapshot) else { continue };
        let cuts = key_spans(&planned).iter().filter(|span| span.from.is_some() && span.to.is_some() && span.bucket.is_none()).count();
        let buckets = key_spans(&planned).iter().filter(|span| span.bucket.is_some()).count();
        if cuts < 2 || buckets == 0 || planned.core.statements.len() != 1 {
            continue;
        }
        change(&mut planned, &mut snapshot);
        let found = audit(&planned, &snapshot);
        let found: BTreeSet<String> = found.into_iter().map(|fault| fault.code).collect();
        assert!(found.contains(code), "{code} not among {found:?}");
        tried += 1;
    }
    assert!(tried >= 3, "{code}: only {tried} plans to try it on");
}

/// Changes the first span that is cut on both sides.
fn first_cut(plan: &mut Plan, change: impl Fn(&mut KeySpan)) {
    let cut = plan.core.chunks.iter_mut().find_map(|chunk| match &mut chunk.span {
        Span::Key(span) if span.from.is_some() && span.to.is_some() && span.bucket.is_none() => Some(span),
        Span::Key(_) | Span::Time(..) | Span::TimeIsNull => None,
    });
    change(cut.expect("a span cut on both sides"));
}

#[test]
fn audit_finds_planted_faults_of_key_spans() {
    planted("span-overlap", |plan, _| first_cut(plan, |span| span.from = None));
    planted("span-overlap", |plan, _| first_cut(plan, |span| span.to = span.from.clone()));
    planted("span-empty", |plan, _| first_cut(plan, |span| std::mem::swap(&mut span.from, &mut span.to)));
    planted("key-malformed", |plan, _| first_cut(plan, |span| span.to = Some(KeyTuple::of(&[7; 99]))));
    planted("buckets-incomplete", |plan, _| {
        let at = plan.core.chunks.iter().position(|chunk| matches!(&chunk.span, Span::Key(span) if span.bucket.is_some())).unwrap();
        plan.core.chunks.remove(at);
        plan.estimates.remove(at);
    });
    planted("buckets-incomplete", |plan, _| first_cut(plan, |span| span.bucket = Some(Bucket { index: 0, of: 2 })));
    planted("span-gap", |plan, _| {
        let Span::Key(first) = plan.core.chunks[0].span.clone() else { panic!("a span of a key") };
        let keep: Vec<bool> =
            plan.core.chunks.iter().map(|chunk| !matches!(&chunk.span, Span::Key(span) if span.partitions == first.partitions)).collect();
        let mut keep = keep.iter();
        plan.core.chunks.retain(|_| *keep.next().unwrap());
        plan.estimates.truncate(plan.core.chunks.len());
    });
    planted("partition-unknown", |_, snapshot| snapshot.source.partitions[0].id = "209912".into());
    planted("key-type-unknown", |plan, _| plan.core.key.as_mut().unwrap().columns[0].type_name = "Array(UInt8)".into());
    planted("key-axis-missing", |plan, _| plan.core.key = None);
}

/// Four trillion rows in ten thousand partitions. The time is shown by `bench plan`; here only that it is whole.
#[test]
fn half_a_million_chunks_of_four_trillion_rows() {
    let (request, snapshot) = huge(10_000, 500_000);
    let started = Instant::now();
    let Outcome::Planned(planned) = plan(&request, &snapshot) else { panic!("not planned") };
    eprintln!("{} chunks in {:?}", planned.len(), started.elapsed());
    assert_eq!(planned.len(), 500_000);
    assert_eq!(audit(&planned, &snapshot).first(), None);
}
