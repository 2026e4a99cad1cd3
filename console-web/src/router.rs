//! Addresses: which page one names, moving between them without a reload, and Back.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlAnchorElement, MouseEvent};

use crate::browser;
use crate::reactive::prelude::*;
use crate::views::route::{self, Query, Route};

/// The address as signals. What did not change is not told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Router {
    /// The page.
    pub(crate) route: RwSignal<Route>,
    /// The path.
    pub(crate) path: RwSignal<String>,
    /// What stands where the route has a part of its own: `/tables/{0}/{1}`.
    params: RwSignal<Vec<String>>,
    query: RwSignal<Query>,
}

/// The router of this console.
pub(crate) fn router() -> Router {
    expect_context()
}

impl Router {
    /// Follows the address from here on.
    pub(crate) fn provide() -> Self {
        let path = browser::path();
        let (route, params) = parts(&path);
        let query = Query::read(&browser::search(), decode);
        let router =
            Self { route: RwSignal::new(route), path: RwSignal::new(path), params: RwSignal::new(params), query: RwSignal::new(query) };
        provide_context(router);
        browser::listen("popstate", move |_| router.read());
        browser::listen("click", move |event| router.follow_link(&event));
        router
    }

    /// The part of the path at a place, as the page that is in sight has it.
    pub(crate) fn param(self, place: usize) -> String {
        self.params.with(|params| params.get(place).cloned()).unwrap_or_default()
    }

    /// Reads the query.
    pub(crate) fn query<T>(self, read: impl FnOnce(&Query) -> T) -> T {
        self.query.with(read)
    }

    /// One value of the query as it stands, empty without one.
    pub(crate) fn query_once(self, name: &str) -> String {
        self.query.with_untracked(|query| query.get(name)).unwrap_or_default()
    }

    /// To another page, from its top.
    pub(crate) fn go(self, address: &str) {
        self.push(address);
        browser::window().scroll_to_with_x_and_y(0.0, 0.0);
    }

    /// To another view of the same page: what is in sight stays there.
    pub(crate) fn turn(self, address: &str) {
        self.push(address);
    }

    fn push(self, address: &str) {
        if let Ok(history) = browser::window().history() {
            // The same address again is no step that Back should undo.
            let same = browser::address() == address;
            let _refused = if same {
                history.replace_state_with_url(&JsValue::NULL, "", Some(address))
            } else {
                history.push_state_with_url(&JsValue::NULL, "", Some(address))
            };
        }
        self.read();
    }

    /// The route is told first: a page that is left must not see the parameters of the next.
    fn read(self) {
        let path = browser::path();
        let (route, params) = parts(&path);
        let query = Query::read(&browser::search(), decode);
        set(self.route, route);
        set(self.path, path);
        set(self.params, params);
        set(self.query, query);
    }

    /// A plain click on a link of this console is a step of the router's; every other one is the browser's.
    fn follow_link(self, event: &Event) {
        let event: &MouseEvent = event.unchecked_ref();
        let altered = event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || altered {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(link) = target.and_then(|target| target.closest("a[href]").ok().flatten()) else { return };
        let link: HtmlAnchorElement = link.unchecked_into();
        let elsewhere = link.origin() != browser::origin() || !link.target().is_empty() || link.has_attribute("download");
        if elsewhere || !link.hash().is_empty() {
            return;
        }
        event.prevent_default();
        let address = format!("{}{}", link.pathname(), link.search());
        if link.pathname() == self.path.get_untracked() {
            self.turn(&address);
        } else {
            self.go(&address);
        }
    }
}

fn set<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|before| *before != value) {
        signal.set(value);
    }
}

fn parts(path: &str) -> (Route, Vec<String>) {
    let (route, params) = route::split(path);
    (route, params.into_iter().map(decode).collect())
}

/// Undoes percent-encoding; what is not encoded well stays as it is.
fn decode(text: &str) -> String {
    js_sys::decode_uri_component(text).map_or_else(|_| text.to_owned(), String::from)
}
