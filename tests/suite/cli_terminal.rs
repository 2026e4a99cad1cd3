//! The command in a terminal, as a person has it: a progress bar, Ctrl-C, and on.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use penstock_tests::cli::Cli;
use penstock_tests::clickhouse::{ClickHouse, built};
use penstock_tests::sample::{self, COLUMNS};
use penstock_tests::service::PATIENCE;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// A terminal with a command in it.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn std::io::Write + Send>,
    screen: Arc<Mutex<String>>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn run(cli: &Cli, args: &[&str]) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows: 30, cols: 160, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(built("penstock"));
        command.args(args);
        command.cwd(cli.folder());
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(String::new()));
        let (mut reader, shown) = (pair.master.try_clone_reader().unwrap(), screen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        Self { child, keys: pair.master.take_writer().unwrap(), screen, _master: pair.master }
    }

    fn screen(&self) -> String {
        self.screen.lock().unwrap().clone()
    }

    fn wait_for(&mut self, what: &str) {
        let started = Instant::now();
        while !self.screen().contains(what) {
            let ended = self.child.try_wait().unwrap().is_some();
            assert!(!ended && started.elapsed() < PATIENCE, "{what:?} does not come:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn press(&mut self, key: u8) {
        self.keys.write_all(&[key]).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for the end: exit code and all that was on the screen.
    fn end(mut self) -> (u32, String) {
        let code = self.child.wait().unwrap().exit_code();
        // What was written last may be on its way.
        std::thread::sleep(Duration::from_millis(200));
        (code, self.screen())
    }
}

const CTRL_C: u8 = 3;
const TEN_DAYS: [&str; 10] =
    ["--source", "demo.events", "--target", "demo.events_by_time", "--from", "2025-01-01", "--to", "2025-01-11", "--chunk-hours", "2"];

#[tokio::test]
async fn a_bar_moves_ctrl_c_pauses_and_resume_ends_it() {
    let server = ClickHouse::start();
    sample::install(&server, 200_000).await;
    let cli = Cli::on(&server.url());
    let id = cli.plan(&TEN_DAYS);
    let mut terminal = Terminal::run(&cli, &["run", "--plan-id", &id, "--lanes", "2"]);
    for part in ["█", " %", " of 120 chunks", " rows/s", "2 lanes", "ETA "] {
        terminal.wait_for(part);
    }
    terminal.press(CTRL_C);
    let (code, screen) = terminal.end();
    assert_eq!(code, 130, "{screen}");
    let next = format!("next: penstock resume --plan-id {id}");
    assert!(screen.contains(&next) && screen.contains("interrupted (paused)"), "{screen}");
    // The answer is the last thing on the screen, and the bar is gone from it.
    let answer = &screen[screen.rfind("plan ").unwrap()..];
    assert!(!answer.contains('█') && !answer.contains(" rows/s"), "{answer}");

    let (code, screen) = Terminal::run(&cli, &["resume", "--plan-id", &id]).end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("each exactly once") && screen.contains("120 of 120 done"), "{screen}");
    let source = server.fingerprint(&format!("{COLUMNS} demo.events WHERE ts < '2025-01-11'")).await;
    assert_eq!(source, server.fingerprint(&format!("{COLUMNS} demo.events_by_time")).await);
}

#[tokio::test]
async fn a_terminal_that_is_closed_is_no_loss() {
    let server = ClickHouse::start();
    sample::install(&server, 200_000).await;
    let cli = Cli::on(&server.url());
    let id = cli.plan(&TEN_DAYS);
    let mut terminal = Terminal::run(&cli, &["run", "--plan-id", &id]);
    terminal.wait_for("ETA ");
    // The window is gone: the kernel hangs up on whoever is in it.
    drop(terminal);
    cli.wait_until(&id, "paused", |status| status["live"] == false);
    let end = cli.run(&["resume", "--json", "--plan-id", &id]).exits(0).json();
    assert_eq!((end["job"]["verdict"].as_str(), end["job"]["counts"]["done"].as_u64()), (Some("exact"), Some(120)));
}
