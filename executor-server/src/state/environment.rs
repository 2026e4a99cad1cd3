//! Where a plan was made: the same ids on another server would mean other tables.

use planner_core::digest;
use serde::{Deserialize, Serialize};

use crate::config::ClickHouse;

/// A ClickHouse as plans remember it. User and password are no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Database that unqualified names refer to; empty for the user's own.
    pub database: String,
    /// 64 hex characters over the other two.
    pub fingerprint: String,
    /// Scheme, host and port; of several servers in the order of their names.
    pub origin: String,
}

impl Environment {
    /// The environment of a configuration.
    pub fn of(clickhouse: &ClickHouse) -> Self {
        let mut origins: Vec<String> = clickhouse.urls.iter().map(|url| url.origin().ascii_serialization()).collect();
        origins.sort();
        let origin = origins.join(",");
        let database = clickhouse.database.clone().unwrap_or_default();
        let fingerprint = digest::of_document("penstock-environment", &(&database, &origin)).to_string();
        Self { database, fingerprint, origin }
    }
}

impl std::fmt::Display for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.origin)?;
        if self.database.is_empty() { Ok(()) } else { write!(f, " (database {})", self.database) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn the_origin_and_the_database_make_the_environment_and_nothing_else_does() {
        let of = |urls: &str, user: &str, database: Option<&str>| {
            let urls = urls.split(' ').map(|url| reqwest::Url::parse(url).unwrap()).collect();
            let database = database.map(str::to_owned);
            Environment::of(&ClickHouse { urls, cluster: None, user: user.into(), password: Secret::new("x"), database })
        };
        let one = of("http://h:8123/", "a", None);
        assert_eq!(one, of("http://h:8123", "b", None));
        assert_ne!(one.fingerprint, of("http://h:8124", "a", None).fingerprint);
        assert_ne!(one.fingerprint, of("https://h:8123", "a", None).fingerprint);
        assert_ne!(one.fingerprint, of("http://h:8123", "a", Some("d")).fingerprint);
        assert_eq!(of("https://h", "a", Some("d")).to_string(), "https://h (database d)");
        assert_eq!(of("http://h:1 http://g:1", "a", None), of("http://g:1 http://h:1", "a", None));
        assert_ne!(of("http://h:1 http://g:1", "a", None), of("http://h:1", "a", None));
    }
}
