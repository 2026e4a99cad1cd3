//! What all pages share: the clock, words for assistive technology, preferences.

use leptos::prelude::*;

use crate::browser;
use crate::erase::effect;

/// The switch between light and dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system says.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

/// Which overlay is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlay {
    /// None.
    Closed,
    /// The list of keys.
    Help,
    /// The palette.
    Palette,
}

/// Shared signals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    /// The clock, every second while the page is visible.
    pub(crate) now: RwSignal<i64>,
    /// Whether the page can be seen.
    pub(crate) visible: RwSignal<bool>,
    /// What the one live region says.
    pub(crate) said: RwSignal<String>,
    /// The toast; empty when there is none.
    pub(crate) toast: RwSignal<String>,
    /// Light or dark.
    pub(crate) theme: RwSignal<Theme>,
    /// Whether single keys act.
    pub(crate) keys: RwSignal<bool>,
    /// Which overlay is open.
    pub(crate) overlay: RwSignal<Overlay>,
}

impl Console {
    /// Makes the signals and keeps them up to date.
    pub(crate) fn provide() -> Self {
        let theme = match browser::stored("penstock-theme").as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        };
        let console = Self {
            now: RwSignal::new(browser::now()),
            visible: RwSignal::new(browser::is_visible()),
            said: RwSignal::new(String::new()),
            toast: RwSignal::new(String::new()),
            theme: RwSignal::new(theme),
            keys: RwSignal::new(browser::stored("penstock-keys").as_deref() != Some("off")),
            overlay: RwSignal::new(Overlay::Closed),
        };
        provide_context(console);
        let tick = move || {
            if browser::is_visible() {
                console.now.set(browser::now());
            }
        };
        let _timer = set_interval_with_handle(tick, std::time::Duration::from_secs(1));
        let listener = window_event_listener_untyped("visibilitychange", move |_| {
            console.visible.set(browser::is_visible());
            tick();
        });
        on_cleanup(move || listener.remove());
        effect(move |_| {
            let theme = console.theme.get();
            browser::store("penstock-theme", theme.name());
            if let Some(root) = browser::document().document_element() {
                let _set = root.set_attribute("data-theme", theme.name());
            }
        });
        effect(move |_| browser::store("penstock-keys", if console.keys.get() { "on" } else { "off" }));
        console
    }

    /// Says something to everybody: a toast, and the live region.
    pub(crate) fn say(self, words: impl Into<String>) {
        let words = words.into();
        self.said.set(words.clone());
        self.toast.set(words.clone());
        set_timeout(
            move || {
                if self.toast.try_get_untracked().as_ref() == Some(&words) {
                    self.toast.set(String::new());
                }
            },
            std::time::Duration::from_secs(5),
        );
    }
}

/// The shared signals.
pub(crate) fn console() -> Console {
    expect_context()
}
