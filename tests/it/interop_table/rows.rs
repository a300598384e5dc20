//! The rows. What they claim is what the folder's list of origins says, and what the software named
//! there answers.

use skrynka::domain::{
    Container::{self, AsicE, AsicS, CmsAttached, CmsDetached, Pades},
    Indication, Level, SubIndication,
};

use super::{
    Expected, Row,
    check::{Check, Content, Signature, Trust},
};
use crate::{interop_digests, interop_vectors};

type Outcome = (Indication, Option<SubIndication>);

const PASSED: Outcome = (Indication::TotalPassed, None);
const ANOTHER_CONTENT: Outcome = (Indication::TotalFailed, Some(SubIndication::HashFailure));
const EXPIRED: Outcome = (Indication::Indeterminate, Some(SubIndication::OutOfBoundsNoPoe));
const NO_CHAIN: Outcome = (Indication::Indeterminate, Some(SubIndication::NoCertificateChainFound));
const UNREAD: Outcome = (Indication::Indeterminate, Some(SubIndication::FormatFailure));

/// While the certificates of Diia's test signer and of its authority were valid.
const THEN: &str = "2023-10-01T12:00:00Z";
/// When those had expired and the certificates by OpenSSL were new.
const TODAY: &str = "2026-11-22T12:00:00Z";
const DSS: &str = "2019-07-31T00:00:00Z";

const ROOT: &str = "diia/certs/CAO-05E19E2CD92EA2990100000001000000C1000000.cer";
const AUTHORITY: &str = "diia/certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer";
const STAMPER: &str = "diia/certs/diia-2023-tsp-05E19E2CD92EA29902000000010000004A010000.cer";
const RESPONDER: &str = "diia/certs/diia-ocsp-3ED5083160DBC59B0200000001000000202B0F00.cer";
const DELTA: &str =
    "diia/BED5083160DBC59BCDDF707C10293F58BB6ED263C6EA5893D3781B61F493BE57-delta-0ABEA7.crl";
const DIIA: Trust = Trust::Files(&[ROOT, AUTHORITY, STAMPER, RESPONDER]);
const OSSL: Trust = Trust::Files(&["ossl/dev-ca.pem"]);
const BC: Trust = Trust::Files(&["bc/dev-ed25519.cer"]);
const JKURWA: Trust = Trust::Files(&["jkurwa/SELF_SIGNED1.cer"]);
const BIG: Content = Content::File("uapki-gen/big.bin");

const ROOT_2012: &str = "trust/czo-root-3004751def2c78ae010000000100000001000000.cer";
const ROOT_ECDSA_2017: &str = "trust/czo-root-a16ad03d02fa86c010000000100000089000000.cer";
const M257_ROOT: &str = "cryptonite/m257-pki/root_certificate.cer";
const M257_RESPONDER: &str = "cryptonite/m257-pki/ocsp_certificate.cer";

const FOX: &[u8] = b"The quick brown fox jumps over the lazy dog";
/// `revokedInfo` of 2016-09-26T14:18:54Z, `affiliationChanged`.
const REVOKED: &[u8] = b"\xa1\x16\x18\x0f20160926141854Z\xa0\x03\x0a\x01\x03";
/// The serial number that ends with 57000000, revoked at 2015-11-11T13:56:21Z ...
const HELD: &[u8] = b"\x02\x14\x30\x04\x75\x1d\xef\x2c\x78\xae\x01\0\0\0\x01\0\0\0\x57\0\0\0\
    \x17\x0d151111135621Z\x30\x26\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x06";

const GOST: &str = "DSTU 4145 with GOST 34.311";
const KUPYNA_256: &str = "DSTU 4145 with Kupyna-256";
const KUPYNA_384: &str = "DSTU 4145 with Kupyna-384";
const P256: &str = "ECDSA with SHA-256";
const RSA: &str = "RSA with SHA-256";
/// `rsaEncryption`, the digest being named beside it.
const RSA_ALONE: &str = "RSA";
const PSS: &str = "RSA-PSS";
const ED25519: &str = "Ed25519";

