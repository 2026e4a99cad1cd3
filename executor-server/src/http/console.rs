//! The console's built files, compressed ahead, with a strict content security policy.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::MethodRouter;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;
use tower_http::services::{ServeDir, ServeFile};

use super::problem::ApiError;

/// The console's folder.
#[derive(Clone, Debug)]
pub struct Console {
    directory: Arc<PathBuf>,
}

impl Console {
    /// The files of a folder; it need not exist.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory: Arc::new(directory) }
    }

    /// Everything that is not the API: a file, or the page that routes by itself.
    pub(super) fn pages(&self) -> MethodRouter {
        let console = self.clone();
        axum::routing::get(move |request: Request| async move { console.answer(request).await })
    }

    async fn answer(self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        if path == "/v1" || path.starts_with("/v1/") {
            return ApiError::not_found(&format!("address {path}")).into_response();
        }
        let index = self.directory.join("index.html");
        let Ok(page) = tokio::fs::read_to_string(&index).await else {
            return missing(&self.directory);
        };
        let accept_encoding = request.headers().get(header::ACCEPT_ENCODING).cloned();
        let files = ServeDir::new(self.directory.as_path()).precompressed_br().precompressed_gzip().append_index_html_on_directories(true);
        let Ok(mut response) = files.oneshot(request).await.map(|response| response.map(axum::body::Body::new));
        if response.status() == StatusCode::NOT_FOUND {
            // A name with an ending is a file that is missing; anything else is a page of the console.
            if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
                return ApiError::not_found(&format!("file {path}")).into_response();
            }
            let mut again = Request::new(axum::body::Body::empty());
            if let Some(accepted) = accept_encoding {
                again.headers_mut().insert(header::ACCEPT_ENCODING, accepted);
            }
            let page = ServeFile::new(&index).precompressed_br().precompressed_gzip();
            let Ok(found) = page.oneshot(again).await.map(|response| response.map(axum::body::Body::new));
            response = found;
        }
        let html = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        let caching = if !html && hashed(&path) { "public, max-age=31536000, immutable" } else { "no-cache" };
        protect(&mut response, &policy(&page), caching);
        response
    }
}

/// trunk puts 16 hex characters of the content into a file's name.
fn hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['-', '_', '.']).any(|part| part.len() == 16 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn protect(response: &mut Response, policy: &str, caching: &'static str) {
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", caching),
        ("vary", "accept-encoding"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// The policy for a page: its own inline scripts by their hashes, nothing else inline.
fn policy(page: &str) -> String {
    let mut hashes = String::new();
    for script in inline_scripts(page) {
        hashes.push_str(" 'sha256-");
        hashes.push_str(&STANDARD.encode(Sha256::digest(script)));
        hashes.push('\'');
    }
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn inline_scripts(page: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find("<script") {
        let tag = rest.get(start..).unwrap_or_default();
        let Some(open_end) = tag.find('>') else { break };
        let (attributes, body) = tag.split_at(open_end + 1);
        let Some(close) = body.find("</script") else { break };
        if let Some(script) = body.get(..close).filter(|_| !attributes.contains("src=")) {
            scripts.push(script);
        }
        rest = body.get(close..).unwrap_or_default();
    }
    scripts
}

fn missing(directory: &Path) -> Response {
    let page = format!(
        "<!doctype html><meta charset=utf-8><title>Penstock</title><h1>The console is not built</h1><p>There is no <code>index.html</code> in <code>{}</code>.<p>Build it with <code>cargo xtask up</code>, or name its folder with <code>--console</code>. The API answers at <a href=/openapi.json>/openapi.json</a>.",
        directory.display().to_string().replace('&', "&amp;").replace('<', "&lt;")
    );
    let mut response = (StatusCode::NOT_FOUND, Html(page)).into_response();
    protect(&mut response, &policy(""), "no-cache");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_allowed_by_their_hash_and_nothing_else() {
        let page = "<head><script type=\"module\">\nimport x from '/a.js';\n</script><script src=/b.js></script></head>";
        assert_eq!(inline_scripts(page), ["\nimport x from '/a.js';\n"]);
        let expected = STANDARD.encode(Sha256::digest("\nimport x from '/a.js';\n"));
        insta::assert_snapshot!(policy(page).replace(&expected, "<hash of the inline script>"));
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        assert!(hashed("/console-0123456789abcdef_bg.wasm") && hashed("/snippets/x-0123456789abcdef/inline.0123456789abcdef.js"));
        assert!(!hashed("/index.html") && !hashed("/console.js"));
    }
}
