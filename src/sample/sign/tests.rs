use std::{fs, path::Path, process::Command};

use super::*;
use crate::{
    domain::{Indication, SignatureReport},
    sample::{
        Seed,
        authority::{Authority, Subject, Validity},
    },
    signature::{self, Conditions, Signed},
    trust::{Certificate as Trusted, TrustStore},
};

const CONTENT: &[u8] = b"%PDF-1.4 a copy\r\n";

fn at() -> Timestamp {
    "2026-09-01T10:00:00Z".parse().unwrap()
}

fn authority() -> Authority {
    Authority::root(Seed::from([3; 32]), Validity::days(at(), 30)).unwrap()
}

fn signer(authority: &mut Authority, algorithm: KeyAlgorithm) -> Signer {
    authority.signer(Subject::Person, algorithm, Validity::days(at(), 30)).unwrap()
}

fn read(message: &[u8]) -> SignedData {
    let info = ContentInfo::from_der(message).unwrap();
    assert_eq!(info.content_type, SIGNED_DATA);
    info.content.decode_as().unwrap()
}

fn value(attributes: &SignedAttributes, oid: ObjectIdentifier) -> Any {
    let attribute = attributes.iter().find(|attribute| attribute.oid == oid).unwrap();
    attribute.values.get(0).unwrap().clone()
}

fn verifies(data: &SignedData) -> bool {
    use ed25519_dalek::Verifier as _;
    let info = data.signer_infos.0.get(0).unwrap();
    let signed = info.signed_attrs.as_ref().unwrap().to_der().unwrap();
    let CertificateChoices::Certificate(certificate) =
        data.certificates.as_ref().unwrap().0.get(0).unwrap()
    else {
        panic!("the first certificate is of another kind");
    };
    let key = certificate.tbs_certificate().subject_public_key_info();
    let key = key.subject_public_key.raw_bytes();
    let signature = info.signature.as_bytes();
    if let Ok(key) = <[u8; 32]>::try_from(key) {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key).unwrap();
        let signature = ed25519_dalek::Signature::from_slice(signature).unwrap();
        return key.verify_strict(&signed, &signature).is_ok();
    }
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).unwrap();
    let signature = p256::ecdsa::Signature::from_der(signature).unwrap();
    key.verify(&signed, &signature).is_ok()
}

#[test]
fn the_signature_fits_the_signed_attributes_and_these_the_content() {
    for (algorithm, digest) in [
        (KeyAlgorithm::P256, Sha256::digest(CONTENT).to_vec()),
        (KeyAlgorithm::Ed25519, Sha512::digest(CONTENT).to_vec()),
    ] {
        let signer = signer(&mut authority(), algorithm);
        let data = read(&detached(CONTENT, &signer, at()).unwrap());
        assert!(verifies(&data), "{algorithm:?}");
        let info = data.signer_infos.0.get(0).unwrap();
        let attributes = info.signed_attrs.as_ref().unwrap();
        assert_eq!(value(attributes, MESSAGE_DIGEST).value(), digest);
        assert_eq!(value(attributes, SIGNING_TIME).value(), b"260901100000Z");
        assert_eq!(value(attributes, CONTENT_TYPE).value(), DATA.as_bytes());
        let named: SigningCertificateV2 =
            value(attributes, SIGNING_CERTIFICATE_V2).decode_as().unwrap();
        let expected = Sha256::digest(signer.certificate());
        assert_eq!(named.certificates[0].digest.as_bytes(), expected.as_slice());
    }
}

#[test]
fn only_an_attached_signature_carries_the_content() {
    let signer = signer(&mut authority(), KeyAlgorithm::P256);
    let carried = |message: &[u8]| {
        let content = read(message).encap_content_info.econtent;
        content.map(|any| any.decode_as::<OctetString>().unwrap().into_bytes().into_vec())
    };
    assert_eq!(carried(&attached(CONTENT, &signer, at()).unwrap()).as_deref(), Some(CONTENT));
    assert_eq!(carried(&detached(CONTENT, &signer, at()).unwrap()), None);
}

#[test]
fn the_authority_between_signer_and_root_is_included() {
    let mut middle = authority().subordinate(Validity::days(at(), 30)).unwrap();
    let signer = signer(&mut middle, KeyAlgorithm::Ed25519);
    let certificates = read(&attached(CONTENT, &signer, at()).unwrap()).certificates.unwrap();
    let included: Vec<Vec<u8>> =
        certificates.0.iter().map(|certificate| certificate.to_der().unwrap()).collect();
    assert_eq!(included.len(), 2);
    assert!(included.contains(&middle.certificate().to_vec()));
    assert!(included.contains(&signer.certificate().to_vec()));
}

