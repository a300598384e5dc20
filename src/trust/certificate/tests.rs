#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use proptest::prelude::*;

use super::{
    kind::{TYPE_SEAL, TYPE_SIGNATURE},
    *,
};
use crate::{
    domain::OrganisationId,
    trust::sample::{Draft, attribute, name as name_of, object_identifier, qualified_type, tlv},
};

fn draft() -> Draft {
    Draft::signer("Тестова Особа", 9, ("Root", 1))
}

fn with_subject(attributes: &[(&str, &str)]) -> Certificate {
    let mut draft = draft();
    draft.subject = name_of(attributes);
    draft.make()
}

#[test]
fn keeps_bytes_and_facts() {
    let certificate = draft().make();
    assert_eq!(certificate.der(), draft().der());
    assert_eq!(certificate.sha256(), Sha256::of(&draft().der()));
    assert_eq!(certificate.subject(), "CN=Тестова Особа");
    assert_eq!(certificate.issuer(), "CN=Root");
    assert_eq!(certificate.serial(), "09");
    assert_eq!(certificate.not_before().to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(certificate.not_after().to_string(), "2027-12-31T23:59:59Z");
    assert_eq!(certificate.subject_key_id(), Some([9; 20].as_slice()));
    assert_eq!(certificate.authority_key_id(), Some([1; 20].as_slice()));
    assert_eq!(certificate.key_name(), "Ed25519");
    assert!(!certificate.is_authority() && !certificate.is_self_issued());
}

#[test]
fn reads_serial_numbers_that_are_negative_or_have_a_leading_zero() {
    for serial in [vec![0x80, 0x01], vec![0x00, 0x80]] {
        let mut draft = draft();
        draft.serial.clone_from(&serial);
        let certificate = draft.make();
        assert_eq!(certificate.serial_octets(), serial);
        assert!(certificate.has_issuer_and_serial(certificate.issuer_der(), &serial));
    }
}

#[test]
fn is_identified_by_issuer_and_serial_in_another_spelling() {
    let certificate = draft().make();
    let printable = |value: &[u8]| tlv(0x30, &[tlv(0x31, &[attribute("2.5.4.3", 0x13, value)])]);
    assert!(certificate.has_issuer_and_serial(&printable(b"ROOT"), &[9]));
    assert!(!certificate.has_issuer_and_serial(&printable(b"Rot"), &[9]));
    assert!(!certificate.has_issuer_and_serial(certificate.issuer_der(), &[8]));
    assert!(!certificate.has_issuer_and_serial(b"", &[9]));
}

#[test]
fn writes_names_as_rfc_4514_does_and_hides_nothing() {
    for (attributes, expected) in [
        (
            [("2.5.4.6", "UA"), ("2.5.4.10", "ДП \"ДІЯ\""), ("2.5.4.97", "NTRUA-43395033")],
            r#"organizationIdentifier=NTRUA-43395033,O=ДП \"ДІЯ\",C=UA"#,
        ),
        (
            [("2.5.4.3", "#a, b+c "), ("2.5.4.3", " "), ("1.2.3", "x")],
            r"1.2.3=x,CN=\ ,CN=\#a\, b\+c\ ",
        ),
        (
            [("2.5.4.3", "a\0b"), ("2.5.4.3", "\u{202e}gpj"), ("2.5.4.3", "a\u{200b}")],
            r"CN=a\e2\80\8b,CN=\e2\80\aegpj,CN=a\00b",
        ),
    ] {
        assert_eq!(with_subject(&attributes).subject(), expected);
    }
}

#[test]
fn reads_old_kinds_of_strings() {
    let mut draft = draft();
    let parts = [
        attribute("2.5.4.3", 0x1e, &[0x04, 0x14, 0x04, 0x56, 0x04, 0x4f]),
        attribute("2.5.4.10", 0x14, &[0xab, b'A', 0xbb]),
        attribute("2.5.4.7", 0x1e, &[0x04]),
    ];
    draft.subject = tlv(0x30, &parts.map(|part| tlv(0x31, &[part])));
    assert_eq!(draft.make().subject(), "L=#04,O=«A»,CN=Дія");
}

#[test]
fn tells_who_signed_without_hidden_characters() {
    let certificate = with_subject(&[
        ("2.5.4.3", "Особа\u{202e}\n"),
        ("2.5.4.5", "TINUA-0000000000"),
        ("2.5.4.6", "UA"),
    ]);
    let signer = certificate.signer();
    assert_eq!(signer.name, "Особа\u{fffd}\u{fffd}");
    assert_eq!(signer.code.as_deref(), Some("TINUA-0000000000"));
    assert_eq!(signer.country.as_deref(), Some("UA"));
    assert_eq!(signer.kind, Some(SignerKind::Person));
    assert_eq!((signer.issuer.as_str(), signer.serial.as_str()), ("CN=Root", "09"));
}

#[test]
fn tells_a_seal_from_a_hand() {
    const ORGANISATION: (&str, &str) = ("2.5.4.10", "Тест");
    const SURNAME: (&str, &str) = ("2.5.4.4", "Особа");
    const SEAL: &str = "1.2.804.2.1.1.1.3.9";
    type Case = (
        &'static [(&'static str, &'static str)],
        &'static [&'static str],
        Option<&'static str>,
        SignerKind,
    );
    const INITIALS: (&str, &str) = ("2.5.4.43", "Т. О.");
    const PSEUDONYM: (&str, &str) = ("2.5.4.65", "Тест");
    let cases: [Case; 11] = [
        // ETSI EN 319 412-2 §4.2.4: a person may be named by a pseudonym alone.
        (&[ORGANISATION, PSEUDONYM], &[], None, SignerKind::Person),
        (&[PSEUDONYM, ORGANISATION], &[], Some(TYPE_SIGNATURE), SignerKind::Person),
        (&[ORGANISATION, INITIALS], &[], None, SignerKind::Person),
        (&[ORGANISATION], &[SEAL], Some(TYPE_SIGNATURE), SignerKind::Person),
        (&[ORGANISATION, PSEUDONYM], &[], Some(TYPE_SEAL), SignerKind::Seal),
        (&[SURNAME], &[], None, SignerKind::Person),
        (&[ORGANISATION], &[], None, SignerKind::Seal),
        (&[ORGANISATION, SURNAME], &[], None, SignerKind::Person),
        (&[ORGANISATION, SURNAME], &[SEAL], None, SignerKind::Seal),
        (&[ORGANISATION, SURNAME], &[], Some(TYPE_SEAL), SignerKind::Seal),
        (&[ORGANISATION], &[], Some(TYPE_SIGNATURE), SignerKind::Person),
    ];
    for (subject, purposes, qualified, expected) in cases {
        let mut draft = draft();
        draft.subject = name_of(subject);
        draft.purposes = purposes;
        let statements = qualified.map(|oid| ("1.3.6.1.5.5.7.1.3", false, qualified_type(oid)));
        draft.others.extend(statements);
        assert_eq!(
            draft.make().signer_kind(),
            Some(expected),
            "{subject:?} {purposes:?} {qualified:?}"
        );
    }
}

