//! What is judged how: right signatures, and every way to bend one.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that counts wrongly fails"
)]

mod beginning;
mod ber;
mod counter;
mod level;
mod policy;
mod reference;
mod unsupported;

use bytes::Bytes;
use proptest::prelude::*;

use super::{
    Budget, Conditions, Examined, Limits, Opened, Resource, Signed,
    cms::SignedData,
    examine, is_detached,
    sample::{
        ALGORITHM_PROTECTION, CONTENT_TYPE, DATA, ED25519, FilePlan, Identity, MESSAGE_DIGEST,
        SHA256, SHA512, SIGNATURE_TIME_STAMP, SIGNED_DATA, SIGNING_TIME, SignerPlan, algorithm,
        attached, attribute, detached, digest_of, oid, place, sequence, set, tlv,
    },
};
use crate::{
    domain::{
        Container, Indication, Level, SignatureReport, SubIndication, Timestamp, WarningCode,
    },
    trust::{Certificate, TrustStore},
};

const CONTENT: &[u8] = b"%PDF-1.7 a copy";

fn trust(identities: &[&Identity]) -> TrustStore {
    let parse = |identity: &&Identity| Certificate::parse(&identity.certificate).unwrap();
    TrustStore::new(identities.iter().map(parse).collect())
}

fn at() -> Timestamp {
    "2026-09-01T10:00:05Z".parse().unwrap()
}

fn judge(content: Option<&[u8]>, signatures: &[Bytes], trust: &TrustStore) -> Examined {
    let signed =
        Signed { content: content.map(Bytes::copy_from_slice), signatures: signatures.to_vec() };
    examine(&signed, &Conditions::new(trust, at()))
}

fn outcome(examined: &Examined) -> Outcome {
    let report = examined.report();
    (report.indication.unwrap(), report.sub_indication)
}

fn only(examined: &Examined) -> &SignatureReport {
    let [signature] = examined.report().signatures.as_slice() else {
        panic!("{} signatures", examined.report().signatures.len())
    };
    signature
}

type Outcome = (Indication, Option<SubIndication>);
type BendSigner<'a> = Box<dyn FnOnce(&mut SignerPlan<'_>) + 'a>;
type BendFile<'a> = Box<dyn FnOnce(&mut FilePlan) + 'a>;

const PASSED: Outcome = (Indication::TotalPassed, None);
const BAD_FORMAT: Outcome = (Indication::TotalFailed, Some(SubIndication::FormatFailure));
const BAD_HASH: Outcome = (Indication::TotalFailed, Some(SubIndication::HashFailure));
const BAD_VALUE: Outcome = (Indication::TotalFailed, Some(SubIndication::SigCryptoFailure));
const CONSTRAINTS: Outcome =
    (Indication::Indeterminate, Some(SubIndication::SigConstraintsFailure));
const NO_CERTIFICATE: Outcome =
    (Indication::Indeterminate, Some(SubIndication::NoSigningCertificateFound));
const CRYPTO: Outcome = (Indication::Indeterminate, Some(SubIndication::CryptoConstraintsFailure));

/// Judges an attached signature whose signer was bent before signing.
fn judge_bent(bend: impl FnOnce(&mut SignerPlan<'_>)) -> Examined {
    let identity = Identity::new(1);
    let mut plan = SignerPlan::new(&identity, CONTENT);
    bend(&mut plan);
    let file = FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]);
    judge(None, &[file.write()], &trust(&[&identity]))
}

/// Judges an attached signature in a file that was bent.
fn judge_file(bend: impl FnOnce(&mut FilePlan)) -> Examined {
    let identity = Identity::new(1);
    let signer = SignerPlan::new(&identity, CONTENT).write(CONTENT);
    let mut file = FilePlan::new(Some(CONTENT), &[&identity], &[signer]);
    bend(&mut file);
    judge(None, &[file.write()], &trust(&[&identity]))
}

fn push(plan: &mut SignerPlan<'_>, attribute: Vec<u8>) {
    plan.attributes.as_mut().unwrap().push(attribute);
}

