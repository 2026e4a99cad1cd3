//! Clauses of a SELECT and their items.

use crate::sql::tokens::Token;

/// A clause that has items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    Select,
    GroupBy,
}

/// Words that end a clause.
const ENDS: [&str; 12] =
    ["FROM", "WHERE", "GROUP", "HAVING", "ORDER", "WITH", "SETTINGS", "UNION", "INTERSECT", "LIMIT", "WINDOW", "QUALIFY"];

/// The tokens of each such clause, of subqueries too.
pub(super) fn all(seen: &[Token], clause: Clause) -> Vec<&[Token]> {
    let starts = |at: usize| match clause {
        Clause::Select => seen.get(at).filter(|token| token.is("SELECT")).map(|_| at + 1),
        Clause::GroupBy => match seen.get(at..at + 2) {
            Some([group, by]) if group.is("GROUP") && by.is("BY") => Some(at + 2),
            _ => None,
        },
    };
    (0..seen.len()).filter_map(starts).filter_map(|start| seen.get(start..)).map(upto_end).collect()
}

fn upto_end(rest: &[Token]) -> &[Token] {
    let mut depth = 0_i32;
    let end = rest.iter().position(|token| {
        depth += step(token);
        depth < 0 || (depth == 0 && ENDS.iter().any(|word| token.is(word)))
    });
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

/// The items of a list, at its commas.
pub(super) fn items(list: &[Token]) -> Vec<&[Token]> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, token) in list.iter().enumerate() {
        depth += step(token);
        if depth == 0 && *token == Token::Symbol(',') {
            found.extend(list.get(start..at));
            start = at + 1;
        }
    }
    found.extend(list.get(start..));
    found
}

/// A list without the brackets around all of it.
pub(super) fn unbracketed(list: &[Token]) -> &[Token] {
    match list {
        [Token::Symbol('('), inner @ .., Token::Symbol(')')] if closes(inner) => inner,
        _ => list,
    }
}

/// Whether no bracket closes that was not opened.
pub(super) fn closes(list: &[Token]) -> bool {
    let mut depth = 0_i32;
    list.iter().all(|token| {
        depth += step(token);
        depth >= 0
    })
}

fn step(token: &Token) -> i32 {
    match token {
        Token::Symbol('(' | '[' | '{') => 1,
        Token::Symbol(')' | ']' | '}') => -1,
        Token::Word(_) | Token::Quoted(_) | Token::Text(_) | Token::Number(_) | Token::Symbol(_) => 0,
    }
}
