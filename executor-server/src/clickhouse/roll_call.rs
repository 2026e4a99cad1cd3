//! Whether the servers that are configured can be worked on as one: asked when the service starts, and before a job does.
//!
//! ```text
//!   servers ──► one version, one time zone, clocks together, each counted once
//!   table   ──► replicas of one table · or one server holds it, and the others reach it through a Distributed table
//!           └─► anything else: tables of the same name with rows of their own: refused
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use planner_core::engine;
use planner_core::sql::identifier::TableName;
use serde::Deserialize;

use super::client::{Client, Failure, Query, lenient};
use super::everywhere::Heard;
use super::evidence::MOST_SKEW_MS;
use super::queries::QUICK;

const WHO: &str = "SELECT concat(hostName(), ' ', toString(serverUUID()), ' ', path) AS id, version() AS version, timezone() AS timezone, toUnixTimestamp64Milli(nowInBlock64(3)) AS now FROM {from} WHERE name = 'default' FORMAT JSONEachRow";
const CLUSTER: &str = "SELECT count() AS hosts FROM system.clusters WHERE cluster = {cluster:String} FORMAT JSONEachRow";
const STANDS: &str = "SELECT engine, engine_full, toString(uuid) AS uuid FROM {from} WHERE database = {database:String} AND name = {table:String} FORMAT JSONEachRow";
const KEEPER_PATHS: &str =
    "SELECT DISTINCT zookeeper_path AS path FROM {from} WHERE database = {database:String} AND table = {table:String} FORMAT JSONEachRow";
const LEADS_TO: &str =
    "SELECT DISTINCT concat(host_name, ':', toString(port)) AS path FROM {from} WHERE cluster = {cluster:String} FORMAT JSONEachRow";
const BEHIND: &str = "SELECT DISTINCT toString(uuid) AS path FROM cluster({cluster:String}, system.tables) WHERE database = {database:String} AND name = {table:String} FORMAT JSONEachRow";

/// How long the servers may take to say who they are at the start.
const AT_START: Duration = Duration::from_secs(2);
/// How often an address is asked who answers there.
const LOOKS: usize = 6;

/// Why several servers cannot be worked on.
#[derive(Debug)]
pub enum Refusal {
    /// Their configuration, or what they hold, is wrong; in words, with what to do.
    Wrong(String),
    /// They cannot be asked right now.
    Unasked(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Exception { code: 701, message } => {
                Self::Wrong(format!("clickhouse.cluster: {message}. SELECT cluster FROM system.clusters lists those that are known"))
            }
            other => Self::Unasked(other),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Who {
    id: String,
    version: String,
    timezone: String,
    #[serde(deserialize_with = "lenient")]
    now: u64,
}

/// What stands under a table's name on one server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Stands {
    engine: String,
    engine_full: String,
    uuid: String,
}

#[derive(Deserialize)]
struct Path {
    path: String,
}

#[derive(Deserialize)]
struct Hosts {
    #[serde(deserialize_with = "lenient")]
    hosts: u64,
}

/// Why the same name on several servers is one table.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Alike {
    /// Replicas of one table.
    Replicas,
    /// One server holds it; the others lead there, through a cluster of this name.
    Led { uuid: String, cluster: String },
    /// The same Distributed table on each.
    Distributed,
}

impl Client {
    /// The same as [`Client::roll_call`] at the start, when servers may be away: then why it is not known, as they are asked
    /// again before a job begins. An error is in words.
    pub async fn brief_roll_call(&self) -> Result<Option<Failure>, String> {
        match tokio::time::timeout(AT_START, self.roll_call()).await {
            Ok(Ok(())) => Ok(None),
            Ok(Err(Refusal::Wrong(words))) => Err(words),
            Ok(Err(Refusal::Unasked(failure))) => Ok(Some(failure)),
            Err(_) => Ok(Some(Failure::Lost(format!("no answer within {} s", AT_START.as_secs())))),
        }
    }

    /// Whether the servers are what the configuration says of them.
    pub async fn roll_call(&self) -> Result<(), Refusal> {
        let one_each = self.unpooled().map_err(|words| Refusal::Unasked(Failure::NotSent(words)))?;
        let mut seen: Vec<(String, Vec<Who>)> = Vec::new();
        for (server, url) in self.config().urls.iter().enumerate() {
            let one = one_each.at(Some(server));
            one.cluster_is_known(url.as_str()).await?;
            seen.push((url.to_string(), one.who_answers().await?));
        }
        if let Some(cluster) = &self.config().cluster {
            let heard: Heard<Who> = self.everywhere(Query::new(WHO).timeout(QUICK), "system.disks").await;
            let members = heard.all()?;
            let ids: BTreeSet<&str> = members.iter().map(|who| who.id.as_str()).collect();
            for (url, answered) in &seen {
                if answered.iter().any(|who| !ids.contains(who.id.as_str())) {
                    let words = format!(
                        "{url} leads to a server that is not in the cluster {cluster}: what it runs would not be seen. Name a cluster of all of them (clickhouse.cluster)"
                    );
                    return Err(Refusal::Wrong(words));
                }
            }
            return agree(&members.iter().map(|who| (cluster.as_str(), who)).collect::<Vec<_>>());
        }
        alone(&seen)?;
        agree(&seen.iter().flat_map(|(url, answered)| answered.iter().take(1).map(move |who| (url.as_str(), who))).collect::<Vec<_>>())
    }

