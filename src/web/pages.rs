//! The pages of the dashboard.
//!
//! A page is a struct with fields ready for display; its template has loops and nothing else.
//! Handlers read the store, ask [`disclosure`](super::disclosure) for what the reader may see,
//! and fill the struct.

mod error;
mod escaper;
mod files;
mod frame;
mod list;
mod login;
mod report;
mod share;
mod shares;
mod sign_in;
mod words;

#[cfg(test)]
mod tests;

use askama::Template;
use axum::{
    Router,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};

use super::{State, refusal::Refusal};

pub(super) use error::ErrorPage;
pub(super) use files::{place, share_id};
pub(super) use frame::Frame;
pub(super) use sign_in::login_address;

/// The routes of the pages.
pub(super) fn router() -> Router<State> {
    Router::new()
        .route("/", get(shares::list))
        .route("/shares/{id}", get(shares::share))
        .route("/shares/{id}/mail", get(files::mail))
        .route("/shares/{id}/documents/{number}", get(files::document))
        .route("/shares/{id}/documents/{number}/signatures/{index}", get(files::signature))
        .route("/login", get(sign_in::form).post(sign_in::sign_in))
        .route("/logout", post(sign_in::sign_out))
        .route("/language", post(sign_in::switch_language))
        .route("/assets/style.css", get(style))
        .route("/assets/icon.svg", get(icon))
}

/// The answer that is this page.
pub(super) fn page(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response(),
        Err(error) => Refusal::internal(&error).into_response(),
    }
}

/// The page's address has the stylesheet's digest in it, so that it never goes stale.
async fn style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", frame::STYLE)
}

async fn icon() -> impl IntoResponse {
    asset("image/svg+xml", frame::ICON)
}

fn asset(media_type: &'static str, content: &'static str) -> impl IntoResponse {
    const A_DAY: &str = "public, max-age=86400";
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, A_DAY)], content)
}
