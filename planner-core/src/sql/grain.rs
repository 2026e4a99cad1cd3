//! How finely partition keys divide time: a month of days is one month.

use crate::sql::partition::{self, Rounded};

/// From fine to coarse; each lies within one of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grain {
    Hour,
    Day,
    Month,
    Quarter,
    Year,
}

/// Whether each partition by `fine` lies within one partition by `coarse`, as days lie in months: each item of the coarse key
/// is an item of the fine one, or the same column's time, divided less finely. Weeks lie in nothing.
pub(crate) fn nests(fine: &str, coarse: &str) -> bool {
    let fine = partition::items(fine);
    let within = |item: &str| {
        let spaceless = |text: &str| text.replace(' ', "");
        let wide = grain(item);
        fine.iter().any(|own| {
            spaceless(own) == spaceless(item)
                || grain(own).zip(wide.as_ref()).is_some_and(|((column, own), (named, wide))| column == *named && own <= *wide)
        })
    };
    partition::items(coarse).into_iter().all(within)
}

/// The column that an item rounds, with its time zone if one is named, and how far.
fn grain(item: &str) -> Option<((String, Option<String>), Grain)> {
    let Rounded { function, column, zone } = partition::rounded(item)?;
    let grain = match function.as_str() {
        "toStartOfHour" => Grain::Hour,
        "toDate" | "toStartOfDay" | "toYYYYMMDD" => Grain::Day,
        "toStartOfMonth" | "toYYYYMM" => Grain::Month,
        "toStartOfQuarter" => Grain::Quarter,
        "toStartOfYear" | "toYear" => Grain::Year,
        _ => return None,
    };
    Some(((column, zone), grain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_within_what() {
        for (fine, coarse) in [
            ("toYYYYMMDD(ts)", "toYYYYMM(ts)"),
            ("toDate(ts)", "toStartOfMonth(ts)"),
            ("toStartOfHour(ts)", "toDate(ts)"),
            ("toYYYYMM(ts, 'UTC')", "toYear(ts,'UTC')"),
            ("toYYYYMM(`my ts`)", "toStartOfQuarter(`my ts`)"),
            ("(tenant, toYYYYMMDD(ts))", "toYYYYMM(ts)"),
            ("(tenant, toYYYYMMDD(ts))", "(toYear(ts), tenant)"),
            ("toYYYYMM(ts)", "toStartOfMonth(ts)"),
            ("id % 10", "id % 10"),
        ] {
            assert!(nests(fine, coarse), "{fine} in {coarse}");
        }
        for (fine, coarse) in [
            ("toYYYYMM(ts)", "toYYYYMMDD(ts)"),
            ("toYYYYMMDD(ts)", "toYYYYMM(at)"),
            ("toYYYYMMDD(ts)", "toYYYYMM(ts, 'UTC')"),
            ("toMonday(ts)", "toYYYYMM(ts)"),
            ("toYYYYMMDD(ts)", "(toYYYYMM(ts), tenant)"),
            ("toYYYYMMDD(ts)", "tenant"),
            ("id % 10", "id % 5"),
        ] {
            assert!(!nests(fine, coarse), "{fine} in {coarse}");
        }
    }
}