fn replace(plan: &mut SignerPlan<'_>, index: usize, attribute: Vec<u8>) {
    plan.attributes.as_mut().unwrap()[index] = attribute;
}

#[test]
fn passes_right_signatures_and_tells_who_signed() {
    let identity = Identity::new(1);
    let trust = trust(&[&identity]);
    for (content, file, container) in [
        (None, attached(&identity, CONTENT), Container::CmsAttached),
        (Some(CONTENT), attached(&identity, CONTENT), Container::CmsAttached),
        (Some(CONTENT), detached(&identity, CONTENT), Container::CmsDetached),
    ] {
        let examined = judge(content, &[file], &trust);
        assert_eq!(outcome(&examined), PASSED, "{:#?}", examined.report());
        assert_eq!(examined.report().container, container);
        assert_eq!(examined.content(), CONTENT);
        assert_eq!(examined.proofs().len(), 1);
        let signature = only(&examined);
        assert_eq!(signature.signer.name, "Тестова Особа");
        assert_eq!((signature.level, &signature.reason), (Level::CadesBes, &None));
        assert_eq!(signature.signing_time.unwrap().to_string(), "2026-09-01T10:00:00Z");
        assert_eq!(signature.best_time, at());
        assert!(signature.warnings.is_empty(), "{:?}", signature.warnings);
    }
}

#[test]
fn opens_pem_and_base64_around_a_signature() {
    let identity = Identity::new(1);
    let file = attached(&identity, CONTENT);
    let text = base64(&file);
    let pem = format!("-----BEGIN PKCS7-----\n{text}\n-----END PKCS7-----\n");
    for wrapped in [text, pem] {
        let examined = judge(None, &[wrapped.into()], &trust(&[&identity]));
        assert_eq!(outcome(&examined), PASSED);
    }
}

#[test]
fn opens_a_transport_wrapper_and_tells_that_its_header_is_not_signed() {
    let identity = Identity::new(1);
    let file = attached(&identity, CONTENT);
    let length = u32::try_from(file.len()).unwrap().to_le_bytes();
    let wrapped = [b"TRANSPORTABLE\0\x01\0\0\0\0UA1_SIGN\0", &length[..], &file].concat();
    let examined = judge(None, &[wrapped.into()], &trust(&[&identity]));
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(examined.content(), CONTENT);
    assert_eq!(only(&examined).warnings[0].code, WarningCode::Tolerated);
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for position in 0..4 {
            let letter = LETTERS[usize::try_from(bits >> (18 - 6 * position) & 63).unwrap()];
            text.push(if position <= chunk.len() { letter.into() } else { '=' });
        }
    }
    text
}

#[test]
fn a_signature_by_nobody_that_is_trusted_is_undecided() {
    let examined = judge(None, &[attached(&Identity::new(1), CONTENT)], &TrustStore::empty());
    let (indication, sub_indication) = outcome(&examined);
    assert_eq!(indication, Indication::Indeterminate);
    assert_eq!(sub_indication, Some(SubIndication::NoCertificateChainFound));
    assert!(examined.proofs().is_empty());
}

#[test]
fn a_changed_content_fails_by_its_hash_and_the_value_is_told() {
    let identity = Identity::new(1);
    let file = detached(&identity, CONTENT);
    let examined = judge(Some(b"%PDF-1.7 another"), &[file], &trust(&[&identity]));
    assert_eq!(outcome(&examined), BAD_HASH);
    let reason = only(&examined).reason.as_ref().unwrap();
    assert!(reason.contains("the signature value itself is right"), "{reason}");
}

#[test]
fn a_value_by_another_key_fails() {
    let (signer, other) = (Identity::new(1), Identity::new(2));
    let mut plan = SignerPlan::new(&signer, CONTENT);
    plan.id = other.issuer_and_serial();
    replace(&mut plan, place::REFERENCE, Identity::reference_to(&other.certificate));
    let file = FilePlan::new(Some(CONTENT), &[&other], &[plan.write(CONTENT)]);
    assert_eq!(outcome(&judge(None, &[file.write()], &trust(&[&other]))), BAD_VALUE);
}

