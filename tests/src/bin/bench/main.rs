//! `cargo xtask bench <name>`: figures as a table for people, with `--json` as one object for machines.
//! Ratios within one run are what counts; absolute times say as much about the machine.

mod console;
mod core;
mod faults;
mod idle;
mod plan;
mod run;
mod tasks;

use std::env;

use serde_json::Value;

/// What was asked on the command line.
struct Wanted {
    arguments: Vec<String>,
}

impl Wanted {
    /// The number behind an option such as `--trials`.
    fn number(&self, option: &str) -> Option<u64> {
        let mut arguments = self.arguments.iter().skip_while(|argument| *argument != option).skip(1);
        let text = arguments.next()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{option} takes a whole number, not '{text}'")))
    }

    /// Whether an option such as `--quick` was given.
    fn has(&self, option: &str) -> bool {
        self.arguments.iter().any(|argument| argument == option)
    }
}

#[tokio::main]
async fn main() {
    let wanted = Wanted { arguments: env::args().skip(1).collect() };
    let figures = match wanted.arguments.first().map(String::as_str) {
        Some("core") => core::measure(&wanted),
        Some("faults") => faults::measure(&wanted).await,
        Some("idle") => idle::measure(&wanted).await,
        Some("plan") => plan::measure(&wanted).await,
        Some("run") => run::measure(&wanted).await,
        Some("tasks") => tasks::measure(&wanted).await,
        Some("console") => console::measure(&wanted).await,
        _ => {
            eprintln!(
                "cargo xtask bench core|plan|run|tasks|console|faults|idle [--json] [--quick] [--trials N --seed S] [--tasks N --seconds S --to-the-end]"
            );
            std::process::exit(2);
        }
    };
    print(&figures, wanted.has("--json"));
}

#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
fn print(figures: &Value, json: bool) {
    if json {
        println!("{figures}");
        return;
    }
    if figures.get("types").is_some() {
        for line in plan::table(figures) {
            println!("{line}");
        }
        return;
    }
    for (name, value) in figures.as_object().into_iter().flatten() {
        println!("{name:<32} {value}");
    }
}

/// The middle of three or more measurements.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Three digits behind the point are more than a noisy machine can tell.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
