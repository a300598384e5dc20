//! What is remembered of what authorities said.
//!
//! Lists and answers are forgotten: by the cache some time after their end, with the cache in a
//! restore, and by the authority when a certificate has ended. What they said stays true. So a
//! judgement hands on what each certificate's status rested on, and the next one begins with it.

use serde::{Deserialize, Serialize};

use super::{
    RevocationError,
    claim::{By, Claim},
    parts::State,
};
use crate::{
    algorithms::{Policy, Used},
    domain::{RevocationKind, Sha256, Timestamp},
    trust::Certificate,
};

/// What an authority told us of one certificate, proved when it was judged. It says it again whenever
/// the certificate is judged by a store that has it, and gives way to what the authority says later.
/// What came with a signature is not among it: it is there as long as the signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRecord {
    certificate: Sha256,
    /// Of the issuer's key: one that is no longer on the path says nothing. Of the issuer's name where
    /// the key was not known: it is none that could leave the path.
    issuer_key: Sha256,
    pub(super) state: State,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Option<Timestamp>,
    pub(super) kind: RevocationKind,
    /// The delegated responder that said it, who may turn out to be revoked.
    pub(super) responder: Option<Responder>,
    /// What it was proved by; of what was said by a name, what its algorithm names. Records of earlier
    /// versions have nothing here: they clear nobody.
    #[serde(default)]
    rests_on: Vec<Basis>,
}

/// What a list or an answer was proved by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Basis {
    pub(super) used: Used,
    /// When it was made, by its own word.
    pub(super) made_at: Timestamp,
}

/// A delegated responder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Responder {
    #[serde(with = "der")]
    pub(super) certificate: Certificate,
    /// When it answered, by its own word.
    pub(super) produced_at: Timestamp,
}

impl StatusRecord {
    /// What was remembered already stays what it was: of the key that said it, or of the name.
    pub(super) fn new(
        claim: &Claim<'_>,
        certificate: &Certificate,
        issuer: &Certificate,
        rests_on: Vec<Basis>,
    ) -> Self {
        match claim.by {
            By::Record(record) => record.clone(),
            By::Answer(_) | By::Continuation(..) | By::List(_) => {
                Self::by(claim, certificate, issuer.key_digest(), rests_on)
            }
        }
    }

    /// What was said by the name of the certificate's issuer, whoever said it.
    pub(super) fn by_name(
        claim: &Claim<'_>,
        certificate: &Certificate,
        rests_on: Vec<Basis>,
    ) -> Self {
        Self::by(claim, certificate, Sha256::of(certificate.issuer_der()), rests_on)
    }

    fn by(
        claim: &Claim<'_>,
        certificate: &Certificate,
        issuer_key: Sha256,
        rests_on: Vec<Basis>,
    ) -> Self {
        Self {
            certificate: certificate.sha256(),
            issuer_key,
            state: claim.state,
            this_update: claim.this_update,
            next_update: claim.next_update,
            kind: claim.kind(),
            responder: claim.responder.map(|(certificate, produced_at)| Responder {
                certificate: certificate.clone(),
                produced_at,
            }),
            rests_on,
        }
    }

    /// Whether `policy` accepts what it was proved by, where it is judged for `at`: as it is asked of
    /// a list or answer at hand.
    pub(super) fn check(&self, policy: &Policy, at: Timestamp) -> Result<(), RevocationError> {
        if self.rests_on.is_empty() {
            return Err(RevocationError::Unexplained);
        }
        for Basis { used, made_at } in &self.rests_on {
            policy.check(used, at.max(*made_at))?;
        }
        Ok(())
    }

    pub(super) fn rests_on(&self) -> &[Basis] {
        &self.rests_on
    }

    /// What it says again. No responder need be proved for it: it was when it was written down.
    pub(super) fn claim(&self) -> Claim<'_> {
        Claim::remembered(self)
    }

    pub(super) fn is_of(&self, certificate: &Certificate) -> bool {
        self.certificate == certificate.sha256()
    }

    /// Whether it counts where `issuer` is the certificate's: its key said it, or it was said by the
    /// name alone and revokes.
    pub(super) fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let revokes = matches!(self.state, State::Revoked(_));
        let is_by_issuer =
            self.issuer_key == issuer.key_digest() || revokes && self.is_by_name(certificate);
        self.is_of(certificate) && is_by_issuer
    }

    /// Whether it revokes as `known` does, and no earlier.
    pub(super) fn repeats(&self, known: &Self) -> bool {
        let is_same = self.state.revokes() && self.state == known.state;
        is_same && self.this_update >= known.this_update
    }

    /// Whether it was said by the name of the certificate's issuer, whose key was not known.
    pub(super) fn is_by_name(&self, certificate: &Certificate) -> bool {
        self.issuer_key == Sha256::of(certificate.issuer_der())
    }

    /// What is remembered after a judgement that rested on `new`: of certificates that it did not ask
    /// about, what was known before.
    #[must_use]
    pub fn renewed(known: &[Self], new: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut renewed: Vec<Self> = Vec::new();
        for record in new {
            if !renewed.contains(&record) {
                renewed.push(record);
            }
        }
        let is_of = |one: &Self, other: &Self| {
            one.certificate == other.certificate && one.issuer_key == other.issuer_key
        };
        let is_silent = |old: &&Self| !renewed.iter().any(|new| is_of(new, old));
        let silent: Vec<Self> = known.iter().filter(is_silent).cloned().collect();
        renewed.extend(silent);
        renewed
    }
}

/// A certificate as its DER in Base64.
mod der {
    use base64ct::{Base64, Encoding as _};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    use crate::trust::Certificate;

    pub(super) fn serialize<S: Serializer>(of: &Certificate, to: S) -> Result<S::Ok, S::Error> {
        Base64::encode_string(of.der()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Certificate, D::Error> {
        let der = Base64::decode_vec(&String::deserialize(from)?).map_err(de::Error::custom)?;
        Certificate::parse(&der).map_err(de::Error::custom)
    }
}
