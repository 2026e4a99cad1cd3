//! Where values come from: flags over environment over file. Collects every fault before anything is refused, and
//! remembers the origin of each value.

use std::collections::BTreeMap;

use super::place;
use super::place::{FileValue, flatten};

/// What a setting may be in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A list of texts; with commas between them outside of the file.
    Texts,
    /// A text that is never shown.
    Secret,
    /// A number.
    Number,
    /// A number, or a text such as `"64M"`.
    Size,
    /// `true` or `false`.
    Switch,
}

impl Kind {
    fn expects(self) -> &'static str {
        match self {
            Self::Text | Self::Secret => "a text in quotes",
            Self::Texts => "a list of texts, such as [\"a\", \"b\"]",
            Self::Number => "a number",
            Self::Size => "a number of bytes, or a text such as \"64M\"",
            Self::Switch => "true or false",
        }
    }

    fn takes(self, value: &FileValue) -> bool {
        match self {
            Self::Text | Self::Secret => value.kind == "string",
            Self::Texts => value.kind == "array" && !value.text.is_empty(),
            Self::Number => matches!(value.kind, "integer" | "float"),
            Self::Size => matches!(value.kind, "integer" | "string"),
            Self::Switch => value.kind == "boolean",
        }
    }
}

/// One setting as it is looked up.
pub(super) struct Setting {
    section: &'static str,
    key: &'static str,
    kind: Kind,
    flag: Option<(&'static str, String)>,
}

impl Setting {
    pub(super) fn new(section: &'static str, key: &'static str, kind: Kind) -> Self {
        Self { section, key, kind, flag: None }
    }

    /// Given on the command line.
    pub(super) fn flag(self, name: &'static str, given: Option<String>) -> Self {
        Self { flag: given.map(|text| (name, text)), ..self }
    }

    /// `section.key`, as it is named to people.
    fn name(&self) -> String {
        if self.section.is_empty() { self.key.to_owned() } else { format!("{}.{}", self.section, self.key) }
    }

    /// Each setting has a variable; those of ClickHouse also the name that other tools know.
    fn variables(&self) -> Vec<String> {
        let key = self.key.to_uppercase();
        if self.section == "clickhouse" {
            vec![format!("PENSTOCK_CLICKHOUSE_{key}"), format!("CLICKHOUSE_{key}")]
        } else {
            vec![format!("PENSTOCK_{key}")]
        }
    }
}

/// One value in force and where it comes from, as `penstock config` shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// `section.key`.
    pub key: String,
    /// Flag, environment variable, `file:line:column`, or `default`.
    pub origin: String,
    /// The value; none when nothing is set; `***` for a secret.
    pub value: Option<String>,
}

/// The three sources, what was wrong in them, and what came out.
pub(super) struct Sources {
    file: BTreeMap<Vec<String>, FileValue>,
    /// How the file is named in messages.
    name: String,
    known: Vec<String>,
    environment: BTreeMap<String, String>,
    /// Everything wrong so far, by its place in the file; what is in no file comes first.
    faults: Vec<(usize, String)>,
    entries: Vec<Entry>,
}

struct Found {
    at: usize,
    origin: String,
    text: String,
}

impl Sources {
    pub(super) fn new(file: Option<(&str, &str)>, environment: BTreeMap<String, String>) -> Self {
        let name = file.map_or_else(String::new, |(name, _)| name.to_owned());
        let mut sources = Self { file: BTreeMap::new(), name, known: Vec::new(), environment, faults: Vec::new(), entries: Vec::new() };
        if let Some((_, text)) = file {
            match flatten(text) {
                Ok(values) => sources.file = values,
                Err(place::NotToml { line, column, message }) => {
                    sources.faults.push((0, format!("{}:{line}:{column}: not TOML: {message}", sources.name)));
                }
            }
        }
        sources
    }

    /// Reads a setting: the flag, or the first variable that is set and not empty, or the file's value. What cannot be
    /// read is a fault and counts as not given. `default` is how people see what holds when nothing is given.
    pub(super) fn read<T>(&mut self, setting: Setting, default: Option<&str>, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let name = setting.name();
        let secret = setting.kind == Kind::Secret;
        self.known.push(name.clone());
        let Some(found) = self.find(setting) else {
            self.entries.push(Entry { key: name, origin: "default".into(), value: default.map(str::to_owned) });
            return None;
        };
        match parse(&found.text) {
            Ok(value) => {
                let shown = if secret { "***".into() } else { found.text };
                self.entries.push(Entry { key: name, origin: found.origin, value: Some(shown) });
                Some(value)
            }
            Err(reason) => {
                // A file's place does not say the name; a flag or a variable is one.
                let what = if found.at > 0 { format!("{}: {name}: {reason}", found.origin) } else { format!("{}: {reason}", found.origin) };
                self.faults.push((found.at, what));
                None
            }
        }
    }

    /// Reads a text as it is.
    pub(super) fn text(&mut self, setting: Setting, default: Option<&str>) -> Option<String> {
        self.read(setting, default, |text| Ok(text.to_owned()))
    }

