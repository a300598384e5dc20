//! One signer's signature, judged in the order of ETSI EN 319 102-1 §5.3.4: format, content,
//! value, certificate, chain, and the rules on its attributes.
//!
//! Every check is made even when one before it failed, so that the report tells all of it.

use std::cell::{Cell, RefCell};

use bytes::Bytes;

use super::{
    Budget, Conditions, Limits,
    attributes::{Claim, SignedAttributes, TimeStampKind, UnsignedAttributes, listed},
    best_time::Moment,
    budget::Spent,
    certificate::{self, Asked, Found, Value},
    cms::{SignedData, Signer, SignerId},
    constraints, counter,
    problem::{Problems, When},
    revocation::{Brought, Inquiry},
    timestamp, unusual,
};
use crate::{
    algorithms::{DigestAlgorithm, Failure, Used, algorithm_name},
    domain::{
        self, BestTimeSource, CLOCK_TOLERANCE_SECONDS, Indication, Level, Sha256, SignatureReport,
        SignerReport, SubIndication, Timestamp,
    },
    trust::{self, Certificate, TrustStore},
};

/// What every signature of a document is judged against.
#[derive(Clone, Copy)]
pub(super) struct Basis<'a> {
    pub(super) trust: &'a TrustStore,
    pub(super) conditions: &'a Conditions<'a>,
    /// The best signature time (ETSI EN 319 102-1 §5.3.4), and why that one.
    pub(super) at: Timestamp,
    /// The same without time-stamps of authorities of which nobody can say whether they were
    /// revoked. What such a one proves must not make anything better than it is without it.
    pub(super) sure: Timestamp,
    /// The same without time-stamps of authorities that have to be heard again.
    pub(super) confirmed: Timestamp,
    pub(super) source: BestTimeSource,
    pub(super) limits: &'a Limits,
    /// What may still be done.
    pub(super) budget: &'a Budget,
    pub(super) subject: Subject<'a>,
    /// What came around the signature and may tell of revocation.
    pub(super) brought: Option<&'a Brought>,
    /// Certificates on proved paths: whether they were revoked.
    pub(super) inquiry: &'a RefCell<Inquiry>,
}

/// What a signature is over.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// A document, or a file with one inside.
    Document,
    /// The value of another signature.
    Signature {
        /// How many signatures lie below, down to the document's.
        depth: usize,
        /// How many more may be judged.
        left: &'a Cell<usize>,
    },
}

impl<'a> Basis<'a> {
    pub(super) fn new(
        conditions: &'a Conditions<'a>,
        budget: &'a Budget,
        inquiry: &'a RefCell<Inquiry>,
    ) -> Self {
        Self {
            trust: conditions.trust,
            conditions,
            at: conditions.at,
            sure: conditions.at,
            confirmed: conditions.at,
            source: conditions.source,
            limits: &conditions.limits,
            budget,
            subject: Subject::Document,
            brought: None,
            inquiry,
        }
    }

    /// When something has to count that was not made before `not_before`.
    pub(super) fn when(&self, not_before: Timestamp) -> When<'a> {
        When { policy: self.trust.algorithms(), at: self.sure, not_before }
    }

    /// What is judged existed by then.
    pub(super) fn moment(&self) -> Moment {
        Moment { at: self.at, sure: self.sure, confirmed: self.confirmed }
    }

    /// The same for what existed by then.
    pub(super) fn at_moment(self, Moment { at, sure, confirmed }: Moment) -> Self {
        Self { at, sure, confirmed, ..self }
    }

    /// How far ahead of the moment that is judged for a certificate may begin, in seconds. The
    /// receipt is told by our clock, and the beginning by that of an authority; a moment that a
    /// time-stamp proves or a person named is what it is.
    pub(super) fn clock_tolerance_seconds(&self) -> i64 {
        let is_receipt =
            self.conditions.source == BestTimeSource::Receipt && self.at >= self.conditions.at;
        if is_receipt { CLOCK_TOLERANCE_SECONDS } else { 0 }
    }
}

/// What a signature is over, with the digests computed so far.
pub(super) struct Content {
    bytes: Bytes,
    digests: Vec<(DigestAlgorithm, Vec<u8>)>,
}

/// What is known of a signature before it is judged.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// What is wrong with its file.
    pub(super) problems: &'a Problems,
    /// The digests by which a manifest binds what the signature covers.
    pub(super) binding: &'a [Used],
}

/// The judgement on one signer.
pub(super) struct Judged {
    pub(super) report: SignatureReport,
    /// The SHA-256 of the signer's certificate, when the signature passed.
    pub(super) proved_by: Option<Sha256>,
}

impl Content {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self { bytes, digests: Vec::new() }
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(super) fn digest(
        &mut self,
        algorithm: DigestAlgorithm,
        budget: &Budget,
    ) -> Result<Vec<u8>, Spent> {
        if let Some((_, digest)) = self.digests.iter().find(|(known, _)| *known == algorithm) {
            return Ok(digest.clone());
        }
        let digest = budget.digest(algorithm, &self.bytes)?;
        self.digests.push((algorithm, digest.clone()));
        Ok(digest)
    }
}

