//! Inline SVG: paths by tone. The picture is decoration; the numbers stand in a table or a sentence beside it.

use crate::dom::prelude::*;
use crate::reactive::prelude::*;
use crate::views::job_state::Tone;
use crate::views::strip::rect;

/// Six paths, one a tone, stretched over the element's width.
pub(crate) fn tone_chart(units: (u64, u64), label: impl Fn() -> String + 'static, paths: Memo<[String; 6]>) -> El {
    let path = move |index: usize| move || paths.with(|paths| paths.get(index).cloned().unwrap_or_default());
    let layers = Tone::ALL.iter().enumerate().map(|(index, tone)| svg("path").class(tone.class()).live_attr("d", path(index)));
    picture("cells", units).live_attr("aria-label", label).children(layers)
}

/// A picture in units of its own, stretched over the room that it has.
pub(crate) fn picture(class: &str, units: (u64, u64)) -> El {
    svg("svg").class(class).attr("viewBox", format!("0 0 {} {}", units.0, units.1)).attr("preserveAspectRatio", "none").attr("role", "img")
}

/// A row of small bars.
pub(crate) fn sparkline(values: impl Fn() -> Vec<u64> + 'static, label: &str) -> El {
    let path = move || bars(&values());
    picture("spark", (120, 20)).label(label).child(svg("path").class("active").live_attr("d", path))
}

fn bars(values: &[u64]) -> String {
    let most = values.iter().max().copied().unwrap_or(0).max(1);
    let mut path = String::new();
    for (value, i) in values.iter().zip(0_u64..) {
        let height = (u128::from(*value) * 20 / u128::from(most)).max(1);
        let height = u64::try_from(height).unwrap_or(1);
        rect(&mut path, i * 5, 20 - height, 4, height);
    }
    path
}
