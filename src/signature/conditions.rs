//! What signatures are judged by.

use super::{Budget, Encrypted, Limits};
use crate::{
    domain::{BestTimeSource, RevocationPolicy, Timestamp},
    trust::{RevocationStore, TrustStore},
};

/// Everything that a judgement rests on besides the document itself: the same conditions give
/// the same report.
#[derive(Clone, Copy, Debug)]
pub struct Conditions<'a> {
    /// Who is trusted.
    pub trust: &'a TrustStore,
    /// Revocation data at hand besides what signatures bring.
    pub revocation: &'a RevocationStore,
    /// What happens when it does not suffice.
    pub revocation_policy: RevocationPolicy,
    /// The moment of judging: validity is judged for it where no time-stamp proves an earlier one.
    pub at: Timestamp,
    /// Why that moment.
    pub source: BestTimeSource,
    /// A later moment from which an answer is wanted of every certificate, without consequence for
    /// this judgement: revocations are published late. `None` when nobody looks again.
    pub look_again: Option<Timestamp>,
    /// The encrypted files that the document came in: a signature may be over one, or hold one.
    pub encrypted: &'a [Encrypted],
    /// The most work.
    pub limits: Limits,
    /// What is left for the mail that the document came in; `None` for a document by itself, which
    /// may take all of `limits`.
    pub budget: Option<&'a Budget>,
}

impl<'a> Conditions<'a> {
    /// Judges by `trust` for the moment of receipt, with the default limits and no revocation
    /// data.
    #[must_use]
    pub fn new(trust: &'a TrustStore, received_at: Timestamp) -> Self {
        static NOTHING: std::sync::LazyLock<RevocationStore> =
            std::sync::LazyLock::new(RevocationStore::empty);
        Self {
            trust,
            revocation: &NOTHING,
            revocation_policy: RevocationPolicy::Prefer,
            at: received_at,
            source: BestTimeSource::Receipt,
            look_again: None,
            encrypted: &[],
            limits: Limits::default(),
            budget: None,
        }
    }

    /// The same for a moment that somebody named.
    #[must_use]
    pub fn given(trust: &'a TrustStore, at: Timestamp) -> Self {
        Self { source: BestTimeSource::Given, ..Self::new(trust, at) }
    }
}
