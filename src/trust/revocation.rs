//! Revocation data: lists (RFC 5280 §5) and OCSP answers (RFC 6960), and what they say of a
//! certificate.

use super::Certificate;

/// Revocation data at hand: lists and answers, indexed by who issued them.
#[derive(Clone, Debug, Default)]
pub struct RevocationStore {}

impl RevocationStore {
    /// Holds nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }
}

/// A certificate on a proved path of which nobody could say whether it was revoked, with its
/// issuer: what to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The certificate.
    pub certificate: Certificate,
    /// Its issuer.
    pub issuer: Certificate,
}
