//! What a time-stamp is over, by its kind (RFC 5126 §6, ETSI EN 319 122-1 §5.2.8, §5.3 and §5.5).
//!
//! Only bytes as they stand in the file are put together here, never anything that was re-encoded.

use bytes::Bytes;

use super::{index::HashIndex, token::Token};
use crate::{
    asn1::Element,
    domain::{SubIndication, Timestamp, Warning},
    signature::{
        Budget,
        attributes::{RawAttribute, TimeStampKind, UnsignedAttributes},
        cms::{SignedData, Signer},
        problem::Problems,
    },
};

/// The bytes that a time-stamp has to be over.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    /// Each a list of parts that are hashed one after another; several where the standard was
    /// read in several ways. Empty when the bytes are not at hand.
    pub(super) spellings: Vec<Vec<Bytes>>,
    pub(super) problems: Problems,
    pub(super) warnings: Vec<Warning>,
}

/// A signature with everything that its time-stamps may be over.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) signed_data: &'a SignedData,
    pub(super) signer: &'a Signer,
    pub(super) unsigned: Option<&'a UnsignedAttributes>,
    pub(super) content: Option<&'a Bytes>,
    /// The places of the unsigned attributes that hold archive time-stamps, with the earliest time
    /// in each; `None` when none can be read.
    pub(super) archives: &'a [(usize, Option<Timestamp>)],
    pub(super) budget: &'a Budget,
}

impl Target {
    /// What a time-stamp of this kind is over.
    pub(super) fn of(kind: TimeStampKind, token: &Token, subject: &Subject<'_>) -> Self {
        match kind {
            TimeStampKind::Archive => {
                let mut target = Self::default();
                target.problems.doubt(
                    SubIndication::FormatFailure,
                    "archive time-stamps of the first version (ETSI TS 101 733 before 1.5.1) are \
                     not judged",
                );
                target
            }
            TimeStampKind::ArchiveV2 => subject.archive_v2(token.info.time),
            TimeStampKind::ArchiveV3 => subject.archive_v3(token),
            TimeStampKind::CadesC => {
                let mut parts = vec![subject.signer.signature.clone()];
                parts.extend(subject.attributes(&[TimeStampKind::Signature.oid()]));
                parts.extend(subject.references());
                Self::over(parts)
            }
            TimeStampKind::Content => match subject.content {
                Some(content) => Self::over(vec![content.clone()]),
                None => Self::without_content(),
            },
            TimeStampKind::References => Self::over(subject.references()),
            TimeStampKind::Signature => Self::over(vec![subject.signer.signature.clone()]),
        }
    }

    fn over(parts: Vec<Bytes>) -> Self {
        Self { spellings: vec![parts], ..Self::default() }
    }

    fn without_content() -> Self {
        let mut target = Self::default();
        target.problems.doubt(
            SubIndication::SignedDataNotFound,
            "the time-stamp is over the document, which is not at hand",
        );
        target
    }
}

/// Whether the attribute at `place` holds archive time-stamps that one of `time` is not over.
pub(super) fn is_later(
    archives: &[(usize, Option<Timestamp>)],
    place: usize,
    time: Timestamp,
) -> bool {
    let archive = archives.iter().find(|(archive, _)| *archive == place);
    archive.is_some_and(|(_, earliest)| earliest.is_none_or(|earliest| earliest >= time))
}

const CERTIFICATE_REFS: &str = "1.2.840.113549.1.9.16.2.21";
const REVOCATION_REFS: &str = "1.2.840.113549.1.9.16.2.22";

