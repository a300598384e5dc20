//! Which program is asking: the token in the header `Authorization` (RFC 6750 §2.1).

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::super::{State, disclosure::Reader, refusal::Refusal, secret::token_digest};
use crate::domain::{Actor, TokenScope};

/// A program with a token that opens the API. As an argument of a handler: no other gets in.
#[derive(Clone, Debug)]
pub(super) struct Client(Reader);

impl Client {
    /// What the program may see: what an operator of the token's branches sees.
    pub(super) fn reader(&self) -> &Reader {
        &self.0
    }
}

impl FromRequestParts<State> for Client {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refusal> {
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
            return Err(Refusal::Unauthorized { given: false });
        };
        let unknown = Refusal::Unauthorized { given: true };
        let text = value.to_str().ok().and_then(bearer).ok_or_else(|| unknown.clone())?;
        let token = state.store.token(&token_digest(text)).await?.ok_or(unknown)?;
        match token.scope {
            // The one scope there is opens all of this API; another must say what it opens.
            TokenScope::SharesRead => Ok(Self(Reader {
                actor: Actor::Token(token.name),
                scope: token.branches,
                opens_documents: true,
                opens_everything: false,
            })),
        }
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
