//! Certificates that other people's software has made: those of the Ukrainian authorities and
//! chains by OpenSSL. The data is not part of the sources; `SKRYNKA_INTEROP_DATA` names its
//! directory, and without it these tests say that they are skipped.

#![expect(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{collections::BTreeMap, fs, path::PathBuf};

use skrynka::{
    algorithms::{self, AlgorithmId, Failure, Policy, Used},
    asn1::Element,
    domain::{CertificateRole, Indication, SignerKind, SubIndication},
    trust::{
        Certificate, PathLimits, PathOutcome, PathRequest, Purpose, QualifiedStatements,
        TrustStore, read_certificates, validate,
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
    let request = PathRequest {
        signer,
        purpose: Purpose::Document,
        intermediates,
        at,
        clock_tolerance_seconds: 0,
        limits,
    };
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

/// What the key of each certificate's issuer says of its signature, by the kinds of key and the
/// algorithm of the signature.
#[test]
fn every_signature_inside_the_bundle_is_right() {
    let Some(data) = Data::find() else { return };
    let bundle = data.bundle();
    let mut counts = BTreeMap::<String, usize>::new();
    let mut wrong = Vec::new();
    let mut orphans = 0;
    for certificate in &bundle {
        let issuers: Vec<_> = bundle.iter().filter(|other| is_issuer(other, certificate)).collect();
        if issuers.is_empty() {
            orphans += 1;
            continue;
        }
        // Of an authority with two keys and no key identifiers, one has signed.
        let mut answers = issuers.iter().map(|issuer| (issuer, checked(certificate, issuer)));
        let right = answers.find_map(|(issuer, (name, answer))| Some((issuer, name, answer.ok()?)));
        let Some((issuer, algorithm, used)) = right else {
            wrong.push(format!("{} {}", certificate.subject(), certificate.serial()));
            continue;
        };
        let judged = Policy::built_in().check(&used, "2026-11-29T12:00:00Z".parse().unwrap());
        let kind = match judged {
            Ok(()) => format!("{}: {algorithm}", issuer.key_name()),
            Err(_) => format!("{}: {algorithm}, which proves nothing", issuer.key_name()),
        };
        *counts.entry(kind).or_default() += 1;
    }
    for (kind, count) in &counts {
        println!("{count:5} {kind}");
    }
    println!("{orphans:5} of an authority that is not there");
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), bundle.len());
    let expected = [
        ("DSTU 4145 M257: DSTU 4145 with GOST 34.311", 229),
        ("DSTU 4145 M431: DSTU 4145 with GOST 34.311", 251),
        ("ECDSA P-256: ECDSA with SHA-256", 136),
        ("ECDSA P-521: ECDSA with SHA-512", 7),
        ("RSA 4095: RSA with SHA-256", 17),
        ("RSA 4096: RSA with SHA-256", 130),
        // A root of the National Bank of 2016, self-signed.
        ("RSA 2047: RSA with SHA-1, which proves nothing", 1),
    ];
    assert_eq!(counts, expected.map(|(kind, count)| (kind.to_owned(), count)).into());
    assert_eq!(orphans, 0);
}

/// Whether `issuer` has the name, and where both state one the key identifier, that `certificate`
/// gives its issuer.
fn is_issuer(issuer: &Certificate, certificate: &Certificate) -> bool {
    let keys = (issuer.subject_key_id(), certificate.authority_key_id());
    let key_fits = match keys {
        (Some(own), Some(named)) => own == named,
        (None, _) | (_, None) => true,
    };
    issuer.subject_der() == certificate.issuer_der() && key_fits
}

/// The name of the algorithm that signed `certificate`, and what the key of `issuer` says.
fn checked(certificate: &Certificate, issuer: &Certificate) -> (String, Result<Used, Failure>) {
    let whole = Element::only(certificate.der()).unwrap();
    let mut parts = whole.inside().unwrap();
    let signed = parts.next().unwrap();
    let mut algorithm = parts.next().unwrap().inside().unwrap();
    let oid = algorithm.next().unwrap().object_identifier().unwrap();
    let parameters = algorithm.next().ok().map(|parameters| parameters.raw);
    let signature = parts.next().unwrap().value;
    let name = algorithms::algorithm_name(&oid);
    let algorithm = AlgorithmId { oid, parameters };
    let key = issuer.public_key();
    (name, algorithms::verify(&algorithm, None, key, signed.raw, &signature[1..]))
}

#[test]
fn no_critical_extension_of_the_bundle_is_strange() {
    let Some(data) = Data::find() else { return };
    for certificate in data.bundle() {
        let at = certificate.not_before().plus_days(1).to_string();
        let outcome = judge(&certificate, &[], std::slice::from_ref(&certificate), &at);
        let reason = outcome.reason.unwrap_or_default();
        assert!(!reason.contains("not understood"), "{reason}");
    }
}

#[test]
fn counts_the_statements_of_quality_in_the_bundle() {
    let Some(data) = Data::find() else { return };
    let bundle = data.bundle();
    let count = |has: fn(&QualifiedStatements) -> bool| {
        bundle.iter().filter(|certificate| has(certificate.qualified_statements())).count()
    };
    let counts = [
        count(|statements| statements.national_mark),
        count(|statements| statements.compliance),
        count(|statements| statements.device),
        count(|statements| !statements.disclosures.is_empty()),
        count(|statements| !statements.types.is_empty()),
    ];
    assert_eq!(counts, [603, 524, 480, 380, 19]);
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
fn proves_the_chain_of_diia() {
    let Some(data) = Data::find() else { return };
    let root = "diia/certs/CAO-05E19E2CD92EA2990100000001000000C1000000.cer";
    let authority = "diia/certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer";
    let signer = data.certificate("diia/certs/diia-test-sign-7775603.cer");
    let (root, authority) = (data.certificates(root), data.certificates(authority));
    let outcome = judge(&signer, &authority, &root, "2023-09-19T17:00:00Z");
    assert_eq!(outcome.indication, Indication::TotalPassed, "{:?}", outcome.reason);
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
    assert_eq!(signer.signer_kind(), Some(SignerKind::Seal));
    assert_eq!(signer.organisation(), Some("ДП ДІЯ (Тестування)"));
    let pinned = [signer.clone()];
    let outcome = judge(&signer, &[], &pinned, "2023-09-19T17:00:00Z");
    assert_eq!(outcome.indication, Indication::TotalPassed, "{:?}", outcome.reason);
    let outcome = judge(&signer, &[], &pinned, "2026-09-19T17:00:00Z");
    assert_eq!(outcome.sub_indication, Some(SubIndication::OutOfBoundsNoPoe));
}
