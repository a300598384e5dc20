//! DSTU 4145-2002 signatures over GOST 34.311-95 or Kupyna.

use super::{DigestAlgorithm, Failure, Mechanism, policy};
use crate::dstu::{
    self, Curve, Gost34311, KeyCache, OctetOrder, Parameters, PublicKey, Substitution,
};

/// A DSTU 4145 key as its `SubjectPublicKeyInfo` gives it.
pub(super) struct DstuKey<'a> {
    pub(super) order: OctetOrder,
    pub(super) parameters: Parameters,
    /// The compressed point, with or without its OCTET STRING header.
    pub(super) octets: &'a [u8],
}

impl DstuKey<'_> {
    pub(super) fn curve(&self) -> Curve {
        self.parameters.curve
    }

    /// The compressed point, least significant octet first.
    pub(super) fn point(&self) -> Option<Vec<u8>> {
        dstu::compressed(self.order, self.curve(), self.octets).ok()
    }
}

/// Says which digest a right value rests on.
pub(super) fn verify(
    key: &DstuKey<'_>,
    digest: DigestAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<Mechanism, Failure> {
    let (digest, mechanism) = digest_with(key, digest, message);
    let verified = match key.order {
        OctetOrder::LeastFirst => {
            KeyCache::global().verify(key.curve(), key.octets, &digest, signature)
        }
        OctetOrder::MostFirst => PublicKey::read_in(key.order, key.curve(), key.octets)
            .map(|key| dstu::verify(&key, &digest, signature)),
    };
    match verified {
        Ok(true) => Ok(mechanism),
        Ok(false) => Err(Failure::Mismatch),
        Err(_) => Err(Failure::BadKey {
            algorithm: format!("DSTU 4145 M{}", key.curve().degree()),
            problem: "its point is not one of the group of the curve",
        }),
    }
}

/// A key may bring a substitution table of its own for GOST 34.311. Whoever chose it may know other
/// bytes with the same digest, so it is another digest.
fn digest_with(key: &DstuKey<'_>, digest: DigestAlgorithm, message: &[u8]) -> (Vec<u8>, Mechanism) {
    match (digest, &key.parameters.substitution) {
        (DigestAlgorithm::Gost34311, Some(packed)) if *packed != Substitution::STANDARD_PACKED => {
            let substitution = Substitution::from_packed(packed);
            let mut hasher = Gost34311::new(&substitution);
            hasher.update(message);
            (hasher.finish().to_vec(), Mechanism::named(policy::GOST_34311_WITH_ANOTHER_TABLE))
        }
        (_, _) => (digest.digest(message), Mechanism::digest(digest)),
    }
}
