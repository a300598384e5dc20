//! What is not computed here is named, whatever family its name sounds like.

use super::*;

/// id-ecPublicKey (RFC 5480 §2.1.1).
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// ecdsa-with-SHA256 (RFC 5758 §3.2).
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
/// `rsaEncryption` and `md5WithRSAEncryption` (RFC 3279 §2.2.1), and RIPEMD-160 with RSA.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_MD5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04];
const RSA_RIPEMD: &[u8] = &[0x2b, 0x24, 0x03, 0x03, 0x01, 0x02];
const MD5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05];
const ED448: &[u8] = &[0x2b, 0x65, 0x71];

/// A key of this curve, an uncompressed point.
fn on_curve(curve: &[u8]) -> Vec<u8> {
    let point = [&[0, 0x04][..], &[7; 64]].concat();
    sequence(&[&sequence(&[&oid(ELLIPTIC), &oid(curve)]), &tlv(0x03, &[&point])])
}

#[test]
fn the_algorithm_for_whose_sake_nothing_can_be_said_is_named() {
    // SEC 2 §A.2, RFC 5639 §4.1, RFC 5480 §2.1.1.1.
    let secp256k1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x0a];
    let brainpool: &[u8] = &[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07];
    let twisted: &[u8] = &[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0c];
    let p192: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01];
    let p224: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x21];
    let sm2: &[u8] = &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d];
    for (curve, signature, digest, due) in [
        (Some(secp256k1), ECDSA_SHA256, SHA512, Some("ECDSA secp256k1")),
        (Some(brainpool), ECDSA_SHA256, SHA512, Some("ECDSA brainpoolP256r1")),
        (Some(twisted), ECDSA_SHA256, SHA512, Some("ECDSA brainpoolP384t1")),
        (Some(p192), ECDSA_SHA256, SHA512, Some("ECDSA P-192")),
        (Some(p224), ECDSA_SHA256, SHA512, Some("ECDSA P-224")),
        (Some(sm2), ECDSA_SHA256, SHA512, Some("ECDSA on the curve 1.2.156.10197.1.301")),
        (None, RSA_MD5, SHA512, Some("RSA with MD5")),
        (None, RSA, MD5, Some("RSA with MD5")),
        (None, RSA_RIPEMD, SHA512, Some("RSA with RIPEMD-160")),
        (None, ED448, SHA512, Some("Ed448")),
        (None, ED25519, MD5, Some("MD5")),
        (None, ED25519, SHA512, None),
    ] {
        let right = Identity::new(1);
        let identity = curve.map_or(right, |curve| Identity::with_key(1, &on_curve(curve)));
        let mut plan = SignerPlan::new(&identity, CONTENT);
        plan.signature_algorithm = algorithm(signature);
        plan.digest_algorithm = algorithm(digest);
        let mut file = FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]);
        file.digest_algorithms = vec![algorithm(digest)];
        let examined = judge(None, &[file.write()], &trust(&[&identity]));
        let report = only(&examined);
        assert_eq!(report.unsupported.as_deref(), due, "{:?}", report.reason);
        let expected = if due.is_some() { CRYPTO } else { PASSED };
        assert_eq!(outcome(&examined), expected, "{due:?}: {:?}", report.reason);
    }
}
