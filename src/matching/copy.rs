//! One copy of a document, as far as the judge looks at it.

use std::cmp::Reverse;

use super::signer::{Acceptance, Rules};
use crate::{
    domain::{
        Assurance, BestTimeSource, CLOCK_TOLERANCE_SECONDS, DocumentForm, DocumentReport, Finding,
        FindingCode, Indication, NotADocument, Severity, Sha256, SignatureReport, SubIndication,
        Timestamp, TypeCode, TypeSource, Verdict, WarningCode,
    },
    registry::AcceptedImages,
    signature::Proof,
};

/// What stays open with a signature that proves a copy.
const RESERVES: [(WarningCode, FindingCode); 2] = [
    (WarningCode::ContentTimeOnly, FindingCode::ContentTimeOnly),
    (WarningCode::RevocationUnchecked, FindingCode::RevocationUnchecked),
];

/// The facts of one copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copy<'a> {
    /// Its number within the share, from 1.
    pub(super) number: u32,
    /// Its type.
    pub(super) type_code: &'a TypeCode,
    /// Where its type is taken from.
    pub(super) type_source: Option<TypeSource>,
    /// What document was signed, or what that is instead.
    pub(super) form: Result<DocumentForm, NotADocument>,
    /// When it was made, by its file name.
    pub(super) made_at: Option<Timestamp>,
    /// What its signatures are worth.
    pub(super) report: &'a DocumentReport,
    /// What the signatures that passed prove.
    pub(super) proofs: &'a [Proof],
    /// The SHA-256 of its content; `None` for signature files whose document is not in the mail.
    pub(super) content: Option<Sha256>,
}

/// What a copy is worth by itself.
#[derive(Clone, Debug)]
pub(super) struct Grade {
    /// The verdict of a share that holds this copy alone.
    pub(super) verdict: Verdict,
    /// Why it is not `verified` without reserve.
    pub(super) findings: Vec<Finding>,
    /// What the signature proves that the verdict rests on.
    pub(super) assurance: Option<Assurance>,
    /// The place in the report of the signature that the verdict rests on.
    pub(super) decisive: Option<usize>,
}

/// How old a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Age {
    /// At least so many seconds.
    pub(super) least_seconds: i64,
    /// Whether somebody whose word counts says when it was made, so that it is no older than that.
    pub(super) is_known: bool,
}

impl<'a> Copy<'a> {
    /// What the copy is worth by `rules`; without any, for no service is known, any signer will
    /// do.
    ///
    /// A copy is proved by one signature that passed, is by a signer whom the service accepts, and
    /// covers what a reader is shown. What is unreadable, unsupported or by an unknown authority
    /// beside it is a finding. What is broken, revoked or contradicted speaks against the copy,
    /// whatever stands beside it.
    pub(super) fn grade(&self, rules: Option<&Rules<'_>>) -> Grade {
        let signatures = || self.report.signatures.iter().enumerate();
        if self.report.signatures.is_empty() {
            let finding = self.finding(FindingCode::UnsignedDocument);
            return Grade::unproved(Verdict::Unsigned, None, finding);
        }
        if let Some((place, broken)) = signatures().find(|(_, one)| is_broken(one)) {
            let finding = self.about(FindingCode::SignatureInvalid, broken);
            return Grade::unproved(Verdict::Invalid, Some(place), finding);
        }
        if let Some((proof, signature)) = self.best(rules) {
            return self.proved(proof, signature, rules);
        }
        let doubted =
            self.passed().find(|(_, one)| has_warning(one, WarningCode::KeyCompromisedEarlier));
        if let Some((proof, _)) = doubted {
            let finding = self.finding(FindingCode::KeyCompromisedEarlier);
            return Grade::unproved(Verdict::Undetermined, Some(proof.signature()), finding);
        }
        let movable = self.passed().find(|(proof, signature)| {
            let is_accepted =
                |rules: &Rules<'_>| rules.accept(proof, signature) == Acceptance::Accepted;
            is_movable(proof, signature, rules) && rules.is_none_or(is_accepted)
        });
        if let Some((proof, _)) = movable {
            let finding = self.finding(FindingCode::PdfUnbound);
            return Grade::unproved(Verdict::Undetermined, Some(proof.signature()), finding);
        }
        let other = self.passed().find(|(proof, signature)| {
            proof.covers_document()
                && rules
                    .is_some_and(|rules| rules.accept(proof, signature) == Acceptance::OtherIssuer)
        });
        if let Some((proof, signature)) = other {
            let finding = self.other_issuer(signature);
            return Grade::unproved(Verdict::Undetermined, Some(proof.signature()), finding);
        }
        if let Some((place, open)) =
            signatures().find(|(_, one)| one.indication == Indication::Indeterminate)
        {
            let finding = self.about(FindingCode::SignatureUndetermined, open);
            let mut grade = Grade::unproved(Verdict::Undetermined, Some(place), finding);
            let unsupported = signatures().find_map(|(_, one)| one.unsupported.as_deref());
            grade.findings.extend(
                unsupported
                    .map(|name| self.finding(FindingCode::AlgorithmUnsupported).with_detail(name)),
            );
            return grade;
        }
        if let Some((place, unread)) = signatures().find(|(_, one)| !is_passed(one)) {
            let finding = self.about(FindingCode::SignatureInvalid, unread);
            return Grade::unproved(Verdict::Invalid, Some(place), finding);
        }
        let is_refused = |(proof, signature): (&Proof, &SignatureReport)| {
            rules.is_some_and(|rules| rules.accept(proof, signature) == Acceptance::Refused)
        };
        if self.passed().all(is_refused) {
            let finding = self.finding(FindingCode::SignerNotAccepted);
            let detail = rules.map(|rules| rules.accepted.to_string());
            return Grade::unproved(Verdict::Invalid, Some(0), Finding { detail, ..finding });
        }
        let finding = self.finding(FindingCode::SignatureUndetermined);
        let detail = SubIndication::SignedDataNotFound.as_str();
        Grade::unproved(Verdict::Undetermined, Some(0), finding.with_detail(detail))
    }

