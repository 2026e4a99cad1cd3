//! Stands between the service and ClickHouse and breaks things on purpose. It reads HTTP/1.1 as both ends speak it, so
//! that a fault meets a chosen statement at a chosen moment: before, in the middle of, or after its request.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long after a request its double arrives.
const BETWEEN_DOUBLES: Duration = Duration::from_millis(300);

/// What happens to one statement on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It arrives later.
    Delay(Duration),
    /// It arrives later, even when whoever sent it has long gone.
    Late(Duration),
    /// It arrives twice; the answer to the second is the one that is heard.
    Twice,
    /// It arrives when somebody has the logs flushed, after the running queries were looked through, even when whoever sent
    /// it has long gone.
    Unseen,
    /// The connection closes; ClickHouse never hears of the request.
    CutBefore,
    /// ClickHouse gets half of the request.
    CutInRequest,
    /// ClickHouse gets the whole request; the connection closes this long after.
    CutBeforeAnswer(Duration),
    /// The service gets half of the answer.
    CutInAnswer,
    /// The request vanishes; the connection stays open and silent.
    Swallow,
    /// The request arrives; its answer vanishes, the connection stays open and silent.
    Mute,
    /// ClickHouse may use only so many bytes of memory for it: error 241 from ClickHouse itself.
    Memory(u64),
    /// ClickHouse may work on it only so long: error 159 from ClickHouse itself.
    Hurry(Duration),
    /// ClickHouse may cut it into blocks of a thousand rows: no longer one part a partition.
    Torn,
}

/// A statement that faults are meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statement {
    /// It carries a chunk.
    Insert,
    /// It removes what an attempt left.
    Removal,
    /// It asks whether a query runs.
    Processes,
}

/// A running proxy; it ends with this value. Connections that it holds silent close then.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: tokio::task::JoinHandle<()>,
}

struct Shared {
    upstream: String,
    /// Faults by the statement that they meet, counted from 1.
    faults: Mutex<BTreeMap<(Statement, u64), Fault>>,
    /// Faults that meet every INSERT that has none of its own.
    always: Mutex<Option<Fault>>,
    /// INSERTs seen so far.
    inserts: watch::Sender<u64>,
    /// Removals seen so far.
    removals: watch::Sender<u64>,
    /// Questions for running queries seen so far.
    processes: watch::Sender<u64>,
    /// Times that the logs were flushed.
    flushes: watch::Sender<u64>,
    /// Whether every other request than an INSERT stays without an answer.
    silent: watch::Sender<bool>,
    /// Turns true when the proxy ends.
    ended: watch::Sender<bool>,
}

impl Proxy {
    /// Starts one before `upstream`, an `http://host:port`.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let shared = Arc::new(Shared {
            upstream: upstream.trim_start_matches("http://").to_owned(),
            faults: Mutex::default(),
            always: Mutex::default(),
            inserts: watch::Sender::new(0),
            removals: watch::Sender::new(0),
            processes: watch::Sender::new(0),
            flushes: watch::Sender::new(0),
            silent: watch::Sender::new(false),
            ended: watch::Sender::new(false),
        });
        let accepted = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, Arc::clone(&accepted)));
            }
        });
        Self { address, shared, accepting }
    }

    /// Its own address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Arms a fault for the `number`th INSERT, from 1, or for the next one after it that has none.
    pub fn arm(&self, number: u64, fault: Fault) {
        self.arm_for(Statement::Insert, number, fault);
    }

    /// The same for another kind of statement.
    pub fn arm_for(&self, statement: Statement, number: u64, fault: Fault) {
        let mut faults = self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = (number..=u64::MAX).take_while(|number| faults.contains_key(&(statement, *number))).count() as u64;
        faults.insert((statement, number + taken), fault);
    }

    /// A fault for every INSERT from here on; none ends it.
    pub fn arm_all(&self, fault: Option<Fault>) {
        *self.shared.always.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// Whether questions stay without an answer from here on.
    pub fn silence_questions(&self, silent: bool) {
        self.shared.silent.send_replace(silent);
    }

    /// INSERTs that have come by so far, and their coming.
    pub fn inserts(&self) -> watch::Receiver<u64> {
        self.seen(Statement::Insert)
    }

    /// The same for any kind of statement.
    pub fn seen(&self, statement: Statement) -> watch::Receiver<u64> {
        self.shared.seen(statement).subscribe()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.shared.ended.send_replace(true);
    }
}

