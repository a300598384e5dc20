//! What is judged how: right signatures, and every way to bend one.

#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that counts wrongly fails"
)]

mod attributes;
mod beginning;
mod ber;
mod counter;
mod level;
mod policy;
mod reference;
mod several;
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
/// What a limit kept from being judged is not wrong.
const OVER_LIMIT: Outcome = (Indication::Indeterminate, Some(SubIndication::FormatFailure));
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
