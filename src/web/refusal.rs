//! What is answered instead of what was asked for: fixed texts, nothing of the inside.
//!
//! A handler says which refusal it is; [`dress`] makes a page of it or, under `/api/`, a problem
//! document (RFC 9457). The cause of a failure of ours is logged here, once, under an incident
//! code that the reader can tell the administrator.

use std::{error::Error, fmt::Write as _};

use axum::{
    extract::{Request, State as Extract},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

use super::{
    State,
    pages::{ErrorPage, Frame, page},
    query::QueryError,
    session::language,
    texts::Texts,
};
use crate::{archive::ArchiveError, metrics::Part, store::StoreError};

/// A refusal.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// The request makes no sense; the sentence says why.
    BadRequest(String),
    /// Too much is going on.
    Busy,
    /// The reader's role does not open this.
    Forbidden,
    /// It was destroyed when its term ended.
    Gone,
    /// We failed; the incident's code.
    Internal(String),
    /// The address does not take this method.
    Method,
    /// A form from a page that was opened without TLS over a network.
    NeedsHttps,
    /// There is no such thing, or the reader may not know that there is.
    NotFound,
    /// Nobody is signed in: go to the login page, and come back here.
    SignIn,
    /// The request's body did not come in time.
    SlowBody,
    /// A form that does not come from a page of this session.
    StaleForm,
    /// The answer took too long.
    Timeout,
    /// The request's body is over its limit.
    TooLarge,
    /// The API wants a token; whether one was given.
    Unauthorized {
        /// A token was given, and opens nothing.
        given: bool,
    },
}

impl Refusal {
    /// A failure of ours, logged with its causes.
    pub(super) fn internal(error: &dyn Error) -> Self {
        let incident = incident();
        let mut causes = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let _ = write!(causes, ": {cause}");
            source = cause.source();
        }
        tracing::error!(incident, error = causes, "a request could not be answered");
        Self::Internal(incident)
    }

    /// The parts of the answer: status, the key of the page's texts, the API's sentence.
    fn parts(&self) -> (StatusCode, &'static str, String) {
        let (status, key, sentence) = match self {
            Self::BadRequest(why) => {
                return (StatusCode::BAD_REQUEST, "error-bad-request", why.clone());
            }
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "error-busy",
                "the server is busy; try again in a minute",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "error-forbidden",
                "this is not open to you: nobody asked for this copy, or the scope of the token \
                 does not cover it",
            ),
            Self::Gone => (
                StatusCode::GONE,
                "error-gone",
                "this copy was destroyed when its retention period ended",
            ),
            Self::Internal(incident) => {
                let sentence = format!("something failed on our side; the incident is {incident}");
                return (StatusCode::INTERNAL_SERVER_ERROR, "error-internal", sentence);
            }
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "error-method",
                "this address does not take this method",
            ),
            Self::NeedsHttps => (
                StatusCode::FORBIDDEN,
                "error-needs-https",
                "this needs HTTPS: open the address that begins with https://",
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "error-not-found",
                "there is no such thing, or it belongs to a branch that the token does not see",
            ),
            Self::SignIn => (StatusCode::SEE_OTHER, "login-title", "sign in first"),
            Self::SlowBody => (
                StatusCode::REQUEST_TIMEOUT,
                "error-slow-body",
                "the body of the request did not come in time; send it again",
            ),
            Self::StaleForm => (
                StatusCode::FORBIDDEN,
                "error-stale-form",
                "the form does not come from a page of this session",
            ),
            Self::Timeout => (
                StatusCode::GATEWAY_TIMEOUT,
                "error-timeout",
                "the answer took too long; try again",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "error-too-large",
                "the body is larger than this address takes",
            ),
            Self::Unauthorized { given: false } => (
                StatusCode::UNAUTHORIZED,
                "login-title",
                "give an API token in the header Authorization: Bearer …",
            ),
            Self::Unauthorized { given: true } => (
                StatusCode::UNAUTHORIZED,
                "login-title",
                "this API token is unknown or revoked; make another with skrynka token add",
            ),
        };
        (status, key, sentence.to_owned())
    }

    /// What an answer without a body of ours means, by its status.
    fn of_status(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::NOT_FOUND => Some(Self::NotFound),
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::Method),
            StatusCode::PAYLOAD_TOO_LARGE => Some(Self::TooLarge),
            status if status.is_client_error() => {
                Some(Self::BadRequest("the request cannot be read".to_owned()))
            }
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.parts().0.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self::BadRequest(error.to_string())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let is_busy = matches!(error, StoreError::Busy | StoreError::NoConnection);
        if is_busy { Self::Busy } else { Self::internal(&error) }
    }
}

impl From<ArchiveError> for Refusal {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Store(error) => error.into(),
            ArchiveError::Vault(error) => Self::internal(&error),
        }
    }
}

/// Gives every refusal its body.
pub(super) async fn dress(
    Extract(state): Extract<State>,
    request: Request,
    next: Next,
) -> Response {
    let t = Texts::new(language(request.headers()));
    let for_programs = request.uri().path().starts_with("/api/");
    let here = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let response = next.run(request).await;
    let refusal = response.extensions().get::<Refusal>().cloned();
    let bare = !response.headers().contains_key(header::CACHE_CONTROL);
    let Some(refusal) =
        refusal.or_else(|| bare.then(|| Refusal::of_status(response.status())).flatten())
    else {
        return response;
    };
    if matches!(refusal, Refusal::Internal(_)) {
        state.metrics.failure(Part::Web);
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut dressed = if for_programs {
        problem(&refusal)
    } else if matches!(refusal, Refusal::SignIn) {
        Redirect::to(&super::pages::login_address(&here)).into_response()
    } else {
        error_page(&state, t, &refusal)
    };
    if matches!(refusal, Refusal::SlowBody) {
        // RFC 9110 §15.5.9: what is still to come is not waited for.
        dressed.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(allow) = allow {
        dressed.headers_mut().insert(header::ALLOW, allow);
    }
    dressed
}

fn problem(refusal: &Refusal) -> Response {
    let (status, _, sentence) = refusal.parts();
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": sentence,
    });
    let mut response =
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string())
            .into_response();
    if let Refusal::Unauthorized { given } = refusal {
        let challenge = if *given {
            "Bearer realm=\"skrynka\", error=\"invalid_token\""
        } else {
            "Bearer realm=\"skrynka\""
        };
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

fn error_page(state: &State, t: Texts, refusal: &Refusal) -> Response {
    let (status, key, _) = refusal.parts();
    let incident =
        if let Refusal::Internal(incident) = refusal { Some(incident.clone()) } else { None };
    let frame = Frame::new(t, &state.organisation(), "/");
    page(status, &ErrorPage::new(t, frame, status.as_u16(), key, incident))
}

/// A code to find the failure in the log by. Without randomness the log still has the failure.
fn incident() -> String {
    let mut bytes = [0; 5];
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().fold(String::new(), |mut code, byte| {
        let _ = write!(code, "{byte:02x}");
        code
    })
}
