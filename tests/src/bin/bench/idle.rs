//! What the service costs while nobody asks anything of it: its share of a core, and its memory.

use std::fs;
use std::time::{Duration, Instant};

use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::service::Service;
use serde_json::{Value, json};

use crate::{Wanted, rounded};

/// Ticks a second that `/proc` counts in: a constant of Linux for programs.
const TICKS: f64 = 100.0;

pub(crate) async fn measure(wanted: &Wanted) -> Value {
    let server = ClickHouse::start();
    let service = Service::start(&server.url()).await;
    // What starting costs is over.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let seconds = if wanted.has("--quick") { 10 } else { 60 };
    let pid = service.pid().expect("the service runs");
    let (since, before) = (Instant::now(), ticks(pid));
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let spent = (ticks(pid) - before) / TICKS;
    json!({
        "seconds": seconds,
        "core_percent": rounded(spent * 100.0 / since.elapsed().as_secs_f64()),
        "resident_mb": rounded(resident_kb(pid) / 1000.0),
    })
}

/// Time on any core so far, user's and system's.
fn ticks(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the service runs");
    // The second field is the program's name in brackets, which may hold blanks.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    fields[11].parse::<f64>().expect("ticks") + fields[12].parse::<f64>().expect("ticks")
}

fn resident_kb(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the service runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("kilobytes")
}
