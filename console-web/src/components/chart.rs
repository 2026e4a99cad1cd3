//! Inline SVG: paths by tone. The picture is decoration; the numbers stand in a table or a sentence beside it.

use leptos::prelude::*;

use crate::erase::live;
use crate::views::job_state::Tone;
use crate::views::strip::rect;

/// Six paths, one a tone, stretched over the element's width.
pub(crate) fn tone_chart(class: &'static str, units: (u64, u64), label: Signal<String>, paths: Signal<[String; 6]>) -> AnyView {
    let path = move |index: usize| move || paths.with(|paths| paths.get(index).cloned().unwrap_or_default());
    let layers =
        Tone::ALL.iter().enumerate().map(|(index, tone)| view! { <path class=tone.class() d=path(index)></path> }).collect::<Vec<_>>();
    view! {
        <svg class=class viewBox=format!("0 0 {} {}", units.0, units.1) preserveAspectRatio="none" role="img" aria-label=label>
            {layers}
        </svg>
    }
    .into_any()
}

/// A row of small bars.
pub(crate) fn sparkline(values: Signal<Vec<u64>>, label: &'static str) -> AnyView {
    let path = move || {
        let values = values.get();
        let most = values.iter().max().copied().unwrap_or(0).max(1);
        let mut path = String::new();
        for (value, i) in values.iter().zip(0_u64..) {
            let height = (u128::from(*value) * 20 / u128::from(most)).max(1);
            let height = u64::try_from(height).unwrap_or(1);
            rect(&mut path, i * 5, 20 - height, 4, height);
        }
        path
    };
    view! {
        <svg class="spark" viewBox="0 0 120 20" preserveAspectRatio="none" role="img" aria-label=label>
            <path class="active" d=live(path)></path>
        </svg>
    }
    .into_any()
}
