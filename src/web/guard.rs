//! What stands before every handler: time, panics, and forms from elsewhere.

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::{task::AbortHandle, time::timeout};

use super::{refusal::Refusal, session::host};

/// How long an answer may take, the transfer of its body aside.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The greatest body of a request, in bytes: the login form with its longest password.
pub(super) const BODY_LIMIT: usize = 16 * 1024;

/// Answers in bounded time, and with an error page if a handler panics.
pub(super) async fn bound(request: Request, next: Next) -> Response {
    // A task of its own turns a panic into a value; otherwise it would take the connection along.
    let task = tokio::spawn(async move { next.run(request).await });
    // The task must not outlive the request: the client may have gone.
    let _abort = AbortOnDrop(task.abort_handle());
    match timeout(TIME_LIMIT, task).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => Refusal::internal(&error).into_response(),
        Err(_) => Refusal::Timeout.into_response(),
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Refuses what changes something and was sent by a page of another site, the login form
/// included. Forms of a session bear a token besides.
pub(super) async fn same_site(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_from_here(request.headers()) {
        next.run(request).await
    } else {
        Refusal::StaleForm.into_response()
    }
}

/// Whether the browser says that the request comes from a page of ours.
///
/// `Sec-Fetch-Site` decides where there is one: pages cannot forge it. `Origin` is `null` from
/// our own pages too, since they send no referrer, so it counts only for browsers that do not
/// know the former. Programs send neither; they hold no session of a visitor to a foreign page.
fn is_from_here(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().unwrap_or_default();
    origin
        .split_once("://")
        .is_some_and(|(_, authority)| !authority.is_empty() && Some(authority) == host(headers))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn tells_forms_of_ours_from_those_of_others() {
        let cases: [(&[(&str, &str)], bool); 9] = [
            (&[], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://s.ua")], false),
            (&[("sec-fetch-site", "same-site"), ("origin", "https://s.ua")], false),
            (&[("origin", "https://s.ua")], true),
            (&[("origin", "null")], false),
            (&[("origin", "https://s.ua.evil.example")], false),
            (&[("origin", "https://")], false),
            (&[("origin", "s.ua")], false),
        ];
        for (given, from_here) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("s.ua"));
            for (name, value) in given {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(is_from_here(&headers), from_here, "{given:?}");
        }
    }
}
