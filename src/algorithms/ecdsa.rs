//! ECDSA (FIPS 186-5) on the NIST curves, over a digest made by the caller.
//!
//! The signature value is the strict DER of `ECDSA-Sig-Value` (RFC 5480 appendix A).

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;

use super::Failure;

pub(super) fn verify_p256(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), Failure> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
        .map_err(|_| not_on_curve("ECDSA P-256"))?;
    let signature = p256::ecdsa::Signature::from_der(signature).map_err(|_| Failure::Mismatch)?;
    key.verify_prehash(&as_long_as(digest, 32), &signature).map_err(|_| Failure::Mismatch)
}

pub(super) fn verify_p384(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), Failure> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point)
        .map_err(|_| not_on_curve("ECDSA P-384"))?;
    let signature = p384::ecdsa::Signature::from_der(signature).map_err(|_| Failure::Mismatch)?;
    key.verify_prehash(&as_long_as(digest, 48), &signature).map_err(|_| Failure::Mismatch)
}

pub(super) fn verify_p521(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), Failure> {
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point)
        .map_err(|_| not_on_curve("ECDSA P-521"))?;
    let signature = p521::ecdsa::Signature::from_der(signature).map_err(|_| Failure::Mismatch)?;
    key.verify_prehash(&as_long_as(digest, 66), &signature).map_err(|_| Failure::Mismatch)
}

fn not_on_curve(algorithm: &str) -> Failure {
    Failure::BadKey { algorithm: algorithm.to_owned(), problem: "the point is not on the curve" }
}

/// A digest that is shorter than the field is the same number with zeros before it (FIPS 186-5
/// §6.4.2); the library takes none that is shorter than half of it.
fn as_long_as(digest: &[u8], length: usize) -> Vec<u8> {
    let mut padded = vec![0; length.saturating_sub(digest.len())];
    padded.extend_from_slice(digest);
    padded
}