pub(super) fn all() -> Vec<Row> {
    let mut rows = signatures();
    rows.extend(national_signatures());
    rows.extend(revocation());
    rows.extend(certificates());
    rows.extend(encrypted());
    rows.extend(others());
    rows
}

fn row(file: &'static str, claim: &'static str, check: Check) -> Row {
    Row { file, claim, check, expected: Expected::Pass }
}

/// What is signed, by what, at which level, with which algorithm.
type Kind = (Container, Content, Level, &'static str);

fn signature(
    file: &'static str,
    claim: &'static str,
    (container, content, level, algorithm): Kind,
    trust: Trust,
    at: &'static str,
    outcome: Outcome,
) -> Row {
    let check = Signature { content, trust, at, outcome, level, container, algorithm };
    row(file, claim, Check::Signature(check))
}

/// By OpenSSL, BouncyCastle, EU DSS and pyHanko.
fn signatures() -> Vec<Row> {
    let mut rows = Vec::new();
    for (file, kind, trust) in [
        ("ossl/dev-p256-attached.p7s", (CmsAttached, Content::Inside, Level::CadesBes, P256), OSSL),
        ("ossl/dev-p256-detached.p7s", (CmsDetached, BIG, Level::CadesBes, P256), OSSL),
        (
            "ossl/dev-rsa-attached.p7s",
            (CmsAttached, Content::Inside, Level::CadesBes, RSA_ALONE),
            OSSL,
        ),
        ("ossl/dev-rsa-detached.p7s", (CmsDetached, BIG, Level::CadesBes, RSA_ALONE), OSSL),
        (
            "ossl/dev-rsapss-attached.p7s",
            (CmsAttached, Content::Inside, Level::CadesBes, PSS),
            OSSL,
        ),
        ("bc/dev-ed25519-attached.p7s", (CmsAttached, Content::Inside, Level::Cms, ED25519), BC),
        ("bc/dev-ed25519-detached.p7s", (CmsDetached, BIG, Level::Cms, ED25519), BC),
        ("pades/dev-p256-pades-b.pdf", (Pades, Content::Inside, Level::PadesB, P256), OSSL),
        ("pades/dev-rsa-pades-b.pdf", (Pades, Content::Inside, Level::PadesB, RSA), OSSL),
    ] {
        rows.push(signature(file, "right", kind, trust, TODAY, PASSED));
        rows.push(signature(file, "of a stranger", kind, Trust::Nobody, TODAY, NO_CHAIN));
    }
    let alone = Trust::Inside("META-INF/signature.p7s");
    let first = Trust::Inside("META-INF/signature001.p7s");
    for (file, container, trust, outcome) in [
        ("asic-dss/onefile-ok.asics", AsicS, alone, PASSED),
        ("asic-dss/onefile-ok.asice", AsicE, first, PASSED),
        ("asic-dss/multifiles-ok.asice", AsicE, first, PASSED),
        ("asic-dss/brokenReference.asice", AsicE, first, ANOTHER_CONTENT),
    ] {
        let kind = (container, Content::Inside, Level::CadesBes, RSA);
        rows.push(signature(file, "as EU DSS judges it", kind, trust, DSS, outcome));
    }
    let kind = (AsicS, Content::Inside, Level::Cms, "unknown");
    let file = "asic-dss/no-signature.asics";
    rows.push(signature(file, "XAdES, not judged", kind, Trust::Nobody, TODAY, UNREAD));
    rows
}

/// By UAPKI and jkurwa, DSTU 4145.
fn national_signatures() -> Vec<Row> {
    let mut rows = Vec::new();
    let content = Content::File("diia/content.dat");
    for (file, kind) in [
        ("diia/attached-bes.p7s", (CmsAttached, Content::Inside, Level::CadesBes, GOST)),
        ("diia/detached.p7s", (CmsDetached, content, Level::CadesBes, GOST)),
        (
            "uapki-gen/gost34311-attached-CAdES-BES.p7s",
            (CmsAttached, Content::Inside, Level::CadesBes, GOST),
        ),
        ("uapki-gen/gost34311-detached-CMS.p7s", (CmsDetached, BIG, Level::Cms, GOST)),
        (
            "uapki-gen/kupyna256-attached-CAdES-BES.p7s",
            (CmsAttached, Content::Inside, Level::CadesBes, KUPYNA_256),
        ),
        ("uapki-gen/kupyna256-detached-CMS.p7s", (CmsDetached, BIG, Level::Cms, KUPYNA_256)),
        (
            "uapki-gen/kupyna384-attached-CMS.p7s",
            (CmsAttached, Content::Inside, Level::Cms, KUPYNA_384),
        ),
        (
            "uapki-gen/asics-cades-bb-gost34311.asics",
            (AsicS, Content::Inside, Level::CadesBes, GOST),
        ),
        (
            "uapki-gen/asice-cades-bb-gost34311.asice",
            (AsicE, Content::Inside, Level::CadesBes, GOST),
        ),
        ("uapki-gen/pades-bb-gost34311.pdf", (Pades, Content::Inside, Level::PadesB, GOST)),
    ] {
        rows.push(signature(file, "right in 2023", kind, DIIA, THEN, PASSED));
        rows.push(signature(file, "not provable in 2026", kind, DIIA, TODAY, EXPIRED));
        rows.push(signature(file, "of a stranger", kind, Trust::Nobody, THEN, NO_CHAIN));
    }
    let changed = Content::Changed("diia/content.dat");
    let kind = (CmsDetached, changed, Level::CadesBes, GOST);
    let claim = "wrong for a changed content";
    rows.push(signature("diia/detached.p7s", claim, kind, DIIA, THEN, ANOTHER_CONTENT));
    for (file, container, content) in [
        ("jkurwa/message.p7", CmsAttached, Content::Inside),
        ("jkurwa/message_detached.p7", CmsDetached, Content::Is(b"123")),
    ] {
        let kind = (container, content, Level::CadesBes, GOST);
        let claim = "right for jkurwa when its signer is trusted (UAPKI refuses the certificate)";
        rows.push(signature(file, claim, kind, JKURWA, "2020-01-01T00:00:00Z", PASSED));
        rows.push(signature(file, "of a stranger", kind, Trust::Nobody, THEN, NO_CHAIN));
    }
    rows
}

fn revocation() -> Vec<Row> {
    let mut rows = Vec::new();
    for (file, by, claim, says) in [
        ("cryptonite/CZO-Full.crl", ROOT_2012, "of the root of 2012; one entry is on hold", HELD),
        ("cryptonite/CZO-Delta.crl", ROOT_2012, "of the root of 2012", &b""[..]),
        ("cryptonite/m257-pki/full.crl", M257_ROOT, "by its authority", b""),
        ("cryptonite/m257-pki/delta.crl", M257_ROOT, "by its authority", b""),
        (DELTA, AUTHORITY, "by the authority of Diia", b""),
        (
            "cryptonite/ocsp_resp_for_revoked_cert.dat",
            M257_RESPONDER,
            "revoked 2016-09-26, affiliationChanged",
            REVOKED,
        ),
    ] {
        rows.push(row(file, "readable", Check::Revocation));
        rows.push(row(file, claim, Check::Issued { by, says }));
    }
    let file = "cryptonite/ocsp_response.dat";
    rows.push(row(file, "readable; signed with SHA-1, so never relied on", Check::Revocation));
    let file = "cryptonite/tsp_response.dat";
    rows.push(row(file, "a token signed with SHA-1", Check::Token { says: "SHA-1" }));
    for (file, claim) in [
        ("cryptonite/m257-pki/ocsp_request.der", "a question to a responder"),
        ("cryptonite/m257-pki/tsp_request.der", "a question to an authority"),
    ] {
        rows.push(row(file, claim, Check::Nothing("questions are asked here, never answered")));
    }
    rows
}

fn certificates() -> Vec<Row> {
    let (m257, m431) = ("DSTU 4145 M257", "DSTU 4145 M431");
    let root_2017 = "trust/czo-root-3db73e7bf0d575b2010000000100000081000000.cer";
    let root_2020 = "trust/czo-root-5e19e2cd92ea2990100000001000000c1000000.cer";
    let rsa_2017 = "trust/czo-root-40a233d3866366d0010000000100000088000000.cer";
    let rsa_2020 = "trust/czo-root-3cef677a231587570100000001000000ce000000.cer";
    let ecdsa_2020 = "trust/czo-root-5e9287b5bf6d5bea0100000001000000cf000000.cer";
    let mut rows = Vec::new();
    for (file, key, by) in [
        (ROOT, m431, ROOT),
        (AUTHORITY, m257, ROOT),
        (STAMPER, m257, ROOT),
        (RESPONDER, m257, AUTHORITY),
        ("diia/certs/diia-test-kep-7775604.cer", m431, AUTHORITY),
        ("diia/certs/diia-test-sign-7775603.cer", m257, AUTHORITY),
        (ROOT_2012, m431, ROOT_2012),
        (root_2017, m431, root_2017),
        (root_2020, m431, root_2020),
        (ROOT_ECDSA_2017, "ECDSA P-256", ROOT_ECDSA_2017),
        (ecdsa_2020, "ECDSA P-256", ecdsa_2020),
        (rsa_2017, "RSA 4095", rsa_2017),
        (rsa_2020, "RSA 4096", rsa_2020),
        ("jkurwa/CZOROOT.cer", m431, ROOT_2012),
        ("jkurwa/CA-Justice.cer", m257, ROOT_2012),
        ("jkurwa/CA-Justice-ECDSA-261217.cer", "ECDSA P-256", ROOT_ECDSA_2017),
        ("jkurwa/SELF_SIGNED1.cer", m257, "jkurwa/SELF_SIGNED1.cer"),
        ("jkurwa/SELF_SIGNED_ENC1.cer", m431, "jkurwa/SELF_SIGNED_ENC1.cer"),
        ("jkurwa/SELF_SIGNED_ENC_40A0.cer", m257, "jkurwa/SELF_SIGNED_ENC_40A0.cer"),
        ("jkurwa/SELF_SIGNED_ENC_6929.cer", m257, "jkurwa/SELF_SIGNED_ENC_6929.cer"),
        ("cryptonite/test.crt", m431, ROOT_2012),
        (M257_RESPONDER, m257, M257_ROOT),
        ("cryptonite/m257-pki/userfiz_certificate.cer", m257, M257_ROOT),
        ("cryptonite/m257-pki/userur_certificate.cer", m257, M257_ROOT),
        ("bc/dev-ed25519.cer", "Ed25519", "bc/dev-ed25519.cer"),
    ] {
        rows.push(row(file, key, Check::Certificates { count: 1, key }));
        rows.push(row(file, "issued as it says", Check::Issued { by, says: b"" }));
    }
    let twice = "it names its signature algorithm in two ways, which RFC 5280 §4.1.1.2 forbids";
    rows.push(Row {
        expected: Expected::Difference(twice),
        ..row(M257_ROOT, m257, Check::Certificates { count: 1, key: m257 })
    });
    let certificates = Check::Certificates { count: 1, key: m257 };
    rows.push(row("cryptonite/certificate257.cer", "by a key that is not here", certificates));
    let check = Check::Issued { by: M257_ROOT, says: b"" };
    rows.push(row(M257_ROOT, "issued as it says", check));
    for (file, count, key) in [
        ("ossl/dev-ca.pem", 1, "RSA"),
        ("ossl/dev-ed.pem", 1, "Ed25519"),
        ("ossl/dev-p256.pem", 1, "ECDSA P-256"),
        ("ossl/dev-p256env.pem", 1, "ECDSA P-256"),
        ("ossl/dev-rsa.pem", 1, "RSA 2048"),
        ("jkurwa/CAList.cer", 4, "DSTU 4145"),
        ("trust/CACertificates-iit-2024-12.p7b", 771, ""),
    ] {
        rows.push(row(file, "certificates", Check::Certificates { count, key }));
    }
    rows
}

fn encrypted() -> Vec<Row> {
    let (diia, password) = ("diia/test-diia.p12", "testpassword");
    let mut rows = Vec::new();
    for (file, key, password, content) in [
        ("uapki-gen/env-gost28147-fox.p7e", diia, password, FOX),
        ("uapki-gen/env-kalyna256-fox.p7e", diia, password, FOX),
        ("uapki-gen/uapki-decrypt-json-0.p7e", diia, password, FOX),
        ("jkurwa/enc_message.p7", "jkurwa/Key40A0.cer", "", b"123"),
        ("jkurwa/enc_message.transport", "jkurwa/Key40A0.cer", "", b"123"),
        ("ossl/dev-ecdh-aes256cbc.p7e", "ossl/dev-p256env.key", "", FOX),
    ] {
        rows.push(row(file, "opens", Check::Envelope { key, password, content }));
    }
    rows.push(row(
        "ossl/dev-ecdh-aes256gcm-signed.p7e",
        "opens to a signed file",
        Check::Vectors(&[crate::interop_envelope::opens_files_that_others_encrypted]),
    ));
    for (file, password, keys) in [
        (diia, password, 2),
        ("jkurwa/Key40A0.cer", "", 1),
        ("jkurwa/Key6929.cer", "", 1),
        ("jkurwa/PRIV1.cer", "", 1),
        ("ossl/dev-p256env.key", "", 1),
    ] {
        rows.push(row(file, "private keys", Check::KeyFile { password, keys }));
    }
    let over = "its number is over the order of the curve; DSTU 4145 wants 0 < d < n";
    rows.push(Row {
        expected: Expected::Difference(over),
        ..row("jkurwa/KeyE54B.cer", "private keys", Check::KeyFile { password: "", keys: 1 })
    });
    for (file, certificate) in [
        ("cryptonite/m257-pki/ocsp_private_key_ba.dat", M257_RESPONDER),
        ("cryptonite/m257-pki/root_private_key_ba.dat", M257_ROOT),
        (
            "cryptonite/m257-pki/userfiz_private_key_ba.dat",
            "cryptonite/m257-pki/userfiz_certificate.cer",
        ),
        (
            "cryptonite/m257-pki/userur_private_key_ba.dat",
            "cryptonite/m257-pki/userur_certificate.cer",
        ),
    ] {
        rows.push(row(file, "the key of a certificate", Check::PrivateKey { certificate }));
    }
    rows
}

/// Tests that go through one file.
type Checks = &'static [fn()];

fn others() -> Vec<Row> {
    let vectors: [(_, Checks); 5] = [
        (
            "vectors/bc-dstu4145-dev.json",
            &[interop_vectors::bouncy_castle_s_cases_come_out_as_it_says],
        ),
        ("vectors/bc-digests-dev.json", &[interop_digests::digests_equal_those_of_bouncy_castle]),
        (
            "vectors/uacrypt-gf2m257_arith.json",
            &[
                interop_vectors::keys_and_signatures_of_another_implementation_are_made_again_to_the_bit,
            ],
        ),
        (
            "vectors/kupyna-256-standard.json",
            &[interop_digests::kupyna_equals_the_examples_of_its_paper],
        ),
        (
            "vectors/gost28147-keywrap.json",
            &[interop_digests::keys_are_wrapped_as_uapki_wraps_them],
        ),
    ];
    let mut rows = Vec::new();
    for (file, tests) in vectors {
        rows.push(row(file, "the same values", Check::Vectors(tests)));
    }
    let standard = "the unit tests of `dstu` have the standard's own example, in its own form";
    let file = "vectors/bc-DSTU4145Test-163-173.json";
    rows.push(row(file, "examples of the standard", Check::Nothing(standard)));
    for (file, claim, length) in [
        ("diia/content.dat", "content of diia/detached.p7s", 43),
        ("uapki-gen/fox.txt", "content of the envelopes", 43),
        ("uapki-gen/big.bin", "content of the detached signatures", 100_003),
    ] {
        rows.push(row(file, claim, Check::Plain { length }));
    }
    let list = "for people: where the files come from";
    rows.push(row("PROVENANCE.md", "the list of origins", Check::Nothing(list)));
    rows
}