#[test]
fn signed_attributes_are_what_the_standards_ask_for() {
    let other = Identity::new(9);
    let digest = || digest_of(CONTENT);
    let twice = tlv(0x04, &[&[0; 64]]);
    let cases: Vec<(&str, BendSigner<'_>, Outcome)> = vec![
        ("message-digest twice", Box::new(|plan| push(plan, digest())), BAD_FORMAT),
        (
            "two values of message-digest",
            Box::new(|plan| {
                replace(plan, place::DIGEST, attribute(MESSAGE_DIGEST, &[&twice, &twice]));
            }),
            BAD_FORMAT,
        ),
        (
            "message-digest without a value",
            Box::new(|plan| replace(plan, place::DIGEST, attribute(MESSAGE_DIGEST, &[]))),
            BAD_FORMAT,
        ),
        (
            "no message-digest",
            Box::new(|plan| drop(plan.attributes.as_mut().unwrap().remove(place::DIGEST))),
            BAD_FORMAT,
        ),
        (
            "no content-type",
            Box::new(|plan| drop(plan.attributes.as_mut().unwrap().remove(place::CONTENT_TYPE))),
            BAD_FORMAT,
        ),
        (
            "another content-type",
            Box::new(|plan| {
                replace(plan, place::CONTENT_TYPE, attribute(CONTENT_TYPE, &[&oid(SIGNED_DATA)]));
            }),
            BAD_FORMAT,
        ),
        (
            "signing-time twice",
            Box::new(|plan| {
                push(plan, attribute(SIGNING_TIME, &[&tlv(0x17, &[b"260901100000Z"])]));
            }),
            BAD_FORMAT,
        ),
        (
            "an unknown attribute twice",
            Box::new(|plan| {
                push(plan, attribute(&[0x2a, 3], &[&[5, 0]]));
                push(plan, attribute(&[0x2a, 3], &[&[5, 0]]));
            }),
            BAD_FORMAT,
        ),
        (
            "an unknown attribute",
            Box::new(|plan| push(plan, attribute(&[0x2a, 3], &[&[5, 0]]))),
            PASSED,
        ),
        (
            "another certificate",
            Box::new(|plan| {
                replace(plan, place::REFERENCE, Identity::reference_to(&other.certificate));
            }),
            NO_CERTIFICATE,
        ),
        ("no attribute at all", Box::new(|plan| plan.attributes = Some(Vec::new())), BAD_FORMAT),
        (
            "too many attributes",
            Box::new(|plan| {
                for number in 0..64 {
                    push(plan, attribute(&[0x2a, 4, number], &[&[5, 0]]));
                }
            }),
            BAD_FORMAT,
        ),
        (
            "too long attributes",
            Box::new(|plan| push(plan, attribute(&[0x2a, 3], &[&tlv(0x04, &[&[0; 70_000]])]))),
            BAD_FORMAT,
        ),
    ];
    for (name, bend, expected) in cases {
        let examined = judge_bent(bend);
        assert_eq!(outcome(&examined), expected, "{name}: {:?}", only(&examined).reason);
    }
}

#[test]
fn protected_algorithms_are_those_that_were_used() {
    let protection = |digest: &[u8], signature: &[u8]| {
        let signature = tlv(0xa1, &[&oid(signature)]);
        attribute(ALGORITHM_PROTECTION, &[&sequence(&[&algorithm(digest), &signature])])
    };
    for (digest, signature, expected) in
        [(SHA512, ED25519, PASSED), (SHA256, ED25519, BAD_FORMAT), (SHA512, SHA256, BAD_FORMAT)]
    {
        let examined = judge_bent(|plan| push(plan, protection(digest, signature)));
        assert_eq!(outcome(&examined), expected, "{:?}", only(&examined).reason);
    }
}

