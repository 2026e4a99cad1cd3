//! Source against target, and the receipt.

use std::collections::BTreeMap;

use executor_api::job::JobState;
use executor_api::receipt::{Comparison, Fingerprint, Receipt, Verdict};

use super::model::Model;
use crate::api_client;
use crate::browser;
use crate::components::badge::icon;
use crate::components::states;
use crate::components::table::head;
use crate::console::console;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::views::words::for_people;
use crate::views::{format, job_state};

/// Comparisons shown at once.
const SHOWN: usize = 300;

fn receipt(model: Model) -> Remote<Receipt> {
    let ended = model.memo(|job| job.verdict.is_some() && job.state != JobState::Verifying);
    Remote::new(move || if ended.get() { format!("/v1/jobs/{}/receipt", model.id()) } else { String::new() })
}

/// The calm sentence at the end of a job.
pub(super) fn statement(model: Model) -> Group {
    let receipt = receipt(model);
    group().live(move || receipt.value.with(|receipt| receipt.as_ref().map(|receipt| statement_of(model, receipt))))
}

fn statement_of(model: Model, receipt: &Receipt) -> El {
    let sign = job_state::verdict(receipt.verdict);
    let detail = match receipt.verdict {
        Verdict::Exact => "Source and target were compared by content, not by counts, and are equal.",
        Verdict::Different => "Source and target differ: see Verify for where.",
        Verdict::Unproven => "What could not be compared is not proven: Verify says why.",
    };
    let digest = receipt
        .digest
        .as_ref()
        .map(|digest| el("code").class("faint").title(digest.to_string()).text(format::short_digest(digest.as_str())));
    // The job's message is this statement and, where a chunk failed, why.
    let statement = receipt.statement.clone();
    let reason = move || {
        let why = model.job.with(|job| job.as_ref()?.message.as_ref()?.strip_prefix(&statement)?.strip_prefix(". ").map(str::to_owned))?;
        Some(el("p").test_id("job-message").text(for_people(&why)))
    };
    let words = el("div")
        .child(el("p").class("big").test_id("receipt-statement").text(for_people(&receipt.statement)))
        .live(reason)
        .child(el("p").text(detail).text(" Receipt ").child(digest));
    el("section")
        .class(format!("statement {}", sign.tone.class()))
        .test_id("receipt")
        .attr("data-verdict", sign.name)
        .child(icon(sign.icon))
        .child(words)
        .child(el("div").class("actions").child(compare_again(model)).child(download(model)))
}

/// Tables change after a job; whoever asks later gets a receipt of that moment.
fn compare_again(model: Model) -> El {
    let console = console();
    let compare = move || model.act(console, "verify", &BTreeMap::<&str, &str>::new(), "Comparing again");
    el("button")
        .class("button")
        .title("Compares source and target by content once more, and replaces the receipt")
        .test_id("compare-again")
        .on_click(compare)
        .text("Compare again")
}

fn download(model: Model) -> El {
    let console = console();
    let save = move || {
        let id = model.id();
        api_client::ask(format!("/v1/jobs/{id}/receipt"), move |text| match text {
            Ok(text) => browser::download(&format!("receipt-{id}.json"), &text),
            Err(_) => console.say("The receipt could not be loaded"),
        });
    };
    el("button").class("button").test_id("receipt-download").on_click(save).text("Receipt as JSON")
}

/// The tab.
pub(super) fn verify(model: Model) -> View {
    let receipt = receipt(model);
    let state = model.memo(|job| Some((job.state, job.verdict.is_some())));
    let compared = model.text(|job| {
        let of = format::plural(job.counts.total, "chunk");
        format!("Comparing contents: {} of {of}", format::exact(job.progress.verified))
    });
    let body = move || match state.get() {
        Some((JobState::Verifying, _)) => el("p").test_id("verifying").words(compared).into(),
        Some((_, true)) => states::show(receipt, move || group().live(move || receipt.value.get().map(comparisons))),
        Some((JobState::Failed | JobState::Partial | JobState::Cancelled, false)) => states::empty(
            "Not compared",
            "The job ended before all chunks were done. Retry what failed; contents are compared when every chunk is done.",
            None,
        )
        .into(),
        _ => states::empty(
            "Not compared yet",
            "Once every chunk is done, source and target are compared by content: count, sum and xor of a hash of each row.",
            None,
        )
        .into(),
    };
    group().live(body).into()
}

fn comparisons(receipt: Receipt) -> Group {
    let (equal, mut all): (Vec<_>, Vec<_>) = receipt.comparisons.into_iter().partition(|comparison| comparison.equal);
    let different = all.len();
    all.extend(equal);
    let (total, count) = (all.len(), format::plural(all.len() as u64, "comparison"));
    if total == 0 {
        return group().child(el("p").test_id("comparisons").text(format!("Nothing was compared. {}.", receipt.statement)));
    }
    let words = if different == 0 {
        format!("{count}, all equal")
    } else {
        format!("{} of {count} differ; they stand first", format::exact(different as u64))
    };
    let shown = RwSignal::new(SHOWN.min(total));
    let rows = move || {
        let row = |(index, comparison): (usize, &Comparison)| {
            let comparison = comparison.clone();
            Row::new(index.to_string(), move || row(&comparison))
        };
        all.iter().take(shown.get()).enumerate().map(row).collect()
    };
    let more = move || {
        let more = move || shown.update(|shown| *shown = (*shown + 1000).min(total));
        el("button").class("button quiet").on_click(more).text("Show more")
    };
    let columns = [
        ("Scope", ""),
        ("Content", ""),
        ("Source rows", "right"),
        ("Source hash", "wide"),
        ("Target rows", "right"),
        ("Target hash", "wide"),
    ];
    let table = el("table").label("Comparisons").child(head(&columns)).child(el("tbody").rows(rows));
    group()
        .child(el("p").test_id("comparisons").text(words))
        .child(el("div").class("scroll-x").attr("tabindex", "0").attr("role", "group").label("Comparisons").child(table))
        .live(move || (shown.get() < total).then(more))
}

fn row(comparison: &Comparison) -> El {
    let (tone, sign, word) = if comparison.equal { ("good", "✓", "equal") } else { ("bad", "✕", "differs") };
    el("tr")
        .test_id("comparison")
        .attr("data-equal", if comparison.equal { "true" } else { "false" })
        .child(el("td").class("main").text(for_people(&comparison.scope)))
        .child(el("td").child(el("span").class(format!("badge {tone}")).child(icon(sign)).text(word)))
        .children(fingerprint(&comparison.source))
        .children(fingerprint(&comparison.target))
}

/// Rows and hash.
fn fingerprint(of: &Fingerprint) -> [El; 2] {
    let short = of.sum.get(..10).unwrap_or(&of.sum);
    let rows = el("td").class("right num").text(format::exact(of.rows));
    let hash = el("td").class("wide").title(format!("sum {} · xor {}", of.sum, of.xor)).child(el("code").class("faint").text(short));
    [rows, hash]
}
