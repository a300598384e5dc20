//! Whose signature counts for a service.

use crate::{
    domain::{Assurance, Qualification, SignatureReport, SignerKind, Timestamp},
    registry::{AcceptedSigners, Issuers, PinnedSigner, SignerPolicy},
    signature::Proof,
};

/// By what the signatures of a copy are accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    /// Whose signatures the service takes.
    pub(super) accepted: AcceptedSigners<'a>,
    /// Whose seals count as issuing copies.
    pub(super) issuers: &'a Issuers,
    /// Whether a trust list is in use: then it says whose certificates name an organisation truly.
    pub(super) has_trust_list: bool,
    /// Whether the signature that a copy is proved by has to say when it was made.
    pub(super) require_fresh: bool,
    /// When the mail was accepted.
    pub(super) received_at: Timestamp,
}

/// What the rules say of a signer whose signature passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acceptance {
    /// The signature counts.
    Accepted,
    /// It is a seal, and the organisation is none whose seal counts here.
    OtherIssuer,
    /// It does not count.
    Refused,
}

impl Rules<'_> {
    /// Whether the signature that `proof` is of counts.
    pub(super) fn accept(&self, proof: &Proof, signature: &SignatureReport) -> Acceptance {
        let kind = signature.signer.kind;
        let is_named = match self.accepted.policy {
            SignerPolicy::Anchors => true,
            SignerPolicy::Person => kind == Some(SignerKind::Person),
            SignerPolicy::Seal => self.is_issuers(signature),
            SignerPolicy::SealOrPerson => {
                kind == Some(SignerKind::Person) || self.is_issuers(signature)
            }
            SignerPolicy::Pinned(signers) => {
                signers.iter().any(|signer| self.is_by(signer, proof, signature))
            }
        };
        if is_named {
            Acceptance::Accepted
        } else if kind == Some(SignerKind::Seal) && *self.accepted.policy != SignerPolicy::Person {
            Acceptance::OtherIssuer
        } else {
            Acceptance::Refused
        }
    }

    /// What a signature proves that counts: an organisation that the service names itself is an
    /// issuer for it.
    pub(super) fn assurance(
        &self,
        proof: &Proof,
        signature: &SignatureReport,
    ) -> Option<Assurance> {
        let pinned = match self.accepted.policy {
            SignerPolicy::Pinned(signers) => signers.as_slice(),
            SignerPolicy::Anchors
            | SignerPolicy::Person
            | SignerPolicy::Seal
            | SignerPolicy::SealOrPerson => &[],
        };
        let is_named = pinned.iter().any(|signer| self.is_by(signer, proof, signature));
        Some(match signature.signer.kind? {
            SignerKind::Person => Assurance::PersonSigned,
            SignerKind::Seal if is_named || self.is_issuers(signature) => Assurance::Sealed,
            SignerKind::Seal => Assurance::SealedByOther,
        })
    }

    fn is_issuers(&self, signature: &SignatureReport) -> bool {
        let id = signature.signer.organisation_id.as_ref();
        id.is_some_and(|id| self.issuers.has(id)) && self.is_true_seal(signature)
    }

    fn is_by(&self, signer: &PinnedSigner, proof: &Proof, signature: &SignatureReport) -> bool {
        match signer {
            PinnedSigner::Certificate(sha256) => proof.signer() == *sha256,
            PinnedSigner::Organisation(id) => {
                signature.signer.organisation_id.as_ref() == Some(id)
                    && self.is_true_seal(signature)
            }
        }
    }

    /// Whether it is a seal whose certificate names its organisation truly: where a trust list is
    /// in use, only authorities that it grants to issue qualified certificates check that.
    fn is_true_seal(&self, signature: &SignatureReport) -> bool {
        let kind = signature.qualification.as_ref().map(|report| report.kind);
        let is_qualified = matches!(
            kind,
            Some(
                Qualification::QualifiedSeal | Qualification::AdvancedSealWithQualifiedCertificate
            )
        );
        signature.signer.kind == Some(SignerKind::Seal) && (is_qualified || !self.has_trust_list)
    }
}
