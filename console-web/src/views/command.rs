//! What the studio shows as a command line: the same request, for a terminal.

use planner_core::request::{Acknowledgement, Method, Request};

use super::address::table_text;
use super::budget;
use super::studio::instant_text;

/// `penstock plan --source … --target …`, ready for a POSIX shell.
pub fn text(request: &Request) -> String {
    let mut words = vec!["penstock plan".to_owned()];
    let mut option = |name: &str, value: &str| words.push(format!("{name} {}", quoted(value)));
    option("--source", &table_text(&request.source));
    option("--target", &table_text(&request.target));
    if let Some(window) = request.window {
        option("--from", &instant_text(window.from));
        option("--to", &instant_text(window.to));
    }
    if let Some(column) = &request.time_column {
        option("--time-column", column.as_str());
    }
    match request.method {
        Method::TimeWindow { hours } => option("--chunk-hours", &hours.to_string()),
        Method::CalendarDays { days } => option("--calendar-days", &days.to_string()),
        Method::SizeBudget { bytes } => option("--max-chunk-bytes", &budget::text(bytes)),
        Method::Partitions => words.push("--partitions".to_owned()),
    }
    let seen = request.acknowledged.iter().map(|danger| match danger {
        Acknowledgement::LargeWindow => "--force-large-window".to_owned(),
        Acknowledgement::TargetHoldsRows => "--force-target-rows".to_owned(),
    });
    words.extend(seen);
    words.join(" ")
}

/// A word that the shell takes as it stands.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::studio::{Cut, Studio};
    use planner_core::quantity::UnixMillis;
    use planner_core::request::Window;
    use planner_core::sql::identifier::TableName;

    fn check(studio: Studio, expected: &str) {
        let source = studio.source.clone().or_else(|| TableName::new("demo", "events").ok());
        let target = TableName::new("demo", "copy").ok();
        assert_eq!(text(&Studio { source, target, ..studio }.request().unwrap()), format!("penstock plan {expected}"));
    }

    #[test]
    fn every_method_has_its_option() {
        let tables = "--source demo.events --target demo.copy";
        check(Studio::default(), &format!("{tables} --chunk-hours 6"));
        check(Studio { cut: Cut::Days, days: 7, ..Studio::default() }, &format!("{tables} --calendar-days 7"));
        check(Studio { cut: Cut::Size, ..Studio::default() }, &format!("{tables} --max-chunk-bytes 512M"));
        check(Studio { cut: Cut::Partitions, ..Studio::default() }, &format!("{tables} --partitions"));
    }

    #[test]
    fn windows_and_what_was_acknowledged_are_said() {
        let at = |text| UnixMillis::parse(text).unwrap();
        let window = Some(Window { from: at("2025-01-01"), to: at("2025-02-01T06:30:01.250") });
        let acknowledged = [Acknowledgement::LargeWindow, Acknowledgement::TargetHoldsRows].into();
        check(
            Studio { window, acknowledged, ..Studio::default() },
            "--source demo.events --target demo.copy --from 2025-01-01T00:00 --to 2025-02-01T06:30:01.250 --chunk-hours 6 --force-large-window --force-target-rows",
        );
    }

    #[test]
    fn the_shell_takes_odd_names_as_they_are() {
        let odd = TableName::new("de'mo", "a.b $x").ok();
        check(Studio { source: odd, ..Studio::default() }, "--source '`de'\\''mo`.`a.b $x`' --target demo.copy --chunk-hours 6");
    }
}
