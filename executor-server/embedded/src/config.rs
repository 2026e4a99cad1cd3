use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How to start an [`Engine`](crate::Engine). [`EngineConfig::new`] fills in the defaults.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The executable that calls [`engine_main`](crate::engine_main) when it is given `program_args`.
    pub program: PathBuf,
    /// What precedes the engine's own arguments. Default: `["engine"]`, a hidden subcommand.
    pub program_args: Vec<OsString>,
    /// The library, from [`find_library`](crate::find_library).
    pub library: PathBuf,
    /// Holds everything of this engine: `clickhouse/` (its data), `run/` (configuration and log), `cwd/` (empty).
    pub data_dir: PathBuf,
    /// 0: any free port.
    pub http_port: u16,
    /// The native protocol: `None`, not at all; 0, any free port. A node of a cluster needs a fixed one.
    pub tcp_port: Option<u16>,
    /// The server's limit on its memory, in bytes. Default: 4 GiB.
    pub max_memory_bytes: u64,
    /// `None`: user `default` without a password. Otherwise user [`Engine::user`](crate::Engine::user) with this one.
    pub password: Option<String>,
    /// Whether `file()`, `url()`, `s3()` and the like may be used. `file()` reads *any* path of this account,
    /// since libchdb ignores `user_files_path`. Default: no.
    pub allow_external_sources: bool,
    /// Users beside the one above, each with its own rights.
    pub users: Vec<UserConfig>,
    /// The rows that those users may see of a table: a condition by `db.table`. Others see all.
    pub row_policies: BTreeMap<String, String>,
    /// The most that those users may set a setting to.
    pub most: BTreeMap<String, u64>,
    /// `remote_servers`.
    pub clusters: Vec<ClusterConfig>,
    /// The server's macros, by name.
    pub macros: BTreeMap<String, String>,
    /// How long [`Engine::start`](crate::Engine::start) waits for readiness. Default: 60 s, which a large table needs
    /// after a crash; a fresh start takes well under a second.
    pub start_timeout: Duration,
}

impl EngineConfig {
    pub fn new(program: impl Into<PathBuf>, library: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            program_args: vec!["engine".into()],
            library: library.into(),
            data_dir: data_dir.into(),
            http_port: 0,
            tcp_port: None,
            max_memory_bytes: 4 << 30,
            password: None,
            allow_external_sources: false,
            users: Vec::new(),
            row_policies: BTreeMap::new(),
            most: BTreeMap::new(),
            clusters: Vec::new(),
            macros: BTreeMap::new(),
            start_timeout: Duration::from_mins(1),
        }
    }
}

/// A user with no more than the given rights: `CREATE USER` does not work in this engine (error 514).
#[derive(Debug, Clone)]
pub struct UserConfig {
    /// A word.
    pub name: String,
    pub password: String,
    /// Statements such as `GRANT SELECT ON db.t`.
    pub grants: Vec<String>,
}

/// One cluster, as every one of its processes must know it.
///
/// Distributed tables, `remote()` and `clusterAllReplicas()` work between such processes; ON CLUSTER (error 392) and
/// `ReplicatedMergeTree` (error 242) do not: libchdb has no keeper.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    pub name: String,
    /// Shared by all nodes: a query runs on the others as the user who sent it.
    pub secret: String,
    /// Shards, each a list of replicas.
    pub shards: Vec<Vec<ClusterNode>>,
}

#[derive(Debug, Clone)]
pub struct ClusterNode {
    pub host: String,
    pub tcp_port: u16,
}
