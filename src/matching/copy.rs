//! One copy of a document, as far as the judge looks at it.

use crate::{
    domain::{
        Assurance, DocumentReport, Finding, FindingCode, Indication, ShareId, SignatureReport,
        SubIndication, Timestamp, TypeCode, Verdict, WarningCode,
    },
    registry::{AcceptedSigners, SignerPolicy},
    signature::Proof,
};

/// The facts of one copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copy<'a> {
    /// Its number within the share, from 1.
    pub(super) number: u32,
    /// Its type.
    pub(super) type_code: &'a TypeCode,
    /// When it was made, by its file name.
    pub(super) made_at: Option<Timestamp>,
    /// What its signatures are worth.
    pub(super) report: &'a DocumentReport,
    /// What the signatures that passed prove.
    pub(super) proofs: &'a [Proof],
    /// The earlier share that had the same signed bytes.
    pub(super) first_receipt: Option<ShareId>,
}

impl Copy<'_> {
    /// The verdict of a share that holds this copy alone, and why it is not `verified` without
    /// reserve.
    ///
    /// Without `accepted`, for no service is known, any signer will do.
    pub(super) fn grade(&self, accepted: Option<AcceptedSigners<'_>>) -> (Verdict, Vec<Finding>) {
        match self.report.indication {
            None => (Verdict::Unsigned, vec![self.finding(FindingCode::UnsignedDocument)]),
            Some(Indication::TotalFailed) => {
                (Verdict::Invalid, vec![self.signature_finding(FindingCode::SignatureInvalid)])
            }
            // The standard waits for another certificate, which may be the right one. A copy that
            // brings a certificate which contradicts the signature was changed on its way.
            Some(Indication::Indeterminate)
                if self.has_warning(WarningCode::CertificateContradicted) =>
            {
                (Verdict::Invalid, vec![self.signature_finding(FindingCode::SignatureInvalid)])
            }
            // The standard waits for a proof that the signature is older than the revocation. A
            // copy brings all its proofs along: none will come, and the key may be stolen.
            Some(Indication::Indeterminate) if self.is_by_revoked_signer() => {
                let finding = self.finding(FindingCode::SignatureInvalid);
                let detail = SubIndication::RevokedNoPoe.as_str();
                (Verdict::Invalid, vec![finding.with_detail(detail)])
            }
            Some(Indication::Indeterminate) => {
                let finding = self.signature_finding(FindingCode::SignatureUndetermined);
                let algorithm = self
                    .unsupported_algorithm()
                    .map(|name| self.finding(FindingCode::AlgorithmUnsupported).with_detail(name));
                (Verdict::Undetermined, [finding].into_iter().chain(algorithm).collect())
            }
            Some(Indication::TotalPassed) => match accepted {
                Some(accepted) if !self.is_accepted(accepted.policy) => {
                    let finding = self.finding(FindingCode::SignerNotAccepted);
                    (Verdict::Invalid, vec![finding.with_detail(accepted.to_string())])
                }
                _ if self.has_warning(WarningCode::RevocationUnchecked) => {
                    (Verdict::Verified, vec![self.finding(FindingCode::RevocationUnchecked)])
                }
                _ => (Verdict::Verified, Vec::new()),
            },
        }
    }

    /// What the strongest signature that passed, of signers that `policy` accepts, proves.
    pub(super) fn assurance(&self, policy: Option<&SignerPolicy>) -> Option<Assurance> {
        if self.report.indication != Some(Indication::TotalPassed)
            || policy.is_some_and(|policy| !self.is_accepted(policy))
        {
            return None;
        }
        let wanted = match policy {
            Some(SignerPolicy::Person) => [Assurance::PersonSigned].as_slice(),
            _ => &[Assurance::Sealed, Assurance::PersonSigned],
        };
        wanted.iter().copied().find(|assurance| {
            self.passed().any(|signature| {
                signature.signer.assurance == Some(*assurance)
                    && policy.is_none_or(|policy| is_by_pinned(signature, policy))
            })
        })
    }

    /// How many seconds before `received_at` the oldest of its times lies: what its signers claim
    /// and what its name says. Both are hints; the older one is the safer.
    pub(super) fn age_seconds(&self, received_at: Timestamp) -> Option<i64> {
        self.report
            .signatures
            .iter()
            .filter_map(|signature| signature.signing_time)
            .chain(self.made_at)
            .min()
            .map(|made_at| received_at.seconds_since(made_at))
    }

    /// A finding about this copy.
    pub(super) fn finding(&self, code: FindingCode) -> Finding {
        Finding::of_document(code, self.number)
    }

    fn is_accepted(&self, policy: &SignerPolicy) -> bool {
        match policy {
            SignerPolicy::Anchors => true,
            SignerPolicy::Seal => self.has_assurance(Assurance::Sealed),
            SignerPolicy::Person => self.has_assurance(Assurance::PersonSigned),
            SignerPolicy::SealOrPerson => {
                self.has_assurance(Assurance::Sealed) || self.has_assurance(Assurance::PersonSigned)
            }
            SignerPolicy::Pinned(certificates) => {
                self.proofs.iter().any(|proof| certificates.contains(&proof.signer()))
            }
        }
    }

    fn has_assurance(&self, assurance: Assurance) -> bool {
        self.passed().any(|signature| signature.signer.assurance == Some(assurance))
    }

    fn passed(&self) -> impl Iterator<Item = &SignatureReport> {
        let signatures = self.report.signatures.iter();
        signatures.filter(|signature| signature.indication == Indication::TotalPassed)
    }

    fn is_by_revoked_signer(&self) -> bool {
        let mut signatures = self.report.signatures.iter();
        signatures.any(|one| one.sub_indication == Some(SubIndication::RevokedNoPoe))
    }

    fn has_warning(&self, code: WarningCode) -> bool {
        let mut warnings = self.report.signatures.iter().flat_map(|one| &one.warnings);
        warnings.any(|warning| warning.code == code)
    }

    fn signature_finding(&self, code: FindingCode) -> Finding {
        let finding = self.finding(code);
        match self.report.sub_indication {
            Some(sub_indication) => finding.with_detail(sub_indication.as_str()),
            None => finding,
        }
    }

    /// The algorithm for whose sake nothing can be said: the signature's own, or that of a key in
    /// its chain. A supported algorithm with a key that is too short is not meant.
    fn unsupported_algorithm(&self) -> Option<&str> {
        self.report
            .signatures
            .iter()
            .filter(|signature| {
                signature.sub_indication == Some(SubIndication::CryptoConstraintsFailure)
            })
            .find_map(unsupported_in)
    }
}

/// Whether a policy of pinned signers means this signature's. Every other one takes any signer
/// with the assurance that it asks for.
fn is_by_pinned(signature: &SignatureReport, policy: &SignerPolicy) -> bool {
    let SignerPolicy::Pinned(certificates) = policy else { return true };
    let signer = signature.chain.first();
    signer.is_some_and(|signer| certificates.iter().any(|pinned| signer.sha256 == (*pinned).into()))
}

fn unsupported_in(signature: &SignatureReport) -> Option<&str> {
    let keys = signature.chain.iter().map(|certificate| certificate.key.as_str());
    [signature.algorithm.as_str()].into_iter().chain(keys).find(|name| !is_supported(name))
}

/// Whether an algorithm of this name belongs to a family that [`crate::algorithms`] verifies.
fn is_supported(name: &str) -> bool {
    let families = ["DSTU 4145", "ECDSA", "Ed25519", "RSA"];
    families.iter().any(|family| name.starts_with(family)) && !name.ends_with("normal basis")
}
