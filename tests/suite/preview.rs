//! What the console's worker says of a plan: sums and marks that agree with its chunks, and coarse plans that are never run.

use penstock_tests::keyed;
use planner_core::plan::{Plan, Span};
use planner_core::request::{Method, Request};
use planner_core::snapshot::{Named, Snapshot, Table};
use planner_core::{Outcome, plan};
use planner_wasm::message::{Ask, Preview, PreviewRow, Question, Reply};
use planner_wasm::session::Session;

fn ask(session: &mut Session, what: Question) -> Reply {
    let answer = session.handle(Ask { id: 7, what });
    assert_eq!(answer.id, 7);
    answer.what
}

fn loaded(snapshot: &Snapshot) -> Session {
    let mut session = Session::default();
    let reply = ask(&mut session, Question::Load { snapshot: Box::new(snapshot.clone()) });
    let Reply::Loaded { digest, facts } = reply else { panic!("loaded") };
    assert_eq!(digest, snapshot.digest());
    // What is shown is the snapshot but for its keys.
    let keyless = |table: &Table| Table { keys: None, ..table.clone() };
    assert_eq!(*facts, Snapshot { source: keyless(&snapshot.source), target: keyless(&snapshot.target), ..snapshot.clone() });
    session
}

fn rows(session: &mut Session, chunks: u64) -> Vec<PreviewRow> {
    let Reply::Chunks { rows } = ask(session, Question::Chunks { from: 0, to: chunks }) else { panic!("chunks") };
    rows
}

/// Whether a chunk holds a part of one value of the leading column, computed from the values themselves.
fn is_hot(plan: &Plan, i: usize) -> bool {
    let Span::Key(span) = &plan.core.chunks[i].span else { return false };
    let types = plan.core.key.as_ref().unwrap().types();
    let leading = |tuple: &Option<planner_core::key::KeyTuple>| Some(tuple.as_ref()?.values(&types)?.first()?.clone());
    span.bucket.is_some() || leading(&span.from).is_some_and(|from| Some(from) == leading(&span.to))
}

fn check(preview: &Preview, rows: &[PreviewRow], plan: &Plan) {
    assert_eq!(preview.chunks, plan.len() as u64);
    assert_eq!(preview.sizes.counts.iter().sum::<u64>(), preview.chunks);
    assert_eq!(preview.cells.iter().map(|cell| cell.chunks).sum::<u64>(), preview.chunks);
    let most = plan.core.method.most_bytes().unwrap_or(u64::MAX);
    for row in rows {
        let i = usize::try_from(row.index).unwrap();
        assert_eq!((row.marks.hot, row.marks.over), (is_hot(plan, i), row.chunk.bytes > most), "chunk {i}");
    }
    // A merged cell counts what its chunks have.
    for cell in &preview.cells {
        let of: Vec<&PreviewRow> = rows.iter().filter(|row| (cell.first..cell.first + cell.chunks).contains(&row.index)).collect();
        let count = |marked: fn(&PreviewRow) -> bool| of.iter().filter(|row| marked(row)).count() as u64;
        assert_eq!((cell.hot, cell.over), (count(|row| row.marks.hot), count(|row| row.marks.over)));
        assert_eq!(cell.bytes, of.iter().map(|row| row.chunk.bytes).sum::<u64>());
    }
    // As many are beyond the budget and its twentieth in the sizes as there are marks.
    if let Method::SizeBudget { bytes } = plan.core.method
        && bytes.is_multiple_of(20)
    {
        let beyond: u64 = preview.sizes.counts.iter().skip(21).sum();
        assert_eq!(beyond, rows.iter().filter(|row| row.marks.over).count() as u64);
    }
}

#[test]
fn sums_and_marks_agree_with_the_chunks() {
    let (mut hot, mut over, mut merged) = (0, 0, 0);
    for (mut request, snapshot) in keyed::fixed(60) {
        if let Method::SizeBudget { bytes } = &mut request.method {
            *bytes = bytes.next_multiple_of(20);
        }
        let Some(plan) = planner_core::preview(&request, &Named::of(Box::new(snapshot.clone()))).filter(|plan| plan.len() <= 1_000) else {
            continue;
        };
        let mut session = loaded(&snapshot);
        let reply = ask(&mut session, Question::Plan { request: Box::new(request), cells: 10 });
        let preview = match reply {
            Reply::Planned(preview) | Reply::NeedsDetail { coarse: Some(preview), .. } => preview,
            other => panic!("{other:?}"),
        };
        let rows = rows(&mut session, preview.chunks);
        check(&preview, &rows, &plan);
        hot += preview.cells.iter().map(|cell| cell.hot).sum::<u64>();
        over += preview.cells.iter().map(|cell| cell.over).sum::<u64>();
        merged += usize::from(preview.cells.iter().any(|cell| cell.chunks > 1));
    }
    assert!(hot > 0 && over > 0 && merged > 0, "{hot} hot, {over} over, {merged} merged: nothing was proved");
}

/// A table whose points stand for several granules each, and a budget that asks for more of them.
fn coarse() -> (Request, Snapshot) {
    let (mut request, mut snapshot) = keyed::huge(10, 200);
    snapshot.source.keys.as_mut().unwrap().rows_a_point = 0;
    if let Method::SizeBudget { bytes } = &mut request.method {
        *bytes /= 3;
    }
    (request, snapshot)
}

#[test]
fn a_coarse_plan_is_shown_and_never_handed_out() {
    let (request, snapshot) = coarse();
    let mut session = loaded(&snapshot);
    let question = || Question::Plan { request: Box::new(request.clone()), cells: 600 };
    let Reply::NeedsDetail { coarse: Some(preview), probes, snapshot: of } = ask(&mut session, question()) else { panic!("coarse") };
    assert_eq!((probes.len(), of), (1, snapshot.digest()));
    let rows = rows(&mut session, preview.chunks);
    assert_eq!(rows.len() as u64, preview.chunks);
    assert!(rows.iter().all(|row| row.sql.starts_with("INSERT INTO")));
    let Reply::Failed { message } = ask(&mut session, Question::Document) else { panic!("a coarse plan was handed out") };
    assert!(message.contains("coarse"), "{message}");

    // With the detail the same question has a plan, which is the server's.
    let mut finer = snapshot.clone();
    finer.source.keys.as_mut().unwrap().rows_a_point = 1;
    ask(&mut session, Question::Load { snapshot: Box::new(finer.clone()) });
    let Reply::Planned(preview) = ask(&mut session, question()) else { panic!("planned") };
    let Outcome::Planned(planned) = plan(&request, &finer) else { panic!("planned") };
    assert_eq!(preview.digest, Some(planned.core.digest()));
    assert!(matches!(ask(&mut session, Question::Document), Reply::Document { .. }));
}

#[test]
fn a_large_plan_is_hashed_when_it_is_asked_for() {
    let (request, snapshot) = keyed::huge_of(300, 30_000, 2);
    let mut session = loaded(&snapshot);
    let Reply::Planned(preview) = ask(&mut session, Question::Plan { request: Box::new(request.clone()), cells: 600 }) else {
        panic!("planned")
    };
    assert_eq!((preview.chunks, preview.digest), (30_000, None));
    let Outcome::Planned(planned) = plan(&request, &snapshot) else { panic!("planned") };
    let expected = Reply::Digest { digest: planned.core.digest(), plan_id: preview.plan_id };
    assert_eq!(ask(&mut session, Question::Digest), expected);
}
