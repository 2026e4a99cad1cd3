//! What a user asserts about each slice of the target: checked when a chunk's rows are there, before it is called done.

use serde::{Deserialize, Serialize};

use crate::snapshot::Table;
use crate::sql::identifier::Identifier;
use crate::sql::tokens::{Token, tokens};

/// Most assertions of one job.
pub const MOST: usize = 20;
/// Most characters of a condition.
const LONGEST: usize = 2_000;

/// One assertion about the target's rows in a chunk's span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Assertion {
    /// At least so many rows.
    MinRows {
        /// Rows.
        rows: u64,
    },
    /// At most so many of a million rows have no value in a column.
    MaxNulls {
        /// The target's column.
        column: Identifier,
        /// NULLs in a million rows, 0 to 1,000,000.
        per_million: u32,
    },
    /// A condition over the whole slice holds.
    Holds {
        /// It.
        sql: Condition,
    },
}

/// A boolean expression with aggregate functions over a slice's rows: `sum(amount) > 0`, `countIf(NOT (id > 0)) = 0`.
///
/// It is one expression and nothing more: no other statement, no subquery, no setting. What it means, the server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Condition(String);

impl Condition {
    /// Reads one; refuses what could be more than an expression.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let refuse = |why: &str| Err(format!("'{text}' {why}"));
        if text.is_empty() || text.chars().count() > LONGEST {
            return Err(format!("a condition has 1 to {LONGEST} characters"));
        }
        let mut open = Vec::new();
        for token in tokens(text) {
            match token {
                Token::Word(word) if word.eq_ignore_ascii_case("select") => return refuse("asks another question (SELECT)"),
                // Where our reader and the server's could disagree about what is text: `$$…$$`, `{name:Type}`.
                Token::Symbol(c @ (';' | '$' | '{' | '}')) => return refuse(&format!("holds '{c}', which no condition needs")),
                Token::Symbol('(') => open.push(')'),
                Token::Symbol('[') => open.push(']'),
                Token::Symbol(c @ (')' | ']')) if open.pop() != Some(c) => return refuse("closes what it did not open"),
                Token::Word(_) | Token::Quoted(_) | Token::Text(_) | Token::Number(_) | Token::Symbol(_) => {}
            }
        }
        if open.is_empty() { Ok(Self(text.to_owned())) } else { refuse("does not close what it opens") }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Condition {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> Self {
        condition.0
    }
}

impl Assertion {
    /// What is wrong with it for this target, before the server is asked.
    pub fn fault(&self, target: &Table) -> Option<String> {
        match self {
            Self::MinRows { .. } | Self::Holds { .. } => None,
            Self::MaxNulls { per_million, .. } if *per_million > 1_000_000 => Some(format!("{per_million} per million is more than all")),
            Self::MaxNulls { column, .. } => {
                target.columns.iter().all(|known| &known.name != column).then(|| format!("{} has no column '{column}'", target.name))
            }
        }
    }

    /// Whether it holds, and the figures in words. `rows` is what the slice holds, `figure` what
    /// [`crate::sql::assertions`] asks for this assertion.
    pub fn judge(&self, rows: u64, figure: u64) -> (bool, String) {
        match self {
            Self::MinRows { rows: least } => (rows >= *least, format!("{rows} rows; at least {least} are asserted")),
            Self::MaxNulls { column, per_million } => {
                let holds = u128::from(figure) * 1_000_000 <= u128::from(*per_million) * u128::from(rows);
                let rate = u128::from(figure) * 1_000_000 / u128::from(rows.max(1));
                let words =
                    format!("'{column}' is NULL in {figure} of {rows} rows, {rate} per million; at most {per_million} are asserted");
                (holds, words)
            }
            Self::Holds { sql } => {
                let verb = if figure == 1 { "holds" } else { "does not hold" };
                (figure == 1, format!("{} {verb} over {rows} rows", sql.as_str()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_one_expression_and_nothing_more() {
        for fine in [
            "sum(amount) > 0",
            "countIf(NOT (id > 0)) = 0",
            "has(groupArray(kind), ';) SELECT')",
            "max(`a ( b`) < 3 -- ok",
            "uniq(a$b) = 1",
        ] {
            assert!(Condition::parse(fine).is_ok(), "{fine}");
        }
        for wrong in [
            "",
            "1; DROP TABLE t",
            "1) FROM system.one; --",
            "(SELECT count() FROM secrets) > 0",
            "count() IN (select 1)",
            "count( > 1",
            "f(])",
            "$$'$$ ) $$'$$",
            "{p:UInt8}",
        ] {
            assert!(Condition::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Condition::parse(&"1".repeat(LONGEST + 1)).is_err());
    }

    fn check(assertion: &Assertion, rows: u64, figure: u64, holds: bool) {
        assert_eq!(assertion.judge(rows, figure).0, holds, "{assertion:?} {rows} {figure}");
    }

    #[test]
    fn bounds_are_exact() {
        let least = Assertion::MinRows { rows: 10 };
        check(&least, 9, 0, false);
        check(&least, 10, 0, true);
        let nulls = |per_million| Assertion::MaxNulls { column: Identifier::new("note").unwrap(), per_million };
        check(&nulls(0), 5, 0, true);
        check(&nulls(0), 5, 1, false);
        check(&nulls(333_333), 3, 1, false);
        check(&nulls(333_334), 3, 1, true);
        check(&nulls(1_000_000), u64::MAX, u64::MAX, true);
        check(&nulls(0), 0, 0, true);
        let holds = Assertion::Holds { sql: Condition::parse("1").unwrap() };
        check(&holds, 0, 1, true);
        check(&holds, 7, 0, false);
    }
}
