//! Plan ids follow the published formula. The ids below were computed by hand:
//! `printf '%s' '<text>' | sha256sum | cut -c1-16`.

use planner_core::Outcome;
use planner_core::quantity::{Hours, UnixMillis};
use planner_core::request::{Acknowledgement, Method, Window};
use planner_core::snapshot::Stored;
use planner_core::sql::identifier::TableName;

fn check(target: &str, from: &str, to: &str, hours: &str, expected: &str) {
    let (mut request, mut snapshot) = penstock_tests::generate::fixed_pairs(1).remove(0);
    let target = TableName::parse(target).unwrap();
    request.target = target.clone();
    request.source = TableName::parse("demo.events").unwrap();
    request.method = Method::TimeWindow { hours: Hours::parse(hours).unwrap() };
    request.window = Some(Window { from: UnixMillis::parse(from).unwrap(), to: UnixMillis::parse(to).unwrap() });
    request.acknowledged.insert(Acknowledgement::LargeWindow);
    snapshot.source.name = request.source.clone();
    snapshot.target.name = target;
    snapshot.target.stored = Stored::default();
    snapshot.source.columns[1].type_name = "DateTime64(3, 'UTC')".into();
    snapshot.target.columns[0].type_name = "DateTime64(3, 'UTC')".into();
    snapshot.views.clear();
    request.mode = planner_core::request::ModeChoice::Auto;
    match planner_core::plan(&request, &snapshot) {
        Outcome::Planned(plan) => assert_eq!(plan.core.plan_id.as_str(), expected),
        other => panic!("not planned: {other:?}"),
    }
}

#[test]
fn the_formula_holds() {
    check("demo.events_by_tenant", "2025-01-01", "2025-01-08", "6", "aa67ded5ff36e2cf");
    check("demo.events_by_tenant", "2025-01-01T12:30", "2025-01-31", "0.25", "f11f26d2f282267c");
    check("demo.events_by_time", "2025-01-01", "2025-02-01", "24", "3dd55639fd22d395");
    check("a.b", "2025-01-01", "2025-01-02", "1.5", "c093cc1a4635d782");
}
