//! A second service on one store waits until the first is gone, and answers meanwhile.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::config::Config;
use crate::http::{self, Guard};
use crate::store::lease::{Claim, Look};
use crate::store::{Store, StoreError};

/// How often the lease is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Waits for the store of the configuration, and answers on the listener meanwhile; none when `stop` came first.
pub async fn store(config: &Config, listener: &TcpListener, stop: impl Future<Output = ()>) -> Result<Option<Store>, StoreError> {
    let address = listener.local_addr().unwrap_or(config.listen);
    let mut claim = Claim::new(&config.state_dir, &me(address))?;
    let mut waiting: Option<Waiting> = None;
    tokio::pin!(stop);
    loop {
        // The writer may be in the middle of a large transaction: that is waited for apart from everything else.
        let looked = tokio::task::spawn_blocking(move || claim.look()).await.map_err(|_| StoreError::Closed)??;
        let (again, holder) = match looked {
            Look::Taken(store) => return Ok(Some(store)),
            Look::Held(claim, holder) => (claim, holder),
        };
        claim = *again;
        match &waiting {
            Some(waiting) => drop(waiting.holder.send_replace(holder)),
            None => waiting = Waiting::start(config, address, listener, holder),
        }
        tokio::select! {
            () = &mut stop => return Ok(None),
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Who this is, for others who want the store.
fn me(address: SocketAddr) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| format!(" on {}", name.trim())).unwrap_or_default();
    format!("the service at http://{address}/ (process {}{host})", std::process::id())
}

/// Answers until it is dropped.
struct Waiting {
    holder: watch::Sender<String>,
    /// Connections that are open end with it, so that the next request finds the service itself.
    _serving: oneshot::Sender<()>,
}

impl Waiting {
    fn start(config: &Config, address: SocketAddr, listener: &TcpListener, holder: String) -> Option<Self> {
        tracing::warn!(holder, "the store is held; waiting until its holder is gone");
        let (holder, told) = watch::channel(holder);
        let router = http::standby(Guard::new(address, config.public_host.clone(), config.token.as_ref()), told);
        let listener = clone(listener).map_err(|error| tracing::warn!(%error, "nothing is answered while waiting")).ok()?;
        let (serving, ended) = oneshot::channel::<()>();
        let ended = async { drop(ended.await) };
        tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(ended).await });
        Some(Self { holder, _serving: serving })
    }
}

/// The same socket once more.
fn clone(listener: &TcpListener) -> std::io::Result<TcpListener> {
    use std::os::fd::AsFd as _;
    TcpListener::from_std(std::net::TcpListener::from(listener.as_fd().try_clone_to_owned()?))
}