impl Subject<'_> {
    fn unsigned_attributes(&self) -> &[RawAttribute] {
        self.unsigned.map_or(&[], |unsigned| &unsigned.attributes)
    }

    /// RFC 5126 §6.3.5, note 2: the type and the values of each attribute with tag and length, and
    /// not the SEQUENCE around them.
    fn attributes(&self, ids: &[&str]) -> Vec<Bytes> {
        let all = self.unsigned_attributes().iter();
        all.filter(|attribute| ids.contains(&attribute.id.as_str()))
            .filter_map(|attribute| {
                let inside = Element::only(&attribute.raw).ok()?.value;
                Some(attribute.raw.slice_ref(inside))
            })
            .collect()
    }

    fn references(&self) -> Vec<Bytes> {
        [self.attributes(&[CERTIFICATE_REFS]), self.attributes(&[REVOCATION_REFS])].concat()
    }

    /// RFC 5126 §6.4.1, ETSI TS 101 733 annex K: `encapContentInfo`, a content that is elsewhere,
    /// `certificates`, `crls`, and all of the `SignerInfo` as it stood when the time-stamp was
    /// made. Later archive time-stamps are those with a later time.
    fn archive_v2(&self, time: Timestamp) -> Target {
        let raw = &self.signed_data.raw;
        let mut parts = vec![raw.encapsulated.clone()];
        if self.signed_data.encapsulated().is_none() {
            let Some(content) = self.content else { return Target::without_content() };
            parts.push(content.clone());
        }
        parts.extend(raw.certificates_field.clone());
        parts.extend(raw.crls_field.clone());
        parts.extend(self.signer_fields());
        let before = self.unsigned_attributes().iter().enumerate();
        let before: Vec<Bytes> = before
            .filter(|(place, _)| !is_later(self.archives, *place, time))
            .map(|(_, attribute)| attribute.raw.clone())
            .collect();
        if before.is_empty() {
            return Target::over(parts);
        }
        // Annex K up to version 1.8.3 leaves out tag and length of unsignedAttrs, against the
        // normative text; later versions advise to try both.
        let length = before.iter().map(Bytes::len).fold(0, usize::saturating_add);
        let with_header = [parts.clone(), vec![unsigned_header(length)], before.clone()].concat();
        let without = [parts, before].concat();
        Target { spellings: vec![with_header, without], ..Target::default() }
    }

    /// ETSI EN 319 122-1 §5.5.3: the type of the content, its digest, the `SignerInfo` up to the
    /// signature value, and the index, which stands in the token and names the rest by digests.
    fn archive_v3(&self, token: &Token) -> Target {
        let mut target = Target::default();
        let index = match HashIndex::of(token) {
            Ok(index) => index,
            Err(problem) => {
                let (indication, sub_indication) = problem.indication();
                target.problems.push(indication, sub_indication, problem.to_string());
                return target;
            }
        };
        let Some(content) = self.content else { return Target::without_content() };
        let encapsulated = &self.signed_data.raw.encapsulated;
        let content_type = Element::only(encapsulated)
            .and_then(|encapsulated| encapsulated.inside()?.next())
            .map(|content_type| encapsulated.slice_ref(content_type.raw));
        // The field was read before; that it can be read again is no question.
        let Ok(content_type) = content_type else { return target };
        let digest = match index.digest(content, self.budget) {
            Ok(digest) => digest,
            Err(spent) => {
                target.problems.spent(spent);
                return target;
            }
        };
        let mut parts = vec![content_type, digest.into()];
        parts.extend(self.signer_fields());
        parts.push(index.raw().clone());
        target.spellings = vec![parts];
        if let Err(spent) = index.check(self, token.info.time, &mut target) {
            target.problems.spent(spent);
        }
        target
    }

    /// The fields of the `SignerInfo` from the version to the signature value.
    fn signer_fields(&self) -> impl Iterator<Item = Bytes> {
        let raw = &self.signer.raw;
        let begin = [&raw.version, &raw.id, &raw.digest_algorithm];
        let end = [&raw.signature_algorithm, &raw.signature];
        begin.into_iter().chain(&raw.signed_attributes).chain(end).cloned()
    }
}

/// Tag and length of the `[1]` that unsigned attributes stand in (X.690 §8.1.3 and §10.1).
fn unsigned_header(length: usize) -> Bytes {
    const TAG: u8 = 0xa1;
    let octets = length.to_be_bytes();
    let significant = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
    let octets = octets.get(significant..).unwrap_or_default();
    let mut header = vec![TAG];
    match (u8::try_from(length), u8::try_from(octets.len())) {
        (Ok(short), _) if short < 0x80 => header.push(short),
        (_, Ok(count)) => {
            header.push(0x80 | count);
            header.extend(octets);
        }
        // An address has eight octets at most.
        (_, Err(_)) => {}
    }
    header.into()
}