    async fn cluster_is_known(&self, url: &str) -> Result<(), Refusal> {
        let Some(cluster) = &self.config().cluster else { return Ok(()) };
        let rows: Vec<Hosts> = self.rows(Query::new(CLUSTER).param("cluster", cluster.as_str()).timeout(QUICK)).await?;
        if rows.iter().any(|row| row.hosts > 0) {
            return Ok(());
        }
        Err(Refusal::Wrong(format!(
            "clickhouse.cluster: {url} knows no cluster {cluster}. SELECT cluster FROM system.clusters lists those that are known"
        )))
    }

    /// Who answers at an address, each with its clock as it would be when the first was asked.
    async fn who_answers(&self) -> Result<Vec<Who>, Failure> {
        let sql = WHO.replace("{from}", "system.disks");
        let mut answered: Vec<Who> = Vec::new();
        for _ in 0..LOOKS {
            let asked = Instant::now();
            let found: Vec<Who> = self.rows(Query::new(&sql).timeout(QUICK)).await?;
            // What the way takes is no difference of clocks.
            let way = u64::try_from(asked.elapsed().as_millis() / 2).unwrap_or(0);
            let here = u64::try_from(crate::clock::now().0).unwrap_or(0);
            answered.extend(found.into_iter().map(|who| Who { now: who.now.saturating_add(way).wrapping_sub(here), ..who }));
        }
        Ok(answered)
    }

    /// Whether a table's name means one table on every server; its uuids there are remembered.
    pub async fn one_table(&self, table: &TableName, uuid: &str) -> Result<(), Refusal> {
        if !self.is_several() {
            return Ok(());
        }
        let servers = self.servers().await?;
        let stands: Vec<Stands> = self.about_table(STANDS, "system.tables", table).await?;
        let paths: Vec<Path> = self.about_table(KEEPER_PATHS, "system.replicas", table).await?;
        let paths: BTreeSet<String> = paths.into_iter().map(|row| row.path).collect();
        let alike = alike(table, servers, &stands, &paths).map_err(Refusal::Wrong)?;
        if let Alike::Led { uuid, cluster } = &alike {
            self.leads_there(table, uuid, cluster).await?;
        }
        let uuids: BTreeSet<String> = stands.into_iter().map(|row| row.uuid).collect();
        if alike == Alike::Replicas && uuids.len() > 1 && self.is_one_address_of_several() {
            return Err(Refusal::Wrong(format!(
                "{table} has another uuid on each replica, so behind one address it cannot be told whether it was replaced. Name the servers (clickhouse.urls), or create the table ON CLUSTER or in a Replicated database"
            )));
        }
        if !uuids.contains(uuid) && alike != Alike::Distributed {
            return Err(Refusal::Wrong(format!("{table} is another table than the plan was made for (its uuid changed); plan again")));
        }
        self.fleet.note_twins(uuid, uuids);
        Ok(())
    }

    /// Whether a table of this uuid was found to be the one of the plan.
    pub fn is_twin(&self, uuid: &str, other: &str) -> bool {
        self.fleet.are_twins(uuid, other)
    }

    async fn servers(&self) -> Result<usize, Failure> {
        let heard: Heard<Who> = self.everywhere(Query::new(WHO).timeout(QUICK), "system.disks").await;
        heard.all().map(|rows| rows.len())
    }

    async fn about_table<T: serde::de::DeserializeOwned>(&self, sql: &str, from: &str, table: &TableName) -> Result<Vec<T>, Failure> {
        let query = Query::new(sql).param("database", table.database.as_str()).param("table", table.table.as_str());
        self.everywhere(query.timeout(QUICK), from).await.all()
    }

