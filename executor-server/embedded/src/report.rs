//! What the engine says about itself in its log: the ports when all is well, a reason when not.

use std::fs;
use std::path::Path;

use crate::files::Layout;

/// The ports the engine listens on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) http: Option<u16>,
    pub(crate) tcp: Option<u16>,
}

/// Reads the ports from the log; a line that is not complete yet counts as not there.
pub(crate) fn ports(log: &Path) -> Ports {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut ports = Ports::default();
    for line in complete.lines() {
        if let Some((_, address)) = line.split_once("Listening for http://") {
            ports.http = port_of(address);
        } else if let Some((_, address)) = line.split_once("Listening for native protocol (tcp): ") {
            ports.tcp = port_of(address);
        }
    }
    ports
}

fn port_of(address: &str) -> Option<u16> {
    address.trim().rsplit(':').next()?.parse().ok()
}

/// The engine's own words on why it ended: what it printed, else the last complaint of its log. libchdb reports most
/// failures as success, so the words are all there is.
pub(crate) fn reason(layout: &Layout) -> String {
    let printed = fs::read_to_string(&layout.output).unwrap_or_default();
    let log = fs::read_to_string(&layout.log).unwrap_or_default();
    let printed_reason = printed.lines().find(|line| is_complaint(line));
    let logged_reason = log.lines().rev().find(|line| is_complaint(line));
    let last_printed = printed.lines().rev().find(|line| !line.is_empty() && !line.starts_with("Logging "));
    printed_reason.or(logged_reason).or(last_printed).map_or_else(
        || format!("it ended without a word, as it does when it cannot read {}", layout.config.display()),
        |line| shorten(line.trim()),
    )
}

fn is_complaint(line: &str) -> bool {
    ["Code: ", "<Error>", "<Fatal>", "penstock-engine:"].iter().any(|mark| line.contains(mark))
}

fn shorten(line: &str) -> String {
    const LONGEST: usize = 600;
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(log: &str, http: Option<u16>, tcp: Option<u16>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, log).unwrap();
        assert_eq!(ports(&path), Ports { http, tcp }, "{log:?}");
    }

    #[test]
    fn ports_are_read_from_complete_lines() {
        check("", None, None);
        check("x <Information> Application: Listening for http://127.0.0.1:39289\n", Some(39289), None);
        check("x <Information> Application: Listening for http://127.0.0.1:3928", None, None);
        check("Listening for http://127.0.0.1:1\nListening for native protocol (tcp): 127.0.0.1:2\n", Some(1), Some(2));
    }
}
