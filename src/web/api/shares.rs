//! Shares and their documents.

use axum::{
    extract::{Path, State as Extract},
    http::Uri,
    response::Response,
};
use serde_json::{Value, json};

use super::{
    super::{
        State,
        attachment::attachment,
        disclosure::{Disclosed, DisclosedDocument},
        pages::{place, share_id},
        query::{ShareQuery, refuse_parameters},
        refusal::Refusal,
    },
    answer,
    client::Client,
};
use crate::domain::{Assurance, Finding, Indication, ShareDetails};

pub(super) async fn list(
    Extract(state): Extract<State>,
    client: Client,
    uri: Uri,
) -> Result<Response, Refusal> {
    let query = ShareQuery::of_api(&uri, |message_id| {
        state.archive.fingerprint(ShareDetails::MESSAGE_ID_KIND, message_id.as_bytes())
    })?;
    let reader = client.reader();
    let shares =
        state.store.shares(&reader.scope, &query.filter, query.cursor, query.limit).await?;
    let next = shares.next.map(|cursor| cursor.to_string());
    let opened = reader.open_all(&state, shares.items).await?;
    let items: Vec<Value> = opened.iter().map(share_json).collect();
    Ok(answer(&json!({ "items": items, "next": next })))
}

pub(super) async fn share(
    Extract(state): Extract<State>,
    client: Client,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Refusal> {
    refuse_parameters(&uri)?;
    let row = client.reader().find(&state, share_id(&id)?).await?;
    let opened = client.reader().open(&state, row).await?;
    Ok(answer(&share_json(&opened)))
}

pub(super) async fn document(
    Extract(state): Extract<State>,
    client: Client,
    Path((id, number)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Refusal> {
    refuse_parameters(&uri)?;
    let (id, number) = (share_id(&id)?, place(&number)?);
    let file = client.reader().document(&state, id, number).await?;
    attachment(file, &format!("document-{number}"))
}

fn share_json(share: &Disclosed) -> Value {
    let row = &share.row;
    let details = share.details.as_ref();
    let documents: Vec<Value> =
        share.documents.iter().map(|document| document_json(&row.findings, document)).collect();
    json!({
        "id": row.id,
        "message_id": details.and_then(|details| details.message_id.as_deref()),
        "branch": row.branch,
        "service": row.service,
        "verdict": row.verdict,
        "assurance": row.assurance.map(Assurance::as_str),
        "received_at": row.received_at,
        "judged_at": row.judged_at,
        "verdict_before": row.verdict_change.map(|change| change.before),
        "verdict_changed_at": row.verdict_change.map(|change| change.at),
        "destroy_on": row.retention.destroy_at.day_in_kyiv().to_string(),
        "sender": details.and_then(|details| details.sender.as_ref()),
        "findings": row.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "documents": documents,
    })
}

fn document_json(findings: &[Finding], document: &DisclosedDocument) -> Value {
    let row = &document.row;
    let details = document.details.as_ref();
    let passed_once = row.indication == Some(Indication::TotalPassed);
    let indication = if passed_once && Finding::tell_otherwise(findings) {
        Some(Indication::Indeterminate)
    } else {
        row.indication
    };
    let findings: Vec<Value> = findings
        .iter()
        .filter(|finding| finding.document == Some(row.number))
        .map(finding_json)
        .collect();
    json!({
        "n": row.number,
        "name": details.map(|details| &details.name),
        "type": document.type_code(),
        "type_source": row.type_source,
        "size": document.size(),
        "sha256": details.map(|details| &details.sha256),
        "added": document.added(),
        "indication": indication,
        "findings": findings,
    })
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "code": finding.code,
        "severity": finding.severity,
        "document": finding.document,
        "detail": finding.detail,
    })
}
