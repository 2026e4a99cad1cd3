//! The `penstock` command as a person or a script runs it: a process of its own in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::clickhouse::built;
use crate::service::PATIENCE;

/// A folder with a configuration, in which commands are run.
pub struct Cli {
    folder: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub struct Done {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Done {
    /// The document that `--json` printed: exactly one.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not one JSON document ({error}): {self:?}"))
    }

    /// The same, after it went as expected.
    #[expect(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "the check is what is wanted")]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Cli {
    /// A folder that is configured for a ClickHouse.
    pub fn on(clickhouse: &str) -> Self {
        Self::configured(&format!("[clickhouse]\nurl = \"{clickhouse}\"\n"))
    }

    /// A folder with this configuration.
    pub fn configured(file: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::write(folder.path().join("penstock.toml"), file).expect("the configuration can be written");
        Self { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the state directory.
    pub fn state(&self, path: &str) -> PathBuf {
        self.folder.path().join(".penstock").join(path)
    }

    /// A command that was not started yet; nothing of this process's own configuration reaches it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(built("penstock"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PENSTOCK_") || name.to_string_lossy().starts_with("CLICKHOUSE_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Done {
        Done::of(&self.command(args).output().expect("penstock can be started"))
    }

    /// Starts a command.
    pub fn start(&self, args: &[&str]) -> Running {
        let child = self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("penstock can be started");
        Running(Some(child))
    }

    /// Plans; the plan's id.
    pub fn plan(&self, args: &[&str]) -> String {
        let args: Vec<&str> = ["plan", "--json"].iter().chain(args).copied().collect();
        self.run(&args).exits(0).json()["plan_id"].as_str().expect("an id").to_owned()
    }

    /// Waits until the run is as wanted.
    pub fn wait_until(&self, plan_id: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let done = self.run(&["status", "--plan-id", plan_id, "--json"]);
            let status: Value = serde_json::from_str(&done.stdout).unwrap_or_default();
            if wanted(&status) {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "not {what}: {done:?}");
            std::thread::sleep(Duration::from_millis(60));
        }
    }
}

/// A command that runs; killed when this value goes.
pub struct Running(Option<Child>);

impl Running {
    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let pid = self.0.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} cannot be sent");
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Waits for its end.
    #[must_use]
    pub fn end(mut self) -> Done {
        let child = self.0.take().expect("it runs");
        Done::of(&child.wait_with_output().expect("it can be waited for"))
    }

    /// Whether it has ended, and how.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.as_mut().and_then(|child| child.try_wait().ok().flatten())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Takes out of a text what is another one each time: ids, digests, ports, instants, folders, durations.
pub fn plain(text: &str, folder: &Path) -> String {
    let text = text.replace(&folder.display().to_string(), "[folder]");
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_alphanumeric() {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            let digits = word.bytes().all(|byte| byte.is_ascii_digit());
            let hex = word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            plain.push_str(match word.len() {
                64 if hex => "[digest]",
                16 if hex => "[id]",
                13 if digits && word.starts_with('1') => "[instant]",
                _ if digits && plain.ends_with("127.0.0.1:") => "[port]",
                _ if digits && (plain.ends_with("_ms\": ") || plain.ends_with("_ms\":")) => "[ms]",
                _ => word,
            });
            rest = tail;
        } else {
            plain.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    plain
}

/// Paths and kinds of a document's fields, a line each: what scripts rely on, whatever the values are.
pub fn fields(document: &Value) -> String {
    fn walk(path: &str, value: &Value, found: &mut std::collections::BTreeSet<String>) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(items) => {
                for item in items {
                    walk(&format!("{path}[]"), item, found);
                }
                "list"
            }
            Value::Object(members) => {
                for (name, member) in members {
                    walk(&format!("{path}.{name}"), member, found);
                }
                return;
            }
        };
        found.insert(format!("{} {kind}", path.trim_start_matches('.')));
    }
    let mut found = std::collections::BTreeSet::new();
    walk("", document, &mut found);
    found.into_iter().collect::<Vec<_>>().join("\n")
}
