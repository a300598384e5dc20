//! What is ready and what is not, part by part: the one place that says whether a mail which is
//! offered now would be acknowledged.
//!
//! Whoever follows a part says how it is; `/readyz` repeats it. Words are fixed, for everybody may ask.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A part that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The certificate that is got by ACME.
    Certificate,
    /// The clock.
    Clock,
    /// The database.
    Database,
    /// The registry in force.
    Registry,
    /// The cache of what authorities say of certificates.
    Revocation,
    /// The spool.
    Spool,
    /// The trust directory.
    Trust,
    /// The vault.
    Vault,
}

impl Part {
    /// Its name in log and answers.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Clock => "clock",
            Self::Database => "database",
            Self::Registry => "registry",
            Self::Revocation => "revocation",
            Self::Spool => "spool",
            Self::Trust => "trust",
            Self::Vault => "vault",
        }
    }
}

/// How a part is. The words say what is wrong, and what becomes of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does its work.
    Works,
    /// It does not, and mail is acknowledged all the same.
    Impaired(&'static str),
    /// Mail that is offered now is not acknowledged.
    Refuses(&'static str),
}

/// How all parts are. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<Part, Standing>>>);

impl Readiness {
    /// Says how a part is from now on. Each change is in the log.
    pub fn set(&self, part: Part, standing: Standing) {
        let before = self.parts().insert(part, standing);
        if before == Some(standing) {
            return;
        }
        let part = part.label();
        match standing {
            Standing::Works if before.is_none() => {}
            Standing::Works => tracing::info!(part, "the part works again"),
            Standing::Impaired(how) => tracing::warn!(part, how, "a part does not work"),
            Standing::Refuses(how) => tracing::error!(part, how, "no mail is acknowledged"),
        }
    }

    /// Whether no part keeps mail from being acknowledged.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.parts().values().all(|standing| !matches!(standing, Standing::Refuses(_)))
    }

    /// The answer to whoever asks: 503 while mail is not acknowledged, and how each part is.
    pub(super) fn answer(&self) -> Response {
        let ready = self.is_ready();
        let words = |standing: &Standing| match standing {
            Standing::Works => "ok",
            Standing::Impaired(how) | Standing::Refuses(how) => how,
        };
        let checks: BTreeMap<_, _> =
            self.parts().iter().map(|(part, standing)| (part.label(), words(standing))).collect();
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(json!({ "ready": ready, "checks": checks }))).into_response()
    }

    fn parts(&self) -> MutexGuard<'_, BTreeMap<Part, Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
