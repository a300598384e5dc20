//! Trust services as a trust list names them (ETSI TS 119 612 §5.5).

mod extensions;

use super::{Certificate, ListIssue, Purpose};
use crate::domain::Timestamp;

pub use self::extensions::{
    Assert, CertificateUse, Criteria, Criterion, QualificationElement, Qualifier, ServiceExtensions,
};

/// What a service does (`ServiceTypeIdentifier`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceKind {
    /// Issues qualified certificates (`CA/QC`).
    QualifiedAuthority,
    /// Issues qualified time-stamps (`TSA/QTST`).
    QualifiedTimeStamping,
    /// Anything else, by its identifier.
    Other(String),
}

impl ServiceKind {
    /// Whether such a service issues certificates or time-stamps.
    pub(super) fn vouches(&self) -> bool {
        match self {
            Self::QualifiedAuthority | Self::QualifiedTimeStamping => true,
            Self::Other(_) => false,
        }
    }
}

/// What the supervisory body says of a service from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStatus {
    /// The first moment.
    pub from: Timestamp,
    /// Whether it is granted; everything else (withdrawn, deprecated, …) is not.
    pub is_granted: bool,
    /// What the list says besides, in that time.
    pub extensions: ServiceExtensions,
}

impl ServiceStatus {
    /// A status without extensions.
    #[must_use]
    pub fn new(from: Timestamp, is_granted: bool) -> Self {
        Self { from, is_granted, extensions: ServiceExtensions::default() }
    }
}

/// One trust service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustService {
    /// What it does.
    pub kind: ServiceKind,
    /// The provider's name.
    pub provider: String,
    /// The service's own name.
    pub name: String,
    /// Its certificates: digital identities of one key, old and new.
    pub certificates: Vec<Certificate>,
    /// Its key identifiers (`X509SKI`), lower-case hexadecimal. To be shown: anybody can write one
    /// into a certificate, so none proves which key it is.
    pub key_ids: Vec<String>,
    /// Its subject names (`X509SubjectName`) as the list writes them, to be shown.
    pub subjects: Vec<String>,
    /// The list that names it; `None` for one of no list.
    pub list: Option<ListIssue>,
    /// Its statuses, each in force until the next, in any order.
    pub history: Vec<ServiceStatus>,
}

impl TrustService {
    /// What the list says of it for `at`.
    #[must_use]
    pub fn status_at(&self, at: Timestamp) -> Option<&ServiceStatus> {
        let begun = self.history.iter().filter(|status| status.from <= at);
        begun.max_by_key(|status| status.from)
    }

    /// Whether its list is too long overdue to say anything for `at`.
    #[must_use]
    pub fn is_outdated_at(&self, at: Timestamp) -> bool {
        self.list.as_ref().is_some_and(|list| list.is_outdated_at(at))
    }

    /// Whether it was granted at `at`, for what has to do with documents.
    #[must_use]
    pub fn is_granted_at(&self, at: Timestamp) -> bool {
        self.status_at(at).is_some_and(|status| self.is_granted_in(status))
    }

    fn is_granted_in(&self, status: &ServiceStatus) -> bool {
        let issues = self.kind == ServiceKind::QualifiedAuthority;
        status.is_granted && (!issues || status.extensions.are_for_documents())
    }

    /// Whether the lists that name both are of one country.
    pub(super) fn is_of_country_of(&self, other: &Self) -> bool {
        let [own, others] = [self, other].map(|one| one.list.as_ref().map(|list| &list.territory));
        own == others
    }

    /// Whether `certificate` is this service's: one of the listed, or a later or earlier one of
    /// the same name and key.
    #[must_use]
    pub fn has(&self, certificate: &Certificate) -> bool {
        self.certificates.iter().any(|own| own == certificate || own.same_entity(certificate))
    }

    /// Whether `certificate` has the key of one of its certificates, under whatever name.
    pub(super) fn has_key_of(&self, certificate: &Certificate) -> bool {
        self.certificates.iter().any(|own| own.has_key_of(certificate))
    }

    /// Whether its certificates are trusted: it issues certificates for documents or time-stamps,
    /// and was granted at some time. The list names other services for other purposes.
    #[must_use]
    pub fn is_anchor(&self) -> bool {
        self.vouches() && self.history.iter().any(|status| self.is_granted_in(status))
    }

    /// Whether any of its statuses is that it is not granted.
    pub(super) fn was_withdrawn(&self) -> bool {
        self.vouches() && self.history.iter().any(|status| !self.is_granted_in(status))
    }

    /// Whether it issues certificates or time-stamps.
    pub(super) fn vouches(&self) -> bool {
        self.kind.vouches()
    }

    /// Whether it says something for `purpose`: one for time-stamps says nothing for documents.
    pub(super) fn vouches_for(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Document => self.kind == ServiceKind::QualifiedAuthority,
            Purpose::OcspSigning | Purpose::RevocationList | Purpose::TimeStamping => {
                self.vouches()
            }
        }
    }

    /// What its certificates are for while it is granted at `at`; otherwise everything that they ever
    /// were for. Empty when the list does not say it, and then they are for everything: of what is not
    /// granted when it named none while it was, or ever where it never was.
    pub(super) fn uses_at(&self, at: Timestamp) -> Vec<CertificateUse> {
        if let Some(granted) = self.status_at(at).filter(|status| self.is_granted_in(status)) {
            return granted.extensions.uses.clone();
        }
        let was_granted = self.history.iter().any(|status| self.is_granted_in(status));
        let mut deciding =
            self.history.iter().filter(|status| !was_granted || self.is_granted_in(status));
        if deciding.any(|status| status.extensions.uses.is_empty()) {
            return Vec::new();
        }
        self.history.iter().flat_map(|status| &status.extensions.uses).copied().collect()
    }
}