#[test]
fn fields_outside_the_signature_value_have_one_right_form() {
    let null = [5, 0];
    let with_null = sequence(&[&oid(SHA512), &null]);
    let with_text = sequence(&[&oid(SHA512), &tlv(0x04, &[])]);
    let cases: Vec<(&str, BendFile<'_>, Outcome)> = vec![
        ("version 3", Box::new(|file| file.version = 3), CONSTRAINTS),
        ("version 0", Box::new(|file| file.version = 0), CONSTRAINTS),
        ("no digest algorithms", Box::new(|file| file.digest_algorithms.clear()), CONSTRAINTS),
        (
            "another digest algorithm",
            Box::new(|file| file.digest_algorithms = vec![algorithm(SHA256)]),
            CONSTRAINTS,
        ),
        ("NULL parameters", Box::new(|file| file.digest_algorithms = vec![with_null]), PASSED),
        ("other parameters", Box::new(|file| file.digest_algorithms = vec![with_text]), BAD_FORMAT),
        ("no certificate", Box::new(|file| file.certificates.clear()), PASSED),
        (
            "a certificate that cannot be read",
            Box::new(|file| file.certificates.push(sequence(&[&[5, 0]]))),
            PASSED,
        ),
        (
            "only a certificate that cannot be read",
            Box::new(|file| file.certificates = vec![sequence(&[&[5, 0]])]),
            NO_CERTIFICATE,
        ),
        ("something else", Box::new(|file| file.certificates.push(vec![5, 0])), BAD_FORMAT),
        (
            "too many certificates",
            Box::new(|file| file.certificates = vec![file.certificates[0].clone(); 65]),
            BAD_FORMAT,
        ),
        ("no signer", Box::new(|file| file.signers.clear()), BAD_FORMAT),
        (
            "too many signers",
            Box::new(|file| file.signers = vec![file.signers[0].clone(); 17]),
            BAD_FORMAT,
        ),
        (
            "the same signer twice",
            Box::new(|file| file.signers.push(file.signers[0].clone())),
            PASSED,
        ),
    ];
    for (name, bend, expected) in cases {
        let examined = judge_file(bend);
        assert_eq!(outcome(&examined), expected, "{name}: {:#?}", examined.report());
    }
}

#[test]
fn attributes_out_of_order_pass_with_a_warning_when_the_bytes_are_what_was_signed() {
    let examined = judge_bent(|plan| plan.attributes.as_mut().unwrap().reverse());
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(only(&examined).warnings[0].code, WarningCode::UnsortedAttributes);
}

#[test]
fn a_signature_without_attributes_is_over_the_content_itself() {
    let examined = judge_bent(|plan| plan.attributes = None);
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(only(&examined).level, Level::Cms);
    assert!(!only(&examined).warnings.is_empty());
}

/// The attributes of a genuine signature are shown as a document of their own.
#[test]
fn signed_attributes_cannot_be_passed_off_as_a_document() {
    let identity = Identity::new(1);
    let mut plan = SignerPlan::new(&identity, CONTENT);
    let attributes = plan.attributes.take().unwrap();
    let forged = set(&attributes.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let file = FilePlan::new(Some(&forged), &[&identity], &[plan.write(&forged)]);
    assert_eq!(outcome(&judge(None, &[file.write()], &trust(&[&identity]))), CONSTRAINTS);
}

#[test]
fn a_signer_may_be_named_by_its_key() {
    let identity = Identity::new(1);
    let mut plan = SignerPlan::new(&identity, CONTENT);
    plan.id = identity.key_id();
    for (signer_version, file_version, expected) in
        [(3, 3, PASSED), (1, 3, CONSTRAINTS), (3, 1, CONSTRAINTS)]
    {
        plan.version = signer_version;
        let mut file = FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]);
        file.version = file_version;
        assert_eq!(outcome(&judge(None, &[file.write()], &trust(&[&identity]))), expected);
    }
}

#[test]
fn a_certificate_that_somebody_added_does_not_spoil_the_right_one() {
    let (signer, mut twin) = (Identity::new(1), Identity::new(1));
    // Another certificate under the same name and number.
    let position = twin.certificate.len() - 1;
    twin.certificate[position] ^= 1;
    let content = SignerPlan::new(&signer, CONTENT).write(CONTENT);
    for certificates in [[&twin, &signer], [&signer, &twin]] {
        let file = FilePlan::new(Some(CONTENT), &certificates, std::slice::from_ref(&content));
        assert_eq!(outcome(&judge(None, &[file.write()], &trust(&[&signer]))), PASSED);
        assert_ne!(outcome(&judge(None, &[file.write()], &trust(&[&twin]))), PASSED);
    }
}

