//! Inside the child process: load libchdb, run it, end with the parent.

use std::ffi::{CString, OsString, c_char, c_int, c_void};
use std::io::{PipeWriter, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use crate::files::Layout;

/// A clean shutdown waits for running queries, five seconds at most; past this it is stuck.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(15);

/// The main of clickhouse-local: `chdb_result * chdb_query_cmdline(int argc, char ** argv)`.
type CommandLine = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut c_void;

/// Set before the pipe is closed: a return of the engine without it is a failure, whatever the engine says.
static STOPPING: AtomicBool = AtomicBool::new(false);
/// The end of the queries' pipe that keeps the engine alive.
static KEEP_ALIVE: Mutex<Option<PipeWriter>> = Mutex::new(None);

/// Runs ClickHouse in this process until stdin ends or SIGTERM, SIGINT or SIGHUP arrives; a second signal ends it at
/// once. `args` are the library and the run directory that [`Engine::start`](crate::Engine::start) prepared.
///
/// Never returns: the exit code is 0 after a stop that was asked for, 1 otherwise.
pub fn engine_main(mut args: impl Iterator<Item = OsString>) -> ! {
    // Before any other thread exists, the library's included: they inherit the mask.
    let signals = block_stop_signals();
    let (Some(library), Some(run_dir)) = (args.next().map(PathBuf::from), args.next().map(PathBuf::from)) else {
        fail("expected two arguments: the library and the run directory")
    };
    std::thread::spawn(move || stop_on_signals(signals));
    std::thread::spawn(stop_at_end_of_stdin);
    match run(&library, &Layout::of_run_dir(&run_dir)) {
        Ok(()) if STOPPING.load(Ordering::SeqCst) => exit_now(0),
        Ok(()) => exit_now(1),
        Err(reason) => fail(&reason),
    }
}

fn run(library: &Path, layout: &Layout) -> Result<(), String> {
    let (reader, writer) = std::io::pipe().map_err(|error| format!("no pipe: {error}"))?;
    if let Ok(mut keep_alive) = KEEP_ALIVE.lock() {
        *keep_alive = Some(writer);
    }
    if STOPPING.load(Ordering::SeqCst) {
        return Ok(());
    }
    let directory = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let arguments = [
        OsString::from("clickhouse"),
        joined("--config-file=", &layout.config),
        // The level in the configuration is ignored; the ports are logged at this one.
        OsString::from("--log-level=information"),
        joined("--queries-file=", &layout.start_sql),
        OsString::from(format!("--queries-file={directory}/{}", reader.as_raw_fd())),
    ];
    call(library, &arguments)
}

#[expect(unsafe_code, reason = "libchdb is a C library; there is no safe binding for its command line")]
fn call(library: &Path, arguments: &[OsString]) -> Result<(), String> {
    let arguments: Vec<CString> =
        arguments.iter().map(|argument| CString::new(argument.as_bytes()).map_err(|error| error.to_string())).collect::<Result<_, _>>()?;
    let mut pointers: Vec<*mut c_char> = arguments.iter().map(|argument| argument.as_ptr().cast_mut()).collect();
    let count = c_int::try_from(pointers.len()).map_err(|error| error.to_string())?;
    pointers.push(std::ptr::null_mut());

    let failed = |error: libloading::Error| format!("cannot load {}: {error}", library.display());
    // SAFETY: the file is the pinned package's library, whose initialisers may run in a process with one purpose;
    // it is never unloaded, since the process ends by `_exit`.
    let library = unsafe { Library::open(Some(library), RTLD_NOW | RTLD_LOCAL) }.map_err(failed)?;
    // SAFETY: the name has had this signature in every release with `SYSTEM START LISTEN`, and 26.7.3 is pinned.
    let command_line = unsafe { library.get::<CommandLine>(b"chdb_query_cmdline\0") }.map_err(failed)?;
    // SAFETY: argv is an array of `count` NUL-terminated strings and a null, and outlives the call.
    unsafe { command_line(count, pointers.as_mut_ptr()) };
    std::mem::forget(library);
    Ok(())
}

fn joined(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}

/// Closes the queries' pipe, which ends the engine cleanly, and makes sure that it does end.
fn stop() {
    if STOPPING.swap(true, Ordering::SeqCst) {
        return;
    }
    std::thread::spawn(|| {
        std::thread::sleep(SHUTDOWN_LIMIT);
        exit_now(0)
    });
    if let Ok(mut keep_alive) = KEEP_ALIVE.lock() {
        *keep_alive = None;
    }
}

fn stop_at_end_of_stdin() {
    let mut ignored = [0; 64];
    while std::io::stdin().read(&mut ignored).is_ok_and(|count| count > 0) {}
    stop();
}

#[expect(unsafe_code, reason = "the standard library does not know signals")]
fn block_stop_signals() -> libc::sigset_t {
    // SAFETY: an all-zero sigset_t is valid memory for sigemptyset, and all pointers are to this one local.
    unsafe {
        let mut signals: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut signals);
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
            libc::sigaddset(&raw mut signals, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const signals, std::ptr::null_mut());
        signals
    }
}

#[expect(unsafe_code, reason = "the standard library does not know signals")]
fn stop_on_signals(signals: libc::sigset_t) {
    loop {
        let mut signal: c_int = 0;
        // SAFETY: both pointers are to locals that live through the call.
        let waited = unsafe { libc::sigwait(&raw const signals, &raw mut signal) };
        if waited == 0 {
            if STOPPING.load(Ordering::SeqCst) {
                exit_now(128 + signal);
            }
            stop();
        }
    }
}

/// Ends the process without running the library's destructors, which are not safe beside its own threads.
#[expect(unsafe_code, reason = "std::process::exit would run the library's destructors")]
fn exit_now(code: c_int) -> ! {
    // SAFETY: `_exit` takes any code and does not return.
    unsafe { libc::_exit(code) }
}

fn fail(reason: &str) -> ! {
    eprintln!("penstock-engine: {reason}");
    exit_now(1)
}
