//! Several processes side by side.

use std::net::TcpListener;

use clickhouse_embedded::{ClusterConfig, ClusterNode, Engine};

use crate::{ask, config};

#[test]
fn three_processes_are_one_cluster() {
    let listeners: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap()).collect();
    let ports: Vec<u16> = listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
    drop(listeners);
    let node = |port: &u16| vec![ClusterNode { host: "127.0.0.1".to_owned(), tcp_port: *port }];
    let cluster = ClusterConfig { name: "trio".to_owned(), secret: "shared".to_owned(), shards: ports.iter().map(node).collect() };
    let dirs: Vec<_> = ports.iter().map(|_| tempfile::tempdir().unwrap()).collect();
    let engines: Vec<Engine> = (0..3)
        .map(|i| {
            let mut config = config(dirs[i].path());
            config.tcp_port = Some(ports[i]);
            config.clusters = vec![cluster.clone()];
            config.macros.insert("shard".to_owned(), format!("s{i}"));
            config.password = Some("secret".to_owned());
            Engine::start(&config).unwrap_or_else(|error| panic!("node {i}: {error}"))
        })
        .collect();
    let shards = "SELECT arrayStringConcat(arraySort(groupArray(getMacro('shard'))), ',') FROM cluster('trio', system.one)";
    assert_eq!(ask(&engines[0], shards), "s0,s1,s2");
    let logs = "SELECT count() >= 0 FROM clusterAllReplicas('trio', system.parts)";
    assert_eq!(ask(&engines[2], logs), "1");
}
