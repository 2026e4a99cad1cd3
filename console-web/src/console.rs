//! What all pages share: the clock, words for assistive technology, preferences.

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};

use crate::browser;
use crate::reactive::prelude::*;

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
    /// Whether a pointer is pressed or a slider is moved by keys: until then no poll leaves the page.
    pub(crate) busy: RwSignal<bool>,
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
            busy: RwSignal::new(false),
        };
        provide_context(console);
        let tick = move || {
            if browser::is_visible() {
                console.now.set(browser::now());
            }
        };
        browser::every_second(tick);
        browser::listen("visibilitychange", move |_| {
            console.visible.set(browser::is_visible());
            tick();
        });
        console.watch_hands();
        effect(move || {
            let theme = console.theme.get();
            browser::store("penstock-theme", theme.name());
            if let Some(root) = browser::document().document_element() {
                let _set = root.set_attribute("data-theme", theme.name());
            }
        });
        effect(move || browser::store("penstock-keys", if console.keys.get() { "on" } else { "off" }));
        console
    }

    /// Says something to everybody: a toast, and the live region.
    pub(crate) fn say(self, words: impl Into<String>) {
        let words = words.into();
        self.said.set(words.clone());
        self.toast.set(words.clone());
        let _shown = browser::after(5000, move || {
            if self.toast.try_get_untracked().as_ref() == Some(&words) {
                self.toast.set(String::new());
            }
        });
    }

    /// Closes an overlay, if it is the one that is open.
    pub(crate) fn close(self, overlay: Overlay) {
        if self.overlay.get_untracked() == overlay {
            self.overlay.set(Overlay::Closed);
        }
    }

    /// Knows when somebody drags or moves a slider by keys. A press whose end is not told (a native menu takes it, the
    /// window loses the focus) ends with the next movement that presses nothing.
    fn watch_hands(self) {
        let busy = move |now: bool| {
            if self.busy.get_untracked() != now {
                self.busy.set(now);
            }
        };
        browser::listen("pointerdown", move |event| busy(event.unchecked_ref::<PointerEvent>().is_primary()));
        browser::listen("pointermove", move |event| {
            if event.unchecked_ref::<PointerEvent>().buttons() == 0 {
                busy(false);
            }
        });
        browser::listen("keydown", move |event| {
            if moves_slider(event.unchecked_ref()) {
                busy(true);
            }
        });
        for end in ["pointerup", "pointercancel", "keyup", "blur"] {
            browser::listen(end, move |_| busy(false));
        }
    }
}

/// Whether a key moves the slider that it is pressed on.
pub(crate) fn moves_slider(event: &KeyboardEvent) -> bool {
    let on_slider = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|element| element.get_attribute("type").as_deref() == Some("range"));
    on_slider
        && matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End" | "PageUp" | "PageDown")
}

/// The shared signals.
pub(crate) fn console() -> Console {
    expect_context()
}