    /// Whether the cluster behind the Distributed tables is one server, and the table there is the one that was found.
    async fn leads_there(&self, table: &TableName, uuid: &str, cluster: &str) -> Result<(), Refusal> {
        let query = Query::new(LEADS_TO).param("cluster", cluster).timeout(QUICK);
        let heard: Heard<Path> = self.everywhere(query, "system.clusters").await;
        let hosts: BTreeSet<String> = heard.all()?.into_iter().map(|row| row.path).collect();
        if hosts.len() != 1 {
            let hosts: Vec<String> = hosts.into_iter().collect();
            return Err(Refusal::Wrong(format!(
                "{table} is a Distributed table over several servers ({}) on some of the servers: its rows lie in several tables. Name the servers of one shard and their own table",
                hosts.join(", ")
            )));
        }
        let query =
            Query::new(BEHIND).param("cluster", cluster).param("database", table.database.as_str()).param("table", table.table.as_str());
        let behind: Vec<Path> = self.rows(query.timeout(QUICK)).await?;
        if behind.iter().map(|row| row.path.as_str()).eq([uuid]) {
            return Ok(());
        }
        Err(Refusal::Wrong(format!(
            "{table}: the Distributed tables of that name lead to another table than the one that a server of the list holds"
        )))
    }
}

/// Each address is one server, and no server stands there twice.
fn alone(seen: &[(String, Vec<Who>)]) -> Result<(), Refusal> {
    let mut by_id: BTreeMap<&str, &str> = BTreeMap::new();
    for (url, answered) in seen {
        let ids: BTreeSet<&str> = answered.iter().map(|who| who.id.as_str()).collect();
        if ids.len() > 1 {
            return Err(Refusal::Wrong(format!(
                "{url} leads to several servers ({}): what became of a lost answer could not be told. Name their cluster (clickhouse.cluster), or the servers themselves (clickhouse.urls)",
                ids.into_iter().collect::<Vec<_>>().join("; ")
            )));
        }
        for id in ids {
            if let Some(other) = by_id.insert(id, url) {
                return Err(Refusal::Wrong(format!("clickhouse.urls: {other} and {url} are the same server; name each once")));
            }
        }
    }
    Ok(())
}

/// Servers of one version and one time zone, whose clocks go together.
fn agree(servers: &[(&str, &Who)]) -> Result<(), Refusal> {
    let Some((first_name, first)) = servers.first() else { return Ok(()) };
    for (name, who) in servers {
        if family(&who.version) != family(&first.version) {
            return Err(Refusal::Wrong(format!(
                "{first_name} runs ClickHouse {} and {name} {}: how they name blocks differs between versions. Bring them to one version first",
                first.version, who.version
            )));
        }
        if who.timezone != first.timezone {
            return Err(Refusal::Wrong(format!(
                "{first_name} has the time zone {} and {name} {}: the same statement would mean different times",
                first.timezone, who.timezone
            )));
        }
        let apart = i64::from_ne_bytes(who.now.wrapping_sub(first.now).to_ne_bytes()).unsigned_abs();
        if apart > MOST_SKEW_MS.unsigned_abs() {
            return Err(Refusal::Wrong(format!(
                "the clocks of {first_name} and {name} are {apart} ms apart; at most {MOST_SKEW_MS} are possible, as they decide what comes too late"
            )));
        }
    }
    Ok(())
}

/// `26.7` of `26.7.2.1`.
fn family(version: &str) -> Vec<&str> {
    version.split('.').take(2).collect()
}

/// Decides whether what the servers show under one name is one table.
fn alike(table: &TableName, servers: usize, stands: &[Stands], paths: &BTreeSet<String>) -> Result<Alike, String> {
    if stands.len() != servers {
        return Err(format!("{table} is not there on every server (on {} of {servers})", stands.len()));
    }
    let every = |is: &dyn Fn(&Stands) -> bool| stands.iter().all(is);
    if every(&|row| row.engine.starts_with("Replicated")) {
        if paths.len() == 1 {
            return Ok(Alike::Replicas);
        }
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        return Err(format!(
            "{table} is not one table on these servers but {} (in Keeper at {}): each shard has rows of its own. Name the servers of one shard, and run a plan for each",
            paths.len(),
            paths.join(", ")
        ));
    }
    if every(&|row| row.engine.starts_with("Shared")) {
        let uuids: BTreeSet<&str> = stands.iter().map(|row| row.uuid.as_str()).collect();
        return if uuids.len() == 1 {
            Ok(Alike::Replicas)
        } else {
            Err(format!("{table} is not one table on these servers but {}", uuids.len()))
        };
    }
    if every(&|row| row.engine == "Distributed" && stands.first().is_some_and(|first| row.engine_full == first.engine_full)) {
        return Ok(Alike::Distributed);
    }
    let holders: Vec<&Stands> = stands.iter().filter(|row| engine::folding(&row.engine).is_some()).collect();
    let led: BTreeSet<Option<String>> =
        stands.iter().filter(|row| row.engine == "Distributed").map(|row| leads_to(table, &row.engine_full)).collect();
    match (holders.as_slice(), led.into_iter().collect::<Vec<_>>().as_slice()) {
        ([holder], [Some(cluster)])
            if stands.iter().all(|row| row.engine == "Distributed" || row == *holder) && !engine::replicated(&holder.engine) =>
        {
            Ok(Alike::Led { uuid: holder.uuid.clone(), cluster: cluster.clone() })
        }
        _ => {
            let engines: BTreeSet<&str> = stands.iter().map(|row| row.engine.as_str()).collect();
            Err(format!(
                "{table} is a {} on {servers} servers, which do not replicate it: each would hold rows of its own. Use a Replicated table, or name the one server that holds it (clickhouse.url)",
                engines.into_iter().collect::<Vec<_>>().join(" or a ")
            ))
        }
    }
}

