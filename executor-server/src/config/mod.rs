//! Configuration: `penstock.toml`, the environment over it, flags over both. Everything wrong is said at once, with its place.

mod clickhouse;
mod find;
mod place;
mod secret;
mod sources;
mod values;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use executor_api::job::Dedup;
use planner_core::policy::Policy;
use planner_core::quantity::Hours;
use planner_core::sql::identifier::{Identifier, TableName};
use reqwest::Url;

use crate::runner::pressure::Bounds;
pub use clickhouse::ClickHouse;
pub use find::File;
pub use secret::Secret;
pub use sources::Entry;
use sources::{Kind, Setting, Sources};
pub(crate) use values::{number, size};

/// Most chunks of one job at the same time.
pub const MAX_LANES: u16 = 64;

/// What the service and the command run with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The ClickHouse to work on.
    pub clickhouse: ClickHouse,
    /// The console's built files.
    pub console: PathBuf,
    /// What holds for plans and runs that do not say otherwise.
    pub defaults: Defaults,
    /// Every value and where it comes from.
    pub entries: Vec<Entry>,
    /// Where to listen; another address than loopback needs a token.
    pub listen: SocketAddr,
    /// The planner's limits and defaults.
    pub policy: Policy,
    /// The host (and port, where it is not the scheme's) under which a proxy publishes the service.
    pub public_host: Option<String>,
    /// From when on chunks wait for the target.
    pub bounds: Bounds,
    /// How failed chunks are repeated.
    pub retry: crate::retry::Policy,
    /// What the command insists on.
    pub rules: Rules,
    /// The service that jobs are handed to.
    pub server: Url,
    /// Where plans, runs and jobs are kept.
    pub state_dir: PathBuf,
    /// What `Authorization: Bearer` must carry.
    pub token: Option<Secret>,
}

/// What holds for plans and runs that do not say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Width of a chunk; default 6 hours.
    pub chunk_hours: Hours,
    /// How repeats are kept from doubling rows where the target remembers no blocks; default none: by content alone.
    pub dedup: Option<Dedup>,
    /// Bytes of a chunk, where plans are cut by size; default none.
    pub max_chunk_bytes: Option<u64>,
    /// Chunks at the same time, 1 to 64; default 1.
    pub max_parallel_chunks: u16,
}

/// What the command insists on; each is true unless it is turned off.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A plan is stored and looked at before it is handed to a service.
    pub require_dry_run_before_run: bool,
    /// A plan names both ends of its window.
    pub require_explicit_window: bool,
    /// Two runs never write the same rows of one target at the same time.
    pub block_overlapping_runs: bool,
    /// `penstock check` fails while a plan has not been run to its end.
    pub fail_check_on_required_pending_backfill: bool,
}

impl Rules {
    /// The rules by their names.
    pub fn all(self) -> [(&'static str, bool); 4] {
        [
            ("require_dry_run_before_run", self.require_dry_run_before_run),
            ("require_explicit_window", self.require_explicit_window),
            ("block_overlapping_runs", self.block_overlapping_runs),
            ("fail_check_on_required_pending_backfill", self.fail_check_on_required_pending_backfill),
        ]
    }
}

/// Values given on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--clickhouse-url`
    pub clickhouse_url: Option<String>,
    /// `--clickhouse-urls`
    pub clickhouse_urls: Option<String>,
    /// `--clickhouse-cluster`
    pub clickhouse_cluster: Option<String>,
    /// `--console`
    pub console: Option<String>,
    /// `--listen`
    pub listen: Option<String>,
    /// `--server`
    pub server: Option<String>,
    /// `--state-dir`
    pub state_dir: Option<String>,
}

/// Everything that is wrong with a configuration, one sentence each.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is refused:\n  {}", .0.join("\n  "))]
pub struct Faults(pub Vec<String>);

