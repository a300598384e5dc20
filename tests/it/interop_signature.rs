//! Signatures made by other people's software, from the directory that `SKRYNKA_INTEROP_DATA`
//! names. Without it these tests say that they are skipped.
//!
//! The directory has `ossl/` (OpenSSL), `bc/` (BouncyCastle) and `diia/` (of the Ukrainian service
//! whose documents this program is for).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails the test where it stands"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use skrynka::{
    bundle,
    domain::{Container, Indication, Level, SubIndication, Timestamp, WarningCode},
    envelope::OrganisationKeys,
    message,
    signature::{Conditions, Examined, Signed, examine},
    trust::{TrustStore, read_certificates},
};

use crate::support::interop;

/// Within the validity of every certificate that the signatures here were made with.
const AT: &str = "2027-03-01T12:00:00Z";
/// The same of the Ukrainian ones.
const DIIA_AT: &str = "2023-10-01T12:00:00Z";
const DIIA_AUTHORITY: &str = "diia/certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer";
const FOX: &[u8] = b"The quick brown fox jumps over the lazy dog";

struct Data(PathBuf);

impl Data {
    fn find() -> Option<Self> {
        interop::data().map(Self)
    }

    fn read(&self, name: &str) -> Bytes {
        let path = self.0.join(name);
        let read = fs::read(&path);
        read.unwrap_or_else(|error| panic!("{}: {error}", path.display())).into()
    }

    fn trust(&self, name: &str) -> TrustStore {
        TrustStore::new(read_certificates(&self.read(name)).unwrap())
    }

    /// The names of the signature files in one directory, and the trust they are judged by.
    fn signatures(&self, directory: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.join(directory))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "p7s"))
            .map(|path| format!("{directory}/{}", file_name(&path)))
            .collect();
        names.sort();
        assert!(!names.is_empty(), "no signatures in {directory}");
        names
    }

    fn trust_of(&self, name: &str) -> TrustStore {
        if name.starts_with("bc/") {
            self.trust("bc/dev-ed25519.cer")
        } else {
            self.trust("ossl/dev-ca.pem")
        }
    }

    fn content_of(&self, name: &str) -> Option<Bytes> {
        name.contains("detached").then(|| self.read("uapki-gen/big.bin"))
    }
}

fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn judge(signature: Bytes, content: Option<Bytes>, trust: &TrustStore) -> Examined {
    judge_at(signature, content, trust, AT)
}

fn judge_at(signature: Bytes, content: Option<Bytes>, trust: &TrustStore, at: &str) -> Examined {
    let signed = Signed { content, signatures: vec![signature] };
    let at: Timestamp = at.parse().unwrap();
    examine(&signed, &Conditions::given(trust, at))
}

fn passes(examined: &Examined) -> bool {
    examined.report().indication == Some(Indication::TotalPassed)
}

#[test]
fn every_signature_of_openssl_and_bouncycastle_passes_under_its_own_trust_and_no_other() {
    let Some(data) = Data::find() else { return };
    for name in [data.signatures("ossl"), data.signatures("bc")].concat() {
        let content = data.content_of(&name);
        let examined = judge(data.read(&name), content.clone(), &data.trust_of(&name));
        let report = examined.report();
        assert_eq!(report.indication, Some(Indication::TotalPassed), "{name}: {report:#?}");
        assert_eq!(report.sub_indication, None, "{name}");
        assert_eq!(examined.proofs().len(), 1, "{name}");
        let (container, document) = match content {
            Some(content) => (Container::CmsDetached, content),
            None => (Container::CmsAttached, Bytes::from_static(FOX)),
        };
        assert_eq!(report.container, container, "{name}");
        assert_eq!(examined.content(), &document, "{name}");

        let unknown = judge(data.read(&name), data.content_of(&name), &TrustStore::empty());
        let report = unknown.report();
        assert_eq!(report.indication, Some(Indication::Indeterminate), "{name}");
        assert_eq!(report.sub_indication, Some(SubIndication::NoCertificateChainFound), "{name}");
        assert!(unknown.proofs().is_empty(), "{name}");
    }
}

#[test]
fn the_level_is_told_by_the_signing_certificate_attribute() {
    let Some(data) = Data::find() else { return };
    for (name, level) in [
        ("ossl/dev-p256-detached.p7s", Level::CadesBes),
        ("bc/dev-ed25519-detached.p7s", Level::Cms),
    ] {
        let examined = judge(data.read(name), data.content_of(name), &data.trust_of(name));
        let [signature] = examined.report().signatures.as_slice() else { panic!("{name}") };
        assert_eq!(signature.level, level, "{name}");
        let is_told = signature
            .warnings
            .iter()
            .any(|warning| warning.code == WarningCode::CertificateNotBound);
        assert_eq!(is_told, level == Level::Cms, "{name}");
    }
}

