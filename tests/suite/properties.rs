//! Every plan covers its window exactly once and passes its audit; every planted fault is found.

use penstock_tests::generate::{fixed_pairs, pair};
use planner_core::audit::audit;
use planner_core::plan::{ChunkSpan, Estimate, Plan, PlanDocument, Span};
use planner_core::quantity::UnixMillis;
use planner_core::{Outcome, canonical, plan};
use proptest::prelude::*;

/// How often an instant is carried, statement by statement.
fn carriers(plan: &Plan, statement: u32, instant: UnixMillis) -> usize {
    let inside = |span: &Span| match span {
        Span::Time(from, to) => from.is_none_or(|from| from <= instant) && to.is_none_or(|to| instant < to),
        Span::TimeIsNull | Span::Key(_) => false,
    };
    plan.core.chunks.iter().filter(|chunk| chunk.statement == statement && inside(&chunk.span)).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plans_cover_their_window_exactly_once((request, snapshot) in pair(), offsets in prop::collection::vec(0_i64..2_000_000_000, 20)) {
        let Outcome::Planned(plan) = plan(&request, &snapshot) else { return Ok(()) };
        prop_assert_eq!(audit(&plan, &snapshot), Vec::new());
        let start = request.window.map_or(1_735_000_000_000, |window| window.from.0 - 500_000_000);
        for offset in offsets {
            let instant = UnixMillis(start + offset);
            let wanted = request.window.is_none_or(|window| window.from <= instant && instant < window.to);
            for statement in 0..u32::try_from(plan.core.statements.len()).unwrap() {
                prop_assert_eq!(carriers(&plan, statement, instant), usize::from(wanted));
            }
        }
        let bounds: Vec<UnixMillis> = plan.core.chunks.iter().filter_map(|chunk| match chunk.span { Span::Time(from, _) => from, Span::TimeIsNull | Span::Key(_) => None }).collect();
        for bound in bounds {
            for instant in [bound, bound.plus(-1)] {
                let wanted = request.window.is_none_or(|window| window.from <= instant && instant < window.to);
                prop_assert_eq!(carriers(&plan, 0, instant), usize::from(wanted));
            }
        }
    }

    #[test]
    fn estimates_add_up_to_the_profile((request, snapshot) in pair()) {
        let Outcome::Planned(plan) = plan(&request, &snapshot) else { return Ok(()) };
        let profile = snapshot.source.times.values().next().unwrap();
        let rows: u64 = profile.buckets.iter().map(|bucket| bucket.rows).sum();
        let statements = plan.core.statements.len() as u64;
        if request.window.is_none() {
            prop_assert_eq!(plan.total().rows, rows * statements);
        } else {
            prop_assert!(plan.total().rows <= rows * statements);
        }
    }

    #[test]
    fn documents_are_canonical_and_come_back((request, snapshot) in pair()) {
        prop_assert!(canonical::is_canonical(&canonical::to_string(&snapshot)));
        prop_assert!(canonical::is_canonical(&canonical::to_string(&request)));
        let read: planner_core::snapshot::Snapshot = serde_json::from_str(&canonical::to_string(&snapshot)).unwrap();
        prop_assert_eq!(read.digest(), snapshot.digest());
        let Outcome::Planned(plan) = plan(&request, &snapshot) else { return Ok(()) };
        let text = canonical::to_string(&plan.document());
        prop_assert!(canonical::is_canonical(&text));
        let document: PlanDocument = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(document.into_plan().unwrap(), *plan);
    }
}

#[test]
fn generated_pairs_reach_every_outcome() {
    let outcomes: Vec<Outcome> = fixed_pairs(1000).iter().map(|(request, snapshot)| plan(request, snapshot)).collect();
    let planned = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Planned(_))).count();
    let detail = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::NeedsDetail(_))).count();
    assert!(planned > 200, "only {planned} of 1000 were planned");
    assert!(detail > 10, "only {detail} of 1000 asked for detail");
    let mut codes: Vec<&str> = outcomes
        .iter()
        .filter_map(|outcome| if let Outcome::Refused(refusal) = outcome { Some(refusal.code.as_str()) } else { None })
        .collect();
    codes.sort_unstable();
    codes.dedup();
    for code in [
        "window-empty",
        "window-reversed",
        "chunk-too-narrow",
        "target-holds-rows",
        "no-feeding-view",
        "window-too-large",
        "days-out-of-range",
    ] {
        assert!(codes.contains(&code), "{code} was never reached: {codes:?}");
    }
}

/// A plan with at least five chunks of one statement, and its snapshot.
fn sound() -> (Plan, planner_core::snapshot::Snapshot) {
    fixed_pairs(1000)
        .into_iter()
        .find_map(|(request, snapshot)| match plan(&request, &snapshot) {
            Outcome::Planned(plan) if plan.len() >= 5 && plan.core.statements.len() == 1 && request.window.is_some() => {
                Some((*plan, snapshot))
            }
            _ => None,
        })
        .unwrap()
}

fn planted(code: &str, spoil: impl FnOnce(&mut Plan)) {
    let (mut plan, snapshot) = sound();
    assert_eq!(audit(&plan, &snapshot), Vec::new());
    spoil(&mut plan);
    let found = audit(&plan, &snapshot);
    assert!(found.iter().any(|fault| fault.code == code), "{code} was planted, found: {found:?}");
}