#[test]
fn the_worst_of_several_signers_decides() {
    let (right, unknown) = (Identity::new(1), Identity::new(2));
    let signers =
        [&right, &unknown].map(|identity| SignerPlan::new(identity, CONTENT).write(CONTENT));
    let file = FilePlan::new(Some(CONTENT), &[&right, &unknown], &signers);
    let examined = judge(None, &[file.write()], &trust(&[&right]));
    assert_eq!(outcome(&examined).0, Indication::Indeterminate);
    assert_eq!(examined.proofs().len(), 1);

    let forged = SignerPlan::new(&right, b"something else").write(CONTENT);
    let file = FilePlan::new(
        Some(CONTENT),
        &[&right, &unknown],
        &[signers.to_vec(), vec![forged]].concat(),
    );
    assert_eq!(outcome(&judge(None, &[file.write()], &trust(&[&right, &unknown]))), BAD_HASH);
}

#[test]
fn algorithms_that_do_not_go_together_are_undecided() {
    let examined = judge_bent(|plan| plan.digest_algorithm = algorithm(SHA256));
    assert_eq!(
        outcome(&examined).0,
        Indication::TotalFailed,
        "SHA-512 digest under SHA-256's name"
    );
    let identity = Identity::new(1);
    let mut plan = SignerPlan::new(&identity, CONTENT);
    plan.digest_algorithm = algorithm(SHA256);
    let digest = crate::algorithms::DigestAlgorithm::Sha256.digest(CONTENT);
    replace(&mut plan, place::DIGEST, attribute(MESSAGE_DIGEST, &[&tlv(0x04, &[&digest])]));
    let mut file = FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]);
    file.digest_algorithms = vec![algorithm(SHA256)];
    assert_eq!(outcome(&judge(None, &[file.write()], &trust(&[&identity]))), CONSTRAINTS);
}

#[test]
fn only_documents_are_documents() {
    let examined = judge_file(|file| file.content_type = oid(&[0x2a, 3, 4]));
    assert_eq!(outcome(&examined).0, Indication::TotalFailed, "content-type differs");
    let identity = Identity::new(1);
    let mut plan = SignerPlan::new(&identity, CONTENT);
    replace(&mut plan, place::CONTENT_TYPE, attribute(CONTENT_TYPE, &[&oid(&[0x2a, 3, 4])]));
    let mut file = FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]);
    file.content_type = oid(&[0x2a, 3, 4]);
    file.version = 3;
    assert_eq!(outcome(&judge(None, &[file.write()], &trust(&[&identity]))), CONSTRAINTS);
}

/// The key was stolen after the certificate had expired; the thief claims an earlier time.
#[test]
fn validity_is_judged_at_the_best_time_and_never_at_the_claimed_one() {
    let identity = Identity::new(1);
    let signed = Signed { content: None, signatures: vec![attached(&identity, CONTENT)] };
    let trust = trust(&[&identity]);
    for (moment, expected) in [
        ("2023-12-31T23:59:59Z", false),
        ("2024-01-01T00:00:00Z", true),
        ("2043-12-31T23:59:59Z", true),
        ("2044-01-01T00:00:00Z", false),
    ] {
        let at = moment.parse().unwrap();
        let examined = examine(&signed, &Conditions::given(&trust, at));
        assert_eq!(outcome(&examined) == PASSED, expected, "{moment}: {:?}", outcome(&examined));
    }
}

#[test]
fn a_claimed_time_that_cannot_be_true_is_a_warning() {
    for (claimed, warnings) in [
        (&b"260901101000Z"[..], 0),
        (b"260901101100Z", 1),
        (b"230901100000Z", 1),
        (b"440901100000Z", 2),
        (b"260901-00000Z", 1),
    ] {
        let examined = judge_bent(|plan| {
            replace(plan, place::SIGNING_TIME, attribute(SIGNING_TIME, &[&tlv(0x17, &[claimed])]));
        });
        assert_eq!(outcome(&examined), PASSED);
        assert_eq!(only(&examined).warnings.len(), warnings, "{:?}", only(&examined).warnings);
    }
}

