//! The list of shares and the page of one.

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
    let around = Surroundings {
        names: &names,
        legal_basis: legal_basis(&state, viewer.t, &share),
        signers: signers(&state, viewer.t, &share),
    };
    let frame = viewer.frame(&state, &format!("/shares/{}", share.row.id));
    Ok(page(StatusCode::OK, &SharePage::new(viewer.t, frame, &share, &around)))
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
