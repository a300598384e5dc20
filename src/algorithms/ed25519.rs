//! Ed25519 (RFC 8032).

use ed25519_dalek::{Signature, VerifyingKey};

use super::Failure;

/// Strict: refuses keys and nonces of small order and non-canonical points, with which one
/// signature would fit several messages or keys.
pub(super) fn verify(point: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Failure> {
    let key = VerifyingKey::try_from(point).map_err(|_| Failure::BadKey {
        algorithm: "Ed25519".to_owned(),
        problem: "the point is not on the curve",
    })?;
    let signature = Signature::from_slice(signature).map_err(|_| Failure::Mismatch)?;
    key.verify_strict(message, &signature).map_err(|_| Failure::Mismatch)
}
