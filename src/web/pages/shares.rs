//! The list of shares and the page of one.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State as Extract},
    http::{StatusCode, Uri},
    response::Response,
};

use super::{
    super::{
        State, disclosure::Disclosed, query::ShareQuery, refusal::Refusal, session::Viewer,
        texts::Texts,
    },
    files::share_id,
    list::{ListPage, Listing, PAGE_LEN},
    page,
    share::{SharePage, Surroundings},
    words::{accepted_signers, legal_basis_key},
};
use crate::domain::ShareId;

/// How many shares named by findings are looked up for one page.
const MAX_LINKS: usize = 10;

pub(super) async fn list(
    Extract(state): Extract<State>,
    viewer: Viewer,
    uri: Uri,
) -> Result<Response, Refusal> {
    let query = ShareQuery::of_page(&uri)?;
    let shares = state.store.shares(&viewer.scope, &query.filter, query.cursor, PAGE_LEN).await?;
    let counts = state.store.verdict_counts(&viewer.scope).await?;
    let names = state.store.names().await?;
    let registry = state.registry.borrow().clone();
    let listing = Listing {
        shares: &shares,
        counts: &counts,
        query: &query,
        names: &names,
        registry: &registry,
        scope: &viewer.scope,
    };
    let frame = viewer.frame(&state, &query.link(query.cursor));
    Ok(page(StatusCode::OK, &ListPage::new(viewer.t, frame, &listing)))
}

pub(super) async fn share(
    Extract(state): Extract<State>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let reader = viewer.reader();
    let row = reader.find(&state, share_id(&id)?).await?;
    let share = reader.open(&state, row).await?;
    let names = state.store.names().await?;
    let visible = visible_receipts(&state, &viewer, &share).await?;
    let around = Surroundings {
        names: &names,
        legal_basis: legal_basis(&state, viewer.t, &share),
        signers: signers(&state, viewer.t, &share),
        visible: &visible,
    };
    let frame = viewer.frame(&state, &format!("/shares/{}", share.row.id));
    Ok(page(StatusCode::OK, &SharePage::new(viewer.t, frame, &share, &around)))
}

/// Which of the shares that the findings name the viewer may see: of another branch's share not
/// even a link is shown.
async fn visible_receipts(
    state: &State,
    viewer: &Viewer,
    share: &Disclosed,
) -> Result<BTreeSet<ShareId>, Refusal> {
    let named: BTreeSet<ShareId> = share
        .row
        .findings
        .iter()
        .filter_map(|finding| finding.detail.as_deref()?.parse().ok())
        .collect();
    let mut visible = BTreeSet::new();
    for id in named.into_iter().take(MAX_LINKS) {
        if state.store.share(id, &viewer.scope).await?.is_some() {
            visible.insert(id);
        }
    }
    Ok(visible)
}

/// The ground and its note, as the registry in force has them.
fn legal_basis(state: &State, t: Texts, share: &Disclosed) -> Option<String> {
    let registry = state.registry.borrow();
    let service = registry.branch(&share.row.branch)?.service(share.row.service.as_ref()?)?;
    let basis = t.say(&legal_basis_key(service.legal_basis));
    Some(match &service.legal_note {
        Some(note) => format!("{basis}. {note}"),
        None => basis,
    })
}

/// Whose signatures the service accepts now, by the registry and the trust lists in force.
fn signers(state: &State, t: Texts, share: &Disclosed) -> Option<String> {
    let registry = state.registry.borrow();
    let service = registry.branch(&share.row.branch)?.service(share.row.service.as_ref()?)?;
    let accepted = service.accepted_signers(state.trust.borrow().expects_list());
    Some(accepted_signers(t, Some(&accepted.to_string())))
}
