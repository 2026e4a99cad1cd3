//! Which page an address names, and what its parts and its query say.

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/`
    Overview,
    /// `/tables`
    Tables,
    /// `/tables/{database}/{table}`
    Table,
    /// `/plan`
    Studio,
    /// `/plans/{digest}`
    Plan,
    /// `/jobs`
    Jobs,
    /// `/jobs/{id}`
    Job,
    /// Anything else.
    Missing,
}

/// The page of a path, with the parts of the path that are its parameters, as they stand there.
pub fn split(path: &str) -> (Route, Vec<&str>) {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => (Route::Overview, Vec::new()),
        ["tables"] => (Route::Tables, Vec::new()),
        ["tables", database, table] => (Route::Table, vec![database, table]),
        ["plan"] => (Route::Studio, Vec::new()),
        ["plans", digest] => (Route::Plan, vec![digest]),
        ["jobs"] => (Route::Jobs, Vec::new()),
        ["jobs", id] => (Route::Job, vec![id]),
        _ => (Route::Missing, Vec::new()),
    }
}

/// The query of an address, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `?a=1&b=two+words`; `decode` undoes percent-encoding.
    pub fn read(search: &str, decode: impl Fn(&str) -> String) -> Self {
        let text = |part: &str| decode(&part.replace('+', " "));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (text(name), text(value))
        };
        Self(search.trim_start_matches('?').split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// A value by its name.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_pages() {
        assert_eq!(split("/"), (Route::Overview, vec![]));
        assert_eq!(split("/tables"), (Route::Tables, vec![]));
        assert_eq!(split("/tables/demo/events"), (Route::Table, vec!["demo", "events"]));
        assert_eq!(split("/plan"), (Route::Studio, vec![]));
        assert_eq!(split("/plans/9f3c"), (Route::Plan, vec!["9f3c"]));
        assert_eq!(split("/jobs/"), (Route::Jobs, vec![]));
        assert_eq!(split("/jobs/17"), (Route::Job, vec!["17"]));
        assert_eq!(split("/no/such/page"), (Route::Missing, vec![]));
        assert_eq!(split("/jobs/17/more"), (Route::Missing, vec![]));
    }

    #[test]
    fn queries_are_decoded_by_name() {
        let query = Query::read("?q=two+words&state=%64one&bare&q=second", |text| text.replace("%64", "d"));
        assert_eq!(query.get("q").as_deref(), Some("two words"));
        assert_eq!(query.get("state").as_deref(), Some("done"));
        assert_eq!(query.get("bare").as_deref(), Some(""));
        assert_eq!(query.get("absent"), None);
        assert_eq!(Query::read("", str::to_owned), Query::default());
    }
}
