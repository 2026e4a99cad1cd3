//! What stands on disk before the engine starts.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::{ClusterConfig, EngineConfig};
use crate::error::EngineError;
use crate::grants::grants;

/// The user that queries run as when a password is set.
pub(crate) const PASSWORD_USER: &str = "penstock";
/// The user that needs none.
pub(crate) const DEFAULT_USER: &str = "default";
/// The macro whose value proves which process answers.
pub(crate) const NONCE_MACRO: &str = "penstock_engine_nonce";

/// The paths below a data directory.
#[derive(Debug)]
pub(crate) struct Layout {
    /// ClickHouse's own path.
    pub(crate) data: PathBuf,
    /// ClickHouse holds a lock on this file as long as it lives, and writes its process id into it.
    pub(crate) status: PathBuf,
    /// The working directory: empty, so that no relative path finds anything.
    pub(crate) cwd: PathBuf,
    pub(crate) run: PathBuf,
    pub(crate) config: PathBuf,
    pub(crate) users: PathBuf,
    pub(crate) start_sql: PathBuf,
    pub(crate) log: PathBuf,
    /// stdout and stderr of the child.
    pub(crate) output: PathBuf,
}

impl Layout {
    /// Creates the directories and makes every path absolute.
    pub(crate) fn create(data_dir: &Path) -> Result<Self, EngineError> {
        let failed = |what: &Path| EngineError::io(format!("create {}", what.display()));
        fs::create_dir_all(data_dir).map_err(failed(data_dir))?;
        let root = data_dir.canonicalize().map_err(failed(data_dir))?;
        let layout = Self::below(&root);
        for dir in [&layout.data.join("metadata"), &layout.cwd, &layout.run] {
            fs::create_dir_all(dir).map_err(failed(dir))?;
        }
        Ok(layout)
    }

    /// The paths, given the run directory alone: what the child is told.
    pub(crate) fn of_run_dir(run: &Path) -> Self {
        Self::below(run.parent().unwrap_or(run))
    }

    fn below(root: &Path) -> Self {
        let (data, run) = (root.join("clickhouse"), root.join("run"));
        Self {
            status: data.join("status"),
            cwd: root.join("cwd"),
            config: run.join("config.xml"),
            users: run.join("users.xml"),
            start_sql: run.join("start.sql"),
            log: run.join("engine.log"),
            output: run.join("output.txt"),
            data,
            run,
        }
    }

    /// Writes what the engine reads at its start. The log of the run before stays beside as `engine.log.before`.
    pub(crate) fn write(&self, config: &EngineConfig, nonce: &str) -> Result<(), EngineError> {
        let system = self.data.join("metadata/system.sql");
        if !system.exists() {
            write_private(&system, SYSTEM_DATABASE)?;
        }
        write_private(&self.config, &self.config_xml(config, nonce))?;
        write_private(&self.users, &users_xml(config))?;
        write_private(&self.start_sql, &start_sql(config))?;
        if self.log.exists() {
            let before = self.log.with_extension("log.before");
            fs::rename(&self.log, before).map_err(EngineError::io("set the old log aside"))?;
        }
        Ok(())
    }

    fn config_xml(&self, config: &EngineConfig, nonce: &str) -> String {
        let mut xml = String::from("<clickhouse>\n");
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(xml, "<{name}>{}</{name}>", escape(value));
        };
        line("path", &format!("{}/", self.data.display()));
        line("users_config", &self.users.to_string_lossy());
        line("listen_host", "127.0.0.1");
        line("http_port", &config.http_port.to_string());
        if let Some(port) = config.tcp_port {
            line("tcp_port", &port.to_string());
        }
        line("max_server_memory_usage", &config.max_memory_bytes.to_string());
        line("mark_cache_size", &MARK_CACHE_BYTES.to_string());
        let _ = write!(
            xml,
            "<logger><log>{}</log><level>information</level><size>20M</size><count>1</count></logger>\n{SYSTEM_LOGS}",
            escape(&self.log.to_string_lossy())
        );
        let _ = writeln!(xml, "<macros><{NONCE_MACRO}>{nonce}</{NONCE_MACRO}>");
        for (name, value) in &config.macros {
            let _ = writeln!(xml, "<{name}>{}</{name}>", escape(value));
        }
        xml.push_str("</macros>\n");
        if !config.clusters.is_empty() {
            xml.push_str("<remote_servers>");
            for cluster in &config.clusters {
                push_cluster(&mut xml, cluster);
            }
            xml.push_str("</remote_servers>\n");
        }
        xml.push_str("</clickhouse>\n");
        xml
    }
}