/// What the verifier that the product judges with says of one signature over `CONTENT`.
fn judged(message: Vec<u8>, content: Option<&'static [u8]>, root: &Authority) -> SignatureReport {
    let trust = TrustStore::new(vec![Trusted::parse(root.certificate()).unwrap()]);
    let signed = Signed {
        content: content.map(bytes::Bytes::from_static),
        signatures: vec![message.into()],
    };
    let examined = signature::examine(&signed, &Conditions::new(&trust, at()));
    examined.report().signatures.first().unwrap().clone()
}

#[test]
fn signatures_with_dstu_4145_are_right_over_their_content_and_no_other() {
    for seed in 0..4 {
        let mut root =
            Authority::national_root(Seed::from([seed; 32]), Validity::days(at(), 30)).unwrap();
        for subject in [Subject::Organisation, Subject::Person] {
            let signer =
                root.signer(subject, KeyAlgorithm::Dstu4145, Validity::days(at(), 30)).unwrap();
            let carrying = judged(attached(CONTENT, &signer, at()).unwrap(), None, &root);
            assert_eq!(carrying.indication, Indication::TotalPassed, "{:?}", carrying.reason);
            assert!(carrying.algorithm.starts_with("DSTU 4145"), "{}", carrying.algorithm);
            let beside = || detached(CONTENT, &signer, at()).unwrap();
            assert_eq!(judged(beside(), Some(CONTENT), &root).indication, Indication::TotalPassed);
            let other = judged(beside(), Some(b"%PDF-1.4 another copy\r\n"), &root);
            assert_eq!(other.indication, Indication::TotalFailed, "{:?}", other.reason);
            // A root of the same name with another key has not certified this signer.
            let stranger =
                Authority::national_root(Seed::from([seed + 100; 32]), Validity::days(at(), 30));
            let unknown = judged(beside(), Some(CONTENT), &stranger.unwrap());
            assert_eq!(unknown.indication, Indication::Indeterminate, "{:?}", unknown.reason);
        }
    }
}

#[test]
fn the_same_seed_signs_the_same_content_alike() {
    let signed = || {
        let root = Authority::national_root(Seed::from([5; 32]), Validity::days(at(), 30));
        let signer = signer(&mut root.unwrap(), KeyAlgorithm::Dstu4145);
        (detached(CONTENT, &signer, at()).unwrap(), detached(b"other", &signer, at()).unwrap())
    };
    let (first, other) = signed();
    assert_eq!((&first, &other), (&signed().0, &signed().1));
    assert_ne!(first, other);
}

/// `openssl cms -verify` of an attached or a detached signature; the other software's word.
fn openssl_verifies(directory: &Path, message: &[u8], content: Option<&[u8]>) -> bool {
    let path = |name: &str| directory.join(name);
    fs::write(path("message.p7s"), message).unwrap();
    let mut command = Command::new("openssl");
    command
        .args(["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"])
        .args(["-attime", &at().as_seconds().to_string()])
        .arg("-CAfile")
        .arg(path("root.pem"))
        .arg("-in")
        .arg(path("message.p7s"))
        .arg("-out")
        .arg(path("content"));
    if let Some(content) = content {
        fs::write(path("beside"), content).unwrap();
        command.arg("-content").arg(path("beside"));
    }
    let verified = command.output().unwrap().status.success();
    verified && fs::read(path("content")).unwrap() == CONTENT
}

#[test]
fn openssl_accepts_what_is_signed_with_p256() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: openssl is not installed, so nobody else checked these signatures");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut root = authority();
    fs::write(directory.path().join("root.pem"), root.certificate_pem().unwrap()).unwrap();
    let mut middle = root.subordinate(Validity::days(at(), 30)).unwrap();
    for signer in [
        signer(&mut root, KeyAlgorithm::P256),
        signer(&mut middle, KeyAlgorithm::P256),
        root.signer(Subject::Organisation, KeyAlgorithm::P256, Validity::days(at(), 30)).unwrap(),
    ] {
        let carrying = attached(CONTENT, &signer, at()).unwrap();
        assert!(openssl_verifies(directory.path(), &carrying, None));
        let beside = detached(CONTENT, &signer, at()).unwrap();
        assert!(openssl_verifies(directory.path(), &beside, Some(CONTENT)));
        assert!(!openssl_verifies(directory.path(), &beside, Some(b"%PDF-1.4 another copy\r\n")));
    }
}
