//! Marks of chunks: a glyph and words, never colour alone.

use planner_wasm::message::Marks;

use super::badge::icon;
use crate::dom::prelude::*;

/// A chunk larger than was asked for.
pub(crate) const OVER: &str = "!";
/// What [`OVER`] means.
pub(crate) const OVER_WORDS: &str = "over the budget";
/// A chunk that holds a part of one heavy key.
pub(crate) const HOT: &str = "◆";
/// What [`HOT`] means.
pub(crate) const HOT_WORDS: &str = "inside a heavy key";

/// The marks of one chunk as badges.
pub(crate) fn marks(of: Marks) -> Group {
    let badge = |tone: &str, glyph: &str, words: &str| el("span").class(format!("badge {tone}")).child(icon(glyph)).text(words);
    group().child(of.over.then(|| badge("warn", OVER, OVER_WORDS))).child(of.hot.then(|| badge("idle", HOT, HOT_WORDS)))
}
