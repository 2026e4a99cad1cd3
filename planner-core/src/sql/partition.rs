//! Partitions as conditions: a table's own, and those of another table's partition key.
//!
//! `partitionId(…)` of the key's items is the server's own formula, and exact; but no index knows it. So what the ids say of
//! single items is added, `toYYYYMM(ts) IN (202501)`: it follows from the first condition, for rows that came later too, and
//! lets the server leave out parts and granules.

use std::collections::BTreeSet;

use crate::quantity::{DAY_MS, UnixMillis};
use crate::sql::identifier::Identifier;
use crate::sql::key_type::{self, KeyType, TimeUnit};
use crate::sql::literal::string;
use crate::sql::tokens::{self, Token};

/// Functions whose values are integers.
const OF_INTEGERS: [&str; 5] = ["intDiv", "toYYYYMM", "toYYYYMMDD", "toYYYYMMDDhhmmss", "toYear"];
/// Functions whose values are dates.
const OF_DATES: [&str; 6] = ["toDate", "toMonday", "toStartOfMonth", "toStartOfQuarter", "toStartOfWeek", "toStartOfYear"];
/// Functions whose values are moments, in whole seconds.
const OF_MOMENTS: [&str; 6] =
    ["toStartOfDay", "toStartOfFifteenMinutes", "toStartOfFiveMinutes", "toStartOfHour", "toStartOfMinute", "toStartOfTenMinutes"];

/// The rows of a table's own partitions.
pub(crate) fn with_ids(ids: &[String]) -> String {
    listed("_partition_id", ids.iter().map(|id| string(id)))
}

/// The rows whose partition by `key` has one of these ids. `type_of` knows the columns that the key may name.
pub(crate) fn one_of(key: &str, ids: &[String], type_of: impl Fn(&str) -> Option<KeyType>) -> String {
    let items = items(key);
    let exact = listed(&format!("partitionId({})", items.join(", ")), ids.iter().map(|id| string(id)));
    let implied = items.iter().enumerate().filter_map(|(at, item)| {
        let kind = kind(item, &type_of)?;
        let values: Option<BTreeSet<String>> = ids.iter().map(|id| kind.literal(part(id, at, items.len())?)).collect();
        Some(listed(item, values?))
    });
    std::iter::once(exact).chain(implied).collect::<Vec<_>>().join(" AND ")
}

/// Whether a query computes the ids that the server gave: it writes another one where an item is NULL, it takes `%` in a key
/// for `moduloLegacy`, and what it rounds a wide time to depends on a setting at the time when the table was loaded.
pub(crate) fn computable(key: &str, type_of: impl Fn(&str) -> Option<String>) -> bool {
    let type_is = |name: &str, what: &dyn Fn(&str) -> bool| type_of(name).is_some_and(|type_name| what(&type_name));
    let nullable = |name: &str| type_is(name, &|type_name| type_name.contains("Nullable("));
    let wide = |name: &str| type_is(name, &|type_name| type_name.contains("Date32") || type_name.contains("DateTime64"));
    let seen = tokens::tokens(key);
    let rounds = tokens::function_names(&seen).any(rounds_times);
    seen.iter().all(|token| match token {
        Token::Word(word) => {
            let word_below = word.to_ascii_lowercase();
            let differs = word_below.contains("null") || token.is("CASE") || word_below.contains("mod");
            !(differs || nullable(word) || (rounds && wide(word)))
        }
        Token::Quoted(name) => !(nullable(name) || (rounds && wide(name))),
        Token::Symbol('%') => false,
        Token::Text(_) | Token::Number(_) | Token::Symbol(_) => true,
    })
}

/// Functions whose type, for a wide time, follows `enable_extended_results_for_datetime_functions`.
fn rounds_times(function: &str) -> bool {
    ["toStartOf", "toLastDayOf", "toMonday", "timeSlot"].iter().any(|start| function.starts_with(start))
}