#[test]
fn a_time_stamp_that_is_none_is_told_and_changes_nothing() {
    let stamp = attribute(SIGNATURE_TIME_STAMP, &[&sequence(&[])]);
    let examined = judge_bent(|plan| plan.unsigned = Some(vec![stamp]));
    assert_eq!(outcome(&examined), PASSED);
    let [stamp] = only(&examined).timestamps.as_slice() else { panic!() };
    assert_eq!(stamp.kind, "signature-time-stamp");
    assert_eq!(stamp.indication, Indication::TotalFailed);
    assert_eq!(only(&examined).best_time, at());
}

#[test]
fn signatures_inside_signatures_are_opened_and_all_reported() {
    let (inner, outer) = (Identity::new(1), Identity::new(2));
    let nested = attached(&outer, &attached(&inner, CONTENT));
    let both = trust(&[&inner, &outer]);
    let examined = judge(None, std::slice::from_ref(&nested), &both);
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(examined.content(), CONTENT);
    assert_eq!(examined.report().signatures.len(), 2);
    assert_eq!(outcome(&judge(Some(CONTENT), std::slice::from_ref(&nested), &both)), PASSED);
    assert_eq!(outcome(&judge(Some(b"other"), std::slice::from_ref(&nested), &both)), BAD_HASH);
    // A trusted seal around somebody's signature does not make that one trusted, nor the reverse.
    for trust in [trust(&[&inner]), trust(&[&outer])] {
        let examined = judge(None, std::slice::from_ref(&nested), &trust);
        assert_eq!(outcome(&examined).0, Indication::Indeterminate);
    }
    let deepest = attached(&outer, &nested);
    assert_eq!(outcome(&judge(None, std::slice::from_ref(&deepest), &both)), PASSED);
    assert_eq!(outcome(&judge(None, &[attached(&outer, &deepest)], &both)), BAD_FORMAT);
}

#[test]
fn a_detached_signature_may_be_over_another_signature_file() {
    let (first, second) = (Identity::new(1), Identity::new(2));
    let file = attached(&first, CONTENT);
    let over = detached(&second, &file);
    let trust = trust(&[&first, &second]);
    let examined = judge(None, &[file.clone(), over.clone()], &trust);
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(examined.content(), CONTENT);
    let examined = judge(Some(&file), &[over], &trust);
    assert_eq!(outcome(&examined), PASSED);
    assert_eq!(examined.content(), CONTENT);
    assert_eq!(examined.report().signatures.len(), 2);
}

#[test]
fn signature_files_of_one_document_carry_one_content() {
    let identity = Identity::new(1);
    let files = [attached(&identity, CONTENT), attached(&identity, b"%PDF-1.7 other")];
    assert_eq!(outcome(&judge(None, &files, &trust(&[&identity]))), BAD_HASH);
}

#[test]
fn what_is_no_signature_fails_and_what_is_not_supported_is_undecided() {
    let identity = Identity::new(1);
    let right = attached(&identity, CONTENT);
    let mut endless = right.to_vec();
    endless.splice(1..4, [0x80]);
    for (name, file, indication) in [
        ("empty", Vec::new(), Indication::TotalFailed),
        ("text", b"hello".to_vec(), Indication::TotalFailed),
        ("pdf", CONTENT.to_vec(), Indication::TotalFailed),
        ("trailing", [&right[..], b"\0"].concat(), Indication::TotalFailed),
        ("cut", right[..right.len() - 1].to_vec(), Indication::TotalFailed),
        ("indefinite length without an end", endless, Indication::TotalFailed),
        ("zip", b"PK\x03\x04X.pdf".to_vec(), Indication::Indeterminate),
    ] {
        let examined = judge(Some(CONTENT), &[file.into()], &trust(&[&identity]));
        let expected = (indication, Some(SubIndication::FormatFailure));
        assert_eq!(outcome(&examined), expected, "{name}: {:?}", only(&examined).reason);
    }
}