/// Without it the system database lives in memory: after a restart `query_log` would be missing, and
/// `SYSTEM FLUSH LOGS` would hang for 180 s.
const SYSTEM_DATABASE: &str = "ATTACH DATABASE system UUID '00000000-0000-4000-8000-000000000001' ENGINE = Atomic\n";

const MARK_CACHE_BYTES: u64 = 256 << 20;

/// Rows are on disk half a second after the query, so that a kill loses little evidence. No TTL.
const SYSTEM_LOGS: &str = "\
<query_log><database>system</database><table>query_log</table>\
<flush_interval_milliseconds>500</flush_interval_milliseconds></query_log>
<part_log><database>system</database><table>part_log</table>\
<flush_interval_milliseconds>500</flush_interval_milliseconds></part_log>
";

fn start_sql(config: &EngineConfig) -> String {
    let mut sql = String::from("SYSTEM START LISTEN HTTP;\n");
    if config.tcp_port.is_some() {
        sql.push_str("SYSTEM START LISTEN TCP;\n");
    }
    sql
}

/// The engine's own first session is always user `default` without a password. So with a password, `default` keeps
/// only the right to start the listeners, and a quota that starting them uses up: nobody can stop them with it.
/// What is left to `default` is `SELECT 1`, which no quota counts.
fn users_xml(config: &EngineConfig) -> String {
    let all = grants(config.allow_external_sources);
    let own = match &config.password {
        None => user(DEFAULT_USER, "", ("default", "default"), &all),
        Some(password) => {
            user(DEFAULT_USER, "", ("default", "boot"), &["GRANT SYSTEM LISTEN ON *.*".to_owned()])
                + &user(PASSWORD_USER, password, ("default", "default"), &all)
        }
    };
    let others = config.users.iter().map(|one| user(&one.name, &one.password, ("bounded", "default"), &one.grants));
    let filters = row_policies(config);
    let others = others.map(|one: String| one.replacen("<grants>", &format!("{filters}<grants>"), 1));
    let users = own + &others.collect::<String>();
    let most = config.most.iter().map(|(name, most)| format!("<{name}><max>{most}</max></{name}>")).collect::<Vec<_>>().concat();
    let boot_queries = start_sql(config).lines().count();
    format!(
        "<clickhouse>\n<profiles><default/><bounded><constraints>{most}</constraints></bounded></profiles>\n<quotas><default/>\
         <boot><interval><duration>{TEN_YEARS_S}</duration><queries>{boot_queries}</queries></interval></boot></quotas>\n\
         <users>\n{users}</users>\n</clickhouse>\n"
    )
}

fn row_policies(config: &EngineConfig) -> String {
    let of_table = |(name, condition): (&String, &String)| {
        let (database, table) = name.split_once('.').unwrap_or((name, ""));
        format!("<{database}><{table}><filter>{}</filter></{table}></{database}>", escape(condition))
    };
    let all: String = config.row_policies.iter().map(of_table).collect();
    if all.is_empty() { all } else { format!("<databases>{all}</databases>\n") }
}

/// A hundred years are refused, without a word.
const TEN_YEARS_S: u64 = 300_000_000;

fn user(name: &str, password: &str, (profile, quota): (&str, &str), grants: &[String]) -> String {
    let mut xml = format!(
        "<{name}><password>{}</password><networks><ip>127.0.0.1</ip></networks>\
         <profile>{profile}</profile><quota>{quota}</quota>\n<grants>",
        escape(password)
    );
    for grant in grants {
        let _ = writeln!(xml, "<query>{}</query>", escape(grant));
    }
    let _ = writeln!(xml, "</grants></{name}>");
    xml
}

fn push_cluster(xml: &mut String, cluster: &ClusterConfig) {
    let name = &cluster.name;
    let _ = writeln!(xml, "<{name}><secret>{}</secret>", escape(&cluster.secret));
    for shard in &cluster.shards {
        xml.push_str("<shard>");
        for node in shard {
            let host = escape(&node.host);
            let _ = write!(xml, "<replica><host>{host}</host><port>{}</port></replica>", node.tcp_port);
        }
        xml.push_str("</shard>\n");
    }
    let _ = writeln!(xml, "</{name}>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The configuration may hold a password: only the owner reads it.
fn write_private(path: &Path, text: &str) -> Result<(), EngineError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(EngineError::io(format!("write {}", path.display())))
}
