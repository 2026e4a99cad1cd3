use std::fs::{self, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::config::EngineConfig;
use crate::error::EngineError;
use crate::files::{DEFAULT_USER, Layout, NONCE_MACRO, PASSWORD_USER};
use crate::http::{self, Endpoint};
use crate::lock::{self, StartLock};
use crate::report::{self, Ports};

/// How often the start looks for progress.
const POLL: Duration = Duration::from_millis(10);
/// For one query of [`Engine::query`].
const QUERY_TIMEOUT: Duration = Duration::from_mins(2);
/// A clean stop takes 0.1 s when idle and up to 5 s with running queries; the child ends itself after 15 s.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// A running ClickHouse. Dropping it kills the process; [`Engine::stop`] ends it cleanly.
#[derive(Debug)]
pub struct Engine {
    child: Child,
    endpoint: Endpoint,
    ports: Ports,
    log: PathBuf,
}

/// What [`Engine::signal`] sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineSignal {
    /// SIGSTOP: the process stands still with its connections open, as on a server that hangs.
    Pause,
    /// SIGCONT.
    Continue,
    /// SIGTERM: a clean shutdown; a second one ends it at once.
    Terminate,
}

impl Engine {
    /// Starts the engine and returns when *this* process answers queries, which takes some 0.2 s.
    ///
    /// The data of a predecessor is taken over, also of one that was killed a moment ago.
    pub fn start(config: &EngineConfig) -> Result<Self, EngineError> {
        let layout = Layout::create(&config.data_dir)?;
        let _lock = StartLock::take(&layout, &config.data_dir)?;
        lock::wait_until_free(&layout, &config.data_dir)?;
        let nonce = format!("{:016x}{:016x}", random(), random());
        layout.write(config, &nonce)?;

        let started = Instant::now();
        let mut engine =
            Self { child: spawn(config, &layout)?, endpoint: endpoint(config), ports: Ports::default(), log: layout.log.clone() };
        engine.wait_for_ports(config, &layout, started)?;
        engine.prove_identity(&nonce)?;
        Ok(engine)
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub fn http_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.endpoint.port)
    }

    pub fn http_port(&self) -> u16 {
        self.endpoint.port
    }

    /// The native protocol's port, if it was asked for.
    pub fn tcp_port(&self) -> Option<u16> {
        self.ports.tcp
    }

    /// `default`, or `penstock` when a password was set: the engine's first session is always `default` without one.
    pub fn user(&self) -> &str {
        self.endpoint.user
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The engine's log, for messages to people.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Whether the process has not ended by itself.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Runs one statement and returns its text, by default TabSeparated. For tests and tools: the product has a client.
    pub fn query(&self, sql: &str) -> Result<String, EngineError> {
        http::query(&self.endpoint, sql, QUERY_TIMEOUT)
    }

    /// SIGKILL, and waits for the process to be gone. What was written but not flushed may be lost, as in a crash.
    pub fn kill(&mut self) {
        // Both fail only when the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Shuts down cleanly; after 20 s kills it.
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + STOP_TIMEOUT;
        while self.is_running() && Instant::now() < deadline {
            std::thread::sleep(POLL);
        }
        // Dropping kills what is left.
    }

    /// Sends a signal; nothing happens when the process has ended.
    #[expect(unsafe_code, reason = "the standard library sends no signal but SIGKILL")]
    pub fn signal(&mut self, signal: EngineSignal) {
        let number = match signal {
            EngineSignal::Pause => libc::SIGSTOP,
            EngineSignal::Continue => libc::SIGCONT,
            EngineSignal::Terminate => libc::SIGTERM,
        };
        if let (true, Ok(pid)) = (self.is_running(), i32::try_from(self.child.id())) {
            // SAFETY: kill takes any numbers; the child is not reaped yet, so the id is still its own.
            unsafe { libc::kill(pid, number) };
        }
    }

    fn wait_for_ports(&mut self, config: &EngineConfig, layout: &Layout, started: Instant) -> Result<(), EngineError> {
        loop {
            // Looked at first: a child that has ended has also finished its log.
            let ended = !self.is_running();
            self.ports = report::ports(&layout.log);
            if ended {
                return Err(failure(config, layout));
            }
            if let (Some(http), true) = (self.ports.http, config.tcp_port.is_none() || self.ports.tcp.is_some()) {
                self.endpoint.port = http;
                return Ok(());
            }
            if started.elapsed() > config.start_timeout {
                let reason = report::reason(layout);
                let waited_ms = started.elapsed().as_millis();
                return Err(EngineError::NotReady { waited_ms, reason, log: layout.log.clone() });
            }
            std::thread::sleep(POLL);
        }
    }

    /// A port may have been taken over by somebody else between two looks: only this process knows the nonce.
    fn prove_identity(&self, nonce: &str) -> Result<(), EngineError> {
        let answer = self.query(&format!("SELECT getMacro('{NONCE_MACRO}')"))?;
        if answer.trim() == nonce { Ok(()) } else { Err(EngineError::Impostor { port: self.endpoint.port }) }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(config: &EngineConfig, layout: &Layout) -> Result<Child, EngineError> {
    let output = File::create(&layout.output).map_err(EngineError::io("create the engine's output file"))?;
    let errors = output.try_clone().map_err(EngineError::io("share the engine's output file"))?;
    let program = fs::canonicalize(&config.program).map_err(EngineError::io(format!("find the program {}", config.program.display())))?;
    let library = fs::canonicalize(&config.library).map_err(EngineError::io(format!("find the library {}", config.library.display())))?;
    Command::new(&program)
        .args(&config.program_args)
        .arg(library)
        .arg(&layout.run)
        .current_dir(&layout.cwd)
        .env("HOME", &layout.cwd)
        // The time zone in the configuration is ignored.
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(errors)
        // Ctrl-C in a terminal goes to the parent, who decides when the engine stops.
        .process_group(0)
        .spawn()
        .map_err(EngineError::io(format!("start {}", program.display())))
}

fn endpoint(config: &EngineConfig) -> Endpoint {
    match &config.password {
        None => Endpoint { port: 0, user: DEFAULT_USER, password: String::new() },
        Some(password) => Endpoint { port: 0, user: PASSWORD_USER, password: password.clone() },
    }
}

fn failure(config: &EngineConfig, layout: &Layout) -> EngineError {
    let reason = report::reason(layout);
    if reason.contains("Address already in use") {
        let port = config.tcp_port.filter(|port| reason.contains(&format!(":{port}"))).unwrap_or(config.http_port);
        EngineError::PortInUse { port, reason }
    } else {
        EngineError::DidNotStart { reason, log: layout.log.clone() }
    }
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