/// The time in which all of a column's values in a partition lie, as its id spells it: a day wider at both ends, for the time
/// zone. Only by functions that do not wrap: as a Date, 1960 may be 1970.
pub(crate) fn spelt(key: &str, column: &str, id: &str) -> Option<(UnixMillis, UnixMillis)> {
    let items = items(key);
    items.iter().enumerate().find_map(|(at, item)| {
        let Rounded { function, column: named, zone: _ } = rounded(item)?;
        let part = part(id, at, items.len()).filter(|part| named == column && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        let (date, days) = match (function.as_str(), part.len()) {
            ("toYYYYMMDD", 8) => (day(part)?, 1),
            ("toYYYYMM", 6) => (format!("{}-{}-01", part.get(..4)?, part.get(4..)?), 31),
            ("toYear", 4) => (format!("{part}-01-01"), 366),
            _ => return None,
        };
        let first = UnixMillis::parse(&date).ok()?;
        Some((first.plus(-DAY_MS), first.plus((days + 1) * DAY_MS)))
    })
}

/// An item that is a function of one column.
pub(crate) struct Rounded {
    pub(crate) function: String,
    pub(crate) column: String,
    /// The time zone that is named.
    pub(crate) zone: Option<String>,
}

/// `function(column)` or `function(column, 'zone')`.
pub(crate) fn rounded(item: &str) -> Option<Rounded> {
    let seen = tokens::tokens(item);
    let (function, column, zone) = match seen.as_slice() {
        [Token::Word(function), Token::Symbol('('), column, Token::Symbol(')')] => (function, column, None),
        [Token::Word(function), Token::Symbol('('), column, Token::Symbol(','), Token::Text(zone), Token::Symbol(')')] => {
            (function, column, Some(zone.clone()))
        }
        _ => return None,
    };
    Some(Rounded { function: function.clone(), column: column.name()?.to_owned(), zone })
}

/// The items of a partition key as the server writes it: `(a, b)`, `tuple(a)` or `a`.
pub(crate) fn items(key: &str) -> Vec<&str> {
    let key = key.trim();
    let inner = key.strip_prefix("tuple").unwrap_or(key).strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    inner.filter(|inner| closes(inner)).map_or_else(|| vec![key], key_type::arguments)
}

/// The items of a partition key that are columns.
pub(crate) fn columns(key: &str) -> Vec<String> {
    let column = |item: &str| match tokens::tokens(item).as_slice() {
        [one] => one.name().map(str::to_owned),
        _ => None,
    };
    items(key).into_iter().filter_map(column).collect()
}

/// Whether no bracket closes that was not opened: `(a + 1) * (b + 2)` is no list in brackets.
fn closes(text: &str) -> bool {
    let mut depth = 0_i32;
    tokens::tokens(text).iter().all(|token| {
        depth += match token {
            Token::Symbol('(') => 1,
            Token::Symbol(')') => -1,
            Token::Word(_) | Token::Quoted(_) | Token::Text(_) | Token::Number(_) | Token::Symbol(_) => 0,
        };
        depth >= 0
    })
}

fn listed(expression: &str, values: impl IntoIterator<Item = String>) -> String {
    let values: Vec<String> = values.into_iter().collect();
    match values.as_slice() {
        [one] => format!("{expression} = {one}"),
        several => format!("{expression} IN ({})", several.join(", ")),
    }
}

/// An item's part of an id. A part may be negative only where it is the only one: the same sign separates the parts.
fn part(id: &str, at: usize, of: usize) -> Option<&str> {
    if of == 1 {
        return Some(id);
    }
    let parts: Vec<&str> = id.split('-').collect();
    (parts.len() == of).then(|| parts.get(at).copied()).flatten()
}

/// `20250131` as a date.
fn day(part: &str) -> Option<String> {
    let digits = part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Some(format!("{}-{}-{}", part.get(..4)?, part.get(4..6)?, part.get(6..)?)))?
}

/// Kinds of items whose values an id spells.
#[derive(Clone, Copy)]
enum Kind {
    Integer,
    Date,
    Moment,
}

fn kind(item: &str, type_of: impl Fn(&str) -> Option<KeyType>) -> Option<Kind> {
    match tokens::tokens(item).as_slice() {
        [column] => match type_of(column.name()?)? {
            KeyType::Integer { width: 1..=8, .. } => Some(Kind::Integer),
            KeyType::Time { unit: TimeUnit::Day, width: 2, .. } => Some(Kind::Date),
            KeyType::Time { unit: TimeUnit::Ticks(0), width: 4, .. } => Some(Kind::Moment),
            KeyType::Integer { .. }
            | KeyType::Float { .. }
            | KeyType::Decimal { .. }
            | KeyType::Time { .. }
            | KeyType::Enum { .. }
            | KeyType::Uuid
            | KeyType::Ipv4
            | KeyType::Ipv6
            | KeyType::String
            | KeyType::FixedString(_)
            | KeyType::Tuple { .. }
            | KeyType::Nullable(_) => None,
        },
        [Token::Word(function), Token::Symbol('('), .., Token::Symbol(')')] if closes(item.strip_suffix(')')?.split_once('(')?.1) => {
            let is = |names: &[&str]| names.contains(&function.as_str());
            match () {
                () if is(&OF_INTEGERS) => Some(Kind::Integer),
                () if is(&OF_DATES) => Some(Kind::Date),
                () if is(&OF_MOMENTS) => Some(Kind::Moment),
                () => None,
            }
        }
        _ => None,
    }
}

impl Kind {
    /// The value that a part of an id spells; `None` where it is no value of this kind.
    fn literal(self, part: &str) -> Option<String> {
        match self {
            Self::Integer => part.parse::<i128>().ok().map(|number| number.to_string()).filter(|text| text == part),
            Self::Date => {
                let date = day(part)?;
                let instant = UnixMillis::parse(&format!("{date}T00:00:00Z")).ok()?;
                (instant.0.rem_euclid(DAY_MS) == 0).then(|| format!("toDate({})", string(&date)))
            }
            Self::Moment => part.parse::<u32>().ok().map(|seconds| format!("toDateTime({seconds})")),
        }
    }
}

