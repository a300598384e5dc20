//! ECDSA (FIPS 186-5) on the NIST curves, over a digest made by the caller.
//!
//! The signature value is the strict DER of `ECDSA-Sig-Value` (RFC 5480 appendix A).

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;

use super::Failure;

pub(super) fn verify_p256(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), Failure> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
        .map_err(|_| not_on_curve("ECDSA P-256"))?;
    let signature = p256::ecdsa::Signature::from_der(signature).map_err(|_| Failure::Mismatch)?;
    key.verify_prehash(digest, &signature).map_err(|_| Failure::Mismatch)
}

pub(super) fn verify_p384(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), Failure> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point)
        .map_err(|_| not_on_curve("ECDSA P-384"))?;
    let signature = p384::ecdsa::Signature::from_der(signature).map_err(|_| Failure::Mismatch)?;
    key.verify_prehash(digest, &signature).map_err(|_| Failure::Mismatch)
}

pub(super) fn verify_p521(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), Failure> {
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point)
        .map_err(|_| not_on_curve("ECDSA P-521"))?;
    let signature = p521::ecdsa::Signature::from_der(signature).map_err(|_| Failure::Mismatch)?;
    key.verify_prehash(digest, &signature).map_err(|_| Failure::Mismatch)
}

fn not_on_curve(algorithm: &str) -> Failure {
    Failure::BadKey { algorithm: algorithm.to_owned(), problem: "the point is not on the curve" }
}
