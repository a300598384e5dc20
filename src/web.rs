//! The dashboard and the API over HTTP.
//!
//! Server-made pages without scripts, and JSON for programs. The only module that names `axum`.
//! TLS is its own listener's, with the certificate that it is given, or the proxy's in front. What a reader may see is decided in one place, the
//! private module `disclosure`, and every look at personal data has its line in the audit before
//! it happens. Handlers answer in bounded time, read bounded bodies, and tell nothing of the
//! inside when they fail.

mod api;
mod attachment;
mod compression;
mod disclosure;
mod guard;
mod headers;
mod listener;
mod pages;
mod query;
mod readiness;
mod refusal;
mod secret;
mod session;
mod sign_ins;
mod texts;

use std::sync::Arc;

use axum::{
    Router,
    extract::State as Extract,
    http::{StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::sync::watch;

use crate::{
    archive::Archive,
    clock::Clock,
    domain::ClockState,
    metrics::{Metrics, Task},
    registry::Registry,
    store::Store,
    trust::TrustStore,
};

pub use listener::{Limits, Terms, serve};
pub use readiness::{Part, Readiness, Standing};
pub use secret::Token;
pub use sign_ins::SignIns;

/// What pages and API are made from. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct State {
    /// The database.
    pub store: Store,
    /// The shares that are kept, over the same database.
    pub archive: Archive,
    /// The registry in force.
    pub registry: watch::Receiver<Arc<Registry>>,
    /// Whether mail is acknowledged now, and what does not work.
    pub readiness: Readiness,
    /// The task that the server needs and is without.
    pub missing: watch::Receiver<Option<Task>>,
    /// How the clock stands to the greatest time seen: whether anything is destroyed.
    pub standing: watch::Receiver<ClockState>,
    /// Where the time comes from.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Metrics,
    /// The trust directory; while it is empty a warning stands on every page.
    pub trust: watch::Receiver<Arc<TrustStore>>,
    /// What clients may use up.
    pub limits: Limits,
    /// What stands before passwords.
    pub sign_ins: SignIns,
}

impl State {
    fn organisation(&self) -> String {
        self.registry.borrow().organisation.clone()
    }
}

/// The dashboard, the API and the probes.
pub fn router(state: State) -> Router {
    Router::new()
        .merge(pages::router())
        .merge(api::router())
        .merge(probes())
        .fallback(|| async { refusal::Refusal::NotFound })
        .layer(from_fn_with_state(state.clone(), guard::take_body))
        .layer(from_fn(guard::same_site))
        .layer(from_fn(guard::one_host))
        .layer(from_fn(guard::bound))
        .layer(from_fn_with_state(state.clone(), refusal::dress))
        .layer(from_fn(headers::secure))
        .layer(compression::layer())
        .layer(from_fn(compression::keep_from_strangers))
        .with_state(state)
}

/// The metrics and the probes, for a listener of their own: whoever takes all connections of the
/// dashboard takes none of these.
pub fn metrics_router(state: State) -> Router {
    Router::new()
        .route(
            "/metrics",
            get(|Extract(state): Extract<State>| async move {
                let media_type = "text/plain; version=0.0.4; charset=utf-8";
                ([(header::CONTENT_TYPE, media_type)], state.metrics.render())
            }),
        )
        .merge(probes())
        .layer(from_fn(guard::one_host))
        .layer(from_fn(guard::bound))
        .layer(from_fn(headers::secure))
        .layer(compression::layer())
        .layer(from_fn(compression::keep_from_strangers))
        .with_state(state)
}

fn probes() -> Router<State> {
    Router::new().route("/livez", get(alive)).route("/readyz", get(ready))
}

/// Whether all is there that the server consists of.
async fn alive(Extract(state): Extract<State>) -> Response {
    match *state.missing.borrow() {
        None => "alive\n".into_response(),
        Some(task) => {
            let text = format!("the server is without a task that it needs: {}\n", task.as_str());
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

/// Whether mail is acknowledged. A database that is down changes nothing in that: mail waits for it in
/// the spool, and taking a node out of service for it would turn mail away.
async fn ready(Extract(state): Extract<State>) -> Response {
    state.readiness.answer()
}
