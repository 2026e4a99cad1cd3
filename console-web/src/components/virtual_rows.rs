//! A long list of which only the rows in sight are elements.

use leptos::html;
use leptos::prelude::*;

use crate::erase::{act, effect, live};
use crate::views::row_window::{ROW_PX, visible};

/// A scrolling box of `total` rows; `seen` hears which rows are drawn, `row` draws one.
pub(crate) fn virtual_rows(
    label: &'static str,
    total: Signal<u64>,
    head: AnyView,
    seen: impl Fn(u64, u64) + Send + Sync + 'static,
    row: impl Fn(u64) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let scroll = RwSignal::new(0_u64);
    let height = RwSignal::new(720_u64);
    let measure = move || {
        if let Some(node) = node.get_untracked() {
            scroll.set(u64::try_from(node.scroll_top()).unwrap_or(0));
            height.set(u64::try_from(node.client_height()).unwrap_or(720).max(200));
        }
    };
    effect(move |_| {
        if node.get().is_some() {
            measure();
        }
    });
    let listener = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || listener.remove());
    let window = Memo::new(move |_| visible(scroll.get(), height.get(), total.get()));
    effect(move |_| {
        let (first, last) = window.get();
        seen(first, last);
    });
    let place = |index: u64| format!("translateY({}px)", index * ROW_PX);
    view! {
        <div class="rows" node_ref=node role="table" aria-label=label aria-rowcount=live(move || total.get().to_string()) on:scroll=act(move |_| measure())>
            {head}
            <div class="rows-body" role="rowgroup" style:height=live(move || format!("{}px", total.get() * ROW_PX))>
                <For
                    each=move || {
                        let (first, last) = window.get();
                        first..last
                    }
                    key=|index| *index
                    children=move |index| {
                        view! {
                            <div class="row" role="row" aria-rowindex=(index + 1).to_string() data-testid="task-row" style:transform=place(index)>
                                {row(index)}
                            </div>
                        }
                    }
                />
            </div>
        </div>
    }
    .into_any()
}