/// Judges `signer`'s signature over `content`, which is `None` when it is not at hand, given what
/// is `known` of its file.
pub(super) fn judge(
    signed_data: &SignedData,
    signer: &Signer,
    content: Option<&mut Content>,
    known: Known<'_>,
    basis: Basis<'_>,
) -> Judged {
    let attributes = signer.signed_attributes.as_ref().and_then(|read| read.as_ref().ok());
    let bytes = content.as_deref().map(Content::bytes).cloned();
    let unsigned = signer.unsigned_attributes.as_ref().ok();
    let mut brought = Brought::with(basis.brought, signed_data, basis.budget);
    if let Some(unsigned) = unsigned {
        brought.add_unsigned(unsigned, basis.budget);
    }
    let basis = Basis { brought: Some(&brought), ..basis };
    // What stands beside a signature may be younger than it: judged for the outer moment.
    let counter_signatures = counter::judge(signed_data, signer, basis);
    let stamped = timestamp::judge_all(signed_data, signer, bytes.as_ref(), basis);
    let best = &stamped.best;
    let basis = Basis { source: best.proof.source, ..basis.at_moment(best.proof.moment) };
    let value = Value::new(signer, bytes.as_ref());
    let asked = Asked {
        beside: brought.certificates(),
        anywhere: matches!(basis.subject, Subject::Signature { .. }),
        younger_than: best.content,
        ..Asked::default()
    };
    let found = certificate::find(signed_data, signer, attributes, &value, asked, basis);
    let certificate = found.certificate.as_ref();
    let mut warnings = unusual::warnings(signed_data, signer, certificate, basis);
    warnings.extend(found.warnings.iter().cloned());
    warnings.extend(best.warnings());

    let mut problems = known.problems.clone();
    for used in known.binding {
        problems.rely(used, basis.when(found.not_before()), "of what it covers, ");
    }
    check_content(signer, attributes, content, "document", &found, basis, &mut problems);
    check_bare_authority(signer, certificate, &mut problems);
    problems.extend(found.problems);
    best.check_order(&mut problems);
    problems.extend(constraints::check(signed_data, signer, bytes.as_ref(), basis));
    let (indication, sub_indication, reason) = problems.conclusion();
    let of_value = found.value.as_ref().and_then(|value| value.as_ref().err()?.unsupported());
    let of_chain = || found.chain.iter().find_map(|link| link.unsupported.as_deref());
    let unsupported = of_value.or_else(|| problems.unsupported()).or_else(of_chain);
    let unsupported = unsupported.map(str::to_owned);
    let certificate = found.certificate;
    let proved_by = certificate
        .as_ref()
        .filter(|_| indication == Indication::TotalPassed)
        .map(Certificate::sha256);
    Judged {
        report: SignatureReport {
            indication,
            sub_indication,
            reason,
            unsupported,
            level: level(signed_data, signer, attributes),
            algorithm: algorithm_name(&signer.signature_algorithm.id),
            digest_algorithm: algorithm_name(&signer.digest_algorithm.id),
            signer: certificate.map_or_else(
                || nameless(&signer.id),
                |found| SignerReport {
                    kind: trust::signer_kind(&found, basis.trust),
                    ..found.signer()
                },
            ),
            signing_time: signing_time(attributes),
            best_time: basis.at,
            best_time_source: basis.source,
            chain: found.chain,
            timestamps: stamped.reports,
            qualification: found.qualification,
            covers: Vec::new(),
            attributes: attributes.map(listed).unwrap_or_default(),
            counter_signatures,
            warnings,
        },
        proved_by,
    }
}

/// The report on something in place of which no signature could be read.
pub(super) fn unread(problems: &Problems, basis: Basis<'_>) -> SignatureReport {
    let (indication, sub_indication, reason) = problems.conclusion();
    SignatureReport {
        // Nothing was proved here, whatever the problems say.
        indication: indication.max(Indication::Indeterminate),
        sub_indication: sub_indication.or(Some(SubIndication::FormatFailure)),
        reason,
        unsupported: problems.unsupported().map(str::to_owned),
        level: Level::Cms,
        algorithm: UNKNOWN.to_owned(),
        digest_algorithm: UNKNOWN.to_owned(),
        signer: SignerReport { name: UNKNOWN.to_owned(), ..SignerReport::default() },
        signing_time: None,
        best_time: basis.at,
        best_time_source: basis.source,
        chain: Vec::new(),
        timestamps: Vec::new(),
        qualification: None,
        covers: Vec::new(),
        attributes: Vec::new(),
        counter_signatures: Vec::new(),
        warnings: Vec::new(),
    }
}

const UNKNOWN: &str = "unknown";

