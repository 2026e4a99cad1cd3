//! A reader of ClickHouse SQL tokens: enough to see names, functions and clauses without being fooled by strings and comments.

use std::borrow::Cow;

/// One token. Comments and white space are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A bare word: keyword, function or name, as written.
    Word(String),
    /// A name in backticks or double quotes, unescaped.
    Quoted(String),
    /// The content of a string literal, unescaped.
    Text(String),
    /// A number, as written.
    Number(String),
    /// Any other single character.
    Symbol(char),
}

impl Token {
    /// Whether this is the keyword (given in upper case), in any case.
    pub fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// The name that a word or a quoted name stands for.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Quoted(name) => Some(name),
            Self::Text(_) | Self::Number(_) | Self::Symbol(_) => None,
        }
    }
}

/// Splits SQL into tokens. Unterminated strings end with the text.
pub fn tokens(sql: &str) -> Vec<Token> {
    let chars: Vec<char> = sql.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match (c, next) {
            _ if c.is_whitespace() => at += 1,
            ('-', Some('-')) | ('#', Some('!' | ' ')) => at = end_of_line(&chars, at),
            ('/', Some('*')) => at = end_of_comment(&chars, at + 2),
            ('\'', _) => {
                let (text, end) = quoted(&chars, at);
                found.push(Token::Text(text));
                at = end;
            }
            ('`' | '"', _) => {
                let (name, end) = quoted(&chars, at);
                found.push(Token::Quoted(name));
                at = end;
            }
            _ if c.is_ascii_digit() => {
                let end = run(&chars, at, |c| c.is_ascii_alphanumeric() || c == '.');
                found.push(Token::Number(chars.iter().take(end).skip(at).collect()));
                at = end;
            }
            _ if c.is_alphabetic() || c == '_' => {
                let end = run(&chars, at, |c| c.is_alphanumeric() || c == '_' || c == '$');
                found.push(Token::Word(chars.iter().take(end).skip(at).collect()));
                at = end;
            }
            _ => {
                found.push(Token::Symbol(c));
                at += 1;
            }
        }
    }
    found
}

/// Names that are called like functions: a word followed by `(`.
pub fn function_names(tokens: &[Token]) -> impl Iterator<Item = &str> {
    tokens.windows(2).filter_map(|pair| match pair {
        [Token::Word(name), Token::Symbol('(')] => Some(name.as_str()),
        _ => None,
    })
}

/// Whether a column is mentioned by name in an expression such as a partition key.
pub fn mentions(expression: &str, column: &str) -> bool {
    tokens(expression).iter().any(|token| token.name() == Some(column))
}

/// An expression as one operand: in brackets unless it is a single name, value or call, or stands in brackets already.
pub fn operand(expression: &str) -> Cow<'_, str> {
    let seen = tokens(expression);
    let closed = match seen.as_slice() {
        [_] => true,
        [Token::Symbol('('), ..] => closes_at_end(&seen),
        // `NOT (a)` looks like a call, but binds what follows it.
        [Token::Word(word), call @ ..] => !word.eq_ignore_ascii_case("NOT") && closes_at_end(call),
        _ => false,
    };
    if closed { Cow::Borrowed(expression) } else { Cow::Owned(format!("({expression})")) }
}

/// Whether the bracket that opens first closes last.
fn closes_at_end(seen: &[Token]) -> bool {
    let mut depth = 0_u32;
    let end = seen.iter().position(|token| {
        match token {
            Token::Symbol('(') => depth += 1,
            Token::Symbol(')') => depth = depth.saturating_sub(1),
            Token::Word(_) | Token::Quoted(_) | Token::Text(_) | Token::Number(_) | Token::Symbol(_) => {}
        }
        depth == 0
    });
    end.is_some_and(|end| end > 0 && end + 1 == seen.len())
}

fn run(chars: &[char], from: usize, keep: impl Fn(char) -> bool) -> usize {
    from + chars.iter().skip(from).take_while(|c| keep(**c)).count()
}

fn end_of_line(chars: &[char], from: usize) -> usize {
    run(chars, from, |c| c != '\n')
}

fn end_of_comment(chars: &[char], from: usize) -> usize {
    let mut depth = 1;
    let mut at = from;
    while depth > 0 {
        match (chars.get(at), chars.get(at + 1)) {
            (Some('*'), Some('/')) => {
                depth -= 1;
                at += 2;
            }
            (Some('/'), Some('*')) => {
                depth += 1;
                at += 2;
            }
            (Some(_), _) => at += 1,
            (None, _) => return at,
        }
    }
    at
}

/// Reads a quoted run whose opening quote stands at `from`; returns its content and where it ends.
fn quoted(chars: &[char], from: usize) -> (String, usize) {
    let Some(&quote) = chars.get(from) else { return (String::new(), from) };
    let mut content = String::new();
    let mut at = from + 1;
    while let Some(&c) = chars.get(at) {
        match (c, chars.get(at + 1)) {
            ('\\', Some(&escaped)) => {
                content.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '0' => '\0',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    other => other,
                });
                at += 2;
            }
            _ if c == quote && chars.get(at + 1) == Some(&quote) => {
                content.push(quote);
                at += 2;
            }
            _ if c == quote => return (content, at + 1),
            _ => {
                content.push(c);
                at += 1;
            }
        }
    }
    (content, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_hide_nothing_and_show_nothing() {
        let sql = "SELECT /* now() /* deep */ */ 'rand()''x', `a``b`, toDate(ts) -- GROUP BY\nFROM \"t\"";
        let seen = tokens(sql);
        assert_eq!(function_names(&seen).collect::<Vec<_>>(), ["toDate"]);
        assert!(seen.contains(&Token::Text("rand()'x".into())));
        assert!(seen.contains(&Token::Quoted("a`b".into())));
        assert!(!seen.iter().any(|token| token.is("GROUP")));
    }

    #[test]
    fn what_is_not_one_operand_stands_in_brackets() {
        for (expression, expected) in [
            ("a", "a"),
            ("`a b`", "`a b`"),
            ("toDate(ts)", "toDate(ts)"),
            ("f(g(a), ')')", "f(g(a), ')')"),
            ("(a, b)", "(a, b)"),
            ("a OR b", "(a OR b)"),
            ("NOT a", "(NOT a)"),
            ("NOT (a)", "(NOT (a))"),
            ("-a", "(-a)"),
            ("(a + 1) * (b + 2)", "((a + 1) * (b + 2))"),
            ("f(a) = g(b)", "(f(a) = g(b))"),
            ("(a, b).1", "((a, b).1)"),
            ("a.b", "(a.b)"),
        ] {
            assert_eq!(operand(expression), expected);
        }
    }

    #[test]
    fn a_column_is_found_by_its_whole_name() {
        assert!(mentions("toYYYYMMDD(ts)", "ts"));
        assert!(!mentions("toYYYYMMDD(ts_end)", "ts"));
        assert!(mentions("(tenant, `odd name`)", "odd name"));
    }
}
