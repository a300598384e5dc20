//! The API for programs: shares, their documents and the services, as JSON.
//!
//! A token sees what an operator of its branches sees. `api/openapi.json` describes it; a test
//! compares the two. Refusals are problem documents (RFC 9457).

mod client;
mod shares;

#[cfg(test)]
mod tests;

use axum::{
    Router,
    extract::State as Extract,
    http::{Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use serde_json::{Value, json};

use super::{State, query::refuse_parameters, refusal::Refusal};
use crate::registry::{Branch, Service, SignerPolicy};
use client::Client;

const OPENAPI: &str = include_str!("api/openapi.json");

/// The routes of the API.
pub(super) fn router() -> Router<State> {
    routes().into_iter().fold(Router::new(), |router, (path, method)| router.route(path, method))
}

fn routes() -> [(&'static str, MethodRouter<State>); 5] {
    [
        ("/api/v1/openapi.json", get(openapi)),
        ("/api/v1/services", get(services)),
        ("/api/v1/shares", get(shares::list)),
        ("/api/v1/shares/{id}", get(shares::share)),
        ("/api/v1/shares/{id}/documents/{n}", get(shares::document)),
    ]
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

async fn services(
    Extract(state): Extract<State>,
    client: Client,
    uri: Uri,
) -> Result<Response, Refusal> {
    refuse_parameters(&uri)?;
    let registry = state.registry.borrow().clone();
    let has_trust_list = state.trust.borrow().expects_list();
    let items: Vec<Value> = registry
        .branches
        .iter()
        .filter(|branch| client.reader().scope.contains(&branch.id))
        .flat_map(|branch| {
            branch.services.iter().map(move |of_it| service(branch, of_it, has_trust_list))
        })
        .collect();
    Ok(answer(&json!({ "items": items, "next": null })))
}

fn service(branch: &Branch, service: &Service, has_trust_list: bool) -> Value {
    let accepted = service.accepted_signers(has_trust_list);
    let documents: Vec<Value> = service
        .documents
        .iter()
        .map(|wanted| json!({ "any_of": wanted.any_of, "optional": wanted.optional }))
        .collect();
    json!({
        "branch": branch.id,
        "branch_name": branch.name,
        "id": service.id,
        "name": service.name,
        "active": service.active,
        "legal_basis": service.legal_basis.as_str(),
        "legal_note": service.legal_note,
        "documents": documents,
        "retention_days": service.retention_days,
        "qr_issued_on": service.qr_issued_on.map(|day| day.to_string()),
        "signers": signers(accepted.policy),
        "signers_by_default": accepted.by_default,
        "max_copy_age_hours": service.max_copy_age_hours,
        "accept_images": service.accept_images.names().collect::<Vec<_>>(),
        "require_fresh": service.require_fresh,
    })
}

fn signers(policy: &SignerPolicy) -> Value {
    match policy {
        SignerPolicy::Pinned(signers) => {
            signers.iter().map(ToString::to_string).collect::<Vec<_>>().into()
        }
        SignerPolicy::Anchors
        | SignerPolicy::Person
        | SignerPolicy::Seal
        | SignerPolicy::SealOrPerson => json!(policy.as_str()),
    }
}

fn answer(body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, body.to_string()).into_response()
}
