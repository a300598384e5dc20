use der::{Decode as _, Encode as _};
use x509_cert::{
    Certificate,
    ext::pkix::{BasicConstraints, ExtendedKeyUsage},
};

use super::{certificate::SEAL_USAGE, *};

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn year() -> Validity {
    Validity::days(moment("2026-09-01T00:00:00Z"), 365)
}

fn root() -> Authority {
    Authority::root(Seed::from([7; 32]), year()).unwrap()
}

fn parsed(certificate: &[u8]) -> Certificate {
    Certificate::from_der(certificate).unwrap()
}

fn is_signed_by(certificate: &[u8], issuer: &Authority) -> bool {
    use p256::ecdsa::{DerSignature, VerifyingKey, signature::Verifier as _};
    let issuer = parsed(issuer.certificate());
    let point = issuer.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
    let key = VerifyingKey::from_sec1_bytes(point).unwrap();
    let certificate = parsed(certificate);
    let signature = DerSignature::from_bytes(certificate.signature().raw_bytes()).unwrap();
    key.verify(&certificate.tbs_certificate().to_der().unwrap(), &signature).is_ok()
}

#[test]
fn the_same_seed_makes_the_same_certificates() {
    assert_eq!(root().certificate(), root().certificate());
    let other = Authority::root(Seed::from([8; 32]), year()).unwrap();
    assert_ne!(root().certificate(), other.certificate());
}

#[test]
fn signers_are_certified_by_their_authority_and_no_other() {
    let mut root = root();
    let mut middle = root.subordinate(year()).unwrap();
    let signer = middle.signer(Subject::Person, KeyAlgorithm::Ed25519, year()).unwrap();
    assert!(is_signed_by(root.certificate(), &root));
    assert!(is_signed_by(middle.certificate(), &root));
    assert!(is_signed_by(signer.certificate(), &middle));
    assert!(!is_signed_by(signer.certificate(), &root));
    assert_eq!(signer.chain(), [middle.certificate().to_vec()]);
}

#[test]
fn two_signers_share_neither_key_nor_serial_number() {
    let mut root = root();
    let [first, second] =
        [0, 1].map(|_| root.signer(Subject::Person, KeyAlgorithm::P256, year()).unwrap());
    let (first, second) = (parsed(first.certificate()), parsed(second.certificate()));
    let (first, second) = (first.tbs_certificate(), second.tbs_certificate());
    assert_ne!(first.serial_number(), second.serial_number());
    assert_ne!(first.subject_public_key_info(), second.subject_public_key_info());
}

#[test]
fn only_the_organisation_is_marked_as_a_seal() {
    let mut root = root();
    for (subject, name, seal) in [
        (Subject::Person, "Тестова Особа", false),
        (Subject::Organisation, "Тестова установа", true),
    ] {
        let signer = root.signer(subject, KeyAlgorithm::P256, year()).unwrap();
        let certificate = parsed(signer.certificate());
        let body = certificate.tbs_certificate();
        let common_name = body.subject().common_name().unwrap().unwrap();
        assert_eq!(common_name.value(), name);
        let usage = body.get_extension::<ExtendedKeyUsage>().unwrap();
        assert_eq!(usage.is_some_and(|(_, usage)| usage.0.contains(&SEAL_USAGE)), seal);
        let (_, constraints) = body.get_extension::<BasicConstraints>().unwrap().unwrap();
        assert!(!constraints.ca);
    }
}

#[test]
fn refuses_a_moment_that_no_certificate_can_hold() {
    let before_1970 = Validity::days(moment("1969-12-31T00:00:00Z"), 365);
    assert!(matches!(
        Authority::root(Seed::from([7; 32]), before_1970),
        Err(SampleError::Encoding(_))
    ));
}