    /// The grade of a copy that `signature` proves.
    fn proved(
        &self,
        proof: &Proof,
        signature: &SignatureReport,
        rules: Option<&Rules<'_>>,
    ) -> Grade {
        let assurance = rules.and_then(|rules| rules.assurance(proof, signature));
        let mut findings = Vec::new();
        if assurance == Some(Assurance::SealedByOther) {
            let finding = self.other_issuer(signature);
            findings.push(Finding { severity: Severity::Warning, ..finding });
        }
        for (warning, code) in RESERVES {
            findings.extend(has_warning(signature, warning).then(|| self.finding(code)));
        }
        let beside = self.report.signatures.iter().filter(|one| !is_passed(one));
        findings.extend(beside.map(|one| self.about(FindingCode::SignatureBeside, one)));
        let decisive = Some(proof.signature());
        Grade { verdict: Verdict::Verified, findings, assurance, decisive }
    }

    /// How many bytes of the document, from the first one on, the signature at this place of the report
    /// covers. At most as many as each accepted signature of greater assurance covers: what follows those
    /// bytes may have been added by somebody else. `None` when the signature did not pass, or covers
    /// something else.
    pub(super) fn revision(&self, signature: usize, rules: Option<&Rules<'_>>) -> Option<usize> {
        let assurance = |(proof, signature): (&Proof, &SignatureReport)| {
            rules.and_then(|rules| rules.assurance(proof, signature))
        };
        let own = self.passed().find(|(proof, _)| proof.signature() == signature)?;
        let (proof, _) = own;
        let better = self.satisfying(rules).filter(|one| assurance(*one) > assurance(own));
        let covered = better.filter_map(|(proof, _)| proof.revision());
        Some(covered.fold(proof.revision()?, usize::min))
    }

    /// How old the copy is when it is received; `None` when nothing tells.
    ///
    /// That it is no older is said by the signer alone on whose signature the verdict rests: what he
    /// claims, or a content time-stamp that he put under it. Everything else that tells a time
    /// (other signatures that count; other time-stamps, for anybody can add one later; its name, for
    /// anybody can change it) can only make it older. A moment still to come tells nothing.
    pub(super) fn age(&self, rules: &Rules<'_>) -> Option<Age> {
        let (_, decisive) = self.best(Some(rules)).unzip();
        let is_known = decisive.is_some_and(|one| said(one, rules.received_at).next().is_some());
        let signatures = || self.satisfying(Some(rules)).map(|(_, signature)| signature);
        let claimed = signatures().flat_map(|one| said(one, rules.received_at));
        let others = signatures().filter_map(proved_moment).chain(self.made_at);
        let others = others.filter(|moment| is_told(*moment, rules.received_at));
        let oldest = claimed.chain(others).min()?;
        let least_seconds = rules.received_at.seconds_since(oldest).max(0);
        Some(Age { least_seconds, is_known })
    }

