//! The last look before the start: one sentence, warnings, title and reason, SQL.

use executor_api::job::{Dedup, Job, JobCreate, Order};
use executor_api::plan::PlanAnswer;
use planner_core::digest::Digest;
use planner_core::plan::Mode;
use planner_core::rationale::Severity;

use super::model::{Check, Model};
use crate::api_client::{self, Failure};
use crate::browser;
use crate::components::dialog::dialog;
use crate::components::notes::{notes, warnings};
use crate::components::states::failure_words;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::router::{Router, router};
use crate::views::answer::Reply;
use crate::views::facts::SnapshotFacts;
use crate::views::question::Wish;
use crate::views::{disk, format, studio};

/// Orders with their words.
const ORDERS: [(Order, &str); 3] =
    [(Order::OldestFirst, "Oldest first"), (Order::NewestFirst, "Newest first"), (Order::LongestFirst, "Largest first")];

/// The dialog.
pub(super) fn review(model: Model) -> El {
    let close = move || model.reviewing.set(false);
    let router = router();
    let open = memo(move || model.reviewing.get());
    dialog("Review and start", "review", open, close, move || match model.check.get_untracked() {
        Check::Same(plan) => Form::of(model, router, &plan).view(&plan).into(),
        Check::Unchecked | Check::Computing | Check::Differs(_) | Check::Unheard => {
            el("p").text("The plan has changed. Close this and look again.").into()
        }
    })
}

fn sentence(plan: &PlanAnswer) -> String {
    let how = match plan.mode {
        Mode::Copy => "copies",
        Mode::ViewReplay => "sends, through the materialized views' own SELECT,",
    };
    format!(
        "This {how} about {} rows ({}) of {} from {} into {}, in {}; each chunk is one block with its own deduplication token.",
        format::count(plan.rows),
        format::bytes(plan.bytes),
        studio::window_text(plan.request.window),
        plan.request.source,
        plan.request.target,
        studio::chunks_words(plan.chunks, &plan.request.method),
    )
}

/// What is filled in.
#[derive(Clone, Copy)]
struct Form {
    model: Model,
    router: Router,
    title: RwSignal<String>,
    reason: RwSignal<String>,
    lanes: RwSignal<u16>,
    order: RwSignal<Order>,
    /// What is done where the target remembers no tokens; none where it does.
    dedup: RwSignal<Option<Dedup>>,
    /// Whether the start is on its way.
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    /// One key an opening: a second click, or a second try after a lost answer, gives the same job.
    key: StoredValue<String>,
    digest: StoredValue<Digest>,
}

impl Form {
    fn of(model: Model, router: Router, plan: &PlanAnswer) -> Self {
        let request = &plan.request;
        let window = request.window.map(|window| format!(", {} – {}", window.from.date(), window.to.date())).unwrap_or_default();
        Self {
            model,
            router,
            title: RwSignal::new(format!("{} → {}{window}", request.source.table, request.target)),
            reason: RwSignal::new(String::new()),
            lanes: RwSignal::new(super::pace::LANES),
            order: RwSignal::new(Order::OldestFirst),
            dedup: RwSignal::new(Dedup::by_contents_where_off(&plan.rationale)),
            busy: RwSignal::new(false),
            failure: RwSignal::new(None),
            key: StoredValue::new(browser::fresh_key()),
            digest: StoredValue::new(plan.digest.clone()),
        }
    }

