//! Downloads: documents, their signature files, the raw mail.

use axum::{
    extract::{Path, State as Extract},
    response::Response,
};

use super::super::{State, attachment::attachment, refusal::Refusal, session::Viewer};
use crate::domain::ShareId;

pub(super) async fn document(
    Extract(state): Extract<State>,
    viewer: Viewer,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (id, number) = (share_id(&id)?, place(&number)?);
    let file = viewer.reader().document(&state, id, number).await?;
    attachment(file, &format!("document-{number}"))
}

pub(super) async fn signature(
    Extract(state): Extract<State>,
    viewer: Viewer,
    Path((id, number, index)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let (id, number, index) = (share_id(&id)?, place(&number)?, place(&index)?);
    let file = viewer.reader().signature(&state, id, number, index).await?;
    attachment(file, &format!("document-{number}-{index}.p7s"))
}

pub(super) async fn mail(
    Extract(state): Extract<State>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let file = viewer.reader().mail(&state, share_id(&id)?).await?;
    attachment(file, "mail.eml")
}

/// A share's id in an address. What is none names no share.
pub(in crate::web) fn share_id(text: &str) -> Result<ShareId, Refusal> {
    text.parse().map_err(|_| Refusal::NotFound)
}

/// A number from 1 in an address, in the one spelling that we print.
pub(in crate::web) fn place(text: &str) -> Result<u32, Refusal> {
    text.parse()
        .ok()
        .filter(|number: &u32| *number > 0 && number.to_string() == text)
        .ok_or(Refusal::NotFound)
}
