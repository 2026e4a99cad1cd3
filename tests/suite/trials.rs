//! Randomised trials: jobs of one to three million rows over unmerged parts, each struck by one to four faults. At the
//! end each row is there exactly once, or the task says that it failed and what that leaves; and nothing runs any more.
//!
//! Seeds are printed; `PENSTOCK_TEST_SEED` replays from one on, `PENSTOCK_TEST_TRIALS` says how many.

use penstock_tests::chance;
use penstock_tests::clickhouse::ClickHouse;
use penstock_tests::trial::Trial;

/// Trials of one test, and with `--long`.
const TRIALS: u64 = 5;
const LONG_TRIALS: u64 = 50;

async fn trials(test: &str, offset: u64) {
    let replayed = std::env::var_os("PENSTOCK_TEST_SEED").is_some();
    let asked = std::env::var("PENSTOCK_TEST_TRIALS").ok().and_then(|number| number.parse().ok());
    let long = std::env::var_os("PENSTOCK_TEST_LONG").is_some();
    let number = asked.unwrap_or(if long { LONG_TRIALS } else { TRIALS });
    let first = if replayed { chance::seed() } else { chance::seed().wrapping_add(offset) };
    eprintln!("{test}: {number} trials from PENSTOCK_TEST_SEED={first}");
    let mut server = ClickHouse::start();
    let mut wrong = 0;
    for seed in first..first + number {
        let trial = Trial::new(seed);
        eprintln!("{trial:?}");
        let report = trial.run(&mut server).await;
        eprintln!("  {report}");
        wrong += u64::from(!report.wrong.is_empty());
    }
    assert_eq!(wrong, 0, "{wrong} of {number} trials are wrong; they are told above");
}

#[tokio::test]
async fn each_row_arrives_once_or_the_task_says_so_1() {
    trials("1", 0).await;
}

#[tokio::test]
async fn each_row_arrives_once_or_the_task_says_so_2() {
    trials("2", 1_000_000_000).await;
}

#[tokio::test]
async fn each_row_arrives_once_or_the_task_says_so_3() {
    trials("3", 2_000_000_000).await;
}

#[tokio::test]
async fn each_row_arrives_once_or_the_task_says_so_4() {
    trials("4", 3_000_000_000).await;
}
