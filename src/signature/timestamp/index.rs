//! The index of digests in an archive time-stamp of version 3 (ETSI EN 319 122-1 §5.5.2, and its
//! older form of ETSI TS 101 733 §6.4.2).
//!
//! It stands among the unsigned attributes of the token, where the time-stamp's imprint protects
//! it, and names every certificate, answer about revocation and unsigned attribute that the
//! time-stamp protects.

use std::collections::BTreeSet;

use bytes::Bytes;
use der::Tag;

use super::{
    target::{Subject, Target, is_later},
    token::Token,
};
use crate::{
    algorithms::{DigestAlgorithm, Failure, algorithm_name},
    asn1::{Broken, Element},
    domain::{Indication, SubIndication, Timestamp, Warning, WarningCode},
    signature::{Budget, attributes::RawAttribute, budget::Spent},
};

/// The digests that one archive time-stamp protects.
#[derive(Clone, Debug)]
pub(super) struct HashIndex {
    algorithm: DigestAlgorithm,
    form: Form,
    certificates: BTreeSet<Bytes>,
    crls: BTreeSet<Bytes>,
    attributes: BTreeSet<Bytes>,
    raw: Bytes,
}

/// How attributes are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// By the digest of the whole attribute.
    Old,
    /// Each value by the digest of the type and it.
    V3,
}

/// Why a token has no usable index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum IndexError {
    /// The digest algorithm cannot be used.
    #[error("of the archive time-stamp's index, {0}")]
    Algorithm(#[from] Failure),
    /// Not built as the standard says.
    #[error("the archive time-stamp's index is not built as ETSI EN 319 122-1 §5.5.2 says")]
    Malformed,
    /// The token has none, or several.
    #[error(
        "the archive time-stamp has {count} indexes; ETSI EN 319 122-1 §5.5.2 asks for exactly one"
    )]
    NotOne {
        /// How many.
        count: usize,
    },
    /// Another digest algorithm than the time-stamp's own.
    #[error(
        "the archive time-stamp's index uses {index} and the time-stamp {token}; ETSI EN 319 \
         122-1 §5.5.2 asks for the same"
    )]
    OtherAlgorithm {
        /// The algorithm of the index.
        index: String,
        /// The algorithm of the imprint.
        token: String,
    },
}

impl IndexError {
    /// What the time-stamp is worth with such an index.
    pub(super) fn indication(&self) -> (Indication, SubIndication) {
        let sub_indication = match self {
            Self::Algorithm(_) => SubIndication::CryptoConstraintsFailure,
            Self::Malformed | Self::NotOne { .. } => SubIndication::FormatFailure,
            Self::OtherAlgorithm { .. } => SubIndication::SigConstraintsFailure,
        };
        (Indication::Indeterminate, sub_indication)
    }
}

const INDEX_V3: &str = "0.4.0.19122.1.5";
const INDEX_OLD: &str = "0.4.0.1733.2.5";
/// More entries than a signature within the default limits can have things to name.
const MAX_ENTRIES: usize = 1024;

impl HashIndex {
    /// The index of `token`.
    pub(super) fn of(token: &Token) -> Result<Self, IndexError> {
        let signers = token.signed_data.signers.iter();
        let attributes = signers.flat_map(|signer| signer.unsigned_attributes.iter());
        let mut values = Vec::new();
        for attribute in attributes.flat_map(|read| &read.attributes) {
            let form = match attribute.id.as_str() {
                INDEX_V3 => Form::V3,
                INDEX_OLD => Form::Old,
                _ => continue,
            };
            values.extend(attribute.values.iter().map(|value| (form, value)));
        }
        let [(form, value)] = values.as_slice() else {
            return Err(IndexError::NotOne { count: values.len() });
        };
        let index = Self::read(*form, value)?;
        let info = &token.info;
        if index.algorithm.oid() != info.digest_algorithm {
            return Err(IndexError::OtherAlgorithm {
                index: index.algorithm.name().to_owned(),
                token: algorithm_name(&info.digest_algorithm),
            });
        }
        Ok(index)
    }

