//! Canonical JSON: object keys in byte order, no white space, integers only.
//!
//! Documents declare their fields in alphabetical order and use `BTreeMap`, so the plain serialized form is canonical
//! and can be hashed while it is written. [`is_canonical`] is the guard that tests hold against every document.

use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::Value;

/// Writes a document in its canonical form.
pub fn write<T: Serialize>(document: &T, to: impl io::Write) {
    let written = try_write(document, to);
    // Documents hold strings, integers and maps with string keys, and the writers here do not fail.
    debug_assert!(written.is_ok(), "a document that cannot be serialized");
}

/// The same for a document whose parts are read while it is written, or a writer that may fail.
pub fn try_write<T: Serialize>(document: &T, to: impl io::Write) -> serde_json::Result<()> {
    let mut to = io::BufWriter::with_capacity(1 << 14, to);
    serde_json::to_writer(&mut to, document)?;
    to.flush().map_err(serde_json::Error::io)
}

/// A document in its canonical form.
pub fn to_string<T: Serialize>(document: &T) -> String {
    let mut bytes = Vec::new();
    write(document, &mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}

/// Whether a JSON text is in canonical form.
pub fn is_canonical(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| {
        let mut rewritten = String::with_capacity(text.len());
        rewrite(&value, &mut rewritten) && rewritten == text
    })
}

/// Appends `value` with sorted keys; false when it holds a number that is not an integer.
fn rewrite(value: &Value, text: &mut String) -> bool {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            text.push('{');
            let fine = keys.iter().enumerate().all(|(i, key)| {
                if i > 0 {
                    text.push(',');
                }
                text.push_str(&Value::String((*key).clone()).to_string());
                text.push(':');
                fields.get(*key).is_some_and(|value| rewrite(value, text))
            });
            text.push('}');
            fine
        }
        Value::Array(items) => {
            text.push('[');
            let fine = items.iter().enumerate().all(|(i, item)| {
                if i > 0 {
                    text.push(',');
                }
                rewrite(item, text)
            });
            text.push(']');
            fine
        }
        Value::Number(number) => {
            text.push_str(&number.to_string());
            number.is_i64() || number.is_u64()
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {
            text.push_str(&value.to_string());
            true
        }
    }
}