fn shift(plan: &mut Plan, i: usize, from_by: i64, to_by: i64) {
    if let Span::Time(Some(from), Some(to)) = plan.core.chunks[i].span {
        plan.core.chunks[i].span = Span::Time(Some(from.plus(from_by)), Some(to.plus(to_by)));
    }
}

#[test]
fn audit_finds_what_is_planted() {
    planted("span-gap", |plan| shift(plan, 2, 1000, 0));
    planted("span-overlap", |plan| shift(plan, 2, -1000, 0));
    planted("span-gap", |plan| {
        plan.core.chunks.remove(2);
        plan.estimates.remove(2);
    });
    planted("window-not-covered", |plan| {
        plan.core.chunks.pop();
        plan.estimates.pop();
    });
    planted("chunk-id-twice", |plan| {
        let twin = plan.core.chunks[1].clone();
        plan.core.chunks.push(twin);
        plan.estimates.push(plan.estimates[1]);
    });
    planted("token-twice", |plan| {
        let twin = plan.core.chunks[1].clone();
        plan.core.chunks.insert(1, twin);
        plan.estimates.push(plan.estimates[1]);
    });
    planted("span-too-wide", |plan| {
        let Span::Time(_, end) = plan.core.chunks[2].span else { panic!("a time span") };
        let Span::Time(start, _) = plan.core.chunks[1].span else { panic!("a time span") };
        plan.core.chunks[1].span = Span::Time(start, end);
        plan.core.chunks.remove(2);
        plan.estimates.remove(2);
    });
    planted("span-empty", |plan| {
        let Span::Time(start, _) = plan.core.chunks[1].span else { panic!("a time span") };
        plan.core.chunks[1].span = Span::Time(start, start);
    });
    planted("null-span", |plan| {
        let null = ChunkSpan { span: Span::TimeIsNull, statement: 0 };
        plan.core.chunks.push(null);
        plan.estimates.push(Estimate::default());
    });
    planted("setting-missing", |plan| {
        plan.core.settings.remove("max_insert_threads");
    });
    planted("setting-missing", |plan| {
        plan.core.settings.insert("async_insert".into(), "1".into());
    });
    planted("table-differs", |plan| plan.core.target.uuid = "00000000-0000-0000-0000-000000000000".into());
    planted("snapshot-differs", |plan| plan.snapshot = plan.core.digest());
    planted("estimates-differ", |plan| {
        plan.estimates.pop();
    });
    planted("column-twice", |plan| {
        let twin = plan.core.statements[0].columns[0].clone();
        plan.core.statements[0].columns.push(twin);
    });
    planted("column-not-insertable", |plan| {
        plan.core.statements[0].columns[0].name = planner_core::sql::identifier::Identifier::new("twice").unwrap();
    });
    planted("statement-malformed", |plan| plan.core.statements[0].after.push_str("; DROP TABLE x"));
    planted("statement-malformed", |plan| plan.core.statements[0].before = "INSERT INTO `other`.`table` (`a`) SELECT 1 WHERE ".into());
    planted("predicate-misplaced", |plan| plan.core.statements[0].before.push('\''));
    planted("statement-missing", |plan| plan.core.chunks[0].statement = 7);
    planted("time-column-differs", |plan| plan.core.time.as_mut().unwrap().source_type = "String".into());
}

#[test]
fn a_document_changed_by_hand_is_refused() {
    let (plan, _) = sound();
    let spoil = |change: fn(&mut PlanDocument)| {
        let mut document = plan.document();
        change(&mut document);
        document.into_plan().unwrap_err().into_iter().map(|fault| fault.code).collect::<Vec<_>>()
    };
    assert!(plan.document().into_plan().is_ok());
    assert_eq!(spoil(|document| document.core.generation += 1).first().map(String::as_str), Some("digest-differs"));
    assert_eq!(spoil(|document| document.chunks[1].token = document.chunks[0].token.clone()), ["chunk-differs"]);
    assert_eq!(
        spoil(|document| {
            document.chunks.pop();
        }),
        ["chunks-differ"]
    );
}

#[test]
fn tokens_follow_the_statement_and_nothing_else() {
    let (plan, snapshot) = sound();
    let token = plan.core.token(1, 0);
    assert_eq!(plan.chunk(1).unwrap().token, plan.core.token(1, plan.core.generation));
    assert_ne!(plan.core.token(1, 1), token, "another generation");
    assert_ne!(plan.core.token(2, 0), token, "another chunk");
    let mut other = plan.clone();
    other.core.target.uuid = "99999999-9999-4999-8999-999999999999".into();
    assert_ne!(other.core.token(1, 0), token, "another target");
    let mut other = plan.clone();
    other.core.statements[0].after.push_str(" ORDER BY 1");
    assert_ne!(other.core.token(1, 0), token, "another statement");
    let mut other = plan.clone();
    other.core.plan_id = planner_core::digest::PlanId::parse("0123456789abcdef").unwrap();
    assert_eq!(other.core.token(1, 0), token, "another plan with the same statement");
    assert_eq!(audit(&plan, &snapshot), Vec::new());
}