#[test]
fn a_document_without_signatures_has_none() {
    let examined = judge(Some(CONTENT), &[], &TrustStore::empty());
    assert!(!examined.is_signed());
    assert_eq!(examined.report().indication, None);
    assert_eq!(examined.report().container, Container::None);
    let signed_inside = judge(Some(b"%PDF-1.7 /ByteRange [0 1 2 3]"), &[], &TrustStore::empty());
    assert_eq!(outcome(&signed_inside).0, Indication::Indeterminate);
}

#[test]
fn without_its_document_the_signature_file_is_what_there_is_to_keep() {
    let identity = Identity::new(1);
    let file = detached(&identity, CONTENT);
    let examined = judge(None, std::slice::from_ref(&file), &trust(&[&identity]));
    let expected = (Indication::Indeterminate, Some(SubIndication::SignedDataNotFound));
    assert_eq!(outcome(&examined), expected);
    assert_eq!(examined.content(), &file);
}

#[test]
fn many_signers_with_many_certificates_share_the_work_of_one_document() {
    // Sixteen signers, and for each four certificates of one name that it may mean, no two alike.
    let identities: Vec<Identity> = (1..=64).map(Identity::new).collect();
    let signers: Vec<Vec<u8>> = identities
        .iter()
        .take(16)
        .map(|identity| SignerPlan::new(identity, CONTENT).write(CONTENT))
        .collect();
    let all: Vec<&Identity> = identities.iter().collect();
    let file = FilePlan::new(Some(CONTENT), &all, &signers).write();
    // The first is right and known; each of the others has 63 keys that might have issued it.
    let trusted = trust(&all[..1]);
    let signed = Signed { content: None, signatures: vec![file] };
    let conditions = Conditions::new(&trusted, at());
    let examined = examine(&signed, &conditions);
    assert_eq!(examined.report().signatures.len(), 16);
    assert!(!examined.is_over_budget());

    let limits = Limits { key_checks: 100, ..Limits::default() };
    let examined = examine(&signed, &Conditions { limits, ..conditions });
    assert_eq!(examined.over_budget(), Some(Resource::KeyChecks));
    assert_eq!(outcome(&examined), BAD_FORMAT);
    assert!(examined.proofs().is_empty());
}

#[test]
fn documents_that_came_together_share_the_work() {
    let identity = Identity::new(1);
    let limits = Limits { key_checks: 2, ..Limits::default() };
    let budget = Budget::new(&limits);
    let trust = trust(&[&identity]);
    let conditions = Conditions { limits, budget: Some(&budget), ..Conditions::new(&trust, at()) };
    let signed = Signed { content: None, signatures: vec![attached(&identity, CONTENT)] };
    for _ in 0..2 {
        let examined = examine(&signed, &conditions);
        assert_eq!(outcome(&examined), PASSED);
        assert!(!examined.is_over_budget());
    }
    let third = examine(&signed, &conditions);
    assert_eq!(outcome(&third), BAD_FORMAT);
    assert_eq!(third.over_budget(), Some(Resource::KeyChecks));
    assert_eq!(third.proofs(), []);
}

#[test]
fn too_many_signature_files_are_refused() {
    let identity = Identity::new(1);
    let files = vec![detached(&identity, CONTENT); 17];
    let examined = judge(Some(CONTENT), &files, &trust(&[&identity]));
    assert_eq!(outcome(&examined), BAD_FORMAT);
    let limits = Limits { file_bytes: 100, ..Limits::default() };
    assert!(SignedData::parse(&attached(&identity, CONTENT), &limits).is_err());
}