/// Every byte of the file is changed in three ways: the lowest bit, the highest, and all.
#[test]
fn no_byte_of_a_signature_file_can_be_changed() {
    let Some(data) = Data::find() else { return };
    for name in ["bc/dev-ed25519-attached.p7s", "ossl/dev-p256-detached.p7s"] {
        let (original, content) = (data.read(name), data.content_of(name));
        let trust = data.trust_of(name);
        assert!(passes(&judge(original.clone(), content.clone(), &trust)), "{name}");
        for position in 0..original.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut changed = original.to_vec();
                changed[position] ^= mask;
                let examined = judge(changed.into(), content.clone(), &trust);
                assert!(!passes(&examined), "{name}: byte {position} ^ {mask:#x} passed");
            }
        }
    }
}

/// A certificate that a signature carries and that its path does not need is not covered by
/// anything. Whatever else is changed, nothing passes; and what passes says the same.
#[test]
fn a_changed_byte_passes_only_in_a_certificate_that_plays_no_part() {
    let Some(data) = Data::find() else { return };
    for name in ["ossl/dev-p256-attached.p7s", "ossl/dev-rsapss-attached.p7s"] {
        let original = data.read(name);
        let trust = data.trust_of(name);
        let right = judge(original.clone(), None, &trust);
        let unneeded = read_certificates(&data.read("ossl/dev-ca.pem")).unwrap();
        let unneeded = unneeded[0].der();
        let within = original.windows(unneeded.len()).position(|window| window == unneeded);
        let unneeded = within.map_or(0..0, |start| start..start + unneeded.len());
        for position in 0..original.len() {
            let mut changed = original.to_vec();
            changed[position] ^= 0x01;
            let examined = judge(changed.into(), None, &trust);
            if passes(&examined) {
                assert!(unneeded.contains(&position), "{name}: byte {position} passed");
                assert_eq!(examined.content(), right.content(), "{name}: byte {position}");
                assert_eq!(examined.proofs(), right.proofs());
            }
        }
    }
}

#[test]
fn no_byte_of_the_content_can_be_changed() {
    let Some(data) = Data::find() else { return };
    let name = "bc/dev-ed25519-detached.p7s";
    let (signature, trust) = (data.read(name), data.trust_of(name));
    let content = data.content_of(name).unwrap();
    for position in (0..content.len()).step_by(997).chain([content.len() - 1]) {
        let mut changed = content.to_vec();
        changed[position] ^= 1;
        let examined = judge(signature.clone(), Some(changed.into()), &trust);
        assert_eq!(examined.report().sub_indication, Some(SubIndication::HashFailure));
    }
    for changed in [content.slice(1..), content.slice(..content.len() - 1), Bytes::new()] {
        let examined = judge(signature.clone(), Some(changed), &trust);
        assert_eq!(examined.report().sub_indication, Some(SubIndication::HashFailure));
    }
}

#[test]
fn a_cut_or_lengthened_file_does_not_pass() {
    let Some(data) = Data::find() else { return };
    let name = "bc/dev-ed25519-attached.p7s";
    let (original, trust) = (data.read(name), data.trust_of(name));
    for length in 0..original.len() {
        assert!(!passes(&judge(original.slice(..length), None, &trust)), "{length} bytes");
    }
    for tail in [&b"\0"[..], b"\0\0", b"\n", b"x"] {
        let longer = [&original[..], tail].concat();
        let examined = judge(longer.into(), None, &trust);
        assert_eq!(examined.report().indication, Some(Indication::TotalFailed), "{tail:?}");
    }
}

#[test]
fn a_detached_signature_without_its_content_is_undecided() {
    let Some(data) = Data::find() else { return };
    let name = "ossl/dev-rsa-detached.p7s";
    let examined = judge(data.read(name), None, &data.trust_of(name));
    assert_eq!(examined.report().indication, Some(Indication::Indeterminate));
    assert_eq!(examined.report().sub_indication, Some(SubIndication::SignedDataNotFound));
}

#[test]
fn an_attached_signature_beside_another_content_fails() {
    let Some(data) = Data::find() else { return };
    let name = "ossl/dev-p256-attached.p7s";
    let other = Some(Bytes::from_static(b"another document"));
    let examined = judge(data.read(name), other, &data.trust_of(name));
    assert_eq!(examined.report().indication, Some(Indication::TotalFailed));
    assert_eq!(examined.report().sub_indication, Some(SubIndication::HashFailure));
    assert!(examined.proofs().is_empty());
    let same = judge(data.read(name), Some(Bytes::from_static(FOX)), &data.trust_of(name));
    assert!(passes(&same));
}

