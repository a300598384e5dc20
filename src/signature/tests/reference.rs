//! How a signature names its certificate, and attributes that are kept unjudged.

use super::*;
use crate::algorithms;

const SIGNING_CERTIFICATE: &[u8] =
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0c];
const SIGNING_CERTIFICATE_V2: &[u8] =
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];

/// The name of every [`Identity`]'s issuer, spelled with this type of string.
fn issuer(tag: u8, name: &[u8]) -> Vec<u8> {
    let attribute = sequence(&[&oid(&[0x55, 0x04, 0x03]), &tlv(tag, &[name])]);
    sequence(&[&set(&[&attribute])])
}

fn issuer_serial(name: &[u8], serial: u8) -> Vec<u8> {
    sequence(&[&sequence(&[&tlv(0xa4, &[name])]), &tlv(2, &[&[serial]])])
}

/// A signing-certificate attribute by SHA-1.
fn by_sha1(certificate: &[u8], issuer_serial: &[u8]) -> Vec<u8> {
    let hash = tlv(4, &[&algorithms::DigestAlgorithm::Sha1.digest(certificate)]);
    let reference = sequence(&[&sequence(&[&sequence(&[&hash, issuer_serial])])]);
    attribute(SIGNING_CERTIFICATE, &[&reference])
}

fn by_sha256(algorithm: &[u8], certificates: &[&[u8]], issuer_serial: &[u8]) -> Vec<u8> {
    let references: Vec<u8> = certificates
        .iter()
        .flat_map(|certificate| {
            let digest = algorithms::DigestAlgorithm::Sha256.digest(certificate);
            sequence(&[algorithm, &tlv(4, &[&digest]), issuer_serial])
        })
        .collect();
    attribute(SIGNING_CERTIFICATE_V2, &[&sequence(&[&sequence(&[&references])])])
}

const NAME: &str = "Тестова Особа";

#[test]
fn a_reference_by_sha1_binds_nothing_and_has_to_fit() {
    let (own, other) = (Identity::new(1), Identity::new(2));
    let right = issuer(0x0c, NAME.as_bytes());
    for (name, reference, expected) in [
        ("right", by_sha1(&own.certificate, &[]), PASSED),
        ("right with issuer", by_sha1(&own.certificate, &issuer_serial(&right, 1)), PASSED),
        ("another serial", by_sha1(&own.certificate, &issuer_serial(&right, 2)), NO_CERTIFICATE),
        ("another certificate", by_sha1(&other.certificate, &[]), NO_CERTIFICATE),
    ] {
        let examined = judge_bent(|plan| replace(plan, place::REFERENCE, reference.clone()));
        assert_eq!(outcome(&examined), expected, "{name}: {:?}", only(&examined).reason);
        let bound =
            |told: &crate::domain::Warning| told.code == WarningCode::CertificateBoundBySha1;
        assert!(only(&examined).warnings.iter().any(bound), "{name}");
        assert_eq!(only(&examined).level, Level::CadesBes);
        let beside = judge_bent(|plan| push(plan, reference));
        assert_eq!(outcome(&beside), expected, "{name}, beside the right one by SHA-256");
        assert!(!only(&beside).warnings.iter().any(bound), "{name}");
    }
}

#[test]
fn the_first_reference_is_to_the_signer_s_certificate() {
    let (own, other) = (Identity::new(1), Identity::new(2));
    let (own, other) = (own.certificate.as_slice(), other.certificate.as_slice());
    let name = issuer(0x0c, NAME.as_bytes());
    let null = sequence(&[&oid(SHA256), &[5, 0]]);
    let odd = sequence(&[&oid(SHA256), &[2, 1, 0]]);
    for (case, reference, expected) in [
        ("others after it", by_sha256(&[], &[own, other], &[]), PASSED),
        ("others before it", by_sha256(&[], &[other, own], &[]), NO_CERTIFICATE),
        ("the algorithm written down", by_sha256(&algorithm(SHA256), &[own], &[]), PASSED),
        ("with NULL", by_sha256(&null, &[own], &[]), PASSED),
        ("with other parameters", by_sha256(&odd, &[own], &[]), CRYPTO),
        ("issuer and serial", by_sha256(&[], &[own], &issuer_serial(&name, 1)), PASSED),
        ("another serial", by_sha256(&[], &[own], &issuer_serial(&name, 2)), NO_CERTIFICATE),
        (
            "another spelling",
            by_sha256(&[], &[own], &issuer_serial(&issuer(0x0c, "ТЕСТОВА  особа".as_bytes()), 1)),
            PASSED,
        ),
        (
            "another name",
            by_sha256(&[], &[own], &issuer_serial(&issuer(0x0c, b"Test"), 1)),
            NO_CERTIFICATE,
        ),
        ("no reference", by_sha256(&[], &[], &[]), BAD_FORMAT),
    ] {
        let examined = judge_bent(|plan| replace(plan, place::REFERENCE, reference));
        assert_eq!(outcome(&examined), expected, "{case}: {:?}", only(&examined).reason);
    }
}

