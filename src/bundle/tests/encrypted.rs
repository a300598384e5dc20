//! Copies that come encrypted: for us, for others, damaged, and in every order with signatures.

use super::*;
use crate::{
    domain::Container,
    envelope::sample::{CBC, CONTENT, PASSWORD, PKCS12},
    signature::{Examined, unwrap},
};

const CLOSED: Outcome = (Some(Indication::Indeterminate), Some(SubIndication::SignedDataNotFound));

fn keys() -> OrganisationKeys {
    let file = unwrap(PKCS12.as_bytes()).unwrap();
    OrganisationKeys::read(&file, PASSWORD).unwrap()
}

/// Encrypted for [`keys`].
fn envelope() -> Bytes {
    unwrap(CBC.as_bytes()).unwrap()
}

/// The same content, encrypted for us and damaged.
fn damaged() -> Bytes {
    let mut file = envelope().to_vec();
    let wrapped = file.windows(2).position(|pair| pair == [4, 40]).unwrap();
    file.iter_mut().skip(wrapped).nth(2).map(|octet| *octet ^= 1).unwrap();
    file.into()
}

fn judged(parts: &[Part], keys: &OrganisationKeys) -> (Bundle, Vec<Examined>) {
    let trust = TrustStore::new(vec![Certificate::parse(&identity().certificate).unwrap()]);
    let at = "2026-09-01T10:00:05Z".parse().unwrap();
    let bundle = pairing::pair(parts, &mut Opening::new(keys, &[]), &Limits::default());
    let examined = bundle
        .documents
        .iter()
        .map(|document| {
            let conditions =
                Conditions { encrypted: &document.encrypted, ..Conditions::new(&trust, at) };
            examine(&document.signed, &conditions)
        })
        .collect();
    (bundle, examined)
}

/// Asserts one document, its name, its content and what is said of it.
#[track_caller]
fn expect_one(parts: &[Part], keys: &OrganisationKeys, name: &str, content: &[u8], said: Outcome) {
    let (bundle, examined) = judged(parts, keys);
    let ([document], [examined]) = (bundle.documents.as_slice(), examined.as_slice()) else {
        panic!("{bundle:?}")
    };
    let report = examined.report();
    assert_eq!(document.name, name);
    assert_eq!(examined.content(), content, "{name}");
    assert_eq!((report.indication, report.sub_indication), said, "{name}: {report:#?}");
    assert!(report.encrypted, "{name}");
}

#[test]
fn a_copy_for_us_is_paired_by_what_is_inside() {
    let signature = detached(&identity(), CONTENT);
    let length = u32::try_from(envelope().len()).unwrap().to_le_bytes();
    let transported = [&b"UA1_CRYPT\0"[..], &length, &envelope()].concat();
    let text = CBC.as_bytes().to_vec();
    for file in [envelope(), text.into(), transported.into()] {
        let parts = [part("X.pdf.p7e", file), part("X.pdf.p7s", signature.clone())];
        expect_one(&parts, &keys(), "X.pdf", CONTENT, PASSED);
    }
    expect_one(&[part("X.pdf.P7E", envelope())], &keys(), "X.pdf", CONTENT, UNSIGNED);
}

#[test]
fn a_signature_may_be_over_the_encrypted_file_or_hold_it() {
    let over = [part("X.pdf.p7e", envelope()), part("s.bin", detached(&identity(), &envelope()))];
    expect_one(&over, &keys(), "X.pdf", CONTENT, PASSED);
    let holding = [part("X.pdf.p7s", attached(&identity(), &envelope()))];
    expect_one(&holding, &keys(), "X.pdf", CONTENT, PASSED);
}

#[test]
fn a_signature_inside_and_one_around_are_both_judged() {
    let inside = attached(&identity(), &envelope());
    let twice = [part("X.pdf.p7s.p7s", attached(&identity(), &inside))];
    let (_, examined) = judged(&twice, &keys());
    assert_eq!(examined[0].report().signatures.len(), 2);
    assert_eq!(examined[0].content(), CONTENT);
}

#[test]
fn a_signature_over_another_encrypted_file_proves_nothing() {
    let other = detached(&identity(), &damaged());
    let parts = [part("X.pdf.p7e", envelope()), part("X.pdf.p7s", other)];
    expect_one(&parts, &keys(), "X.pdf", CONTENT, BAD_HASH);
}

/// A document that nobody saw is not proved, whoever signed it.
#[test]
fn without_the_key_nothing_is_verified_and_staff_learn_for_whom_it_is() {
    let none = OrganisationKeys::empty();
    let holding = attached(&identity(), &envelope());
    let over = detached(&identity(), &envelope());
    for (name, parts) in [
        ("X.pdf.p7e", vec![part("X.pdf.p7e", envelope())]),
        ("X.pdf", vec![part("X.pdf.p7s", holding)]),
        ("X.pdf.p7e", vec![part("X.pdf.p7e", envelope()), part("s.bin", over)]),
    ] {
        expect_one(&parts, &none, name, &envelope(), CLOSED);
        let (bundle, examined) = judged(&parts, &none);
        assert_eq!(codes(&bundle), [(FindingCode::EncryptedForOthers, Some(1))], "{name}");
        let detail = bundle.findings[0].detail.as_deref().unwrap();
        assert!(detail.len() >= 40 && !detail.contains("Test"), "{detail}");
        let reasons = examined[0].report().signatures.iter();
        let mut reasons = reasons.filter_map(|signature| signature.reason.as_deref());
        assert!(reasons.any(|it| it.contains("encrypted for certificate")), "{name}");
    }
    let (_, examined) = judged(&[part("X.pdf.p7e", envelope())], &none);
    assert_eq!(examined[0].report().container, Container::Envelope);
}

#[test]
fn a_damaged_copy_for_us_stays_undecided() {
    for file in [damaged(), envelope().slice(..200)] {
        let parts = [part("X.pdf.p7e", file.clone())];
        expect_one(&parts, &keys(), "X.pdf.p7e", &file, CLOSED);
        let (bundle, _) = judged(&parts, &keys());
        assert_eq!(codes(&bundle), [(FindingCode::EncryptedUnopened, Some(1))]);
    }
}

#[test]
fn a_mail_has_a_bounded_number_of_encrypted_files() {
    let keys = keys();
    let mut opening = Opening::new(&keys, &[]);
    let limits = crate::signature::Limits::default();
    let opened = (0..100).filter(|_| opening.decrypt(&envelope(), &limits).closed.is_none());
    assert_eq!(opened.count(), 32);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn an_encrypted_file_with_any_two_octets_changed_passes_for_nothing_else(
        first in 0_usize..355, second in 0_usize..355, value: u8, other: u8, held: bool,
    ) {
        let mut file = envelope().to_vec();
        file[first] = value;
        file[second] = other;
        let signature = detached(&identity(), CONTENT);
        let file = Bytes::from(file);
        let file = if held { attached(&identity(), &file) } else { file };
        let (_, examined) = judged(&[part("X.pdf.p7e", file), part("X.pdf.p7s", signature)], &keys());
        for examined in examined.iter().filter(|examined| !examined.proofs().is_empty()) {
            let closed = examined.report().indication == Some(Indication::Indeterminate);
            prop_assert!(held || closed || examined.content() == CONTENT);
        }
    }
}
