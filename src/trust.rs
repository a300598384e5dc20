//! Certificates, the certificates that an installation trusts, and the path between the two
//! (RFC 5280 §6, with the indications of ETSI EN 319 102-1 §5.2.6).
//!
//! The only module that parses X.509 and trust lists (ETSI TS 119 612). Whether a certificate was
//! revoked is judged beside its path, by [`revocation()`]. Not judged here: whether a signature on
//! a document is right.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod certificate;
mod constraints;
mod extension;
mod file;
mod issuer;
mod list;
mod name;
mod path;
mod points;
mod problem;
mod purpose;
mod qualification;
mod revocation;
mod service;
mod store;
mod tree;

#[cfg(test)]
mod sample;

pub(crate) use self::store::{Question, Said};
pub use self::{
    certificate::{Certificate, CertificateError},
    extension::{QualifiedStatements, ValueLimit},
    file::read_certificates,
    issuer::issuer_of_trusted,
    list::{ListError, ListSigner, TrustList},
    path::{PathLimits, PathOutcome, PathRequest, validate},
    purpose::Purpose,
    qualification::{qualification, signer_kind},
    revocation::{
        Answering, Kept, News, RevocationError, RevocationOutcome, RevocationRequest,
        RevocationStore, StatusRecord, Topic, Wanted, revocation,
    },
    service::{
        Assert, CertificateUse, Criteria, Criterion, QualificationElement, Qualifier,
        ServiceExtensions, ServiceKind, ServiceStatus, TrustService,
    },
    store::{ListIssue, OutdatedList, TrustStore},
};

#[cfg(test)]
pub(crate) use revocation::sample as revocation_sample;
