//! The studio's signals and what happens between them.

use executor_api::plan::{PlanAnswer, PlanCreate, SnapshotCreate};
use planner_core::digest::Digest;
use planner_core::refusal::Refusal;
use planner_core::request::{Acknowledgement, Request};
use planner_core::sql::identifier::TableName;
use planner_wasm::message::Preview;

use crate::api_client::{self, Failure};
use crate::browser::{self, Timer};
use crate::planner_worker::Planner;
use crate::reactive::prelude::*;
use crate::router::router;
use crate::views::answer::Reply;
use crate::views::facts::SnapshotFacts;
use crate::views::question::Wish;
use crate::views::studio::Studio;

/// Cells of the strip: beyond it neighbours are merged.
const CELLS: u32 = 600;
/// Rest after which the server is asked, in milliseconds.
const REST_MS: i32 = 400;
/// How long after a failed connection the server is asked again, in milliseconds.
const AGAIN_MS: i32 = 3_000;
/// Browsers refuse more than some twenty changes of the address a second.
const ADDRESS_MS: i64 = 300;

/// What the worker made of the last request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Planned {
    /// Nothing yet.
    Nothing,
    /// A plan.
    Plan { preview: Box<Preview>, request: Box<Request>, took_ms: f64 },
    /// A refusal.
    Refused(Refusal),
    /// The snapshot is too coarse; a plan from what it holds may be looked at, and is never run.
    Needs { coarse: Option<Box<Preview>>, probes: String, snapshot: Digest },
    /// The worker failed.
    Failed(String),
}

impl Planned {
    /// What is shown, if it stands: a plan, or a coarse one.
    pub(super) fn preview(&self) -> Option<&Preview> {
        match self {
            Self::Plan { preview, .. } => Some(preview),
            Self::Needs { coarse, .. } => coarse.as_deref(),
            Self::Nothing | Self::Refused(_) | Self::Failed(_) => None,
        }
    }
}

/// What the server says of the plan on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// It was not asked.
    Unchecked,
    /// It is being asked.
    Computing,
    /// It computed the same and stored the plan.
    Same(Box<PlanAnswer>),
    /// It says something else.
    Differs(Failure),
    /// It did not answer, and is asked again.
    Unheard,
}

/// The signals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    pub(super) studio: RwSignal<Studio>,
    pub(super) snapshot: RwSignal<Option<SnapshotFacts>>,
    pub(super) failure: RwSignal<Option<Failure>>,
    /// Why finer facts could not be fetched.
    pub(super) detail_failure: RwSignal<Option<Failure>>,
    pub(super) plan: RwSignal<Planned>,
    pub(super) check: RwSignal<Check>,
    /// Whether a pointer or a held key moves something: no request leaves the page meanwhile.
    pub(super) dragging: RwSignal<bool>,
    pub(super) reviewing: RwSignal<bool>,
    pub(super) planner: Planner,
    /// Counts snapshots, so that late answers can be told.
    turn: StoredValue<u32>,
    written_at: StoredValue<i64>,
}

impl Model {
    pub(super) fn new() -> Self {
        let router = router();
        let said = move || router.query(|query| Studio::read(|name| query.get(name)));
        let studio = RwSignal::new(untrack(said));
        let plan = RwSignal::new(Planned::Nothing);
        let on_plan = move |reply: Reply, request: &Request, took_ms: f64| {
            plan.set(match reply {
                Reply::Planned(preview) => Planned::Plan { preview, request: Box::new(request.clone()), took_ms },
                Reply::Refused(refusal) => Planned::Refused(refusal),
                Reply::NeedsDetail { coarse, probes, snapshot } => Planned::Needs { coarse, probes, snapshot },
                Reply::Failed { message } => Planned::Failed(message),
                Reply::Loaded(_) | Reply::Chunks { .. } | Reply::Digest { .. } | Reply::Document { .. } => return,
            });
        };
        let model = Self {
            studio,
            snapshot: RwSignal::new(None),
            failure: RwSignal::new(None),
            detail_failure: RwSignal::new(None),
            plan,
            check: RwSignal::new(Check::Unchecked),
            dragging: RwSignal::new(false),
            reviewing: RwSignal::new(false),
            planner: Planner::start(CELLS, Box::new(on_plan)),
            turn: StoredValue::new(0),
            written_at: StoredValue::new(0),
        };
        // A link or Back to another address of the studio.
        effect_with(move |before: Option<Studio>| {
            let said = said();
            if before.is_some_and(|before| before != said) {
                studio.set(said.clone());
            }
            said
        });
        let tables = memo(move || studio.with(|studio| studio.source.clone().zip(studio.target.clone())));
        effect(move || {
            if tables.get().is_some() {
                model.take_snapshot();
            }
        });
        let request = memo(move || studio.with(Studio::request));
        effect(move || {
            if let Some(request) = request.get().filter(|_| model.snapshot.with(Option::is_some)) {
                model.planner.plan(request);
            }
        });
        effect(move || model.write_address());
        effect_with(move |before: Option<Option<Timer>>| {
            if let Some(timer) = before.flatten() {
                timer.clear();
            }
            model.after_plan()
        });
        model
    }

    /// A pointer or a key has begun to move something, or has let it go.
    pub(super) fn hold(self, on: bool) {
        if self.dragging.get_untracked() != on {
            self.dragging.set(on);
        }
    }

    /// Chooses a table; a new source also means a new window.
    pub(super) fn choose_table(self, name: Option<TableName>, source: bool) {
        self.studio.update(|studio| {
            studio.acknowledged.clear();
            if source {
                if studio.target == name {
                    studio.target = None;
                }
                studio.source = name;
                studio.window = None;
            } else {
                studio.target = name;
            }
        });
    }

