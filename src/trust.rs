//! Certificates, the certificates that an installation trusts, and the path between the two
//! (RFC 5280 §6, with the indications of ETSI EN 319 102-1 §5.2.6).
//!
//! The only module that parses X.509. Not judged here: whether a certificate was revoked, and
//! whether a signature on a document is right. Certificate policies and names are not constrained;
//! a certificate that asks for constraints on names, or for others in a critical extension, is
//! refused.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod certificate;
mod extension;
mod file;
mod name;
mod path;
mod problem;
mod purpose;
mod revocation;
mod service;
mod store;
mod tree;

#[cfg(test)]
mod sample;

pub use self::{
    certificate::{Certificate, CertificateError},
    file::read_certificates,
    path::{PathLimits, PathOutcome, PathRequest, validate},
    purpose::Purpose,
    revocation::{RevocationStore, Wanted},
    service::{ServiceKind, ServiceStatus, TrustService},
    store::TrustStore,
};
