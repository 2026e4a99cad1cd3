//! Source against target, and the receipt.

use executor_api::job::JobState;
use executor_api::receipt::{Comparison, Fingerprint, Receipt, Verdict};
use leptos::prelude::*;

use super::model::Model;
use crate::api_client;
use crate::browser;
use crate::components::states;
use crate::console::console;
use crate::erase::{act, live};
use crate::remote::Remote;
use crate::views::{format, job_state};

/// Comparisons shown at once.
const SHOWN: usize = 300;

fn receipt(model: Model) -> Remote<Receipt> {
    let path = Memo::new(move |_| {
        let ended = model.job.with(|job| job.as_ref().is_some_and(|job| job.verdict.is_some() && job.state != JobState::Verifying));
        if ended { format!("/v1/jobs/{}/receipt", model.id()) } else { String::new() }
    });
    Remote::new(move || path.get())
}

/// The calm sentence at the end of a job.
pub(super) fn statement(model: Model) -> AnyView {
    let receipt = receipt(model);
    let body = move || receipt.value.with(|receipt| receipt.as_ref().map(|receipt| statement_of(model, receipt)));
    body.into_any()
}

fn statement_of(model: Model, receipt: &Receipt) -> AnyView {
    let sign = job_state::verdict(receipt.verdict);
    let detail = match receipt.verdict {
        Verdict::Exact => "Source and target were compared by content, not by counts, and are equal.",
        Verdict::Different => "Source and target differ: see Verify for where.",
        Verdict::Unproven => "The contents cannot be compared; Verify says why.",
    };
    let digest = receipt
        .digest
        .as_ref()
        .map(|digest| view! { <code class="faint" title=digest.to_string()>{format::short_digest(digest.as_str())}</code> });
    view! {
        <section class=format!("statement {}", sign.tone.class()) data-testid="receipt" data-verdict=sign.name>
            <span class="icon" aria-hidden="true">{sign.icon}</span>
            <div>
                <p class="big" data-testid="receipt-statement">{receipt.statement.clone()}</p>
                <p>{detail} " Receipt " {digest}</p>
            </div>
            {download(model)}
        </section>
    }
    .into_any()
}

fn download(model: Model) -> AnyView {
    let console = console();
    let save = move |_| {
        let id = model.id();
        api_client::ask(format!("/v1/jobs/{id}/receipt"), move |text| match text {
            Ok(text) => browser::download(&format!("receipt-{id}.json"), &text),
            Err(_) => console.say("The receipt could not be loaded"),
        });
    };
    view! { <button class="button" data-testid="receipt-download" on:click=act(save)>"Receipt as JSON"</button> }.into_any()
}

/// The tab.
pub(super) fn verify(model: Model) -> AnyView {
    let receipt = receipt(model);
    let state =
        Memo::new(move |_| model.job.with(|job| job.as_ref().map(|job| (job.state, job.verdict, job.progress.verified, job.counts.total))));
    let body = move || match state.get() {
        Some((JobState::Verifying, _, verified, total)) => {
            let words = format!("Comparing contents: {} of {}", format::exact(verified), format::plural(total, "chunk"));
            view! { <p data-testid="verifying">{words}</p> }.into_any()
        }
        Some((_, Some(_), ..)) => {
            states::show(receipt, move || receipt.value.get().map_or_else(|| ().into_any(), |receipt| comparisons(&receipt)))
        }
        Some((JobState::Failed | JobState::Partial | JobState::Cancelled, None, ..)) => states::empty(
            "Not compared",
            "The job ended before all chunks were done. Retry what failed; contents are compared when every chunk is done.",
            None,
        ),
        _ => states::empty(
            "Not compared yet",
            "Once every chunk is done, source and target are compared by content: count, sum and xor of a hash of each row.",
            None,
        ),
    };
    body.into_any()
}

fn comparisons(receipt: &Receipt) -> AnyView {
    let mut all = receipt.comparisons.clone();
    all.sort_by_key(|comparison| comparison.equal);
    let different = all.iter().filter(|comparison| !comparison.equal).count();
    let words = if different == 0 {
        format!("{}, all equal", format::plural(all.len() as u64, "comparison"))
    } else {
        format!("{} of {} differ; they stand first", format::exact(different as u64), format::plural(all.len() as u64, "comparison"))
    };
    let total = all.len();
    let shown = RwSignal::new(SHOWN.min(total));
    let all = StoredValue::new(all);
    let row = |(_, comparison): (usize, Comparison)| {
        let sign = if comparison.equal { ("good", "✓", "equal") } else { ("bad", "✕", "differs") };
        view! {
            <tr data-testid="comparison" data-equal=comparison.equal.to_string()>
                <td class="main">{comparison.scope.clone()}</td>
                <td><span class=format!("badge {}", sign.0)><span class="icon" aria-hidden="true">{sign.1}</span>{sign.2}</span></td>
                {fingerprint(&comparison.source)}
                {fingerprint(&comparison.target)}
            </tr>
        }
    };
    view! {
        <p data-testid="comparisons">{words}</p>
        <div class="scroll-x" tabindex="0" role="group" aria-label="Comparisons">
            <table aria-label="Comparisons">
                <thead>
                    <tr><th>"Scope"</th><th>"Content"</th><th class="right">"Source rows"</th><th class="wide">"Source hash"</th><th class="right">"Target rows"</th><th class="wide">"Target hash"</th></tr>
                </thead>
                <tbody>
                    <For each=move || all.with_value(|all| all.iter().take(shown.get()).cloned().enumerate().collect::<Vec<_>>()) key=|(index, _)| *index children=row />
                </tbody>
            </table>
        </div>
        {live(move || (shown.get() < total).then(|| view! { <button class="button quiet" on:click=act(move |_| shown.update(|shown| *shown = (*shown + 1000).min(total)))>"Show more"</button> }))}
    }
    .into_any()
}

fn fingerprint(of: &Fingerprint) -> AnyView {
    let title = format!("sum {} · xor {}", of.sum, of.xor);
    let short = of.sum.get(..10).unwrap_or(&of.sum).to_owned();
    view! {
        <td class="right num">{format::exact(of.rows)}</td>
        <td class="wide" title=title><code class="faint">{short}</code></td>
    }
    .into_any()
}
