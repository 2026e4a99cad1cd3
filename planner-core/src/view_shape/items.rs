//! What the items of a grouping SELECT give, as far as adding up torn groups goes.

use super::aggregates::{adds_up, base_aggregate};
use super::clauses::{self, Clause};
use crate::sql::tokens::{self, Token};

/// What an item of a SELECT is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// The same in each part of a torn group.
    OfGroup,
    /// Its values of the parts add up to that of the whole.
    Sum,
    /// Anything else.
    Finished,
}

/// Conversions that leave a sum what it is.
const WIDENING: [&str; 6] = ["touint64", "touint128", "touint256", "toint64", "toint128", "toint256"];

/// The items of the outermost SELECT; `None` where they cannot be told apart.
pub(crate) fn of(select: &str) -> Option<Vec<Item>> {
    let seen = tokens::tokens(select);
    if seen.iter().any(|token| ["UNION", "INTERSECT", "EXCEPT"].iter().any(|word| token.is(word))) {
        return None;
    }
    // What is named before the SELECT may be anything.
    if !seen.first().is_some_and(|token| token.is("SELECT")) {
        return None;
    }
    let list = clauses::all(&seen, Clause::Select).into_iter().next()?;
    let items = clauses::items(list);
    let expanded = items.iter().any(|item| matches!(item.last(), Some(Token::Symbol('*'))));
    (!expanded).then(|| items.into_iter().map(item).collect())
}

fn item(written: &[Token]) -> Item {
    let expression = match written {
        [expression @ .., keyword, _] if keyword.is("AS") => expression,
        whole => whole,
    };
    let has_aggregate = tokens::function_names(expression).any(|name| base_aggregate(&name.to_ascii_lowercase()).is_some());
    let is_parametric = expression.windows(2).any(|pair| matches!(pair, [Token::Symbol(')'), Token::Symbol('(')]));
    if is_sum(expression) {
        Item::Sum
    } else if has_aggregate || is_parametric || expression.iter().any(|token| token.is("SELECT")) {
        Item::Finished
    } else {
        Item::OfGroup
    }
}

/// `sum(x)`, `toUInt64(count())`.
fn is_sum(expression: &[Token]) -> bool {
    let [Token::Word(function), Token::Symbol('('), arguments @ .., Token::Symbol(')')] = expression else { return false };
    let function = function.to_ascii_lowercase();
    let alone = clauses::closes(arguments);
    if WIDENING.contains(&function.as_str()) {
        return alone && is_sum(arguments);
    }
    alone && adds_up(&function) && !arguments.iter().any(|token| token.is("DISTINCT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_adds_up_is_only_a_sum() {
        for (expression, expected) in [
            ("sum(x) AS s", Item::Sum),
            ("toUInt64(countIf(x > 1))", Item::Sum),
            ("count()", Item::Sum),
            ("count(DISTINCT x)", Item::Finished),
            ("sumDistinct(x)", Item::Finished),
            ("sum(x) / count()", Item::Finished),
            ("round(sum(x)) AS r", Item::Finished),
            ("uniqUpTo(100)(x)", Item::Finished),
            ("quantileGK(100, 0.5)(x)", Item::Finished),
            ("some_new_aggregate(3)(x)", Item::Finished),
            ("groupConcat(x)", Item::Finished),
            ("toDate(ts) AS day", Item::OfGroup),
            ("tenant", Item::OfGroup),
        ] {
            assert_eq!(of(&format!("SELECT {expression} FROM e GROUP BY day, tenant")), Some(vec![expected]), "{expression}");
        }
        assert_eq!(of("SELECT *, sum(x) FROM e GROUP BY a"), None);
        assert_eq!(of("SELECT a, sum(x) FROM e GROUP BY a UNION ALL SELECT a, uniq(x) FROM e GROUP BY a"), None);
    }
}