/// One connection: request after request until an end or a fault closes it.
async fn serve(mut client: TcpStream, shared: Arc<Shared>) {
    let mut ended = shared.ended.subscribe();
    tokio::select! {
        _ = exchange(&mut client, &shared) => {}
        _ = ended.wait_for(|ended| *ended) => {}
    }
}

/// `None` when either end closed, or a fault did.
async fn exchange(client: &mut TcpStream, shared: &Shared) -> Option<()> {
    let mut upstream: Option<TcpStream> = None;
    loop {
        let mut request = read_message(client, false).await?;
        let fault = shared.fault(&request);
        let mut wait = Duration::ZERO;
        match fault {
            Some(Fault::Delay(delay)) => wait = delay,
            Some(Fault::Late(delay)) => {
                tokio::spawn(deliver(request, shared.upstream.clone(), delay));
                return std::future::pending().await;
            }
            Some(Fault::Twice) => {
                tokio::spawn(deliver(request.clone(), shared.upstream.clone(), Duration::ZERO));
                wait = BETWEEN_DOUBLES;
            }
            Some(Fault::Unseen) => {
                let (upstream, mut flushes) = (shared.upstream.clone(), shared.flushes.subscribe());
                tokio::spawn(async move {
                    flushes.changed().await.ok()?;
                    deliver(request, upstream, Duration::ZERO).await
                });
                return std::future::pending().await;
            }
            Some(Fault::CutBefore) => return None,
            Some(Fault::CutInRequest) => {
                let mut server = TcpStream::connect(&shared.upstream).await.ok()?;
                server.write_all(request.bytes.get(..request.bytes.len() / 2)?).await.ok()?;
                // Closed for writing only: ClickHouse 26.7.2 ends itself (an uncaught "Broken pipe") when it cannot send
                // its answer to half a request.
                server.shutdown().await.ok()?;
                let _ = tokio::time::timeout(Duration::from_millis(500), read_message(&mut server, true)).await;
                return None;
            }
            Some(Fault::Swallow) => return std::future::pending().await,
            Some(Fault::Memory(bytes)) => {
                request.set_argument("max_memory_usage", &bytes.to_string());
                // Small amounts count, too.
                request.set_argument("max_untracked_memory", "0");
            }
            Some(Fault::Hurry(most)) => {
                request.set_argument("max_execution_time", &format!("{}.{:03}", most.as_secs(), most.subsec_millis()));
            }
            Some(Fault::Torn) => {
                for (name, value) in [("max_block_size", "1000"), ("min_insert_block_size_rows", "1000"), ("max_insert_block_size", "1000")]
                {
                    request.set_argument(name, value);
                }
            }
            Some(Fault::CutBeforeAnswer(_) | Fault::CutInAnswer | Fault::Mute) | None => {}
        }
        if !wait.is_zero() {
            // Whoever gave up meanwhile has withdrawn the request.
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = client.readable() => if client.peek(&mut [0]).await.is_ok_and(|read| read == 0) { return None },
            }
        }
        let mut server = match upstream.take() {
            Some(server) => server,
            None => TcpStream::connect(&shared.upstream).await.ok()?,
        };
        server.write_all(&request.bytes).await.ok()?;
        if let Some(Fault::CutBeforeAnswer(after)) = fault {
            tokio::time::sleep(after).await;
            return None;
        }
        // A client that goes away takes its connection to the server with it.
        let answer = tokio::select! {
            answer = read_message(&mut server, true) => answer?,
            () = gone(client) => return None,
        };
        let mut silent = shared.silent.subscribe();
        let unheard = *silent.borrow_and_update() && !request.is_insert();
        if unheard || fault == Some(Fault::Mute) {
            return std::future::pending().await;
        }
        if fault == Some(Fault::CutInAnswer) {
            client.write_all(answer.bytes.get(..answer.bytes.len() / 2)?).await.ok()?;
            return None;
        }
        client.write_all(&answer.bytes).await.ok()?;
        upstream = Some(server);
    }
}

