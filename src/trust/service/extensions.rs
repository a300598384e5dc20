//! What the extensions of a listed service say (ETSI TS 119 612 §5.5.9): what its certificates are
//! for, and which of them are other than they say themselves.

use crate::{
    domain::Timestamp,
    trust::{Certificate, extension::KeyUses},
};

/// The extensions of a service in one period of its history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceExtensions {
    /// `AdditionalServiceInformation` (§5.5.9.4): what its certificates are for; empty when the list
    /// does not say it, and then they are for everything.
    pub uses: Vec<CertificateUse>,
    /// `Qualifications` (§5.5.9.2).
    pub qualifications: Vec<QualificationElement>,
    /// `TakenOverBy` (§5.5.9.3): the provider that answers for the service. Nothing follows from it
    /// for a signature.
    pub taken_over_by: Option<String>,
    /// `ExpiredCertsRevocationInfo` (§5.5.9.1): since when its revocation lists keep certificates that
    /// have expired. Nothing follows from it here: each list says the same of itself.
    pub expired_revocation_since: Option<Timestamp>,
}

/// What certificates are for, by Regulation (EU) 910/2014.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateUse {
    /// `ForeSeals`: an organisation's seals.
    Seals,
    /// `ForeSignatures`: a person's signatures.
    Signatures,
    /// `ForWebSiteAuthentication`: no documents.
    WebSites,
}

/// What certificates of some kind are, whatever they say themselves (§5.5.9.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualificationElement {
    /// What they are.
    pub qualifiers: Vec<Qualifier>,
    /// Which certificates.
    pub criteria: Criteria,
}

/// What a list says of a certificate (§5.5.9.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// `NotQualified`.
    NotQualified,
    /// `QCStatement`: qualified.
    Qualified,
    /// `QCForESeal`, `QCForESig`, `QCForWSA`, and of the time before them `QCForLegalPerson`.
    For(CertificateUse),
    /// `QCWithSSCD`, `QCWithQSCD`, `QCQSCDManagedOnBehalf`: the key lies in a qualified device.
    WithDevice,
    /// `QCNoSSCD`, `QCNoQSCD`: it does not.
    WithoutDevice,
    /// `QCSSCDStatusAsInCert`, `QCQSCDStatusAsInCert`: as the certificate says.
    DeviceAsInCertificate,
}

/// A list of criteria and how many of them have to hold (§5.5.9.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criteria {
    /// How many.
    pub assert: Assert,
    /// The criteria.
    pub all: Vec<Criterion>,
}

/// How many criteria have to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assert {
    /// Every one.
    All,
    /// One or more.
    AtLeastOne,
    /// None of them.
    None,
}

/// Something that holds for a certificate or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// `KeyUsage`: each bit by its number in RFC 5280 §4.2.1.3, and whether it is set.
    KeyUsage(Vec<(u8, bool)>),
    /// Criteria inside criteria.
    List(Criteria),
    /// `PolicySet`: the certificate has all of these policies.
    Policies(Vec<String>),
    /// `ExtendedKeyUsage`: it has all of these purposes.
    Purposes(Vec<String>),
    /// `CertSubjectDNAttribute`: its subject has all of these attributes.
    SubjectAttributes(Vec<String>),
    /// One that is not understood: whether it holds cannot be said.
    Unknown,
}

impl ServiceExtensions {
    /// Whether certificates of the service are for documents at all.
    #[must_use]
    pub fn are_for_documents(&self) -> bool {
        self.uses.is_empty() || self.uses.iter().any(|used| *used != CertificateUse::WebSites)
    }

    /// Whether they are for this.
    #[must_use]
    pub fn are_for(&self, asked: CertificateUse) -> bool {
        self.uses.is_empty() || self.uses.contains(&asked)
    }

    /// What the list says of `certificate`; `None` when that cannot be said.
    #[must_use]
    pub fn qualifiers(&self, certificate: &Certificate) -> Option<Vec<Qualifier>> {
        let mut found = Vec::new();
        for element in &self.qualifications {
            if element.criteria.hold(certificate)? {
                found.extend(&element.qualifiers);
            }
        }
        Some(found)
    }
}

impl Criteria {
    /// Whether they hold; `None` when one decides that is not understood.
    fn hold(&self, certificate: &Certificate) -> Option<bool> {
        let mut is_unknown = false;
        for criterion in &self.all {
            match (self.assert, criterion.holds(certificate)) {
                (Assert::All, Some(false)) | (Assert::None, Some(true)) => return Some(false),
                (Assert::AtLeastOne, Some(true)) => return Some(true),
                (_, None) => is_unknown = true,
                (_, Some(_)) => {}
            }
        }
        (!is_unknown).then_some(self.assert != Assert::AtLeastOne)
    }
}

impl Criterion {
    fn holds(&self, certificate: &Certificate) -> Option<bool> {
        let has_all =
            |wanted: &[String], has: &[String]| wanted.iter().all(|one| has.contains(one));
        Some(match self {
            Self::KeyUsage(bits) => {
                let usage = certificate.key_usage();
                let is_set = |bit| usage.is_some_and(|usage: KeyUses| usage.has_bit(bit));
                bits.iter().all(|(bit, wanted)| is_set(*bit) == *wanted)
            }
            Self::List(criteria) => return criteria.hold(certificate),
            Self::Policies(wanted) => {
                let policies = certificate.policy_limits().policies.as_deref();
                has_all(wanted, policies.unwrap_or_default())
            }
            Self::Purposes(wanted) => has_all(wanted, certificate.purposes().unwrap_or_default()),
            Self::SubjectAttributes(wanted) => {
                wanted.iter().all(|oid| certificate.subject_name().has(oid))
            }
            Self::Unknown => return None,
        })
    }
}