#[test]
fn an_issuer_s_name_may_be_spelled_otherwise_and_that_is_told() {
    let utf16: Vec<u8> = NAME.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let spelled = |tag: u8, name: &[u8]| issuer(tag, name);
    let own = spelled(0x0c, NAME.as_bytes());
    let mut primitive = own.clone();
    primitive[2] = 0x11;
    for (case, name, expected, warnings) in [
        ("the same bytes", own, PASSED, 0),
        ("another type of string", spelled(0x1e, &utf16), PASSED, 1),
        ("capitals", spelled(0x0c, NAME.to_uppercase().as_bytes()), PASSED, 1),
        ("another name", spelled(0x0c, b"Test"), NO_CERTIFICATE, 0),
        ("a type that is no string's", spelled(0x8c, NAME.as_bytes()), NO_CERTIFICATE, 0),
        ("no digits as digits", spelled(0x12, NAME.as_bytes()), NO_CERTIFICATE, 0),
        ("no set", primitive, NO_CERTIFICATE, 0),
    ] {
        let examined = judge_bent(|plan| plan.id = sequence(&[&name, &tlv(2, &[&[1]])]));
        assert_eq!(outcome(&examined), expected, "{case}: {:?}", only(&examined).reason);
        let told = &only(&examined).warnings;
        let tolerated = told.iter().filter(|warning| warning.code == WarningCode::Tolerated);
        assert_eq!(tolerated.count(), warnings, "{case}: {told:?}");
    }
}

#[test]
fn attributes_that_nothing_judges_are_listed_with_their_bytes() {
    let policy: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0f];
    let examined = judge_bent(|plan| {
        push(plan, attribute(policy, &[&[5, 0]]));
        push(plan, attribute(&[0x2a, 3], &[&[4, 1, 0xab], &[5, 0]]));
        push(plan, attribute(&[0x2a, 4], &[&tlv(4, &[&[7; 2000]])]));
    });
    assert_eq!(outcome(&examined), PASSED);
    let [policy, two, long] = only(&examined).attributes.as_slice() else { panic!() };
    assert_eq!(policy.id, "1.2.840.113549.1.9.16.2.15");
    assert_eq!(policy.name.as_deref(), Some("signature-policy-identifier"));
    assert_eq!((two.id.as_str(), &two.name, two.value.as_str()), ("1.2.3", &None, "0401ab0500"));
    assert_eq!(long.value.len(), 1024);
}

#[test]
fn gost_34311_may_be_written_with_its_usual_table_and_no_other() {
    const GOST: &[u8] = &[0x2a, 0x86, 0x24, 2, 1, 1, 1, 1, 2, 1];
    let usual: Vec<u8> = "a9d6eb45f13c708280c4967b231f5eadf658eba4c037291d38d96bf025ca4e17\
        f8e9720dc615b43a28975f0bc1dea36438b564ea2c179fd0123e6db8fac57904"
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let mut another = usual.clone();
    another.swap(0, 1);
    let table = |table: &[u8]| tlv(4, &[table]);
    for (case, parameters, is_plain) in [
        ("none", vec![], true),
        ("NULL", vec![5, 0], true),
        ("the table", table(&usual), true),
        ("the table in a sequence", sequence(&[&table(&usual)]), true),
        ("another table", table(&another), false),
        ("a short table", table(&usual[..63]), false),
        ("two tables", sequence(&[&table(&usual), &table(&usual)]), false),
        ("a number", vec![2, 1, 0], false),
    ] {
        let identity = Identity::new(1);
        let mut plan = SignerPlan::new(&identity, CONTENT);
        plan.digest_algorithm = sequence(&[&oid(GOST), &parameters]);
        let file = FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]);
        let read = SignedData::parse(&file.write(), &Limits::default()).unwrap();
        assert_eq!(read.signers[0].digest_algorithm.has_plain_parameters(), is_plain, "{case}");
    }
}