    /// Asks for the facts of both tables.
    pub(super) fn take_snapshot(self) {
        let Some((source, target)) = self.studio.with_untracked(|studio| studio.source.clone().zip(studio.target.clone())) else { return };
        let turn = self.next_turn();
        self.failure.set(None);
        self.snapshot.set(None);
        self.plan.set(Planned::Nothing);
        let body = SnapshotCreate { source: Some(source), target, time_column: None };
        let body = serde_json::to_string(&body).unwrap_or_default();
        self.fetch_snapshot("/v1/snapshots".to_owned(), body, turn, self.failure);
    }

    /// Has a snapshot fetched and hands it to the worker, which tells what is shown of it; the page keeps no more.
    fn fetch_snapshot(self, path: String, body: String, turn: u32, failure: RwSignal<Option<Failure>>) {
        let latest = move || self.turn.try_get_value() == Some(turn);
        api_client::send_json(path, body, "", move |answer| match answer {
            Ok(answer) if latest() => self.planner.load(&answer, move |reply| match reply {
                Reply::Loaded(snapshot) if latest() => {
                    self.detail_failure.set(None);
                    self.snapshot.set(Some(*snapshot));
                }
                Reply::Failed { message } if latest() => failure.set(Some(Failure::Odd(message))),
                _ => {}
            }),
            Err(why) if latest() => failure.set(Some(why)),
            Ok(_) | Err(_) => {}
        });
    }

    fn next_turn(self) -> u32 {
        let turn = self.turn.get_value().wrapping_add(1);
        self.turn.set_value(turn);
        turn
    }

    /// Asks the server for the facts that a finer plan needs. Only the latest question counts.
    fn fetch_detail(self, digest: &Digest, probes: &str) {
        let turn = self.next_turn();
        self.detail_failure.set(None);
        let path = format!("/v1/snapshots/{digest}/detail");
        self.fetch_snapshot(path, format!("{{\"probes\":{probes}}}"), turn, self.detail_failure);
    }

    /// Asks again for what could not be fetched.
    pub(super) fn fetch_detail_again(self) {
        let missing = self.plan.with_untracked(|plan| match plan {
            Planned::Needs { probes, snapshot, .. } => Some((snapshot.clone(), probes.clone())),
            Planned::Nothing | Planned::Plan { .. } | Planned::Refused(_) | Planned::Failed(_) => None,
        });
        if let Some((digest, probes)) = missing {
            self.fetch_detail(&digest, &probes);
        }
    }

    /// What follows once the user rests: the server's check, or the facts that are missing.
    fn after_plan(self) -> Option<Timer> {
        if self.dragging.get() {
            if !self.reviewing.get_untracked() {
                self.check.set(Check::Unchecked);
            }
            return None;
        }
        let plan = self.plan.get();
        let digest = self.snapshot.with(|answer| answer.as_ref().map(|answer| answer.digest.clone()))?;
        match plan {
            Planned::Plan { preview, request, .. } => {
                self.check.set(Check::Computing);
                let body = PlanCreate { expect_digest: preview.digest, request: *request, snapshot: digest };
                Some(browser::after(REST_MS, move || if body.expect_digest.is_some() { self.ask_server(&body) } else { self.hash() }))
            }
            Planned::Needs { probes, snapshot, .. } => {
                self.check.set(Check::Unchecked);
                // Where the snapshot is another one by now, the worker is already planning from it.
                (snapshot == digest).then(|| browser::after(REST_MS, move || self.fetch_detail(&digest, &probes)))
            }
            Planned::Nothing | Planned::Refused(_) | Planned::Failed(_) => {
                self.check.set(Check::Unchecked);
                None
            }
        }
    }

    /// Has the worker hash a plan that was too large to be hashed on the way.
    fn hash(self) {
        self.planner.ask(&Wish::Digest, move |reply| {
            let Reply::Digest { digest, plan_id } = reply else { return };
            let is_shown = |plan: &Planned| matches!(plan, Planned::Plan { preview, .. } if preview.plan_id == plan_id);
            if self.plan.try_with_untracked(is_shown) == Some(true) {
                self.plan.update(|plan| {
                    if let Planned::Plan { preview, .. } = plan {
                        preview.digest = Some(digest);
                    }
                });
            }
        });
    }

    fn ask_server(self, body: &PlanCreate) {
        let expected = body.expect_digest.clone();
        api_client::post("/v1/plans".to_owned(), body, "", move |answer| {
            let is_shown = |plan: &Planned| matches!(plan, Planned::Plan { preview, .. } if preview.digest == expected);
            if self.plan.try_with_untracked(is_shown) == Some(true) {
                self.check.set(match answer {
                    Ok(answer) => Check::Same(Box::new(answer)),
                    Err(Failure::Unreachable) => {
                        let again = move || {
                            if self.check.try_with_untracked(|check| *check == Check::Unheard) == Some(true) {
                                self.plan.notify();
                            }
                        };
                        let _timer = browser::after(AGAIN_MS, again);
                        Check::Unheard
                    }
                    Err(failure) => Check::Differs(failure),
                });
            }
        });
    }

    /// Takes a danger as seen.
    pub(super) fn acknowledge(self, what: Acknowledgement) {
        self.studio.update(|studio| {
            studio.acknowledged.insert(what);
        });
    }

    fn write_address(self) {
        let address = self.studio.with(Studio::address);
        let now = browser::now();
        if self.dragging.get() && now - self.written_at.get_value() < ADDRESS_MS {
            return;
        }
        self.written_at.set_value(now);
        browser::replace_address(&address);
    }
}
