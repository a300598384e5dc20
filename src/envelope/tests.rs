#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that panics is a test that fails"
)]

use proptest::prelude::*;

use super::{
    armour,
    sample::{CBC, CONTENT, ENCRYPTED_PKCS8, GCM, PASSWORD, PKCS8, PKCS12, SEC1},
    *,
};

fn keys() -> OrganisationKeys {
    OrganisationKeys::read(SEC1.as_bytes(), "").unwrap()
}

/// With its certificate.
fn named_keys() -> OrganisationKeys {
    OrganisationKeys::read(&armour::decode(PKCS12).unwrap(), PASSWORD).unwrap()
}

fn opened(file: &[u8], keys: &OrganisationKeys) -> Result<bytes::Bytes, EnvelopeError> {
    open(file, keys, &|_| None, &Limits::default())
}

fn der(text: &str) -> Vec<u8> {
    armour::decode(text).unwrap().to_vec()
}

#[test]
fn opens_a_file_with_each_kind_of_key_file() {
    let pkcs12 = der(PKCS12);
    for (kind, file, password) in [
        ("SEC1", SEC1.as_bytes(), ""),
        ("PKCS#8", PKCS8.as_bytes(), ""),
        ("encrypted PKCS#8", ENCRYPTED_PKCS8.as_bytes(), PASSWORD),
        ("PKCS#12", &pkcs12, PASSWORD),
    ] {
        let keys = OrganisationKeys::read(file, password).unwrap();
        assert_eq!(keys.len(), 1, "{kind}");
        for envelope in [CBC, GCM] {
            assert_eq!(opened(&der(envelope), &keys).unwrap(), CONTENT, "{kind}");
        }
    }
}

#[test]
fn reads_a_file_as_text_too() {
    let armoured = format!("-----BEGIN CMS-----\n{CBC}\n-----END CMS-----\n");
    for text in [CBC.to_owned(), CBC.replace('\n', "\r\n"), armoured] {
        assert_eq!(opened(text.as_bytes(), &keys()).unwrap(), CONTENT);
    }
}

#[test]
fn says_whom_a_file_is_encrypted_for() {
    let names = recipients(&der(CBC), &Limits::default()).unwrap();
    let [RecipientName::Certificate { issuer, serial }] = names.as_slice() else {
        panic!("{names:?}")
    };
    assert_eq!(issuer, "Test Authority");
    assert!(serial.len() >= 40, "{serial}");
    let error = opened(&der(CBC), &OrganisationKeys::empty()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the file is encrypted for certificate {serial} issued by Test Authority; the \
             organisation has no key for it"
        ),
    );
}

#[test]
fn tells_a_wrong_password_from_a_damaged_key_file() {
    let pkcs12 = der(PKCS12);
    for (file, password) in [(&pkcs12[..], "other"), (ENCRYPTED_PKCS8.as_bytes(), "other")] {
        let error = OrganisationKeys::read(file, password).unwrap_err();
        assert!(matches!(error, KeyFileError::WrongPassword), "{error}");
    }
    for file in [&b"not a key"[..], b"", &pkcs12[..pkcs12.len() - 1], &[0x30, 0]] {
        let error = OrganisationKeys::read(file, PASSWORD).unwrap_err();
        assert!(matches!(error, KeyFileError::Malformed { .. }), "{error}");
    }
    let certificate_only = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let error = OrganisationKeys::read(certificate_only.as_bytes(), "").unwrap_err();
    assert!(matches!(error, KeyFileError::NoKey), "{error}");
}

#[test]
fn shows_no_key() {
    assert_eq!(format!("{:?}", keys()), "OrganisationKeys { keys: 1, .. }");
    assert_eq!(
        format!("{:?}", keys().merge(named_keys()).unwrap()),
        "OrganisationKeys { keys: 2, .. }"
    );
}

#[test]
fn keys_of_several_files_keep_to_the_limit() {
    let mut many = OrganisationKeys::empty();
    for _ in 0..OrganisationKeys::MAX_KEYS {
        many = many.merge(keys()).unwrap();
    }
    let error = many.merge(keys()).unwrap_err();
    assert!(matches!(error, KeyFileError::TooMuch { found: 33, limit: 32, .. }), "{error}");
}