    fn find(&mut self, setting: Setting) -> Option<Found> {
        let path: Vec<String> = [setting.section, setting.key].into_iter().filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let from_file = self.file.remove(&path);
        let variables = setting.variables();
        let name = setting.name();
        if let Some((flag, text)) = setting.flag {
            return Some(Found { at: 0, origin: flag.to_owned(), text });
        }
        for variable in variables {
            if let Some(text) = self.environment.get(&variable).filter(|text| !text.is_empty()) {
                return Some(Found { at: 0, origin: variable, text: text.clone() });
            }
        }
        let value = from_file?;
        let origin = format!("{}:{}:{}", self.name, value.line, value.column);
        if setting.kind.takes(&value) {
            return Some(Found { at: value.order, origin, text: value.text });
        }
        self.faults.push((value.order, format!("{origin}: {name}: {} is expected, not {}", setting.kind.expects(), value.article())));
        None
    }

    /// How near to the user the value in force was given: 0 nowhere, 1 in the file, 2 in a variable, 3 by a flag.
    pub(super) fn level(&self, key: &str) -> u8 {
        let origin = self.entries.iter().find(|entry| entry.key == key).map_or("default", |entry| entry.origin.as_str());
        match origin {
            "default" => 0,
            _ if self.is_from_file(key) => 1,
            flag if flag.starts_with("--") => 3,
            _ => 2,
        }
    }

    /// Does not list a setting that another one stands for.
    pub(super) fn hide(&mut self, key: &str) {
        self.entries.retain(|entry| entry.key != key);
    }

    /// Changes how a value that was read is shown.
    pub(super) fn show(&mut self, key: &str, value: String) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key == key) {
            entry.value = Some(value);
        }
    }

    /// Shows a value as coming from where another one came from.
    pub(super) fn show_from(&mut self, key: &str, value: String, other: &str) {
        let origin = self.entries.iter().find(|entry| entry.key == other).map(|entry| entry.origin.clone());
        if let (Some(entry), Some(origin)) = (self.entries.iter_mut().find(|entry| entry.key == key), origin) {
            *entry = Entry { origin, value: Some(value), key: entry.key.clone() };
        }
    }

    /// Whether a setting was given at all.
    pub(super) fn is_given(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key && entry.origin != "default")
    }

    /// Whether the file gave the value in force.
    pub(super) fn is_from_file(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key && !self.name.is_empty() && entry.origin.starts_with(&self.name))
    }

    /// Something wrong that concerns more than one value.
    pub(super) fn fault(&mut self, message: String) {
        self.faults.push((usize::MAX, message));
    }

    /// Takes the names under `[section."name"]` that hold `key`, and reads each.
    pub(super) fn read_named<T>(&mut self, section: &str, key: &str, read: impl Fn(&str, &str) -> Result<T, String>) -> Vec<T> {
        self.known.push(format!("{section}.\"database.table\".{key}"));
        let of_section = |path: &Vec<String>| matches!(path.as_slice(), [first, _, last] if first == section && last == key);
        let paths: Vec<Vec<String>> = self.file.keys().filter(|path| of_section(path)).cloned().collect();
        let mut values = Vec::new();
        for path in paths {
            let (Some(name), Some(value)) = (path.get(1), self.file.remove(&path)) else { continue };
            let origin = format!("{}:{}:{}", self.name, value.line, value.column);
            let shown = format!("{section}.\"{name}\".{key}");
            let done = if value.kind == "string" {
                read(name, &value.text)
            } else {
                Err(format!("{} is expected, not {}", Kind::Text.expects(), value.article()))
            };
            match done {
                Ok(done) => {
                    self.entries.push(Entry { key: shown, origin, value: Some(value.text) });
                    values.push(done);
                }
                Err(reason) => self.faults.push((value.order, format!("{origin}: {shown}: {reason}"))),
            }
        }
        values
    }

    /// What the file holds beyond what was read is unknown. Gives everything wrong in the order of the file, or what is in force.
    pub(super) fn finish(mut self) -> Result<Vec<Entry>, Vec<String>> {
        for (path, value) in std::mem::take(&mut self.file) {
            let message = unknown(&path.join("."), &self.known);
            self.faults.push((value.order, format!("{}:{}:{}: {message}", self.name, value.key_line, value.key_column)));
        }
        if self.faults.is_empty() {
            return Ok(self.entries);
        }
        self.faults.sort();
        Err(self.faults.into_iter().map(|(_, message)| message).collect())
    }
}

/// Says what an unknown setting may have been meant to be.
fn unknown(path: &str, known: &[String]) -> String {
    if path == "defaults.lanes" {
        return "defaults.lanes: unknown setting; it is called defaults.max_parallel_chunks".into();
    }
    let nearest = known.iter().map(|name| (strsim::osa_distance(path, name), name)).min().filter(|(distance, _)| *distance <= 3);
    let section = path.rsplit_once('.').map_or("", |(section, _)| section);
    let siblings: Vec<&str> = known
        .iter()
        .filter_map(|name| match (name.rsplit_once('.'), section.is_empty()) {
            (None, true) => Some(name.as_str()),
            (Some((of, key)), false) if of == section => Some(key),
            _ => None,
        })
        .collect();
    match nearest {
        Some((_, name)) => format!("{path}: unknown setting; did you mean {name}?"),
        None if !section.is_empty() && !siblings.is_empty() => {
            format!("{path}: unknown setting; [{section}] knows {}", siblings.join(", "))
        }
        None => format!("{path}: unknown setting; `penstock config` lists all that are known"),
    }
}