    fn start(self) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        let body = JobCreate {
            assertions: Vec::new(),
            dedup: self.dedup.get_untracked(),
            lanes: self.lanes.get_untracked(),
            order: self.order.get_untracked(),
            plan_digest: self.digest.get_value(),
            reason: self.reason.get_untracked().trim().to_owned(),
            title: self.title.get_untracked().trim().to_owned(),
        };
        api_client::post::<Job>("/v1/jobs".to_owned(), &body, &self.key.get_value(), move |answer| match answer {
            Ok(job) => {
                let _gone = self.model.reviewing.try_set(false);
                self.router.go(&format!("/jobs/{}", job.id));
            }
            Err(why) => {
                let _gone = self.failure.try_set(Some(why));
                let _gone = self.busy.try_set(false);
            }
        });
    }

    fn why_not(self) -> &'static str {
        if self.title.with(|title| title.trim().is_empty()) { "A title is needed" } else { "" }
    }

    fn view(self, plan: &PlanAnswer) -> El {
        let warned = warnings(&plan.rationale) as u64;
        let warned = (warned > 0).then(|| el("h3").text(format::plural(warned, "warning")));
        let refusal =
            move || self.failure.get().map(|failure| el("div").class("obstacle").attr("role", "alert").child(failure_words(&failure)));
        let start = move |event: web_sys::Event| {
            event.prevent_default();
            self.start();
        };
        el("form")
            .class("stack")
            .on("submit", start)
            .child(
                el("header")
                    .child(el("h2").attr("tabindex", "-1").flag("autofocus", true).text("Review and start"))
                    .child(self.close("✕").label("Close")),
            )
            .child(el("p").test_id("review-sentence").text(sentence(plan)))
            .child(el("p").class("faint").test_id("review-disk").child(self.disk(plan)))
            .child(warned)
            .child(notes(&plan.rationale, Severity::Warning))
            .child(self.dedup.get_untracked().map(|_| self.dedup_field()))
            .child(self.title_field())
            .child(self.reason_field())
            .child(el("div").class("line").child(self.lanes_field()).child(self.order_field()))
            .child(first_sql(self.model))
            .live(refusal)
            .child(self.foot())
    }

    fn disk(self, plan: &PlanAnswer) -> Option<String> {
        let said = |snapshot: &SnapshotFacts| format!("Disk: {}.", disk::words(&snapshot.facts, plan.rows));
        self.model.snapshot.with_untracked(|snapshot| snapshot.as_ref().map(said))
    }

    fn close(self, words: &str) -> El {
        el("button").attr("type", "button").class("button quiet").on_click(move || self.model.reviewing.set(false)).text(words)
    }

    fn title_field(self) -> El {
        let field = el("input")
            .attr("type", "text")
            .attr("maxlength", "200")
            .flag("required", true)
            .test_id("job-title")
            .live_value(move || self.title.get())
            .on_value("input", move |title| self.title.set(title));
        el("label").class("field").child(el("span").text("Title")).child(field)
    }

    fn reason_field(self) -> El {
        let why = el("span").class("faint").text("kept with the job; whoever looks later will be glad");
        let field = el("textarea")
            .attr("rows", "2")
            .attr("maxlength", "2000")
            .test_id("job-reason")
            .on_value("input", move |reason| self.reason.set(reason));
        el("label").class("field").child(el("span").text("Reason ").child(why)).child(field)
    }

    fn lanes_field(self) -> El {
        let typed = move |text: String| {
            if let Ok(count) = text.parse::<u16>() {
                self.lanes.set(count.clamp(1, 64));
            }
        };
        let field = el("input")
            .attr("type", "number")
            .class("short num")
            .attr("min", "1")
            .attr("max", "64")
            .test_id("job-lanes")
            .live_value(move || self.lanes.get().to_string())
            .on_value("input", typed);
        el("label").class("field").child(el("span").text("Lanes")).child(field)
    }

    fn order_field(self) -> El {
        let choose = move |words: String| {
            self.order.set(ORDERS.iter().find(|(_, name)| *name == words).map_or(Order::OldestFirst, |(order, _)| *order));
        };
        let field = el("select")
            .test_id("job-order")
            .children(ORDERS.map(|(_, words)| el("option").attr("value", words).text(words)))
            .on_value("change", choose);
        el("label").class("field").child(el("span").text("Order")).child(field)
    }

    /// The target remembers no tokens: what is done about that is chosen here.
    fn dedup_field(self) -> El {
        let radio = |of: Dedup, words: &str, test_id: &str| {
            let field = el("input")
                .attr("type", "radio")
                .attr("name", "dedup")
                .test_id(test_id)
                .live_checked(move || self.dedup.get() == Some(of))
                .on_checked(move |_| self.dedup.set(Some(of)));
            el("label").child(field).text(" ").child(el("span").text(words))
        };
        el("div")
            .class("field")
            .attr("role", "group")
            .label("The target remembers no tokens")
            .child(el("span").text("The target remembers no tokens"))
            .child(radio(Dedup::ContentOnly, "Leave it so: contents are compared whenever an answer is lost", "dedup-content"))
            .child(radio(Dedup::SetWindow, "Let the job set a deduplication window (ALTER TABLE … MODIFY SETTING)", "dedup-window"))
    }

    fn foot(self) -> El {
        let start = el("button")
            .class("button primary")
            .test_id("start")
            .attr("aria-describedby", "start-why-not")
            .live_flag("disabled", move || self.busy.get() || !self.why_not().is_empty())
            .words(move || if self.busy.get() { "Starting…" } else { "Start the job" });
        el("footer")
            .child(el("span").class("faint").attr("id", "start-why-not").words(move || self.why_not()))
            .child(self.close("Back").class("button"))
            .child(start)
    }
}

fn first_sql(model: Model) -> El {
    let text = RwSignal::new(String::new());
    model.planner.ask(&Wish::Chunks { from: 0, to: 1 }, move |reply| {
        if let Reply::Chunks { rows } = reply {
            let _gone = text.try_set(rows.into_iter().next().map(|row| row.sql).unwrap_or_default());
        }
    });
    el("details")
        .class("box")
        .child(el("summary").text("SQL of the first chunk"))
        .child(el("pre").class("sql").attr("tabindex", "0").words(move || text.get()))
}