    /// `ATSHashIndexV3 ::= SEQUENCE { hashIndAlgorithm AlgorithmIdentifier, certificatesHashIndex,
    /// crlsHashIndex, unsignedAttrValuesHashIndex SEQUENCE OF OCTET STRING }`; the algorithm of the
    /// older form is SHA-256 when it is absent.
    fn read(form: Form, raw: &Bytes) -> Result<Self, IndexError> {
        let broken = |_: Broken| IndexError::Malformed;
        let mut fields = Element::only(raw)
            .and_then(|index| index.of(Tag::Sequence)?.inside())
            .map_err(broken)?;
        let mut first = fields.expect(Tag::Sequence).map_err(broken)?;
        // An AlgorithmIdentifier begins with its identifier, and a list of digests with none.
        let identifier = first.inside().map_err(broken)?.optional(Tag::ObjectIdentifier);
        let algorithm = match (identifier, form) {
            (Ok(Some(identifier)), _) => {
                first = fields.expect(Tag::Sequence).map_err(broken)?;
                DigestAlgorithm::from_oid(&identifier.object_identifier().map_err(broken)?)?
            }
            (Ok(None), Form::Old) => DigestAlgorithm::Sha256,
            (Ok(None), Form::V3) | (Err(_), _) => return Err(IndexError::Malformed),
        };
        let certificates = digests(raw, first).map_err(broken)?;
        let mut list = || {
            let list = fields.expect(Tag::Sequence)?;
            digests(raw, list)
        };
        let crls = list().map_err(broken)?;
        let attributes = list().map_err(broken)?;
        fields.finish().map_err(broken)?;
        Ok(Self { algorithm, form, certificates, crls, attributes, raw: raw.clone() })
    }

    /// The index as it stands in the token.
    pub(super) fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The digest of `bytes` by the algorithm of the index.
    pub(super) fn digest(&self, bytes: &[u8], budget: &Budget) -> Result<Vec<u8>, Spent> {
        budget.digest(self.algorithm, bytes)
    }

    /// Whether one value of an unsigned attribute is protected.
    pub(super) fn protects(
        &self,
        attribute: &RawAttribute,
        value: &Bytes,
        budget: &Budget,
    ) -> Result<bool, Spent> {
        let digest = self.name_of(attribute, value, budget)?;
        Ok(self.attributes.contains(&*digest))
    }

    /// Compares the index with what is there: what it names has to be there, and what it does not
    /// name is told. An archive time-stamp does not name itself or those after it.
    pub(super) fn check(
        &self,
        subject: &Subject<'_>,
        time: Timestamp,
        target: &mut Target,
    ) -> Result<(), Spent> {
        let raw = &subject.signed_data.raw;
        let attributes = subject.unsigned.map_or(&[][..], |unsigned| &unsigned.attributes);
        let all = |parts: &[Bytes]| -> Result<Vec<Vec<u8>>, Spent> {
            parts.iter().map(|bytes| self.digest(bytes, subject.budget)).collect()
        };
        let mut values: Vec<(usize, Vec<u8>)> = Vec::new();
        for (place, attribute) in attributes.iter().enumerate() {
            for value in &attribute.values {
                values.push((place, self.name_of(attribute, value, subject.budget)?));
            }
        }
        let demanded = values.iter().filter(|(place, _)| !is_later(subject.archives, *place, time));
        for (things, named, there, demanded) in [
            ("certificates", &self.certificates, all(&raw.certificates)?, None),
            ("crls", &self.crls, all(&raw.crls)?, None),
            (
                "unsigned attributes",
                &self.attributes,
                values.iter().map(|(_, name)| name.clone()).collect(),
                Some(demanded.map(|(_, name)| name.clone()).collect::<Vec<_>>()),
            ),
        ] {
            let known: BTreeSet<&[u8]> = there.iter().map(Vec::as_slice).collect();
            let missing = named.iter().filter(|name| !known.contains(&***name));
            match missing.count() {
                0 => {}
                count => target.problems.doubt(
                    SubIndication::SigConstraintsFailure,
                    format!(
                        "the archive time-stamp's index names {count} of the {things} that are \
                         not there"
                    ),
                ),
            }
            let demanded = demanded.unwrap_or(there);
            let bare = demanded.iter().filter(|have| !named.contains(have.as_slice()));
            match bare.count() {
                0 => {}
                count => target.warnings.push(Warning::new(
                    WarningCode::NotProtected,
                    format!(
                        "The archive time-stamp does not protect {count} of the {things} that \
                         stand in the signature."
                    ),
                )),
            }
        }
        Ok(())
    }

    /// The digest that stands for one value of an attribute.
    fn name_of(
        &self,
        attribute: &RawAttribute,
        value: &Bytes,
        budget: &Budget,
    ) -> Result<Vec<u8>, Spent> {
        match self.form {
            Form::Old => self.digest(&attribute.raw, budget),
            Form::V3 => {
                let identifier = Element::only(&attribute.raw)
                    .and_then(|attribute| attribute.inside()?.next())
                    .map_or(&[][..], |identifier| identifier.raw);
                self.digest(&[identifier, value].concat(), budget)
            }
        }
    }
}

/// `SEQUENCE OF OCTET STRING`
fn digests(index: &Bytes, list: Element<'_>) -> Result<BTreeSet<Bytes>, Broken> {
    let mut elements = list.inside()?;
    let mut digests = BTreeSet::new();
    while !elements.is_finished() {
        if digests.len() == MAX_ENTRIES {
            return Err(Broken::Malformed);
        }
        digests.insert(index.slice_ref(elements.expect(Tag::OctetString)?.value));
    }
    Ok(digests)
}
