//! A value of the service on the page: absent, loading, there, stale.

use serde::de::DeserializeOwned;

use crate::api_client::{self, Failure};
use crate::reactive::prelude::*;

/// What is known of one address of the API.
#[derive(Debug)]
pub(crate) struct Remote<T: Send + Sync + 'static> {
    /// The last good answer; stays while a later one fails.
    pub(crate) value: RwSignal<Option<T>>,
    /// Why the last question has no answer.
    pub(crate) failure: RwSignal<Option<Failure>>,
    path: RwSignal<String>,
    asked: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Remote<T> {}

impl<T: Clone + PartialEq + DeserializeOwned + Send + Sync + 'static> Remote<T> {
    /// Asks whenever the address changes; asks nothing while it is empty.
    pub(crate) fn new(path: impl Fn() -> String + Send + Sync + 'static) -> Self {
        let remote =
            Self { value: RwSignal::new(None), failure: RwSignal::new(None), path: RwSignal::new(String::new()), asked: RwSignal::new(0) };
        let path = memo(path);
        let mut asked = false;
        effect(move || {
            let path = path.get();
            if std::mem::replace(&mut asked, true) {
                remote.value.set(None);
            }
            remote.failure.set(None);
            remote.path.set(path);
            remote.refresh();
        });
        remote
    }

    /// Asks again; the value stays until the answer.
    pub(crate) fn refresh(self) {
        let path = self.path.get_untracked();
        if path.is_empty() {
            return;
        }
        let asked = self.asked.get_untracked().wrapping_add(1);
        self.asked.set(asked);
        api_client::ask(path, move |text| self.answered(asked, text));
    }

    fn answered(self, asked: u32, text: Result<String, Failure>) {
        // The page may be gone, or a later question may be on its way.
        if self.asked.try_get_untracked() != Some(asked) {
            return;
        }
        match text.and_then(|text| api_client::read::<T>(&text)) {
            Ok(value) => {
                if self.failure.with_untracked(Option::is_some) {
                    self.failure.set(None);
                }
                if self.value.with_untracked(|before| before.as_ref() != Some(&value)) {
                    self.value.set(Some(value));
                }
            }
            Err(failure) => self.failure.set(Some(failure)),
        }
    }

    /// Asks again every `seconds` while the page is visible, but never while somebody drags: what came due then is asked afterwards.
    #[must_use]
    pub(crate) fn every(self, seconds: i64) -> Self {
        let console = crate::console::console();
        let mut before = None;
        effect(move || {
            let due = console.now.get() / 1000 / seconds;
            if console.busy.get() {
                return;
            }
            if before.replace(due).is_some_and(|before| before != due) {
                self.refresh();
            }
        });
        self
    }
}
