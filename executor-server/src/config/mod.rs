//! Configuration: `penstock.toml`, the environment over it, flags over both. Everything wrong is said at once, by name.

mod secret;
mod sources;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use planner_core::policy::Policy;
use planner_core::sql::identifier::{Identifier, TableName};
use reqwest::Url;

use crate::runner::pressure::Bounds;
pub use secret::Secret;
use sources::Sources;

/// Most chunks of one job at the same time.
pub const MAX_LANES: u16 = 64;

/// What the service runs with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The ClickHouse to work on.
    pub clickhouse: ClickHouse,
    /// The console's built files.
    pub console: PathBuf,
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
    /// Chunks at the same time where a job does not say; 1 to 64, default 2.
    pub lanes: u16,
    /// Where jobs are kept.
    pub state_dir: PathBuf,
    /// What `Authorization: Bearer` must carry.
    pub token: Option<Secret>,
}

/// How to reach ClickHouse.
#[derive(Clone, Debug)]
pub struct ClickHouse {
    /// `http://` or `https://` address without user, password and query.
    pub url: Url,
    /// User; default `default`.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// Database that unqualified names in views' SELECTs refer to; default the user's.
    pub database: Option<String>,
}

/// Values given on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--clickhouse-url`
    pub clickhouse_url: Option<String>,
    /// `--console`
    pub console: Option<String>,
    /// `--listen`
    pub listen: Option<String>,
    /// `--state-dir`
    pub state_dir: Option<String>,
}

/// Everything that is wrong with a configuration, one sentence each.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is refused:\n  {}", .0.join("\n  "))]
pub struct Faults(pub Vec<String>);

impl Config {
    /// Reads the file's text, the environment and the flags.
    pub fn read(file: Option<&str>, environment: BTreeMap<String, String>, flags: Flags) -> Result<Self, Faults> {
        let mut from = Sources::new(file, environment);

        let url = from.take(flags.clickhouse_url, &["PENSTOCK_CLICKHOUSE_URL", "CLICKHOUSE_URL"], &["clickhouse", "url"]);
        let address = from.read(url, address).unwrap_or_else(default_address);
        let user = from.take(None, &["PENSTOCK_CLICKHOUSE_USER", "CLICKHOUSE_USER"], &["clickhouse", "user"]);
        let password = from.take(None, &["PENSTOCK_CLICKHOUSE_PASSWORD", "CLICKHOUSE_PASSWORD"], &["clickhouse", "password"]);
        let database = from.take(None, &["PENSTOCK_CLICKHOUSE_DATABASE", "CLICKHOUSE_DATABASE"], &["clickhouse", "database"]);
        let clickhouse = ClickHouse {
            url: address.url,
            user: user.map(|found| found.text).or(address.user).unwrap_or_else(|| "default".into()),
            password: password.map(|found| Secret::new(found.text)).or(address.password).unwrap_or_default(),
            database: database.map(|found| found.text),
        };

        let state_dir = from.take(flags.state_dir, &["PENSTOCK_STATE_DIR"], &["state_dir"]);
        let console = from.take(flags.console, &["PENSTOCK_CONSOLE"], &["console"]);
        let listen = from.take(flags.listen, &["PENSTOCK_LISTEN"], &["listen"]);
        let listen =
            from.read(listen, |text| text.parse::<SocketAddr>().map_err(|_| format!("'{text}' is not an address; write 127.0.0.1:8642")));
        let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8642)));
        let public_host = from.take(None, &["PENSTOCK_PUBLIC_HOST"], &["public_host"]);
        let token = from.take(None, &["PENSTOCK_TOKEN"], &["token"]);
        let token = from.read(token, |text| {
            if text.chars().count() >= 16 { Ok(Secret::new(text)) } else { Err("a token needs at least 16 characters".into()) }
        });
        if !listen.ip().is_loopback() && token.is_none() {
            from.faults.push(format!("listen: {listen} can be reached from other machines; set PENSTOCK_TOKEN, or listen on 127.0.0.1"));
        }

        let lanes = from.take(None, &[], &["defaults", "lanes"]);
        let lanes = from.read(lanes, |text| number(text, 1, u32::from(MAX_LANES))).map_or(2, |n| u16::try_from(n).unwrap_or(MAX_LANES));
        let retries = from.take(None, &[], &["defaults", "max_retries_per_chunk"]);
        let retries = from.read(retries, |text| number(text, 0, 100)).unwrap_or(3);
        let pause = from.take(None, &[], &["defaults", "first_retry_pause_ms"]);
        let pause = from.read(pause, |text| number(text, 1, 600_000)).map_or(Duration::from_secs(1), |ms| Duration::from_millis(ms.into()));
        let retry = crate::retry::Policy { max_retries: retries, first_pause: pause, ..Default::default() };

        let policy = policy(&mut from);
        let bounds = bounds(&mut from);
        let faults = from.finish();
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        Ok(Self {
            bounds,
            clickhouse,
            console: console.map_or_else(|| PathBuf::from("console-web/dist"), |found| PathBuf::from(found.text)),
            listen,
            policy,
            public_host: public_host.map(|found| found.text),
            retry,
            lanes,
            state_dir: state_dir.map_or_else(|| PathBuf::from(".penstock"), |found| PathBuf::from(found.text)),
            token,
        })
    }
}

fn bounds(from: &mut Sources) -> Bounds {
    let mut take = |key: &str, most: u32, default: u32| {
        let value = from.take(None, &[], &["limits", key]);
        from.read(value, |text| number(text, 1, most)).unwrap_or(default)
    };
    let default = Bounds::default();
    Bounds {
        parts_share_percent: take("parts_share_percent", 100, default.parts_share_percent),
        running_merges: take("running_merges", 1_000_000, default.running_merges),
        replication_queue: take("replication_queue", 1_000_000, default.replication_queue),
    }
}

