//! The same question to every server: through the cluster where one is named, else at each address.

use futures_util::future::join_all;
use serde::de::DeserializeOwned;

use super::client::{Client, Failure, Query};

/// `QUERY_IS_PROHIBITED`: the server takes no statement for the whole cluster.
const NO_CLUSTER_DDL: i32 = 392;

/// What the servers answered.
#[derive(Debug)]
pub struct Heard<T> {
    /// The rows of those that did.
    pub rows: Vec<T>,
    /// Why one of them did not.
    pub silent: Option<Failure>,
}

impl<T> Heard<T> {
    /// The rows, when every server has answered.
    pub fn all(self) -> Result<Vec<T>, Failure> {
        self.silent.map_or(Ok(self.rows), Err)
    }
}

impl Client {
    /// Whether the one address may lead to any server of the cluster.
    pub(super) fn is_one_address_of_several(&self) -> bool {
        self.config().cluster.is_some() && self.config().urls.len() == 1
    }

    /// Asks a question, in whose text `{from}` stands for a system table, about that table on every server.
    pub(super) async fn everywhere<T: DeserializeOwned>(&self, question: Query<'_>, table: &str) -> Heard<T> {
        if let Some(cluster) = &self.config().cluster {
            let sql = question.sql().replace("{from}", &format!("clusterAllReplicas({}, {table})", cluster.quoted()));
            // A server that is away is an error, not a part that is left out; one that hangs is away soon.
            let query = question
                .reworded(&sql)
                .setting("skip_unavailable_shards", "0")
                .setting("enable_parallel_replicas", "0")
                .setting("receive_timeout", "10");
            let answer = self.rows(query).await;
            self.fleet.asked_all(cluster.as_str(), answer.as_ref().err());
            return heard(vec![answer]);
        }
        let sql = question.sql().replace("{from}", table);
        let ask = |server| {
            let (one, query) = (self.at(Some(server)), question.reworded(&sql));
            async move { one.rows(query).await }
        };
        heard(join_all((0..self.config().urls.len()).map(ask)).await)
    }

    /// Runs a statement, in whose text `{on}` stands for `ON CLUSTER`, on every server.
    pub(super) async fn everywhere_do(&self, statement: Query<'_>) -> Result<(), Failure> {
        if let Some(cluster) = &self.config().cluster {
            let for_all = statement.sql().replace("{on}", &format!(" ON CLUSTER {}", cluster.quoted()));
            match self.query(statement.reworded(&for_all)).await {
                Err(refused @ Failure::Exception { code: NO_CLUSTER_DDL, .. }) => {
                    // Where each server has an address of its own, each is told by itself.
                    let reached = self.at_each(&statement).await;
                    return if self.cluster_size().await? == self.config().urls.len() { reached } else { Err(refused) };
                }
                other => return other.map(drop),
            }
        }
        self.at_each(&statement).await
    }

    async fn at_each(&self, statement: &Query<'_>) -> Result<(), Failure> {
        let sql = statement.sql().replace("{on}", "");
        let ask = |server| {
            let (one, query) = (self.at(Some(server)), statement.reworded(&sql));
            async move { one.query(query).await.map(drop) }
        };
        join_all((0..self.config().urls.len()).map(ask)).await.into_iter().collect()
    }

    /// Servers of the cluster, as one of them knows it.
    async fn cluster_size(&self) -> Result<usize, Failure> {
        let Some(cluster) = &self.config().cluster else { return Ok(self.config().urls.len()) };
        let sql = "SELECT toString(count()) FROM system.clusters WHERE cluster = {cluster:String}";
        let answer = self.query(Query::new(sql).param("cluster", cluster.as_str())).await?;
        Ok(answer.text.trim().parse().unwrap_or(0))
    }
}

fn heard<T>(answers: Vec<Result<Vec<T>, Failure>>) -> Heard<T> {
    let mut heard = Heard { rows: Vec::new(), silent: None };
    for answer in answers {
        match answer {
            Ok(rows) => heard.rows.extend(rows),
            // What asks for patience is said before what does not: the other may be mended meanwhile.
            Err(failure) if heard.silent.is_none() || matches!(failure, Failure::NotSent(_) | Failure::Lost(_)) => {
                heard.silent = Some(failure);
            }
            Err(_) => {}
        }
    }
    heard
}
