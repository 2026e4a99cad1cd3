//! The plan studio's state, its address and the request that it makes.

use std::collections::BTreeSet;

use planner_core::quantity::{DAY_MS, Hours, UnixMillis};
use planner_core::request::{Acknowledgement, Method, ModeChoice, Request, Window};
use planner_core::sql::identifier::TableName;

use super::address::{table_text, with_query};

/// How the window is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// Chunks of equal width.
    #[default]
    Hours,
    /// Chunks of whole days.
    Days,
}

/// Everything that the studio's address says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Studio {
    /// Where rows are read.
    pub source: Option<TableName>,
    /// Where rows are written.
    pub target: Option<TableName>,
    /// The window; none is everything.
    pub window: Option<Window>,
    /// How it is cut.
    pub cut: Cut,
    /// Width of a chunk.
    pub hours: Hours,
    /// Days of a chunk.
    pub days: u16,
    /// What was acknowledged.
    pub acknowledged: BTreeSet<Acknowledgement>,
}

impl Default for Studio {
    fn default() -> Self {
        Self { source: None, target: None, window: None, cut: Cut::Hours, hours: Hours::whole(6), days: 1, acknowledged: BTreeSet::new() }
    }
}

const ACKNOWLEDGEMENTS: [Acknowledgement; 2] = [Acknowledgement::LargeWindow, Acknowledgement::TargetHoldsRows];

impl Studio {
    /// Reads an address; what it does not know takes its default.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let table = |name: &str| get(name).and_then(|text| TableName::parse(&text).ok());
        let instant = |name: &str| get(name).and_then(|text| UnixMillis::parse(&text).ok());
        let window = instant("from").zip(instant("to")).map(|(from, to)| Window { from, to });
        let spoken = get("ack").unwrap_or_default();
        let fallback = Self::default();
        Self {
            source: table("source"),
            target: table("target"),
            window,
            cut: if get("method").as_deref() == Some("days") { Cut::Days } else { Cut::Hours },
            hours: get("hours").and_then(|text| Hours::parse(&text).ok()).unwrap_or(fallback.hours),
            days: get("days").and_then(|text| text.parse().ok()).filter(|days| (1..=366).contains(days)).unwrap_or(fallback.days),
            acknowledged: ACKNOWLEDGEMENTS.into_iter().filter(|one| spoken.split(',').any(|name| name == one.name())).collect(),
        }
    }

    /// The address that says this.
    pub fn address(&self) -> String {
        let table = |name: &Option<TableName>| name.as_ref().map(table_text).unwrap_or_default();
        let instant = |of: fn(Window) -> UnixMillis| self.window.map(|window| instant_text(of(window))).unwrap_or_default();
        let spoken: Vec<&str> = self.acknowledged.iter().map(|one| one.name()).collect();
        let (method, hours, days) = match self.cut {
            Cut::Hours => ("hours", self.hours.to_string(), String::new()),
            Cut::Days => ("days", String::new(), self.days.to_string()),
        };
        with_query(
            "/plan",
            &[
                ("source", &table(&self.source)),
                ("target", &table(&self.target)),
                ("from", &instant(|window| window.from)),
                ("to", &instant(|window| window.to)),
                ("method", method),
                ("hours", &hours),
                ("days", &days),
                ("ack", &spoken.join(",")),
            ],
        )
    }

    /// What is asked of the planner, once both tables are chosen.
    pub fn request(&self) -> Option<Request> {
        let (source, target) = self.source.clone().zip(self.target.clone())?;
        let method = match self.cut {
            Cut::Hours => Method::TimeWindow { hours: self.hours },
            Cut::Days => Method::CalendarDays { days: self.days },
        };
        Some(Request {
            acknowledged: self.acknowledged.clone(),
            generation: 0,
            method,
            mode: ModeChoice::Auto,
            source,
            target,
            time_column: None,
            window: self.window,
        })
    }
}

/// The last `days` days up to `to`.
pub fn last_days(to: UnixMillis, days: i64) -> Window {
    Window { from: to.plus(-days * DAY_MS), to }
}

/// An instant as addresses and `<input type="datetime-local">` write it: `2025-01-01T00:00`.
pub fn instant_text(at: UnixMillis) -> String {
    at.label().replace(' ', "T")
}

/// One sentence for a window: `2025-01-01 00:00 – 2025-02-01 00:00 UTC`.
pub fn window_text(window: Option<Window>) -> String {
    window.map_or_else(|| "everything the source holds".to_owned(), |window| format!("{} – {} UTC", window.from.label(), window.to.label()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Studio {
        let query = address.split_once('?').map_or("", |(_, query)| query).replace("%2C", ",").replace("%60", "`");
        Studio::read(|name| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(str::to_owned))
    }

    #[test]
    fn addresses_go_round() {
        let full = Studio {
            source: TableName::parse("demo.events").ok(),
            target: TableName::new("demo", "by.tenant").ok(),
            window: Some(Window {
                from: UnixMillis::parse("2025-01-01").unwrap(),
                to: UnixMillis::parse("2025-02-01T06:30:01.250").unwrap(),
            }),
            cut: Cut::Hours,
            hours: Hours::parse("0.25").unwrap(),
            days: 1,
            acknowledged: ACKNOWLEDGEMENTS.into_iter().collect(),
        };
        let days = Studio { cut: Cut::Days, days: 7, window: None, acknowledged: BTreeSet::new(), ..Studio::default() };
        for studio in [Studio::default(), full.clone(), days] {
            assert_eq!(read(&studio.address()), studio, "{}", studio.address());
        }
        assert!(full.address().contains("from=2025-01-01T00:00&to=2025-02-01T06:30:01.250&method=hours&hours=0.25"));
    }

    #[test]
    fn nonsense_takes_the_default() {
        assert_eq!(read("/plan?from=x&to=y&hours=-1&days=999&source=nodot"), Studio::default());
    }

    #[test]
    fn a_request_needs_both_tables() {
        assert_eq!(Studio::default().request(), None);
        let request = read("/plan?source=a.b&target=a.c&method=days&days=2").request().unwrap();
        assert_eq!(request.method, Method::CalendarDays { days: 2 });
        assert_eq!(request.window, None);
    }
}