#[test]
fn signatures_with_the_national_algorithms_pass_while_their_certificates_are_valid() {
    let Some(data) = Data::find() else { return };
    let trust = data.trust(DIIA_AUTHORITY);
    for (name, content) in [
        ("diia/attached-bes.p7s", None),
        ("diia/detached.p7s", Some(data.read("diia/content.dat"))),
    ] {
        for (at, indication, sub_indication) in [
            (DIIA_AT, Indication::TotalPassed, None),
            (AT, Indication::Indeterminate, Some(SubIndication::OutOfBoundsNoPoe)),
        ] {
            let examined = judge_at(data.read(name), content.clone(), &trust, at);
            let report = examined.report();
            assert_eq!(report.indication, Some(indication), "{name}: {report:#?}");
            assert_eq!(report.sub_indication, sub_indication, "{name}");
            let [signature] = report.signatures.as_slice() else { panic!("{name}") };
            assert_eq!(signature.algorithm, "DSTU 4145 with GOST 34.311", "{name}");
            assert_eq!(signature.digest_algorithm, "GOST 34.311", "{name}");
            assert_eq!(signature.level, Level::CadesBes, "{name}");
        }
    }
}

/// In turn the lowest bit, the highest, and all: each byte of the file is changed in one way.
#[test]
fn no_byte_of_a_national_signature_can_be_changed() {
    let Some(data) = Data::find() else { return };
    let masks = |position: usize| vec![[0x01, 0x80, 0xff][position % 3]];
    assert_eq!(changes_that_pass(&data, masks), []);
}

#[test]
#[ignore = "minutes long without optimization"]
fn no_byte_of_a_national_signature_can_be_changed_in_any_way() {
    let Some(data) = Data::find() else { return };
    assert_eq!(changes_that_pass(&data, |_| (1..=255).collect()), []);
}

/// The changes of one byte, position and mask, that leave the signature of Diia's test signer right.
fn changes_that_pass(data: &Data, masks: impl Fn(usize) -> Vec<u8>) -> Vec<(usize, u8)> {
    let trust = data.trust(DIIA_AUTHORITY);
    let original = data.read("diia/attached-bes.p7s");
    assert!(passes(&judge_at(original.clone(), None, &trust, DIIA_AT)));
    let places = (0..original.len())
        .flat_map(|position| masks(position).into_iter().map(move |mask| (position, mask)));
    places
        .filter(|(position, mask)| {
            let mut changed = original.to_vec();
            changed[*position] ^= mask;
            passes(&judge_at(changed.into(), None, &trust, DIIA_AT))
        })
        .collect()
}

#[test]
fn files_that_cannot_be_judged_do_not_pass() {
    let Some(data) = Data::find() else { return };
    for (name, container) in [
        ("asic-dss/no-signature.asics", Container::AsicS),
        ("uapki-gen/env-gost28147-fox.p7e", Container::Envelope),
        ("ossl/dev-ecdh-aes256gcm-signed.p7e", Container::Envelope),
    ] {
        let signed = Signed { content: Some(data.read(name)), signatures: Vec::new() };
        let at: Timestamp = AT.parse().unwrap();
        let trust = TrustStore::empty();
        let examined = examine(&signed, &Conditions::new(&trust, at));
        let report = examined.report();
        assert_eq!(report.container, container, "{name}");
        assert_ne!(report.indication, Some(Indication::TotalPassed), "{name}");
        assert!(examined.proofs().is_empty(), "{name}");
    }
}

/// A mail with these attachments, as bytes.
fn mail(attachments: &[(&str, Bytes)]) -> Bytes {
    let mut raw = b"Subject: copy\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"=_edge_=\"\r\n"
        .to_vec();
    for (name, content) in attachments {
        let head = format!(
            "\r\n--=_edge_=\r\nContent-Type: application/octet-stream\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: binary\r\n\r\n"
        );
        raw.extend_from_slice(head.as_bytes());
        raw.extend_from_slice(content);
    }
    raw.extend_from_slice(b"\r\n--=_edge_=--\r\n");
    raw.into()
}

#[test]
fn a_detached_signature_is_paired_with_its_content_in_a_mail() {
    let Some(data) = Data::find() else { return };
    for (signature, content, trust, indication) in [
        ("diia/detached.p7s", "diia/content.dat", TrustStore::empty(), Indication::Indeterminate),
        (
            "bc/dev-ed25519-detached.p7s",
            "uapki-gen/big.bin",
            data.trust("bc/dev-ed25519.cer"),
            Indication::TotalPassed,
        ),
    ] {
        let raw = mail(&[("content.dat", data.read(content)), ("a.p7s", data.read(signature))]);
        let message = message::open(raw, &message::Limits::default()).unwrap();
        let keys = OrganisationKeys::empty();
        let mut opening = bundle::Opening::new(&keys, &[]);
        let bundle = bundle::assemble(&message, &mut opening, &bundle::Limits::default());
        let [document] = bundle.documents.as_slice() else { panic!("{signature}: {bundle:?}") };
        assert_eq!(document.signed.content, Some(data.read(content)), "{signature}");
        assert_eq!(document.signature_names, ["a.p7s"]);
        let at: Timestamp = AT.parse().unwrap();
        let examined = examine(&document.signed, &Conditions::new(&trust, at));
        assert_eq!(examined.report().indication, Some(indication), "{:#?}", examined.report());
    }
}