impl Config {
    /// Reads the file, the environment and the flags.
    pub fn read(file: Option<&File>, environment: BTreeMap<String, String>, flags: Flags) -> Result<Self, Faults> {
        let mut from = Sources::new(file.map(|file| (file.name.as_str(), file.text.as_str())), environment);
        let clickhouse = clickhouse::read(&mut from, &flags);

        let state_dir = from.text(Setting::new("", "state_dir", Kind::Text).flag("--state-dir", flags.state_dir), Some(".penstock"));
        let console = Setting::new("", "console", Kind::Text).flag("--console", flags.console);
        let console = from.text(console, Some("console-web/dist"));
        // What a file says counts from where the file lies; what is said here and now from here.
        let from_here = |path: Option<String>, default: &str, in_file: bool| match (path, file) {
            (Some(path), Some(file)) if in_file => file.folder.join(path),
            (Some(path), _) => PathBuf::from(path),
            (None, _) => PathBuf::from(default),
        };
        let console = from_here(console, "console-web/dist", from.is_from_file("console"));
        let state_dir = match (&state_dir, file) {
            (None, Some(file)) => file.folder.join(".penstock"),
            _ => from_here(state_dir, ".penstock", from.is_from_file("state_dir")),
        };

        let listen = Setting::new("", "listen", Kind::Text).flag("--listen", flags.listen);
        let listen = from.read(listen, Some("127.0.0.1:8642"), |text| {
            text.parse::<SocketAddr>().map_err(|_| format!("'{text}' is not an address; write 127.0.0.1:8642"))
        });
        let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8642)));
        let public_host = from.text(Setting::new("", "public_host", Kind::Text), None);
        let server = Setting::new("", "server", Kind::Text).flag("--server", flags.server);
        let server = from.read(server, Some(DEFAULT_SERVER), |text| match values::address(text)? {
            values::Address { url, user: None, password: None } => Ok(url),
            values::Address { .. } => Err("a service is entered with a token (PENSTOCK_TOKEN), not with a user".into()),
        });
        let server = server.unwrap_or_else(|| Url::parse(DEFAULT_SERVER).expect("a constant"));
        let token = from.read(Setting::new("", "token", Kind::Secret), None, |text| {
            if text.chars().count() >= 16 { Ok(Secret::new(text)) } else { Err("a token needs at least 16 characters".into()) }
        });
        if !listen.ip().is_loopback() && token.is_none() {
            from.fault(format!("listen: {listen} can be reached from other machines; set PENSTOCK_TOKEN, or listen on 127.0.0.1"));
        }

        let (defaults, retry) = defaults(&mut from);
        let time_column = from.read(Setting::new("defaults", "time_column", Kind::Text), None, |text| Identifier::new(text));
        let rules = rules(&mut from);
        let policy = policy(&mut from, time_column);
        let bounds = bounds(&mut from);
        let entries = from.finish().map_err(Faults)?;
        Ok(Self { clickhouse, console, defaults, entries, listen, policy, public_host, bounds, retry, rules, server, state_dir, token })
    }
}

const DEFAULT_SERVER: &str = "http://127.0.0.1:8642/";

fn defaults(from: &mut Sources) -> (Defaults, crate::retry::Policy) {
    let chunk_hours = from.read(Setting::new("defaults", "chunk_hours", Kind::Number), Some("6"), Hours::parse);
    let max_chunk_bytes = from.read(Setting::new("defaults", "max_chunk_bytes", Kind::Size), None, size);
    if from.is_given("defaults.chunk_hours") && from.is_given("defaults.max_chunk_bytes") {
        from.fault("defaults.chunk_hours and defaults.max_chunk_bytes: plans are cut by time or by size; set one of them".into());
    }
    let dedup = from.read(Setting::new("defaults", "dedup", Kind::Text), None, |text| match text {
        "set_window" => Ok(Dedup::SetWindow),
        "content_only" => Ok(Dedup::ContentOnly),
        _ => Err("set_window or content_only".into()),
    });
    let lanes = Setting::new("defaults", "max_parallel_chunks", Kind::Number);
    let lanes = from.read(lanes, Some("1"), |text| number(text, 1, u32::from(MAX_LANES)));
    let retries = Setting::new("defaults", "max_retries_per_chunk", Kind::Number);
    let retries = from.read(retries, Some("3"), |text| number(text, 0, 100)).unwrap_or(3);
    let pause = Setting::new("defaults", "first_retry_pause_ms", Kind::Number);
    let pause = from.read(pause, Some("1000"), |text| number(text, 1, 600_000)).unwrap_or(1000);
    from.read(Setting::new("defaults", "require_idempotency_token", Kind::Switch), Some("true"), |text| {
        if values::switch(text)? { Ok(()) } else { Err("only true is possible: a chunk is never sent without its token".into()) }
    });
    let defaults = Defaults {
        chunk_hours: chunk_hours.unwrap_or_else(|| Hours::whole(6)),
        dedup,
        max_chunk_bytes,
        max_parallel_chunks: lanes.map_or(1, |lanes| u16::try_from(lanes).unwrap_or(MAX_LANES)),
    };
    let first_pause = Duration::from_millis(pause.into());
    (defaults, crate::retry::Policy { max_retries: retries, first_pause, ..Default::default() })
}

