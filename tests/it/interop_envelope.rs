//! Encrypted files and key files made by other people's software, from the directory that
//! `SKRYNKA_INTEROP_DATA` names. Without it these tests say that they are skipped.
//!
//! The directory has `uapki-gen/` and `diia/` (UAPKI), `jkurwa/` and `ossl/` (OpenSSL).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test where it stands"
)]

use std::{fs, path::PathBuf};

use bytes::Bytes;
use skrynka::{
    envelope::{
        EnvelopeError, KeyFileError, Limits, OrganisationKeys, Originator, RecipientName, open,
        recipients,
    },
    trust::read_certificates,
};

use crate::support::interop;

const FOX: &[u8] = b"The quick brown fox jumps over the lazy dog";
const DIIA_PASSWORD: &str = "testpassword";

struct Data(PathBuf);

impl Data {
    fn find() -> Option<Self> {
        interop::data().map(Self)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        let path = self.0.join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn keys(&self, name: &str, password: &str) -> OrganisationKeys {
        let read = OrganisationKeys::read(&self.read(name), password);
        read.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn all_keys(&self) -> OrganisationKeys {
        self.keys("diia/test-diia.p12", DIIA_PASSWORD)
            .merge(self.keys("jkurwa/Key40A0.cer", ""))
            .and_then(|keys| keys.merge(self.keys("ossl/dev-p256env.key", "")))
            .unwrap()
    }

    fn open(&self, name: &str, keys: &OrganisationKeys) -> Result<Bytes, EnvelopeError> {
        let sender = self.read("jkurwa/SELF_SIGNED_ENC_6929.cer");
        let sender = read_certificates(&sender).unwrap().remove(0);
        let known = |originator: &Originator<'_>| match originator {
            Originator::Certificate { issuer, serial }
                if sender.has_issuer_and_serial(issuer, serial) =>
            {
                Some(sender.public_key().to_vec())
            }
            Originator::Certificate { .. } | Originator::KeyId(_) => None,
        };
        open(&self.read(name), keys, &known, &Limits::default())
    }
}

#[test]
pub(crate) fn opens_files_that_others_encrypted() {
    let Some(data) = Data::find() else { return };
    let keys = data.all_keys();
    let signed = data.read("ossl/dev-p256-attached.p7s");
    for (name, content) in [
        ("uapki-gen/env-gost28147-fox.p7e", FOX),
        ("uapki-gen/env-kalyna256-fox.p7e", FOX),
        ("uapki-gen/uapki-decrypt-json-0.p7e", FOX),
        ("jkurwa/enc_message.p7", b"123"),
        ("ossl/dev-ecdh-aes256cbc.p7e", FOX),
        ("ossl/dev-ecdh-aes256gcm-signed.p7e", &signed),
    ] {
        match data.open(name, &keys) {
            Ok(opened) => assert_eq!(opened, content, "{name}"),
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn says_whom_files_are_encrypted_for() {
    let Some(data) = Data::find() else { return };
    let authority = "\"Дія\". Кваліфікований надавач електронних довірчих послуг";
    for (name, issuer) in [
        ("uapki-gen/env-gost28147-fox.p7e", authority),
        ("uapki-gen/env-kalyna256-fox.p7e", authority),
        ("jkurwa/enc_message.p7", "Very Much CA"),
        ("ossl/dev-ecdh-aes256gcm-signed.p7e", "Test Root dev"),
    ] {
        let listed = recipients(&data.read(name), &Limits::default()).unwrap();
        let [RecipientName::Certificate { issuer: found, .. }] = listed.as_slice() else {
            panic!("{name}: {listed:?}")
        };
        assert_eq!(found, issuer, "{name}");
    }
}

#[test]
fn a_file_for_another_organisation_stays_closed() {
    let Some(data) = Data::find() else { return };
    let other = data.keys("jkurwa/Key40A0.cer", "");
    let error = data.open("uapki-gen/env-gost28147-fox.p7e", &other).unwrap_err();
    let certificate = read_certificates(&data.read("diia/certs/diia-test-kep-7775604.cer"));
    let serial = certificate.unwrap().remove(0).serial().to_owned();
    assert!(matches!(error, EnvelopeError::NoKey { .. }), "{error}");
    assert!(error.to_string().contains(&serial), "{error}");
}

#[test]
fn a_file_for_us_that_does_not_open_is_told_from_one_for_others() {
    let Some(data) = Data::find() else { return };
    let certificates = read_certificates(&data.read("diia/certs/diia-test-kep-7775604.cer"));
    let keys =
        data.keys("diia/test-diia.p12", DIIA_PASSWORD).with_certificates(certificates.unwrap());
    let file = data.read("uapki-gen/env-gost28147-fox.p7e");
    let wrapped = file.windows(2).position(|pair| pair == [4, 44]).unwrap() + 2;
    for at in [wrapped, wrapped + 20, wrapped + 43] {
        let mut changed = file.clone();
        changed[at] ^= 1;
        let error = open(&changed, &keys, &|_| None, &Limits::default()).unwrap_err();
        assert!(matches!(error, EnvelopeError::WrongKey), "{error}");
    }
    assert_eq!(open(&file, &keys, &|_| None, &Limits::default()).unwrap(), FOX);
}

#[test]
fn a_sender_whose_certificate_is_missing_is_named() {
    let Some(data) = Data::find() else { return };
    let keys = data.keys("jkurwa/Key40A0.cer", "");
    let file = data.read("jkurwa/enc_message.p7");
    let error = open(&file, &keys, &|_| None, &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the sender's certificate 5be47000 issued by Very Much CA is needed to open the file and \
         is not known"
    );
}

#[test]
fn a_wrong_password_opens_no_key_file() {
    let Some(data) = Data::find() else { return };
    let file = data.read("diia/test-diia.p12");
    for password in ["", "testpassworD", "testpassword "] {
        let error = OrganisationKeys::read(&file, password).unwrap_err();
        assert!(matches!(error, KeyFileError::WrongPassword), "{error}");
    }
    assert_eq!(OrganisationKeys::read(&file, DIIA_PASSWORD).unwrap().len(), 2);
}
