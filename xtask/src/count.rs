//! Runs test programs, passes their output on and counts their results.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use crate::Result;
use crate::command::{cannot_start, shown};

/// Tests of all runners so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    /// Adds what a line of cargo test, nextest or Node.js says at the end of its tests.
    fn add_line(&mut self, line: &str) {
        let line = without_colours(line);
        match line.trim().rsplit_once(' ') {
            Some(("ℹ pass", number)) => self.passed += number.parse().unwrap_or(0),
            Some(("ℹ fail", number)) => self.failed += number.parse().unwrap_or(0),
            _ => {}
        }
        let Some((_, results)) = line.split_once("test result: ").or_else(|| line.split_once(" run: ")) else {
            return;
        };
        for part in results.split([';', ',', '.']) {
            let mut words = part.split_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<u64>().ok()) else { continue };
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed") => self.failed += number,
                _ => {}
            }
        }
    }
}

/// Runs one test command; its counts are added also when it fails.
pub(crate) fn run(command: &mut Command, counts: &mut Counts) -> Result {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| cannot_start(command, &error))?;
    let found = Mutex::new(*counts);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| stdout.map(|stream| pass_on(stream, &found)));
        scope.spawn(|| stderr.map(|stream| pass_on(stream, &found)));
    });
    let status = child.wait().map_err(|error| cannot_start(command, &error))?;
    *counts = found.into_inner().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", shown(command))) }
}

fn pass_on(stream: impl Read, counts: &Mutex<Counts>) {
    for line in BufReader::new(stream).split(b'\n').map_while(std::result::Result::ok) {
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        if let Ok(mut counts) = counts.lock() {
            counts.add_line(&line);
        }
    }
}

fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut in_escape = false;
    for character in line.chars() {
        match (in_escape, character) {
            (false, '\u{1b}') => in_escape = true,
            (false, other) => plain.push(other),
            (true, letter) => in_escape = !letter.is_ascii_alphabetic(),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, passed: u64, failed: u64) {
        let mut counts = Counts::default();
        counts.add_line(line);
        assert_eq!(counts, Counts { passed, failed }, "{line}");
    }

    #[test]
    fn closing_lines_are_counted() {
        check("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s", 5, 0);
        check("test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", 5, 2);
        check("     Summary [   4.735s] 16 tests run: 16 passed, 1 skipped", 16, 0);
        check("     Summary [   4.7s] 16 tests run: 13 passed (1 slow), 3 failed, 1 skipped", 13, 3);
        check("\u{1b}[32;1m     Summary\u{1b}[0m [ 4.7s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m passed", 2, 0);
        check("     Summary [   0.1s] 1 test run: 1 passed, 0 skipped", 1, 0);
        check("ℹ pass 3", 3, 0);
        check("ℹ fail 1", 0, 1);
        check("test plan::cuts ... ok", 0, 0);
    }
}