    /// Whether it is the same document as `other`: the content is the same, or a signature over
    /// this one covers nothing but what those over the other cover.
    ///
    /// A signature that may have been moved here does not tell: what it is over may be the other.
    pub(super) fn repeats(&self, other: &Self, rules: Option<&Rules<'_>>) -> bool {
        let has = |digest: &Sha256| {
            other.over_document(rules).any(|proof| proof.covered().contains(digest))
        };
        self.content.is_some_and(|content| other.content == Some(content))
            || self.over_document(rules).any(|proof| proof.covered().iter().all(has))
    }

    /// Whether it is no copy but a signature file whose document is not in the mail.
    pub(super) fn is_orphan(&self) -> bool {
        self.content.is_none()
    }

    /// Why what was signed is no document where `images` are accepted; `None` when it is one.
    pub(super) fn not_a_document(&self, images: AcceptedImages) -> Option<Finding> {
        let instead = match self.form {
            Ok(form) if images.accept(form) => return None,
            Ok(_) => NotADocument::ImageNotAccepted,
            Err(instead) => instead,
        };
        Some(self.finding(FindingCode::NotADocument).with_detail(instead.as_str()))
    }

    /// A finding about this copy.
    pub(super) fn finding(&self, code: FindingCode) -> Finding {
        Finding::of_document(code, self.number)
    }

    /// The signature that the verdict rests on, of those that prove it by `rules`. Where freshness
    /// is required it is one that says its age, for signer and age have to hold on the same one; then
    /// the one with the least said against it that proves most; and then the one over most of the file.
    fn best(&self, rules: Option<&Rules<'_>>) -> Option<(&'a Proof, &'a SignatureReport)> {
        self.satisfying(rules).min_by_key(|(proof, signature)| {
            let is_ageless = rules.is_some_and(|rules| {
                rules.require_fresh && said(signature, rules.received_at).next().is_none()
            });
            let assurance = rules.and_then(|rules| rules.assurance(proof, signature));
            let is_unchecked = has_warning(signature, WarningCode::RevocationUnchecked);
            (is_ageless, is_unchecked, Reverse(assurance), Reverse(proof.revision()))
        })
    }

    /// The signatures that prove it by `rules`.
    fn satisfying(
        &self,
        rules: Option<&Rules<'_>>,
    ) -> impl Iterator<Item = (&'a Proof, &'a SignatureReport)> {
        self.passed().filter(move |(proof, signature)| {
            let accept = |rules: &Rules<'_>| rules.accept(proof, signature);
            proof.covers_document()
                && !has_warning(signature, WarningCode::KeyCompromisedEarlier)
                && !is_movable(proof, signature, rules)
                && rules.is_none_or(|rules| accept(rules) == Acceptance::Accepted)
        })
    }

