//! Answers made smaller on their way.
//!
//! The length of a compressed answer tells how alike its parts are, so who can choose a part of a
//! page and see its length learns of the others (BREACH). Three things stand against that: a form's
//! token is another text in each answer; what a page of another site had a browser ask for, with its
//! cookie, is not compressed; and neither is any file.

use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, StatusCode, Version, header},
    middleware::Next,
    response::Response,
};
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{And, Predicate as _, SizeAbove},
    },
};

/// Smaller answers gain nothing.
const LEAST: u64 = 860;

/// What is compressed, by its media type.
const TYPES: [&str; 6] = [
    "application/json",
    "application/problem+json",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/plain",
];

type Rule = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Compresses for those who say that they take it.
pub(super) fn layer() -> CompressionLayer<And<SizeAbove, Rule>> {
    let rule: Rule = |_, _, headers, _| is_text_of_ours(headers);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(LEAST).and(rule))
}

/// Keeps what a foreign page asks for with our cookie from being compressed. Stands around
/// [`layer`].
pub(super) async fn keep_from_strangers(mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let site = headers.get("sec-fetch-site");
    let is_ours = site.is_some_and(|site| site == "same-origin" || site == "none");
    if headers.contains_key(header::COOKIE) && !is_ours {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.run(request).await
}

fn is_text_of_ours(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    TYPES.contains(&essence.trim()) && !headers.contains_key(header::CONTENT_DISPOSITION)
}