/// What one reader passes over and another reads is a doubt: no seal, and no person's signature.
#[test]
fn what_a_certificate_says_unreadably_makes_it_nobodys() {
    const IDENTIFIER: &str = "2.5.4.97";
    const ORGANISATION: &str = "2.5.4.10";
    let types =
        |types: Vec<Vec<u8>>| tlv(0x30, &[object_identifier("0.4.0.1862.1.6"), tlv(0x30, &types)]);
    let [seal, hand] = [TYPE_SEAL, TYPE_SIGNATURE].map(object_identifier);
    let of = |parts: &[(&str, u8, &str)], others: &[(&'static str, Vec<u8>)]| {
        let mut draft = draft();
        let parts =
            parts.iter().map(|(oid, string, value)| attribute(oid, *string, value.as_bytes()));
        draft.subject = tlv(0x30, &parts.map(|part| tlv(0x31, &[part])).collect::<Vec<_>>());
        draft.others.extend(others.iter().map(|(oid, value)| (*oid, false, value.clone())));
        let made = draft.make();
        (made.signer_kind(), made.organisation_id().map(|id| id.to_string()))
    };
    let firm = [(ORGANISATION, 0x0c, "Тест"), (IDENTIFIER, 0x0c, "NTRUA-00000001")];
    let id = Some("NTRUA-00000001".to_owned());
    assert_eq!(of(&firm, &[]), (Some(SignerKind::Seal), id.clone()));

    let says =
        |statements: &[Vec<u8>]| of(&firm, &[("1.3.6.1.5.5.7.1.3", tlv(0x30, statements))]).0;
    assert_eq!(says(&[types(vec![seal.clone()])]), Some(SignerKind::Seal));
    // Each of several statements counts.
    for both in [[seal.clone(), hand.clone()], [hand.clone(), seal.clone()]] {
        let apart = both.clone().map(|one| types(vec![one]));
        assert_eq!(says(&apart), Some(SignerKind::Person));
        assert_eq!(says(&[types(both.to_vec())]), Some(SignerKind::Person));
    }
    let null = || vec![0x05, 0x00];
    let more = tlv(0x30, &[object_identifier("0.4.0.1862.1.6"), tlv(0x30, &[]), null()]);
    for unreadable in [
        vec![types(vec![hand.clone(), null()])],
        vec![types(vec![seal]), types(vec![null()])],
        vec![more],
        vec![types(vec![hand]), null()],
    ] {
        assert_eq!(says(&unreadable), None, "{unreadable:?}");
    }

    for string in [0x1a, 0x1b, 0x1c, 0x04, 0x03] {
        let second = (IDENTIFIER, string, "NTRUA-00000002");
        assert_eq!(of(&[firm[0], firm[1], second], &[]).1, None, "{string:#x}");
        assert_eq!(of(&[second, firm[0], firm[1]], &[]).1, None, "{string:#x}");
        assert_eq!(of(&[(ORGANISATION, string, "Firm"), firm[1]], &[]).0, None, "{string:#x}");
    }
    for codes in [vec![], null(), tlv(0x30, &[null()])] {
        assert_eq!(of(&firm, &[("2.5.29.9", codes)]).1, None);
    }
    assert_eq!(of(&firm, &[("2.5.29.9", tlv(0x30, &[]))]).1, id);
}

#[test]
fn shows_the_code_that_fits_the_kind_of_signer() {
    let both = [("2.5.4.5", "TINUA-0"), ("2.5.4.97", "NTRUA-0"), ("2.5.4.10", "Тест")];
    assert_eq!(with_subject(&both).code(), Some("NTRUA-0"));
    let person = [both[0], both[1], ("2.5.4.42", "Тестова")];
    assert_eq!(with_subject(&person).code(), Some("TINUA-0"));
    assert_eq!(with_subject(&both[..1]).code(), Some("TINUA-0"));
}

#[test]
fn refuses_tags_of_another_class_beside_the_signed_part() {
    let der = draft().der();
    // The algorithm is 7 bytes and the signature 67: both end the certificate.
    let algorithm = der.len() - 67 - 7;
    for place in [algorithm, algorithm + 2, algorithm + 7] {
        let mut bent = der.clone();
        bent[place] ^= 0x80;
        assert!(Certificate::parse(&bent).is_err(), "byte {place}");
    }
}

#[test]
fn refuses_bytes_after_the_certificate_and_inside_its_parts() {
    let mut longer = draft().der();
    longer.push(0);
    assert!(matches!(Certificate::parse(&longer), Err(CertificateError::Malformed { .. })));

    let der = draft().der();
    let [outer] = tree::elements(&der).unwrap().try_into().unwrap();
    let parts = tree::raw_elements(outer.data).unwrap();
    let whole: Vec<Vec<u8>> = parts.iter().map(|part| part.to_vec()).collect();
    assert!(Certificate::parse(&tlv(0x30, &whole)).is_ok());

    let more = [whole.clone(), vec![vec![0x05, 0x00]]].concat();
    assert!(matches!(
        Certificate::parse(&tlv(0x30, &more)),
        Err(CertificateError::Malformed { .. })
    ));
    let body = tree::elements(parts[0]).unwrap().remove(0);
    let mut padded = whole;
    padded[0] = tlv(0x30, &[body.data.to_vec(), vec![0x05, 0x00]]);
    assert!(matches!(
        Certificate::parse(&tlv(0x30, &padded)),
        Err(CertificateError::Malformed { .. })
    ));
}

#[test]
fn refuses_two_signature_algorithms() {
    let mut draft = draft();
    draft.algorithms = ["1.3.101.112", "1.3.101.113"];
    assert_eq!(Certificate::parse(&draft.der()), Err(CertificateError::AlgorithmMismatch));
}

#[test]
fn refuses_an_extension_twice() {
    let mut draft = draft();
    draft.constraints = Some((false, None));
    draft.others.push(("2.5.29.19", true, tlv(0x30, &[tlv(0x01, &[vec![0xff]])])));
    assert_eq!(
        Certificate::parse(&draft.der()).unwrap_err().to_string(),
        "the certificate has the extension basicConstraints (2.5.29.19) twice"
    );
}

#[test]
fn refuses_extensions_that_cannot_be_read() {
    for (oid, critical) in [
        ("2.5.29.14", false),
        ("2.5.29.15", false),
        ("2.5.29.19", false),
        ("2.5.29.35", true),
        ("2.5.29.37", false),
    ] {
        for value in [vec![], vec![0x30], vec![0x05, 0x00], vec![0x30, 0x00, 0x30, 0x00]] {
            let mut draft = draft();
            (draft.key_usage, draft.subject_key_id, draft.authority_key_id) = (None, None, None);
            draft.others.push((oid, critical, value.clone()));
            let read = Certificate::parse(&draft.der());
            assert!(
                matches!(read, Err(CertificateError::UnreadableExtension { .. })),
                "{oid} {value:?}"
            );
        }
    }
}

/// It is a hint to the issuer; `04 ..` is what one issuer in use writes for it.
#[test]
fn passes_over_an_authority_key_identifier_that_cannot_be_read() {
    for value in [vec![], vec![0x30], vec![0x04, 0x01, 0x07]] {
        let mut draft = draft();
        draft.authority_key_id = None;
        draft.others.push(("2.5.29.35", false, value));
        let certificate = Certificate::parse(&draft.der()).unwrap();
        assert_eq!(certificate.authority_key_id(), None);
        assert!(certificate.has_unread_authority_key_id());
    }
}

#[test]
fn refuses_what_is_too_long() {
    let length = Certificate::MAX_LEN + 1;
    let read = Certificate::parse(&vec![0x30; length]);
    assert_eq!(read, Err(CertificateError::TooLong { length }));
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Certificate::parse(&bytes).is_err());
    }

    #[test]
    fn reads_a_changed_certificate_as_it_stands_or_not_at_all(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut draft = draft();
        draft.purposes = &["1.2.804.2.1.1.1.3.9"];
        draft.others.push(("1.3.6.1.5.5.7.1.3", true, qualified_type(TYPE_SEAL)));
        let mut der = draft.der();
        for (place, value) in changes {
            let place = place.index(der.len());
            der[place] = value;
        }
        if let Ok(certificate) = Certificate::parse(&der) {
            prop_assert_eq!(certificate.der(), der);
            prop_assert!(!certificate.signer().name.is_empty() || certificate.subject().is_empty());
            prop_assert!(!certificate.key_name().is_empty());
        }
    }
}

