//! What stands before every handler: time, panics, the host, bodies, and forms from elsewhere.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody as _, to_bytes},
    extract::{Request, State as Extract},
    http::{HeaderMap, HeaderValue, Method, Version, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::{task::AbortHandle, time::timeout};

use super::{
    State,
    refusal::Refusal,
    session::{host, lacks_https},
};
use crate::metrics::WebRefusal;

/// How long an answer may take, the transfer of its body aside.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The greatest body of a request, in bytes: the login form with its longest password.
const BODY_LIMIT: usize = 16 * 1024;

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

/// Takes the whole body, within its time and size, so that no handler waits for a client.
pub(super) async fn take_body(
    Extract(state): Extract<State>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    match timeout(state.limits.body_timeout(), to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(head, Body::from(bytes))).await,
        // It is over its limit, or the client is gone and reads no answer.
        Ok(Err(_)) => Refusal::TooLarge.into_response(),
        Err(_) => {
            state.metrics.web_connection_refused(WebRefusal::SlowBody);
            Refusal::SlowBody.into_response()
        }
    }
}

/// Refuses a request that does not say once and readably for which host it is (RFC 9112 §3.2).
pub(super) async fn one_host(request: Request, next: Next) -> Response {
    if names_one_host(&request) {
        next.run(request).await
    } else {
        let why = "give one header Host with the name that the server is called by";
        Refusal::BadRequest(why.to_owned()).into_response()
    }
}

fn names_one_host(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => is_host(host),
        (None, None) => request.version() < Version::HTTP_11,
        (_, Some(_)) => false,
    }
}

/// Whether it is a host, with a port or without (RFC 9110 §7.2).
fn is_host(value: &HeaderValue) -> bool {
    let text = value.to_str().unwrap_or_default();
    !text.contains('@') && text.parse::<Authority>().is_ok()
}

/// Refuses what changes something and was sent by a page of another site, the login form
/// included. Forms of a session bear a token besides.
pub(super) async fn same_site(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads {
        next.run(request).await
    } else if lacks_https(request.headers()) && is_of_plain_page(request.headers()) {
        Refusal::NeedsHttps.into_response()
    } else if is_from_here(request.headers()) {
        next.run(request).await
    } else {
        Refusal::StaleForm.into_response()
    }
}

/// Whether a browser sends it, from a page that came without TLS or that it does not name.
fn is_of_plain_page(headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    origin.is_some_and(|origin| origin == b"null" || origin.starts_with(b"http://"))
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
    use super::*;

    #[test]
    fn rfc9112_3_2_a_request_names_one_host() {
        let cases: [(Version, &[&str], bool); 12] = [
            (Version::HTTP_11, &["skrynka.example.ua"], true),
            (Version::HTTP_11, &["127.0.0.1:8080"], true),
            (Version::HTTP_11, &["[::1]:8080"], true),
            (Version::HTTP_10, &["localhost"], true),
            (Version::HTTP_10, &[], true),
            (Version::HTTP_11, &[], false),
            (Version::HTTP_11, &[""], false),
            (Version::HTTP_11, &["a.ua", "a.ua"], false),
            (Version::HTTP_10, &["a.ua", "b.ua"], false),
            (Version::HTTP_11, &["a.ua, b.ua"], false),
            (Version::HTTP_11, &["a.ua/b"], false),
            (Version::HTTP_11, &["a.ua@b.ua"], false),
        ];
        for (version, hosts, is_one) in cases {
            let mut request = Request::new(Body::empty());
            *request.version_mut() = version;
            for host in hosts {
                request.headers_mut().append(header::HOST, HeaderValue::from_static(host));
            }
            assert_eq!(names_one_host(&request), is_one, "{version:?} {hosts:?}");
        }
    }

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