/// Brings a request to ClickHouse on its own.
async fn deliver(request: Message, upstream: String, delay: Duration) -> Option<Message> {
    tokio::time::sleep(delay).await;
    let mut server = TcpStream::connect(upstream).await.ok()?;
    server.write_all(&request.bytes).await.ok()?;
    read_message(&mut server, true).await
}

/// Waits until the client has closed its end.
async fn gone(client: &TcpStream) {
    loop {
        if client.readable().await.is_err() || client.peek(&mut [0]).await.map_or(true, |read| read == 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Shared {
    /// Counts a statement and takes the fault that is meant for it.
    fn fault(&self, request: &Message) -> Option<Fault> {
        if request.says(b"SYSTEM FLUSH LOGS") {
            self.flushes.send_modify(|seen| *seen += 1);
        }
        let statement = request.statement()?;
        let mut number = 0;
        self.seen(statement).send_modify(|seen| {
            *seen += 1;
            number = *seen;
        });
        let own = self.faults.lock().unwrap_or_else(PoisonError::into_inner).remove(&(statement, number));
        let always = || *self.always.lock().unwrap_or_else(PoisonError::into_inner);
        own.or_else(|| always().filter(|_| statement == Statement::Insert))
    }

    fn seen(&self, statement: Statement) -> &watch::Sender<u64> {
        match statement {
            Statement::Insert => &self.inserts,
            Statement::Removal => &self.removals,
            Statement::Processes => &self.processes,
        }
    }
}

/// A whole HTTP message.
#[derive(Clone)]
struct Message {
    bytes: Vec<u8>,
    /// Where its body begins.
    body: usize,
}

impl Message {
    fn is_insert(&self) -> bool {
        self.says(b"INSERT ")
    }

    fn statement(&self) -> Option<Statement> {
        let body = self.bytes.get(self.body..)?;
        match body {
            _ if self.is_insert() => Some(Statement::Insert),
            _ if self.says(b"ALTER TABLE ") && find(body, b" DELETE WHERE ").is_some() => Some(Statement::Removal),
            _ if self.says(b"SELECT ") && find(body, b"system.processes WHERE ").is_some() => Some(Statement::Processes),
            _ => None,
        }
    }

    fn says(&self, statement: &[u8]) -> bool {
        self.bytes.get(self.body..).is_some_and(|body| body.starts_with(statement))
    }

    /// Sets an argument in the address; a number that stands there already is replaced.
    fn set_argument(&mut self, name: &str, value: &str) {
        let head = String::from_utf8_lossy(self.bytes.get(..self.body).unwrap_or_default()).into_owned();
        let (line, rest) = head.split_once("\r\n").unwrap_or((&head, ""));
        let (target, version) = line.rsplit_once(' ').unwrap_or((line, ""));
        let (path, arguments) = target.split_once('?').unwrap_or((target, ""));
        let kept = arguments.split('&').filter(|argument| !argument.starts_with(&format!("{name}=")));
        let arguments: Vec<String> = kept.map(str::to_owned).chain([format!("{name}={value}")]).collect();
        let head = format!("{path}?{} {version}\r\n{rest}", arguments.join("&"));
        let body = self.bytes.split_off(self.body.min(self.bytes.len()));
        self.body = head.len();
        self.bytes = head.into_bytes();
        self.bytes.extend(body);
    }
}

/// Reads one message. Requests have a length; answers have one, or come in chunks.
async fn read_message(stream: &mut TcpStream, answer: bool) -> Option<Message> {
    let mut bytes = Vec::new();
    let body = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end + 4;
        }
        more(stream, &mut bytes).await?;
    };
    let head = String::from_utf8_lossy(bytes.get(..body)?).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    if let Some(length) = length {
        while bytes.len() < body + length {
            more(stream, &mut bytes).await?;
        }
    } else if answer && head.contains("transfer-encoding: chunked") {
        while !bytes.get(body..)?.ends_with(b"0\r\n\r\n") {
            more(stream, &mut bytes).await?;
        }
    }
    Some(Message { bytes, body })
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(bytes).await.ok()?;
    (read > 0).then_some(())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