/// The national code stands where the certificates of КНЕДП «Дія» have it: among the directory
/// attributes (RFC 5280 §4.2.1.8).
#[test]
fn the_organisation_is_named_by_its_certificate_once() {
    const NATIONAL_CODE: &str = "1.2.804.2.1.1.1.11.1.4.2.1";
    const IDENTIFIER: &str = "2.5.4.97";
    let printable = |text: &str| tlv(0x13, &[text.as_bytes().to_vec()]);
    let directory = |id: &str, codes: &[&str]| {
        let values = tlv(0x31, &codes.iter().map(|code| printable(code)).collect::<Vec<_>>());
        tlv(0x30, &[tlv(0x30, &[object_identifier(id), values])])
    };
    let organisation = ("2.5.4.10", "Тест");
    for (identifiers, codes, id) in [
        (&["NTRUA-00000001"][..], None, Some("NTRUA-00000001")),
        (&["00000001"], None, Some("NTRUA-00000001")),
        (&[], Some((NATIONAL_CODE, &["00000001"][..])), Some("NTRUA-00000001")),
        (&["NTRUA-00000001"], Some((NATIONAL_CODE, &["00000001"])), Some("NTRUA-00000001")),
        (&["NTRUA-00000001"], Some((NATIONAL_CODE, &["00000002"])), None),
        (&["NTRUA-00000001", "NTRUA-00000002"], None, None),
        (&["NTRUA-00000001", "a firm"], None, None),
        (&[], Some((NATIONAL_CODE, &["00000001", "00000002"])), None),
        // The code of a person, and one of another register.
        (&[], Some(("1.2.804.2.1.1.1.11.1.4.1.1", &["0000000000"])), None),
        (&["TINUA 0000000000"], None, None),
        (&[], None, None),
    ] {
        let mut draft = draft();
        let named = identifiers.iter().map(|text| (IDENTIFIER, *text));
        draft.subject = name_of(&named.chain([organisation]).collect::<Vec<_>>());
        draft.others.extend(codes.map(|(oid, codes)| ("2.5.29.9", false, directory(oid, codes))));
        let found = draft.make().organisation_id();
        assert_eq!(found.as_ref().map(OrganisationId::as_str), id, "{identifiers:?} {codes:?}");
    }
}
