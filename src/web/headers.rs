//! The headers that every answer bears.
//!
//! Pages load nothing but our own stylesheet and icon, run no script, send forms to us alone and
//! cannot be framed. What staff see is never kept by a cache.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
                           form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const HEADERS: [(HeaderName, &str); 8] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// The header in which a proxy in front says how the browser speaks with it; our own listener says it
/// of a connection within TLS.
pub(super) const PROTOCOL: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Adds the headers that the answer does not have yet.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let over_tls = is_over_tls(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if over_tls {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// Whether the browser's side is TLS, ours or that of the proxy in front. A client that says so itself
/// makes only its own cookies stricter.
pub(super) fn is_over_tls(headers: &HeaderMap) -> bool {
    headers.get(PROTOCOL).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https"))
}