#[test]
fn opens_a_file_in_ber() {
    // The outermost element with an indefinite length.
    let file = der(CBC);
    let [0x30, 0x82, _, _, inside @ ..] = file.as_slice() else { panic!("{file:?}") };
    let ber = [&[0x30, 0x80][..], inside, &[0, 0]].concat();
    assert_eq!(opened(&ber, &keys()).unwrap(), CONTENT);
    assert_eq!(recipients(&ber, &Limits::default()).unwrap().len(), 1);
}

#[test]
fn files_can_share_a_number_of_agreements() {
    let (file, keys, limits) = (der(CBC), keys(), Limits::default());
    let mut left = 1;
    assert!(open_sharing(&file, &keys, &|_| None, &limits, &mut left).is_ok());
    assert_eq!(left, 0);
    let error = open_sharing(&file, &keys, &|_| None, &limits, &mut left).unwrap_err();
    assert!(matches!(error, EnvelopeError::TooManyAgreements), "{error}");
}

#[test]
fn a_changed_octet_never_opens_as_other_authenticated_content() {
    let file = der(GCM);
    let keys = named_keys();
    let mut refused = 0;
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 0x20;
        match opened(&changed, &keys) {
            Ok(content) => assert_eq!(content, CONTENT, "octet {at}"),
            Err(_) => refused += 1,
        }
    }
    // The names of recipients and versions are not protected.
    assert!(refused > file.len() / 2, "{refused} of {}", file.len());
}

#[test]
fn gives_one_answer_whatever_was_changed_in_a_file_for_us() {
    let keys = named_keys();
    for text in [CBC, GCM] {
        let file = der(text);
        // The last octets are content or tag; the wrapped key has the algorithm of wrapping not
        // far before it.
        let wrapped = wrapped_key(&file);
        for at in wrapped.chain(file.len() - 16..file.len()) {
            let mut changed = file.clone();
            changed[at] ^= 1;
            let error = match opened(&changed, &keys) {
                // Nothing but the padding tells in CBC.
                Ok(_) if text == CBC => continue,
                answer => answer.unwrap_err(),
            };
            assert!(matches!(error, EnvelopeError::WrongKey), "octet {at}: {error}");
        }
    }
}

/// Where the 40 octets of the wrapped key are.
fn wrapped_key(file: &[u8]) -> std::ops::Range<usize> {
    let header = file.windows(2).position(|pair| pair == [4, 40]).unwrap();
    header + 2..header + 42
}

#[test]
fn keeps_to_its_limits() {
    let (file, keys) = (der(CBC), keys());
    let unlimited = Limits::default();
    for (limits, sentence) in [
        (
            Limits { content_octets: 15, ..unlimited },
            "the encrypted file's content in octets has 16, the limit is 15",
        ),
        (
            Limits { entries: 0, ..unlimited },
            "the encrypted file's list of recipients has 1, the limit is 0",
        ),
        (
            Limits { agreements: 0, ..unlimited },
            "the file has too many recipients to try all keys; send it to fewer",
        ),
    ] {
        let error = open(&file, &keys, &|_| None, &limits).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn names_what_is_not_an_envelope() {
    let data = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 0];
    let error = opened(&data, &keys()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file is not an encrypted CMS message, but holds 1.2.840.113549.1.7.2"
    );
    let error = opened(&[0x30, 0x80, 0, 0], &keys()).unwrap_err();
    assert!(matches!(error, EnvelopeError::Malformed { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(opened(&bytes, &keys()).is_err());
        prop_assert!(OrganisationKeys::read(&bytes, "").is_err());
    }

    #[test]
    fn a_file_with_any_two_octets_changed_is_no_panic(
        first in 0_usize..355, second in 0_usize..355, value: u8, other: u8,
    ) {
        let mut file = der(CBC);
        file[first] = value;
        file[second] = other;
        let keys = keys();
        if let Ok(content) = opened(&file, &keys) {
            prop_assert!(content.len() < 32);
        }
    }

    #[test]
    fn a_key_file_with_any_octet_changed_is_no_panic(at in 0_usize..1149, value: u8) {
        let mut file = der(PKCS12);
        let same = file[at] == value;
        file[at] = value;
        let read = OrganisationKeys::read(&file, PASSWORD);
        prop_assert!(same || read.is_err() || read.unwrap().len() == 1);
    }
}
