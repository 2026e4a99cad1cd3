//! Loading, empty, error, stale: what a view shows when it has no value.

use serde::de::DeserializeOwned;

use crate::api_client::Failure;
use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::remote::Remote;
use crate::views::words::for_people;

/// Shows a remote value: skeleton, error, or what `render` makes of it. `render` runs once; it reads the signal itself,
/// so that a changed value does not rebuild the page under a focused row.
pub(crate) fn show<T, V>(remote: Remote<T>, render: impl Fn() -> V + 'static) -> View
where
    T: Clone + PartialEq + DeserializeOwned + Send + Sync + 'static,
    V: Into<View>,
{
    let there = memo(move || remote.value.with(Option::is_some));
    states(there, remote.failure, Box::new(move || render().into()), Box::new(move || remote.refresh()))
}

fn states(there: Memo<bool>, failure: RwSignal<Option<Failure>>, render: Box<dyn Fn() -> View>, again: Box<dyn Fn()>) -> View {
    let again = std::rc::Rc::new(again);
    let body = move || {
        if there.get() {
            return render();
        }
        let again = std::rc::Rc::clone(&again);
        failure.get().map_or_else(skeleton, |failure| error(&failure, move || again())).into()
    };
    let stale = memo(move || there.get() && failure.with(Option::is_some));
    let line = move || stale.get().then(|| stale_line("Out of date: the service does not answer. Trying again."));
    group().live(line).live(body).into()
}

/// A quiet line above values that may be out of date.
pub(crate) fn stale_line(words: &str) -> El {
    el("p").class("stale").test_id("stale").text(words)
}

/// Grey lines in the place of what comes.
pub(crate) fn skeleton() -> El {
    el("div")
        .class("skeleton")
        .attr("aria-busy", "true")
        .test_id("loading")
        .child(el("span").class("sr-only").text("Loading"))
        .children((0..4).map(|_| el("i")))
}

/// Title, detail, what to do, retry, request id.
pub(crate) fn error(failure: &Failure, retry: impl Fn() + 'static) -> El {
    el("div")
        .class("empty bad")
        .attr("role", "group")
        .test_id("error")
        .attr("data-code", failure.code())
        .child(failure_words(failure))
        .child(el("button").class("button").on_click(retry).text("Try again"))
}

/// The words of a failure.
pub(crate) fn failure_words(failure: &Failure) -> View {
    let [title, detail, hint, request] = failure.words();
    let differences = match failure {
        Failure::Problem(problem) => problem.differences.as_slice(),
        _ => &[],
    };
    let request = (!request.is_empty()).then(|| el("p").class("faint").text("Request ").child(el("code").text(request)));
    group()
        .child(el("strong").text(title))
        .child(el("p").text(detail))
        .child(el("ul").class("plain").children(differences.iter().map(|line| el("li").text(for_people(line)))))
        .child(el("p").class("hint").text(hint))
        .child(request)
        .into()
}

/// Why there is nothing, and the next step: its address and its words.
pub(crate) fn empty(title: &str, why: &str, step: Option<(&str, &str)>) -> El {
    let step = step.map(|(address, words)| el("a").class("button primary").href(address).text(words));
    el("div").class("empty").test_id("empty").child(el("strong").text(title)).child(el("p").text(why)).child(step)
}
