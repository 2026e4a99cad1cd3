//! The one place that writes to people and scripts.
//!
//! ```text
//!   answers ────► stdout    lines for people, or with --json exactly one document
//!   notices ────► stderr    around the progress bar, if there is one
//! ```

use std::fmt;
use std::io::{IsTerminal as _, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;
use serde::Serialize;

use super::fail::Fail;

/// Format of the documents that --json prints.
const FORMAT: u32 = 1;

/// The bar that is on the screen: whatever is written stands around it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Where a command's words go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    json: bool,
}

#[derive(Serialize)]
struct Document<'a, T> {
    command: &'a str,
    format: u32,
    #[serde(flatten)]
    answer: T,
}

#[derive(Serialize)]
struct ErrorAnswer<'a> {
    error: ErrorFields<'a>,
}

#[derive(Serialize)]
struct ErrorFields<'a> {
    code: &'a str,
    details: &'a [String],
    hint: &'a str,
    message: &'a str,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// The answer: a document, or lines for people.
    pub(super) fn answer<T: Serialize>(self, command: &str, answer: T, people: impl FnOnce(&T) -> String) {
        let text = if self.json { document(command, answer) } else { people(&answer) };
        around_the_bar(|| write(std::io::stdout(), &text));
    }

    /// A document that stands by itself, such as a receipt.
    pub(super) fn raw(self, document: &str, people: impl FnOnce() -> String) {
        let text = if self.json { document.to_owned() } else { people() };
        around_the_bar(|| write(std::io::stdout(), &text));
    }

    /// Something to know beside the answer.
    #[expect(clippy::unused_self, reason = "whoever writes has an output")]
    pub(super) fn notice(self, text: &str) {
        around_the_bar(|| write(std::io::stderr(), text));
    }

    /// Says why nothing came of it. With --json the document says it, too.
    pub(super) fn fail(self, command: &str, fail: &Fail) {
        let mut text = format!("penstock: {}", fail.message);
        for detail in &fail.details {
            text.push_str("\n  ");
            text.push_str(detail);
        }
        if !fail.hint.is_empty() {
            text.push_str("\n  → ");
            text.push_str(&fail.hint);
        }
        self.notice(&text);
        self.document_only(command, fail);
    }

    /// Says it as a document only, where one was asked for.
    pub(super) fn document_only(self, command: &str, fail: &Fail) {
        if self.json {
            let error = ErrorFields { code: &fail.code, details: &fail.details, hint: &fail.hint, message: &fail.message };
            write(std::io::stdout(), &document(command, ErrorAnswer { error }));
        }
    }
}

fn document<T: Serialize>(command: &str, answer: T) -> String {
    serde_json::to_string_pretty(&Document { command, format: FORMAT, answer }).unwrap_or_default()
}

/// Whoever read may have gone, the terminal too: that ends no run.
fn write(mut to: impl Write, text: &str) {
    let _ = to.write_all(text.as_bytes()).and_then(|()| if text.ends_with('\n') { Ok(()) } else { to.write_all(b"\n") });
    let _ = to.flush();
}

fn around_the_bar(write: impl FnOnce()) {
    // A copy: the terminal may be slow, and others write, too.
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Whether a bar can be drawn.
pub(super) fn on_a_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Puts a bar on the screen, or takes it off.
pub(super) fn set_bar(bar: Option<ProgressBar>) {
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = bar;
}

/// Where logs go: standard error, around the bar.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        around_the_bar(|| {
            let _ = std::io::stderr().write_all(bytes);
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// `1,234,567`
pub(super) use crate::verify::thousands;

/// A number of things, with the word for it.
pub(super) fn count(number: u64, one: &str) -> String {
    format!("{} {one}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// Bytes for people: whole numbers of the largest unit that leaves at least ten.
pub(super) fn bytes(number: u64) -> String {
    let (unit, shift) =
        [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)].into_iter().find(|(_, shift)| number >> shift >= 10).unwrap_or(("bytes", 0));
    format!("{} {unit}", thousands(number >> shift))
}

/// Adds to a text.
pub(super) fn put(text: &mut String, more: fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = fmt::Write::write_fmt(text, more);
}

/// Lines of two columns.
pub(super) fn table(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in rows {
        put(&mut text, format_args!("{name:width$}  {value}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_for_people() {
        assert_eq!([0, 9_000, 10_240, 12 << 20, 3 << 40].map(bytes), ["0 bytes", "9,000 bytes", "10 KiB", "12 MiB", "3,072 GiB"]);
        assert_eq!((count(1, "chunk"), count(1200, "row")), ("1 chunk".to_owned(), "1,200 rows".to_owned()));
    }
}
