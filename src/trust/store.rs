//! The certificates that an installation trusts.

use std::collections::BTreeSet;

use super::{Certificate, TrustService};
use crate::domain::Sha256;

/// The certificates of the trust directory.
///
/// Each is trusted by being there: an authority for what it issues (its `basicConstraints` must
/// say that it is one), any other certificate for what it signs itself.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    certificates: Vec<Certificate>,
    fingerprints: BTreeSet<Sha256>,
    services: Vec<TrustService>,
}

impl TrustStore {
    /// Trusts these certificates, each once.
    #[must_use]
    pub fn new(certificates: Vec<Certificate>) -> Self {
        let mut store = Self::empty();
        for certificate in certificates {
            if store.fingerprints.insert(certificate.sha256()) {
                store.certificates.push(certificate);
            }
        }
        store
    }

    /// Trusts the certificates of these services of a trust list as well.
    #[must_use]
    pub fn with_services(mut self, services: Vec<TrustService>) -> Self {
        for certificate in services.iter().flat_map(|service| &service.certificates) {
            if self.fingerprints.insert(certificate.sha256()) {
                self.certificates.push(certificate.clone());
            }
        }
        self.services.extend(services);
        self
    }

    /// The services of the trust lists.
    #[must_use]
    pub fn services(&self) -> &[TrustService] {
        &self.services
    }

    /// Trusts nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The number of certificates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Whether nothing is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// The certificates in the order given.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether this very certificate is trusted.
    #[must_use]
    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.fingerprints.contains(&certificate.sha256())
    }
}