fn policy(from: &mut Sources) -> Policy {
    let mut policy = Policy::default();
    let column = from.take(None, &[], &["defaults", "time_column"]);
    policy.default_time_column = from.read(column, |text| Identifier::new(text));
    let hours = from.take(None, &[], &["limits", "max_window_hours"]);
    if let Some(hours) = from.read(hours, |text| number(text, 1, 10_000_000)) {
        policy.max_window_hours = hours;
    }
    let minutes = from.take(None, &[], &["limits", "min_chunk_minutes"]);
    if let Some(minutes) = from.read(minutes, |text| number(text, 1, 10_000_000)) {
        policy.min_chunk_minutes = minutes;
    }
    let share = from.take(None, &[], &["limits", "memory_share_percent"]);
    if let Some(share) = from.read(share, |text| number(text, 1, 100)) {
        policy.memory_share_percent = u8::try_from(share).unwrap_or(100);
    }
    for (table, column) in from.take_named("tables", "time_column") {
        match (TableName::parse(&table), Identifier::new(column)) {
            (Ok(name), Ok(column)) => {
                policy.time_columns.insert(name.to_string(), column);
            }
            (Err(reason), _) | (_, Err(reason)) => from.faults.push(format!("tables.\"{table}\": {reason}")),
        }
    }
    policy
}

fn number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let wrong = || format!("'{text}' is not a whole number from {least} to {most}");
    text.parse().ok().filter(|n| (least..=most).contains(n)).ok_or_else(wrong)
}

struct Address {
    url: Url,
    user: Option<String>,
    password: Option<Secret>,
}

fn default_address() -> Address {
    Address { url: Url::parse("http://127.0.0.1:8123/").expect("a constant"), user: None, password: None }
}

/// Reads an address and moves `user:password@` out of it, so that no later print can show them.
fn address(text: &str) -> Result<Address, String> {
    // The text is not quoted in these answers: it may hold the password.
    let mut url = Url::parse(text).map_err(|reason| format!("not an address ({reason}); write http://127.0.0.1:8123"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("not an address over HTTP; write http://127.0.0.1:8123 or https://host:8443".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address must end at its path; user, password and database are settings of their own".into());
    }
    let decode = |text: &str| String::from_utf8_lossy(&percent_decode(text)).into_owned();
    let user = (!url.username().is_empty()).then(|| decode(url.username()));
    let password = url.password().map(|password| Secret::new(decode(password)));
    let cleared = url.set_username("").and_then(|()| url.set_password(None));
    cleared.map_err(|()| "user and password cannot stand in this address".to_owned())?;
    Ok(Address { url, user, password })
}

fn percent_decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let coded = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let (b'%', Some(byte)) = (*first, coded) {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, environment: &[(&str, &str)]) -> Result<Config, Faults> {
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Config::read(Some(file), environment, Flags::default())
    }

    #[test]
    fn environment_stands_over_the_file_and_flags_over_both() {
        let file = "state_dir = \"a\"\nlisten = \"127.0.0.1:1\"\n[clickhouse]\nurl = \"http://file:1\"\nuser = \"u\"\n";
        let environment = BTreeMap::from([("PENSTOCK_CLICKHOUSE_URL".to_owned(), "http://env:2".to_owned())]);
        let flags = Flags { state_dir: Some("flag".into()), ..Flags::default() };
        let config = Config::read(Some(file), environment, flags).unwrap();
        assert_eq!(config.clickhouse.url.as_str(), "http://env:2/");
        assert_eq!((config.clickhouse.user.as_str(), config.state_dir.to_str()), ("u", Some("flag")));
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let file = "lisen = \"x\"\nlisten = \"nowhere\"\n[defaults]\nlanes = 65\n[clickhouse]\nurl = \"ftp://x\"\n[limits]\nmin_chunk_minutes = 0\n[tables.\"no dot\"]\ntime_column = \"ts\"\n";
        let Faults(faults) = read(file, &[("PENSTOCK_TOKEN", "short")]).unwrap_err();
        insta::assert_snapshot!(faults.join("\n"));
    }

    #[test]
    fn the_password_leaves_the_address_and_is_never_shown() {
        let config = read("[clickhouse]\nurl = \"https://me:p%40ss@host:8443/\"\n", &[]).unwrap();
        assert_eq!(config.clickhouse.url.as_str(), "https://host:8443/");
        assert_eq!(config.clickhouse.password.expose(), "p@ss");
        assert_eq!(config.clickhouse.user, "me");
        assert!(!format!("{config:?}").contains("p@ss") && !format!("{config:?}").contains("p%40ss"));
        for wrong in ["http://h/?password=hunter2", "http://me:hunter2@", "me:hunter2@host"] {
            let faults = read(&format!("[clickhouse]\nurl = \"{wrong}\"\n"), &[]).unwrap_err().to_string();
            assert!(!faults.contains("hunter2"), "{faults}");
        }
        let broken = read("[clickhouse]\npassword = \"hunter2\n", &[]).unwrap_err().to_string();
        assert!(broken.contains("line 2") && !broken.contains("hunter2"), "{broken}");
    }

    #[test]
    fn another_address_needs_a_token() {
        assert!(read("listen = \"0.0.0.0:8642\"", &[]).is_err());
        assert!(read("listen = \"0.0.0.0:8642\"", &[("PENSTOCK_TOKEN", "0123456789abcdef")]).is_ok());
        assert!(read("listen = \"[::1]:8642\"", &[]).is_ok());
    }
}