    /// What is proved over the document itself: over its bytes, or by a signature that lies in its file.
    fn over_document(&self, rules: Option<&Rules<'_>>) -> impl Iterator<Item = &'a Proof> {
        let content = self.content;
        let bound =
            self.passed().filter(move |(proof, signature)| !is_movable(proof, signature, rules));
        bound.filter_map(move |(proof, signature)| {
            let is_over = match proof.covered() {
                [] => false,
                [only] if content.as_ref() == Some(only) => true,
                _ => !signature.covers.is_empty(),
            };
            (is_over && proof.covers_document()).then_some(proof)
        })
    }

    fn passed(&self) -> impl Iterator<Item = (&'a Proof, &'a SignatureReport)> {
        let report = self.report;
        self.proofs.iter().filter_map(move |proof| {
            let signature = report.signatures.get(proof.signature());
            Some((proof, signature.filter(|one| is_passed(one))?))
        })
    }

    /// Names the organisation by its public number alone: the name may be a person's, and findings
    /// stand in the clear.
    fn other_issuer(&self, signature: &SignatureReport) -> Finding {
        let id = signature.signer.organisation_id.as_ref();
        let detail = id.filter(|id| id.is_legal_entity()).map(ToString::to_string);
        Finding { detail, ..self.finding(FindingCode::OtherIssuer) }
    }

    fn about(&self, code: FindingCode, signature: &SignatureReport) -> Finding {
        let detail = signature.sub_indication.map(|sub| sub.as_str().to_owned());
        Finding { detail, ..self.finding(code) }
    }
}

impl Grade {
    /// The same where what was signed has to be a document. Of a copy that no signature proves nothing
    /// is said: it is not verified anyway.
    pub(super) fn of_document(mut self, copy: &Copy<'_>, images: AcceptedImages) -> Self {
        let is_proved = self.verdict == Verdict::Verified;
        if let Some(finding) = copy.not_a_document(images).filter(|_| is_proved) {
            self.verdict = Verdict::Undetermined;
            self.assurance = None;
            self.findings.push(finding);
        }
        self
    }

    fn unproved(verdict: Verdict, decisive: Option<usize>, finding: Finding) -> Self {
        Self { verdict, findings: vec![finding], assurance: None, decisive }
    }
}

/// Whether the signature may have been made over another file than the PDF file that it stands in,
/// by somebody who signs what others have written. An issuer seals what it wrote itself.
fn is_movable(proof: &Proof, signature: &SignatureReport, rules: Option<&Rules<'_>>) -> bool {
    let assurance = rules.and_then(|rules| rules.assurance(proof, signature));
    has_warning(signature, WarningCode::PdfUnbound) && assurance != Some(Assurance::Sealed)
}

fn is_passed(signature: &SignatureReport) -> bool {
    signature.indication == Indication::TotalPassed
}

/// Whether the signature speaks against the copy that it stands on.
///
/// Where the certificate in the file contradicts the signature, the standard waits for another
/// one; and where the signer was revoked, for a proof that the signature is older. A copy brings
/// all of that along: what contradicts it was changed on its way, and no later proof will come.
fn is_broken(signature: &SignatureReport) -> bool {
    let is_contradicted = has_warning(signature, WarningCode::CertificateContradicted);
    match (signature.indication, signature.sub_indication) {
        (Indication::TotalPassed, _) => false,
        (Indication::Indeterminate, sub) => {
            is_contradicted || sub == Some(SubIndication::RevokedNoPoe)
        }
        (Indication::TotalFailed, sub) => {
            let is_unread = matches!(
                sub,
                Some(
                    SubIndication::Expired
                        | SubIndication::FormatFailure
                        | SubIndication::NotYetValid
                )
            );
            is_contradicted || !is_unread
        }
    }
}

fn has_warning(signature: &SignatureReport, code: WarningCode) -> bool {
    signature.warnings.iter().any(|warning| warning.code == code)
}

/// When the signer says that he signed, as far as that is a moment before the receipt.
fn said(signature: &SignatureReport, received_at: Timestamp) -> impl Iterator<Item = Timestamp> {
    let moments = signature.signing_time.into_iter().chain(under(signature));
    moments.filter(move |moment| is_told(*moment, received_at))
}

/// Whether `moment` is none that is still to come.
fn is_told(moment: Timestamp, received_at: Timestamp) -> bool {
    moment <= received_at.plus_seconds(CLOCK_TOLERANCE_SECONDS)
}

/// The moments of right content time-stamps: the signature over them is younger.
fn under(signature: &SignatureReport) -> impl Iterator<Item = Timestamp> {
    let stamps = signature.timestamps.iter().filter(|stamp| {
        stamp.kind == "content-time-stamp" && stamp.indication == Indication::TotalPassed
    });
    stamps.filter_map(|stamp| stamp.time)
}

/// The moment at which a time-stamp proves that the signature existed.
fn proved_moment(signature: &SignatureReport) -> Option<Timestamp> {
    match signature.best_time_source {
        BestTimeSource::ArchiveTimestamp
        | BestTimeSource::DocumentTimestamp
        | BestTimeSource::SignatureTimestamp => Some(signature.best_time),
        BestTimeSource::Given | BestTimeSource::Receipt => None,
    }
}