/// An authority's key signs certificates, revocation lists and OCSP answers, these with whatever
/// nonce somebody sent. Without signed attributes each of them would pass for a document.
fn check_bare_authority(
    signer: &Signer,
    certificate: Option<&Certificate>,
    problems: &mut Problems,
) {
    if signer.signed_attributes.is_none() && certificate.is_some_and(Certificate::is_authority) {
        problems.doubt(
            SubIndication::SigConstraintsFailure,
            "the key is an authority's and there are no signed attributes: what it signed may be a \
             certificate or an answer, and not a document",
        );
    }
}

/// ETSI EN 319 102-1 §5.2.7.4: the content is at hand, and it is what was signed.
///
/// `thing` is what the content is to people.
pub(super) fn check_content(
    signer: &Signer,
    attributes: Option<&SignedAttributes>,
    content: Option<&mut Content>,
    thing: &str,
    found: &Found,
    basis: Basis<'_>,
    problems: &mut Problems,
) {
    let Some(content) = content else {
        problems.doubt(
            SubIndication::SignedDataNotFound,
            format!("the signature is detached and the {thing} it speaks of is not at hand"),
        );
        return;
    };
    // Without signed attributes the signature value itself is over the content.
    let Some(attributes) = attributes else { return };
    match DigestAlgorithm::from_oid(&signer.digest_algorithm.id) {
        Ok(algorithm) => {
            let actual = match content.digest(algorithm, basis.budget) {
                Ok(actual) => actual,
                Err(spent) => return problems.spent(spent),
            };
            if actual != *attributes.message_digest {
                let value = match found.value {
                    Some(Ok(_)) => "; the signature value itself is right",
                    Some(Err(_)) | None => "",
                };
                problems.fail(
                    SubIndication::HashFailure,
                    format!(
                        "the {} of the {thing} is {}, and the signer signed {}{value}",
                        algorithm.name(),
                        hex(&actual),
                        hex(&attributes.message_digest),
                    ),
                );
            }
            problems.rely(&Used::digest(algorithm), basis.when(found.not_before()), "");
        }
        // Unsupported for the value too: it is told there, by the name of the whole algorithm.
        Err(_) if matches!(found.value, Some(Err(Failure::Unsupported { .. }))) => {}
        Err(failure) => problems.uncomputed(&failure, ""),
    }
}

/// The level by what stands in the signature, right or wrong (ETSI EN 319 122-1 §6 and -2 §4).
///
/// Each level needs the one below it, with two exceptions. Revocation data with the certificates
/// make `CAdES-X-Long` also without references to them: the baseline level LT asks for none, and
/// keeps the data in the fields of the `SignedData`. And an archive time-stamp makes `CAdES-A`
/// over whatever stands there.
fn level(
    signed_data: &SignedData,
    signer: &Signer,
    attributes: Option<&SignedAttributes>,
) -> Level {
    use TimeStampKind::{Archive, ArchiveV2, ArchiveV3, CadesC, References, Signature};
    let nothing = UnsignedAttributes::default();
    let beside = signer.unsigned_attributes.as_ref().unwrap_or(&nothing);
    let has = |kinds: &[TimeStampKind]| {
        beside.time_stamps.iter().any(|stamp| kinds.contains(&stamp.kind))
    };
    let has_revocation = !beside.revocation_values.is_empty()
        || !signed_data.crls().is_empty()
        || !signed_data.ocsp_responses().is_empty();
    let has_certificates =
        !beside.certificate_values.is_empty() || !signed_data.certificates().is_empty();
    let has_references = beside.certificate_refs && beside.revocation_refs;
    if attributes.is_none_or(|read| read.references.is_empty()) {
        Level::Cms
    } else if has(&[Archive, ArchiveV2, ArchiveV3]) {
        Level::CadesA
    } else if !has(&[Signature]) {
        Level::CadesBes
    } else if has_revocation && has_certificates {
        Level::CadesXLong
    } else if !has_references {
        Level::CadesT
    } else if has(&[CadesC, References]) {
        Level::CadesX
    } else {
        Level::CadesC
    }
}

pub(super) fn signing_time(attributes: Option<&SignedAttributes>) -> Option<Timestamp> {
    match attributes?.signing_time {
        Claim::Said(moment) => Some(moment),
        Claim::Absent | Claim::Unreadable => None,
    }
}

/// What the signature itself says of a signer whose certificate is not at hand.
pub(super) fn nameless(id: &SignerId) -> SignerReport {
    let serial = match id {
        SignerId::IssuerAndSerial { serial, .. } => hex(serial),
        SignerId::SubjectKeyId(_) => String::new(),
    };
    SignerReport { name: UNKNOWN.to_owned(), serial, ..SignerReport::default() }
}

/// Hexadecimal digits, of no more bytes than the longest digest has: the length is the signer's.
pub(super) fn hex(bytes: &[u8]) -> String {
    domain::hex(bytes.get(..64).unwrap_or(bytes))
}