#[test]
fn a_detached_signature_tells_which_content_it_is_for() {
    let identity = Identity::new(1);
    let limits = Limits::default();
    let signed_data = SignedData::parse(&detached(&identity, CONTENT), &limits).unwrap();
    assert!(signed_data.could_sign(CONTENT) && signed_data.tells_its_content());
    assert!(!signed_data.could_sign(b"another"));
    assert!(is_detached(&detached(&identity, CONTENT)));
    assert!(!is_detached(&attached(&identity, CONTENT)));
    assert!(!is_detached(&Bytes::from_static(CONTENT)));
    let Opened::Carries(content) = Opened::read(&attached(&identity, CONTENT), &[], &limits) else {
        panic!()
    };
    assert_eq!(content, CONTENT);
}

/// `DATA` stands in every file made here; a change of it must not pass either. A letter of the
/// issuer's name may become a capital one, and that is told.
#[test]
fn no_byte_of_a_made_signature_can_be_changed_unnoticed() {
    let identity = Identity::new(1);
    let trust = trust(&[&identity]);
    let original = attached(&identity, CONTENT);
    assert!(original.windows(DATA.len()).any(|window| window == DATA));
    for position in 0..original.len() {
        for mask in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = original.to_vec();
            changed[position] ^= mask;
            let examined = judge(None, &[changed.into()], &trust);
            let is_told = || only(&examined).warnings[0].code == WarningCode::Tolerated;
            let is_noticed = outcome(&examined) != PASSED || mask == 0x20 && is_told();
            assert!(is_noticed, "byte {position} ^ {mask:#x}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_pass(file: Vec<u8>, content: Option<Vec<u8>>) {
        let trust = trust(&[&Identity::new(1)]);
        let examined = judge(content.as_deref(), &[file.into()], &trust);
        prop_assert_ne!(outcome(&examined), PASSED);
    }

    #[test]
    fn no_change_of_a_signature_makes_it_panic_or_pass_another_content(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let identity = Identity::new(1);
        let mut file = attached(&identity, CONTENT).to_vec();
        for (index, byte) in &changes {
            let position = index.index(file.len());
            file[position] = *byte;
        }
        let cut = cut.index(file.len() * 2).max(1);
        file.truncate(cut);
        let examined = judge(None, &[file.into()], &trust(&[&identity]));
        if outcome(&examined) == PASSED {
            prop_assert_eq!(&examined.content()[..], CONTENT);
        }
    }
}

#[test]
fn an_authority_that_signs_without_attributes_may_have_signed_an_answer() {
    let constraints = sequence(&[&oid(&[0x55, 0x1d, 0x13]), &tlv(0x04, &[&[0x30, 3, 1, 1, 0xff]])]);
    let authority = Identity::valid(1, [b"240101000000Z", b"431231235959Z"], &[&constraints]);
    let content = sequence(&[b"\x04\x08%PDF-1.7"]);
    for (bare, expected) in [(false, PASSED), (true, CONSTRAINTS)] {
        let mut plan = SignerPlan::new(&authority, &content);
        plan.attributes = plan.attributes.filter(|_| !bare);
        let file = FilePlan::new(Some(&content), &[&authority], &[plan.write(&content)]).write();
        assert_eq!(outcome(&judge(None, &[file], &trust(&[&authority]))), expected, "{bare}");
    }
}

#[test]
fn unsigned_values_are_counted_over_all_attributes() {
    let identity = Identity::new(1);
    let values = |number: u8, value: &[u8]| {
        attribute(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, number], &[value, value])
    };
    let certificates = sequence(&[&identity.certificate.repeat(40)]);
    let answers = sequence(&[&tlv(0xa1, &[&sequence(&[&sequence(&[]).repeat(40)])])]);
    for (attribute, words) in [
        (values(23, &certificates), "more than 64 certificate values"),
        (values(24, &answers), "more than 64 revocation values"),
    ] {
        let mut plan = SignerPlan::new(&identity, CONTENT);
        plan.unsigned = Some(vec![attribute]);
        let file = FilePlan::new(Some(CONTENT), &[&identity], &[plan.write(CONTENT)]).write();
        let examined = judge(None, &[file], &trust(&[&identity]));
        assert_eq!(outcome(&examined), BAD_FORMAT);
        let reason = only(&examined).reason.clone().unwrap();
        assert!(reason.contains(words), "{reason}");
    }
}
