//! Certificates that other people's software has made: those of the Ukrainian authorities and
//! chains by OpenSSL. The data is not part of the sources; `SKRYNKA_INTEROP_DATA` names its
//! directory, and without it these tests say that they are skipped.

#![expect(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{collections::BTreeMap, fs, path::PathBuf};

use skrynka::{
    domain::{Assurance, CertificateRole, Indication, SubIndication},
    trust::{
        Certificate, PathLimits, PathOutcome, PathRequest, Purpose, TrustStore, read_certificates,
        validate,
    },
};

use crate::support::interop;

struct Data(PathBuf);

impl Data {
    fn find() -> Option<Self> {
        interop::data().map(Self)
    }

    fn certificates(&self, file: &str) -> Vec<Certificate> {
        let bytes = fs::read(self.0.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        read_certificates(&bytes).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn certificate(&self, file: &str) -> Certificate {
        self.certificates(file).remove(0)
    }

    fn bundle(&self) -> Vec<Certificate> {
        self.certificates("trust/CACertificates-iit-2024-12.p7b")
    }
}

fn judge(
    signer: &Certificate,
    intermediates: &[Certificate],
    trusted: &[Certificate],
    at: &str,
) -> PathOutcome {
    let (at, limits) = (at.parse().unwrap(), PathLimits::default());
    let request = PathRequest { signer, purpose: Purpose::Document, intermediates, at, limits };
    validate(&request, &TrustStore::new(trusted.to_vec()))
}

#[test]
fn reads_every_certificate_of_the_ukrainian_authorities() {
    let Some(data) = Data::find() else { return };
    let mut keys = BTreeMap::<String, usize>::new();
    for certificate in data.bundle() {
        *keys.entry(certificate.key_name()).or_default() += 1;
    }
    let expected = [
        ("DSTU 4145 M257", 391),
        ("DSTU 4145 M431", 89),
        ("ECDSA P-256", 141),
        ("ECDSA P-521", 2),
        ("RSA 2047", 1),
        ("RSA 2048", 1),
        ("RSA 4095", 10),
        ("RSA 4096", 136),
    ];
    assert_eq!(keys, expected.map(|(key, count)| (key.to_owned(), count)).into());
}

#[test]
fn proves_the_signatures_on_real_certificates_that_it_can_check() {
    let Some(data) = Data::find() else { return };
    let bundle = data.bundle();
    let (mut proved, mut unsupported) = (0, 0);
    for signer in &bundle {
        let mut others = bundle.clone();
        others.retain(|other| other != signer);
        let day_after = signer.not_before().plus_days(1).to_string();
        let outcome = judge(signer, &[], &others, &day_after);
        match outcome.sub_indication {
            // Services and authorities may not sign documents; the path to them is right.
            None | Some(SubIndication::ChainConstraintsFailure) => proved += 1,
            Some(SubIndication::CryptoConstraintsFailure) => unsupported += 1,
            Some(SubIndication::NoCertificateChainFound) => {
                let reason = outcome.reason.unwrap();
                assert!(!reason.contains("has signed it"), "{reason}");
            }
            other => panic!("{other:?} for {}", signer.subject()),
        }
    }
    assert_eq!((proved, unsupported), (265, 472));
}

#[test]
fn accepts_chains_by_openssl() {
    let Some(data) = Data::find() else { return };
    let anchor = data.certificates("ossl/dev-ca.pem");
    for (file, key) in [
        ("ossl/dev-p256.pem", "ECDSA P-256"),
        ("ossl/dev-rsa.pem", "RSA 2048"),
        ("ossl/dev-ed.pem", "Ed25519"),
    ] {
        let signer = data.certificate(file);
        let outcome = judge(&signer, &[], &anchor, "2026-12-01T00:00:00Z");
        assert_eq!(outcome.indication, Indication::TotalPassed, "{:?}", outcome.reason);
        assert_eq!(outcome.chain.len(), 2);
        assert_eq!(outcome.chain[0].key, key);
        let outcome = judge(&signer, &[], &anchor, "2026-11-22T06:03:33Z");
        assert_eq!(outcome.sub_indication, Some(SubIndication::NotYetValid));
    }
    let agreement = data.certificate("ossl/dev-p256env.pem");
    let outcome = judge(&agreement, &[], &anchor, "2026-12-01T00:00:00Z");
    assert_eq!(outcome.sub_indication, Some(SubIndication::ChainConstraintsFailure));
}

#[test]
fn names_the_algorithm_of_the_diia_chain() {
    let Some(data) = Data::find() else { return };
    let root = "diia/certs/CAO-05E19E2CD92EA2990100000001000000C1000000.cer";
    let authority = "diia/certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer";
    let signer = data.certificate("diia/certs/diia-test-sign-7775603.cer");
    let (root, authority) = (data.certificates(root), data.certificates(authority));
    let outcome = judge(&signer, &authority, &root, "2023-09-19T17:00:00Z");
    assert_eq!(outcome.indication, Indication::Indeterminate);
    assert_eq!(outcome.sub_indication, Some(SubIndication::CryptoConstraintsFailure));
    assert!(outcome.reason.unwrap().contains("DSTU 4145 with GOST 34.311 is not supported"));
    let chain: Vec<_> = outcome.chain.iter().map(|link| (link.role, link.key.as_str())).collect();
    assert_eq!(
        chain,
        [
            (CertificateRole::Signer, "DSTU 4145 M257"),
            (CertificateRole::Authority, "DSTU 4145 M257"),
            (CertificateRole::Anchor, "DSTU 4145 M431"),
        ]
    );
    assert_eq!(outcome.chain[2].problem, None);
}

#[test]
fn takes_the_diia_seal_for_a_seal_and_accepts_it_when_pinned() {
    let Some(data) = Data::find() else { return };
    let signer = data.certificate("diia/certs/diia-test-sign-7775603.cer");
    assert_eq!(signer.assurance(), Assurance::Sealed);
    assert_eq!(signer.organisation(), Some("ДП ДІЯ (Тестування)"));
    let pinned = [signer.clone()];
    let outcome = judge(&signer, &[], &pinned, "2023-09-19T17:00:00Z");
    assert_eq!(outcome.indication, Indication::TotalPassed, "{:?}", outcome.reason);
    let outcome = judge(&signer, &[], &pinned, "2026-09-19T17:00:00Z");
    assert_eq!(outcome.sub_indication, Some(SubIndication::OutOfBoundsNoPoe));
}
