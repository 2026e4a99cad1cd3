//! Where ClickHouse is: one address, or several servers that hold the same tables.

use planner_core::sql::identifier::Identifier;
use reqwest::Url;

use super::sources::{Kind, Setting, Sources};
use super::values::{self, Address};
use super::{Flags, Secret};

/// Most addresses.
const MOST_URLS: usize = 64;

/// How to reach ClickHouse.
#[derive(Clone, Debug)]
pub struct ClickHouse {
    /// `http://` or `https://` addresses without user, password and query: at least one, each of a server of its own
    /// unless a cluster is named.
    pub urls: Vec<Url>,
    /// The cluster of `system.clusters` whose servers may run what is sent; none where the addresses are all there are.
    pub cluster: Option<Identifier>,
    /// User; default `default`.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// Database that unqualified names in views' SELECTs refer to; default the user's.
    pub database: Option<String>,
}

impl ClickHouse {
    /// The addresses, as people are told where ClickHouse is.
    pub fn name(&self) -> String {
        self.urls.iter().map(Url::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// Reads `[clickhouse]`.
pub(super) fn read(from: &mut Sources, flags: &Flags) -> ClickHouse {
    let one = Setting::new("clickhouse", "url", Kind::Text).flag("--clickhouse-url", flags.clickhouse_url.clone());
    let one = from.read(one, Some(values::DEFAULT_URL), values::address);
    let many = Setting::new("clickhouse", "urls", Kind::Texts).flag("--clickhouse-urls", flags.clickhouse_urls.clone());
    let many = from.read(many, None, addresses);
    let level = (from.level("clickhouse.url"), from.level("clickhouse.urls"));
    let addresses = match (one, many) {
        (Some(_), Some(_)) if level.0 == level.1 => {
            from.fault("clickhouse.url and clickhouse.urls: one address or a list of them; set one of the two".into());
            vec![values::default_address()]
        }
        (Some(one), many) if many.is_none() || level.0 > level.1 => {
            from.show("clickhouse.url", one.url.to_string());
            from.hide("clickhouse.urls");
            vec![one]
        }
        (_, Some(many)) => {
            let shown: Vec<&str> = many.iter().map(|address| address.url.as_str()).collect();
            from.show("clickhouse.urls", shown.join(","));
            from.hide("clickhouse.url");
            many
        }
        (_, None) => {
            from.hide("clickhouse.urls");
            vec![values::default_address()]
        }
    };
    let cluster = Setting::new("clickhouse", "cluster", Kind::Text).flag("--clickhouse-cluster", flags.clickhouse_cluster.clone());
    let cluster = from.read(cluster, None, |text| Identifier::new(text));
    let user = from.text(Setting::new("clickhouse", "user", Kind::Text), Some("default"));
    let password = from.text(Setting::new("clickhouse", "password", Kind::Secret), None);
    let database = from.text(Setting::new("clickhouse", "database", Kind::Text), None);
    let (origin, in_address) = (if addresses.len() > 1 { "clickhouse.urls" } else { "clickhouse.url" }, addresses.first());
    if let (None, Some(user)) = (&user, in_address.and_then(|address| address.user.clone())) {
        from.show_from("clickhouse.user", user, origin);
    }
    if password.is_none() && in_address.is_some_and(|address| address.password.is_some()) {
        from.show_from("clickhouse.password", "***".into(), origin);
    }
    let of_address = in_address.map(|address| (address.user.clone(), address.password.clone())).unwrap_or_default();
    ClickHouse {
        urls: addresses.into_iter().map(|address| address.url).collect(),
        cluster,
        user: user.or(of_address.0).unwrap_or_else(|| "default".into()),
        password: password.map(Secret::new).or(of_address.1).unwrap_or_default(),
        database,
    }
}

/// Addresses with commas between them: each another server, all entered as the same user.
fn addresses(text: &str) -> Result<Vec<Address>, String> {
    let found: Vec<Address> = text.split(',').map(|one| values::address(one.trim())).collect::<Result<_, _>>()?;
    if found.len() > MOST_URLS {
        return Err(format!("{} addresses; at most {MOST_URLS} are possible", found.len()));
    }
    for (i, one) in found.iter().enumerate() {
        if found.iter().take(i).any(|other| other.url == one.url) {
            return Err(format!("{} stands there twice; each address is another server", one.url));
        }
        if found.first().is_some_and(|first| first.user != one.user || first.password != one.password) {
            return Err("the addresses name different users; set clickhouse.user and clickhouse.password, which hold for all".into());
        }
    }
    Ok(found)
}