/// The cluster of `Distributed('cluster', 'database', 'table', …)` over a table of this very name.
fn leads_to(table: &TableName, engine_full: &str) -> Option<String> {
    let arguments = engine_full.strip_prefix("Distributed(")?;
    let mut parts = arguments.split(", ").map(|part| part.trim_end_matches(')').trim_matches('\''));
    let (cluster, database, name) = (parts.next()?, parts.next()?, parts.next()?);
    (database == table.database.as_str() && name == table.table.as_str()).then(|| cluster.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(engine: &str, engine_full: &str, uuid: &str) -> Stands {
        Stands { engine: engine.into(), engine_full: engine_full.into(), uuid: uuid.into() }
    }

    fn check(rows: &[Stands], paths: &[&str]) -> Result<Alike, String> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        alike(&TableName::parse("d.t").unwrap(), 3, rows, &paths)
    }

    #[test]
    fn replicas_of_one_table_are_one_and_shards_are_not() {
        let replicas = ["a", "b", "c"].map(|uuid| stands("ReplicatedMergeTree", "", uuid));
        assert_eq!(check(&replicas, &["/t"]), Ok(Alike::Replicas));
        assert!(check(&replicas, &["/t/1", "/t/2"]).unwrap_err().contains("each shard has rows of its own"));
        assert!(check(&replicas[..2], &["/t"]).unwrap_err().contains("is not there on every server (on 2 of 3)"));
        assert_eq!(check(&["a"; 3].map(|uuid| stands("SharedMergeTree", "", uuid)), &[]), Ok(Alike::Replicas));
        assert!(check(&["a", "a", "b"].map(|uuid| stands("SharedMergeTree", "", uuid)), &[]).is_err());
    }

    #[test]
    fn one_holder_with_tables_that_lead_there_is_one_table() {
        let holder = || stands("MergeTree", "MergeTree ORDER BY k", "a");
        let leads = |to: &str| stands("Distributed", to, "x");
        let led = Ok(Alike::Led { uuid: "a".into(), cluster: "home".into() });
        assert_eq!(check(&[leads("Distributed('home', 'd', 't')"), holder(), leads("Distributed('home', 'd', 't', rand())")], &[]), led);
        for wrong in [
            [holder(), holder(), leads("Distributed('home', 'd', 't')")],
            [holder(), leads("Distributed('home', 'd', 't')"), leads("Distributed('away', 'd', 't')")],
            [holder(), leads("Distributed('home', 'd', 'u')"), leads("Distributed('home', 'd', 'u')")],
            [holder(), leads("Distributed('home', 'd', 't')"), stands("View", "", "v")],
            [stands("ReplicatedMergeTree", "", "a"), leads("Distributed('home', 'd', 't')"), leads("Distributed('home', 'd', 't')")],
        ] {
            assert!(check(&wrong, &["/t"]).unwrap_err().contains("which do not replicate it"), "{wrong:?}");
        }
    }

    #[test]
    fn servers_must_agree_on_version_time_zone_and_time() {
        let who = |version: &str, timezone: &str, now| Who { id: "x".into(), version: version.into(), timezone: timezone.into(), now };
        let check = |other: Who| match agree(&[("a", &who("26.7.2.1", "UTC", 10_000)), ("b", &other)]) {
            Ok(()) => None,
            Err(Refusal::Wrong(words)) => Some(words),
            Err(Refusal::Unasked(failure)) => panic!("{failure}"),
        };
        assert_eq!(check(who("26.7.9.1", "UTC", 12_000)), None);
        assert!(check(who("26.8.1.1", "UTC", 10_000)).unwrap().contains("differs between versions"));
        assert!(check(who("26.7.2.1", "Europe/Berlin", 10_000)).unwrap().contains("has the time zone UTC and b Europe/Berlin"));
        assert!(check(who("26.7.2.1", "UTC", 7_999)).unwrap().contains("are 2001 ms apart"));
    }
}