fn rules(from: &mut Sources) -> Rules {
    let mut rule = |key| from.read(Setting::new("policy", key, Kind::Switch), Some("true"), values::switch).unwrap_or(true);
    Rules {
        require_dry_run_before_run: rule("require_dry_run_before_run"),
        require_explicit_window: rule("require_explicit_window"),
        block_overlapping_runs: rule("block_overlapping_runs"),
        fail_check_on_required_pending_backfill: rule("fail_check_on_required_pending_backfill"),
    }
}

fn bounds(from: &mut Sources) -> Bounds {
    let mut take = |key: &'static str, most: u32, default: u32| {
        let setting = Setting::new("limits", key, Kind::Number);
        from.read(setting, Some(&default.to_string()), |text| number(text, 1, most)).unwrap_or(default)
    };
    let default = Bounds::default();
    Bounds {
        parts_share_percent: take("parts_share_percent", 100, default.parts_share_percent),
        running_merges: take("running_merges", 1_000_000, default.running_merges),
        replication_queue: take("replication_queue", 1_000_000, default.replication_queue),
    }
}

fn policy(from: &mut Sources, time_column: Option<Identifier>) -> Policy {
    let mut policy = Policy { default_time_column: time_column, ..Policy::default() };
    let mut limit = |key, most, default: u32| {
        let setting = Setting::new("limits", key, Kind::Number);
        from.read(setting, Some(&default.to_string()), |text| number(text, 1, most)).unwrap_or(default)
    };
    policy.max_window_hours = limit("max_window_hours", 10_000_000, policy.max_window_hours);
    policy.min_chunk_minutes = limit("min_chunk_minutes", 10_000_000, policy.min_chunk_minutes);
    let share = limit("memory_share_percent", 100, policy.memory_share_percent.into());
    policy.memory_share_percent = u8::try_from(share).unwrap_or(100);
    let named = from.read_named("tables", "time_column", |table, column| Ok((TableName::parse(table)?, Identifier::new(column)?)));
    policy.time_columns = named.into_iter().map(|(table, column)| (table.to_string(), column)).collect();
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File { folder: "there".into(), name: "penstock.toml".into(), text: text.into() }
    }

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, Faults> {
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Config::read(Some(&file(text)), environment, Flags::default())
    }

    #[test]
    fn environment_stands_over_the_file_and_flags_over_both() {
        let text = "state_dir = \"a\"\nlisten = \"127.0.0.1:1\"\n[clickhouse]\nurl = \"http://file:1\"\nuser = \"u\"\n";
        let environment = BTreeMap::from([("PENSTOCK_CLICKHOUSE_URL".to_owned(), "http://env:2".to_owned())]);
        let flags = Flags { state_dir: Some("flag".into()), ..Flags::default() };
        let config = Config::read(Some(&file(text)), environment, flags).unwrap();
        assert_eq!(config.clickhouse.urls[0].as_str(), "http://env:2/");
        assert_eq!((config.clickhouse.user.as_str(), config.state_dir.to_str()), ("u", Some("flag")));
    }

    #[test]
    fn a_path_in_the_file_counts_from_the_file() {
        assert_eq!(read("state_dir = \"a\"", &[]).unwrap().state_dir, PathBuf::from("there/a"));
        assert_eq!(read("", &[]).unwrap().state_dir, PathBuf::from("there/.penstock"));
        assert_eq!(read("", &[("PENSTOCK_STATE_DIR", "b")]).unwrap().state_dir, PathBuf::from("b"));
    }

    #[test]
    fn everything_wrong_is_said_at_once_in_the_order_of_the_file() {
        let text = "lisen = \"x\"\nlisten = \"nowhere\"\n\n[defaults]\nlanes = 65\nmax_parallel_chunks = 65\nchunk_hours = \"6\"\nmax_chunk_bytes = 64\nrequire_idempotency_token = false\n\
                    [clickhouse]\nurl = \"ftp://x\"\npasword = \"hunter2\"\npassword = 5\n[limits]\nmin_chunk_minutes = 0\nnothing_like_it = 1\nmax_window_hours = 1.5\n\
                    [policy]\nrequire_explicit_window = \"yes\"\n[tables.\"no dot\"]\ntime_column = \"ts\"\n[tables.\"a.b\"]\ntime_column = [1]\n[unheard.of]\nx = 1\n";
        let Faults(faults) = read(text, &[("PENSTOCK_TOKEN", "short"), ("PENSTOCK_RUNNING_MERGES", "many")]).unwrap_err();
        assert!(!faults.join("\n").contains("hunter2"));
        insta::assert_snapshot!(faults.join("\n"));
    }

    #[test]
    fn what_is_in_force_is_told_with_its_origin() {
        let text = "[clickhouse]\nurl = \"http://me:hunter2@file:1\"\n[defaults]\nmax_chunk_bytes = \"64M\"\n[tables.\"a.b\"]\ntime_column = \"ts\"\n";
        let environment = [("PENSTOCK_TOKEN", "0123456789abcdef"), ("PENSTOCK_MAX_PARALLEL_CHUNKS", "4"), ("CLICKHOUSE_DATABASE", "d")];
        let config = read(text, &environment).unwrap();
        let lines =
            config.entries.iter().map(|entry| format!("{} = {} ({})", entry.key, entry.value.as_deref().unwrap_or("-"), entry.origin));
        let shown = lines.collect::<Vec<_>>().join("\n");
        assert!(!shown.contains("hunter2") && !shown.contains("0123456789abcdef"), "{shown}");
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn the_password_leaves_the_address_and_is_never_shown() {
        let config = read("[clickhouse]\nurl = \"https://me:p%40ss@host:8443/\"\n", &[]).unwrap();
        assert_eq!(config.clickhouse.urls[0].as_str(), "https://host:8443/");
        assert_eq!(config.clickhouse.password.expose(), "p@ss");
        assert_eq!(config.clickhouse.user, "me");
        assert!(!format!("{config:?}").contains("p@ss") && !format!("{config:?}").contains("p%40ss"));
        for wrong in ["http://h/?password=hunter2", "http://me:hunter2@", "me:hunter2@host"] {
            let faults = read(&format!("[clickhouse]\nurl = \"{wrong}\"\n"), &[]).unwrap_err().to_string();
            assert!(!faults.contains("hunter2"), "{faults}");
        }
        let broken = read("[clickhouse]\npassword = \"hunter2\n", &[]).unwrap_err().to_string();
        assert!(broken.contains("penstock.toml:2:") && !broken.contains("hunter2"), "{broken}");
    }

    #[test]
    fn one_address_or_a_list_of_servers() {
        let urls = |config: &Config| config.clickhouse.urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let text = "[clickhouse]\nurls = [\"http://me:x@a:1\", \"http://me:x@b:1\"]\ncluster = \"c\"\n";
        let config = read(text, &[]).unwrap();
        assert_eq!((urls(&config).as_str(), config.clickhouse.user.as_str()), ("http://a:1/ http://b:1/", "me"));
        assert_eq!(config.clickhouse.cluster.as_ref().map(Identifier::as_str), Some("c"));
        assert!(config.entries.iter().all(|entry| entry.key != "clickhouse.url"));
        // What is nearer to the user wins.
        assert_eq!(urls(&read(text, &[("PENSTOCK_CLICKHOUSE_URL", "http://c:1")]).unwrap()), "http://c:1/");
        let variables = [("PENSTOCK_CLICKHOUSE_URLS", "http://c:1, http://d:1"), ("PENSTOCK_CLICKHOUSE_CLUSTER", "d")];
        assert_eq!(urls(&read("[clickhouse]\nurl = \"http://a:1\"\n", &variables).unwrap()), "http://c:1/ http://d:1/");
        assert_eq!(urls(&read("", &[]).unwrap()), "http://127.0.0.1:8123/");
    }

    #[test]
    fn a_list_of_servers_that_cannot_be_is_refused() {
        let refused = |text: &str| read(&format!("[clickhouse]\n{text}\n"), &[]).unwrap_err().to_string();
        for (text, words) in [
            ("url = \"http://a:1\"\nurls = [\"http://b:1\"]", "set one of the two"),
            ("urls = [\"http://a:1\", \"http://a:1/\"]", "stands there twice"),
            ("urls = [\"http://a:1\", \"http://u@b:1\"]", "different users"),
            ("urls = [\"http://a:1\", \"b\"]", "write http://127.0.0.1:8123"),
            ("urls = []", "a list of texts"),
            ("urls = [1]", "a list of texts"),
            ("urls = \"http://a:1\"", "a list of texts, such as [\"a\", \"b\"] is expected, not a string"),
            ("cluster = \"\"", "a name is empty"),
        ] {
            assert!(refused(text).contains(words), "{text}: {}", refused(text));
        }
        let secret = refused("urls = [\"http://me:hunter2@a:1\", \"http://me:hunter2@\"]");
        assert!(!secret.contains("hunter2"), "{secret}");
    }

    #[test]
    fn another_address_needs_a_token() {
        assert!(read("listen = \"0.0.0.0:8642\"", &[]).is_err());
        assert!(read("listen = \"0.0.0.0:8642\"", &[("PENSTOCK_TOKEN", "0123456789abcdef")]).is_ok());
        assert!(read("listen = \"[::1]:8642\"", &[]).is_ok());
    }
}
