//! Who may ask. Host and Origin are checked on loopback, too: a page of another origin that the user happens to visit
//! can neither read nor start anything, and a name that was re-bound to 127.0.0.1 is not ours.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::problem::ApiError;
use crate::config::Secret;

/// What is checked.
#[derive(Clone, Debug)]
pub struct Guard {
    hosts: Vec<String>,
    public: Option<String>,
    /// SHA-256 of the token: equal lengths are compared in constant time.
    token: Option<[u8; 32]>,
}

impl Guard {
    /// For a service that listens on `listen` and may be published under another host.
    pub fn new(listen: SocketAddr, public: Option<String>, token: Option<&Secret>) -> Self {
        let port = listen.port();
        let mut hosts = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")];
        if !listen.ip().is_unspecified() {
            hosts.push(listen.to_string());
        }
        Self {
            hosts,
            public: public.map(|host| host.to_ascii_lowercase()),
            token: token.map(|token| Sha256::digest(token.expose()).into()),
        }
    }

    fn judge(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<(), ApiError> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}").to_ascii_lowercase());
        let host = text(header::HOST).unwrap_or_default();
        let ours = self.hosts.contains(&host) || self.public.as_ref() == Some(&host);
        if !ours {
            let detail = format!("'{host}' is not a name of this service");
            return Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, "host-not-ours", "Not our host", detail)
                .hint("use the address that the service printed; behind a proxy set PENSTOCK_PUBLIC_HOST"));
        }
        let api = below_v1(path);
        if let Some(origin) = text(header::ORIGIN) {
            let same = origin == format!("http://{host}") || origin == format!("https://{host}");
            if !same {
                let detail = format!("a page of '{origin}' may not use this service");
                return Err(ApiError::new(StatusCode::FORBIDDEN, "origin-not-ours", "Not our origin", detail));
            }
        }
        let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok()).unwrap_or("none");
        // Following a link to a page of the console is fine; reading or starting anything is not.
        let link = !api && method == Method::GET && headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
        if !matches!(site, "same-origin" | "none") && !link {
            let detail = format!("the request comes from another page ({site})");
            return Err(ApiError::new(StatusCode::FORBIDDEN, "origin-not-ours", "Not our origin", detail));
        }
        if let Some(expected) = self.token.filter(|_| api || path == "/metrics") {
            let given =
                headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
            let given: [u8; 32] = Sha256::digest(given.unwrap_or_default()).into();
            if !bool::from(given.ct_eq(&expected)) {
                return Err(ApiError::new(
                    StatusCode::UNAUTHORIZED,
                    "token-wrong",
                    "Token missing or wrong",
                    "this service needs its token",
                )
                .hint("send Authorization: Bearer <PENSTOCK_TOKEN>"));
            }
        }
        Ok(())
    }
}

fn below_v1(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}

/// Lets through or refuses.
pub(super) async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut headers = request.headers().clone();
    // HTTP/2 names the host in the address.
    if let (None, Some(authority)) = (headers.get(header::HOST), request.uri().authority())
        && let Ok(host) = authority.as_str().parse()
    {
        headers.insert(header::HOST, host);
    }
    match guard.judge(request.method(), request.uri().path(), &headers) {
        Ok(()) => next.run(request).await,
        Err(error) => {
            let unauthorized = error.status() == StatusCode::UNAUTHORIZED;
            let mut response = error.into_response();
            if unauthorized {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
            }
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, headers: &[(&'static str, &str)], allowed: bool) {
        let token = headers.iter().any(|(name, _)| *name == "authorization");
        let token = token.then(|| Secret::new("0123456789abcdef"));
        let guard = Guard::new(SocketAddr::from(([127, 0, 0, 1], 8642)), Some("penstock.example".into()), token.as_ref());
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap())).collect();
        assert_eq!(guard.judge(&Method::GET, path, &headers).is_ok(), allowed, "{path} {headers:?}");
    }

    #[test]
    fn hosts() {
        for host in ["127.0.0.1:8642", "localhost:8642", "LOCALHOST:8642", "[::1]:8642", "penstock.example"] {
            check("/v1/jobs", &[("host", host)], true);
        }
        for host in ["evil.example", "127.0.0.1", "127.0.0.1:8643", "evil.example:8642", "127.0.0.1:8642.evil.example", ""] {
            check("/v1/jobs", &[("host", host)], false);
        }
        check("/livez", &[], false);
    }

    #[test]
    fn origins() {
        let host = ("host", "localhost:8642");
        check("/v1/jobs", &[host, ("origin", "http://localhost:8642")], true);
        for origin in
            ["http://evil.example", "null", "http://localhost:8643", "http://127.0.0.1:8642", "http://localhost:8642.evil.example"]
        {
            check("/v1/jobs", &[host, ("origin", origin)], false);
        }
        check("/v1/jobs", &[host, ("sec-fetch-site", "same-origin")], true);
        check("/v1/jobs", &[host, ("sec-fetch-site", "none")], true);
        check("/v1/jobs", &[host, ("sec-fetch-site", "same-site")], false);
        check("/v1/jobs", &[host, ("sec-fetch-site", "cross-site")], false);
        check("/v1/jobs", &[host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], false);
        check("/jobs/1", &[host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], true);
        check("/app.js", &[host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], false);
    }

    #[test]
    fn tokens() {
        let host = ("host", "localhost:8642");
        check("/v1/jobs", &[host, ("authorization", "Bearer 0123456789abcdef")], true);
        check("/metrics", &[host, ("authorization", "Bearer 0123456789abcdef")], true);
        for wrong in ["Bearer 0123456789abcdeF", "Bearer ", "Basic 0123456789abcdef", "0123456789abcdef", "Bearer 0123456789abcdef "] {
            check("/v1/jobs", &[host, ("authorization", wrong)], false);
            check("/metrics", &[host, ("authorization", wrong)], false);
            check("/livez", &[host, ("authorization", wrong)], true);
        }
    }
}
