//! The file's values with their places.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileValue {
    /// TOML's name of its type.
    pub(super) kind: &'static str,
    /// As it stands there, without quotes; of nothing else than texts, numbers, switches, and lists of texts, which then
    /// have commas between them.
    pub(super) text: String,
    /// Line of the value, from 1.
    pub(super) line: usize,
    /// Column of the value in characters, from 1.
    pub(super) column: usize,
    /// Line of the key.
    pub(super) key_line: usize,
    /// Column of the key.
    pub(super) key_column: usize,
    /// Orders values as the file does; never 0.
    pub(super) order: usize,
}

impl FileValue {
    /// For people: `a string`.
    pub(super) fn article(&self) -> String {
        let article = if self.kind.starts_with(['a', 'i']) { "an" } else { "a" };
        format!("{article} {}", self.kind)
    }
}

/// What is no TOML, and where. The line itself is not quoted: it may hold the password.
pub(super) struct NotToml {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

/// The values of a file by their path.
pub(super) fn flatten(text: &str) -> Result<BTreeMap<Vec<String>, FileValue>, NotToml> {
    match DeTable::parse(text) {
        Ok(table) => {
            let mut flat = BTreeMap::new();
            walk(text, &mut Vec::new(), table.get_ref(), &mut flat);
            Ok(flat)
        }
        Err(error) => {
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            Err(NotToml { line, column, message: error.message().to_owned() })
        }
    }
}

fn walk(text: &str, path: &mut Vec<String>, table: &DeTable<'_>, flat: &mut BTreeMap<Vec<String>, FileValue>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) => walk(text, path, inner, flat),
            leaf => {
                flat.insert(path.clone(), file_value(text, key.span().start, value, leaf));
            }
        }
        path.pop();
    }
}

fn file_value(text: &str, key_at: usize, value: &Spanned<DeValue<'_>>, leaf: &DeValue<'_>) -> FileValue {
    let (line, column) = position(text, value.span().start);
    let (key_line, key_column) = position(text, key_at);
    let shown = match leaf {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| number.as_str().to_owned(), |number| number.to_string())
        }
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(on) => on.to_string(),
        DeValue::Array(items) => texts(items.iter().map(Spanned::get_ref)).unwrap_or_default(),
        DeValue::Datetime(_) | DeValue::Table(_) => String::new(),
    };
    FileValue { kind: leaf.type_str(), text: shown, line, column, key_line, key_column, order: key_at + 1 }
}

/// A list of texts; none where something else is in it, or a text that holds a comma.
fn texts<'v>(items: impl Iterator<Item = &'v DeValue<'v>>) -> Option<String> {
    let texts = items.map(|item| match item {
        DeValue::String(text) if !text.contains(',') => Some(text.to_string()),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    });
    Some(texts.collect::<Option<Vec<_>>>()?.join(","))
}

fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before.get(line_start..).map_or(0, |line| line.chars().count()) + 1)
}
