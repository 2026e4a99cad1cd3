//! One address of several servers: each connection goes to the next one that takes it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};

/// A running balancer; it ends with this value.
pub struct RoundRobin {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<u64>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl RoundRobin {
    /// Starts one before `upstreams`, each an `http://host:port`.
    pub async fn start(upstreams: &[String]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let upstreams: Vec<String> = upstreams.iter().map(|url| url.trim_start_matches("http://").to_owned()).collect();
        let seen = Arc::new(Mutex::new(vec![0; upstreams.len()]));
        let counts = Arc::clone(&seen);
        let accepting = tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((mut client, _)) = listener.accept().await {
                for _ in 0..upstreams.len() {
                    turn = (turn + 1) % upstreams.len();
                    let Ok(mut server) = TcpStream::connect(&upstreams[turn]).await else { continue };
                    counts.lock().unwrap_or_else(PoisonError::into_inner)[turn] += 1;
                    tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
                    break;
                }
            }
        });
        Self { address, seen, accepting }
    }

    /// Its own address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections that each server got so far.
    pub fn seen(&self) -> Vec<u64> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for RoundRobin {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
