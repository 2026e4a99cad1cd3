//! The plan studio's state, its address and the request that it makes.

use std::collections::BTreeSet;

use planner_core::quantity::{DAY_MS, Hours, UnixMillis};
use planner_core::request::{Acknowledgement, Method, ModeChoice, Request, Window};
use planner_core::sql::identifier::TableName;

use super::address::{table_text, with_query};
use super::{budget, format, width};

/// How the window is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// Chunks of equal width.
    #[default]
    Hours,
    /// Chunks of whole days.
    Days,
    /// Chunks of about equal size.
    Size,
    /// One chunk a partition.
    Partitions,
}

impl Cut {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Hours, Self::Days, Self::Size, Self::Partitions];

    /// The name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hours => "hours",
            Self::Days => "days",
            Self::Size => "size",
            Self::Partitions => "partitions",
        }
    }
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
    /// Bytes of a chunk.
    pub budget: u64,
    /// What was acknowledged.
    pub acknowledged: BTreeSet<Acknowledgement>,
}

impl Default for Studio {
    fn default() -> Self {
        Self {
            source: None,
            target: None,
            window: None,
            cut: Cut::Hours,
            hours: Hours::whole(6),
            days: 1,
            budget: 512 << 20,
            acknowledged: BTreeSet::new(),
        }
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
            cut: get("method").and_then(|name| Cut::ALL.into_iter().find(|cut| cut.name() == name)).unwrap_or_default(),
            hours: get("hours").and_then(|text| Hours::parse(&text).ok()).unwrap_or(fallback.hours),
            days: get("days").and_then(|text| text.parse().ok()).filter(|days| (1..=366).contains(days)).unwrap_or(fallback.days),
            budget: get("bytes").and_then(|text| budget::parse(&text)).unwrap_or(fallback.budget),
            acknowledged: ACKNOWLEDGEMENTS.into_iter().filter(|one| spoken.split(',').any(|name| name == one.name())).collect(),
        }
    }

    /// The address that says this.
    pub fn address(&self) -> String {
        let table = |name: &Option<TableName>| name.as_ref().map(table_text).unwrap_or_default();
        let instant = |of: fn(Window) -> UnixMillis| self.window.map(|window| instant_text(of(window))).unwrap_or_default();
        let spoken: Vec<&str> = self.acknowledged.iter().map(|one| one.name()).collect();
        // Only the value that the method uses: the others' names carry nothing, and empty values are left out.
        let (name, value) = match self.cut {
            Cut::Hours => ("hours", self.hours.to_string()),
            Cut::Days => ("days", self.days.to_string()),
            Cut::Size => ("bytes", budget::text(self.budget)),
            Cut::Partitions => ("bytes", String::new()),
        };
        with_query(
            "/plan",
            &[
                ("source", &table(&self.source)),
                ("target", &table(&self.target)),
                ("from", &instant(|window| window.from)),
                ("to", &instant(|window| window.to)),
                ("method", self.cut.name()),
                (name, &value),
                ("ack", &spoken.join(",")),
            ],
        )
    }

    /// How the window is cut.
    pub fn method(&self) -> Method {
        match self.cut {
            Cut::Hours => Method::TimeWindow { hours: self.hours },
            Cut::Days => Method::CalendarDays { days: self.days },
            Cut::Size => Method::SizeBudget { bytes: self.budget },
            Cut::Partitions => Method::Partitions,
        }
    }

    /// What is asked of the planner, once both tables are chosen.
    pub fn request(&self) -> Option<Request> {
        let (source, target) = self.source.clone().zip(self.target.clone())?;
        Some(Request {
            acknowledged: self.acknowledged.clone(),
            generation: 0,
            method: self.method(),
            mode: ModeChoice::Auto,
            source,
            target,
            time_column: None,
            window: self.window,
        })
    }
}

impl From<&Request> for Studio {
    fn from(request: &Request) -> Self {
        let studio = Self {
            source: Some(request.source.clone()),
            target: Some(request.target.clone()),
            window: request.window,
            acknowledged: request.acknowledged.clone(),
            ..Self::default()
        };
        match request.method {
            Method::TimeWindow { hours } => Self { hours, ..studio },
            Method::CalendarDays { days } => Self { cut: Cut::Days, days, ..studio },
            Method::SizeBudget { bytes } => Self { cut: Cut::Size, budget: bytes, ..studio },
            Method::Partitions => Self { cut: Cut::Partitions, ..studio },
        }
    }
}

/// How a method cuts, in a few words: `chunks of 6 h`.
pub fn cut_words(method: &Method) -> String {
    match method {
        Method::TimeWindow { hours } => format!("chunks of {}", width::name(*hours)),
        Method::CalendarDays { days } => format!("chunks of {}", format::plural((*days).into(), "calendar day")),
        Method::SizeBudget { bytes } => format!("chunks of up to {}", format::bytes(*bytes)),
        Method::Partitions => "a chunk for each partition".to_owned(),
    }
}

/// How many chunks and how they are cut: `89 chunks of up to 512 MiB`.
pub fn chunks_words(chunks: u64, method: &Method) -> String {
    let words = cut_words(method);
    let cut = words.strip_prefix("chunks").unwrap_or(if chunks == 1 { "" } else { ", one for each partition" });
    format!("{}{cut}", format::plural(chunks, "chunk"))
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
            acknowledged: ACKNOWLEDGEMENTS.into_iter().collect(),
            ..Studio::default()
        };
        let days = Studio { cut: Cut::Days, days: 7, ..Studio::default() };
        let size = Studio { cut: Cut::Size, budget: 1280 << 20, hours: Hours::whole(6), ..full.clone() };
        let partitions = Studio { cut: Cut::Partitions, hours: Hours::whole(6), ..full.clone() };
        for studio in [Studio::default(), full.clone(), days, size.clone(), partitions.clone()] {
            assert_eq!(read(&studio.address()), studio, "{}", studio.address());
        }
        for studio in [full.clone(), size, partitions] {
            assert_eq!(Studio::from(&studio.request().unwrap()), studio);
        }
        assert!(full.address().contains("from=2025-01-01T00:00&to=2025-02-01T06:30:01.250&method=hours&hours=0.25"));
    }

    #[test]
    fn chunks_are_said_with_their_cut() {
        let said = |chunks, method| chunks_words(chunks, &method);
        assert_eq!(said(89, Method::SizeBudget { bytes: 512 << 20 }), "89 chunks of up to 512 MiB");
        assert_eq!(said(62, Method::TimeWindow { hours: Hours::whole(12) }), "62 chunks of 12 h");
        assert_eq!(said(31, Method::Partitions), "31 chunks, one for each partition");
        assert_eq!(said(1, Method::Partitions), "1 chunk");
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
