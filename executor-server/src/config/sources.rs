//! Where values come from: flags over environment over file. Collects every fault before anything is refused.

use std::collections::BTreeMap;

/// Flat values of the file by dotted path, and the environment.
pub(super) struct Sources {
    file: BTreeMap<Vec<String>, toml::Value>,
    environment: BTreeMap<String, String>,
    /// Everything wrong so far.
    pub(super) faults: Vec<String>,
}

/// A value with the place that it came from, for the fault's text.
pub(super) struct Found {
    pub(super) origin: String,
    pub(super) text: String,
}

impl Sources {
    pub(super) fn new(file: Option<&str>, environment: BTreeMap<String, String>) -> Self {
        let mut sources = Self { file: BTreeMap::new(), environment, faults: Vec::new() };
        match file.map(str::parse::<toml::Table>) {
            None => {}
            Some(Ok(table)) => flatten(&mut Vec::new(), table, &mut sources.file),
            // The parser's own display shows the line, which may hold the password.
            Some(Err(error)) => {
                let at = error.span().map(|span| span.start).and_then(|at| file.and_then(|text| text.get(..at)));
                let line = at.map_or(1, |before| before.matches('\n').count() + 1);
                sources.faults.push(format!("line {line}: not TOML: {}", error.message()));
            }
        }
        sources
    }

    /// Takes a value: the flag, or the first environment variable that is set and not empty, or the file's.
    pub(super) fn take(&mut self, flag: Option<String>, variables: &[&str], path: &[&str]) -> Option<Found> {
        let from_file = self.file.remove(&path.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
        if let Some(text) = flag {
            return Some(Found { origin: format!("flag for {}", path.join(".")), text });
        }
        for variable in variables {
            if let Some(text) = self.environment.get(*variable).filter(|text| !text.is_empty()) {
                return Some(Found { origin: (*variable).to_owned(), text: text.clone() });
            }
        }
        let origin = path.join(".");
        match from_file? {
            toml::Value::String(text) => Some(Found { origin, text }),
            toml::Value::Integer(number) => Some(Found { origin, text: number.to_string() }),
            toml::Value::Boolean(yes) => Some(Found { origin, text: yes.to_string() }),
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                self.faults.push(format!("{origin}: a text or a whole number is expected"));
                None
            }
        }
    }

    /// Takes and reads a value; a text that cannot be read is a fault and counts as not given.
    pub(super) fn read<T>(&mut self, found: Option<Found>, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let Found { origin, text } = found?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.faults.push(format!("{origin}: {reason}"));
                None
            }
        }
    }

    /// Takes the names under `[section."name"]` that hold `key`, with its text.
    pub(super) fn take_named(&mut self, section: &str, key: &str) -> Vec<(String, String)> {
        let paths: Vec<Vec<String>> = self
            .file
            .keys()
            .filter(|path| matches!(path.as_slice(), [first, _, last] if first == section && last == key))
            .cloned()
            .collect();
        let mut found = Vec::new();
        for path in paths {
            let Some(name) = path.get(1).cloned() else { continue };
            match self.file.remove(&path) {
                Some(toml::Value::String(text)) => found.push((name, text)),
                Some(_) | None => self.faults.push(format!("{section}.\"{name}\".{key}: a text is expected")),
            }
        }
        found
    }

    /// What the file holds beyond what was taken is unknown.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.faults.extend(self.file.keys().map(|path| format!("{}: unknown setting", path.join("."))));
        self.faults
    }
}

fn flatten(path: &mut Vec<String>, table: toml::Table, flat: &mut BTreeMap<Vec<String>, toml::Value>) {
    for (key, value) in table {
        path.push(key);
        match value {
            toml::Value::Table(inner) => flatten(path, inner, flat),
            leaf => {
                flat.insert(path.clone(), leaf);
            }
        }
        path.pop();
    }
}