/// The type of a column that a plan writes.
pub(crate) fn written_type(mappings: &[crate::plan::ColumnMapping], name: &str) -> Option<KeyType> {
    let name = Identifier::new(name).ok()?;
    KeyType::of(&mappings.iter().find(|mapping| mapping.name == name)?.type_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, ids: &[&str], expected: &str) {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let type_of = |name: &str| match name {
            "a" => KeyType::of("UInt32"),
            "b" => KeyType::of("Bool"),
            "d" => KeyType::of("Date"),
            "d32" => KeyType::of("Date32"),
            "i" => KeyType::of("Int64"),
            "s" => KeyType::of("String"),
            "ts" => KeyType::of("DateTime('Europe/Berlin')"),
            _ => None,
        };
        assert_eq!(one_of(key, &ids, type_of), expected, "{key}");
    }

    #[test]
    fn ids_are_the_servers_and_items_follow_from_them() {
        check("toYYYYMM(ts)", &["202501"], "partitionId(toYYYYMM(ts)) = '202501' AND toYYYYMM(ts) = 202501");
        check(
            "d",
            &["20250131", "20250201"],
            "partitionId(d) IN ('20250131', '20250201') AND d IN (toDate('2025-01-31'), toDate('2025-02-01'))",
        );
        check("`ts`", &["1738022400"], "partitionId(`ts`) = '1738022400' AND `ts` = toDateTime(1738022400)");
        check("i", &["-5"], "partitionId(i) = '-5' AND i = -5");
        check(
            "(toYYYYMM(ts), a)",
            &["202501-1", "202501-2"],
            "partitionId(toYYYYMM(ts), a) IN ('202501-1', '202501-2') AND toYYYYMM(ts) = 202501 AND a IN (1, 2)",
        );
        check("tuple(toDate(ts))", &["20250131"], "partitionId(toDate(ts)) = '20250131' AND toDate(ts) = toDate('2025-01-31')");
    }

    #[test]
    fn what_an_id_does_not_spell_is_not_guessed() {
        check("s", &["7234997490f46644951b505ad12841b4"], "partitionId(s) = '7234997490f46644951b505ad12841b4'");
        check("d32", &["20089"], "partitionId(d32) = '20089'");
        check("toDate(ts)", &["20251399"], "partitionId(toDate(ts)) = '20251399'");
        check("(a, s)", &["7234997490f46644951b505ad12841b4"], "partitionId(a, s) = '7234997490f46644951b505ad12841b4'");
        // Which sign separates and which belongs to a number cannot be told.
        check("(i, a)", &["-5-1"], "partitionId(i, a) = '-5-1'");
        check("(i, a)", &["5-1", "-5-1"], "partitionId(i, a) IN ('5-1', '-5-1')");
        check("(a + 1) * (a + 2)", &["2"], "partitionId((a + 1) * (a + 2)) = '2'");
        check("toYear(ts) + toYear(ts)", &["4050"], "partitionId(toYear(ts) + toYear(ts)) = '4050'");
        check("(a, ts).1", &["2"], "partitionId((a, ts).1) = '2'");
    }

    #[test]
    fn ids_spell_times() {
        let check = |key: &str, id: &str, expected: Option<(&str, &str)>| {
            let expected = expected.map(|(from, to)| (UnixMillis::parse(from).unwrap(), UnixMillis::parse(to).unwrap()));
            assert_eq!(spelt(key, "ts", id), expected, "{key} {id}");
        };
        check("toYYYYMMDD(ts)", "20250110", Some(("2025-01-09", "2025-01-12")));
        check("(a, toYYYYMM(ts, 'Asia/Tokyo'))", "7-196002", Some(("1960-01-31", "1960-03-04")));
        check("toYear(`ts`)", "2024", Some(("2023-12-31", "2025-01-02")));
        check("toDate(ts)", "19700101", None);
        check("toYear(other)", "2024", None);
        check("toYear(ts) % 100", "2024", None);
        check("toYYYYMM(ts)", "-5", None);
    }

    #[test]
    fn ids_of_nulls_are_not_computed() {
        let type_of = |name: &str| match name {
            "n" => Some("Nullable(Int8)".into()),
            "wide" => Some("DateTime64(3)".into()),
            _ => Some("UInt32".into()),
        };
        for (key, expected) in [
            ("a", true),
            ("(a, n)", false),
            ("`n`", false),
            ("nullIf(a, 3)", false),
            ("CASE WHEN a THEN 1 END", false),
            ("a % 200", false),
            ("(toYYYYMM(wide), modulo(a, 7))", false),
            ("a MOD 7", false),
            ("positiveModulo(a, 7)", false),
            ("toStartOfMonth(a)", true),
            ("toStartOfMonth(wide)", false),
            ("toYYYYMM(wide)", true),
        ] {
            assert_eq!(computable(key, type_of), expected, "{key}");
        }
    }
}
