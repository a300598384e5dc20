//! The main job on files made by other people's software: sent with `swaks` to the running
//! server, each ends in the right verdict.
//!
//! `SKRYNKA_INTEROP_DATA` names the folder with the files; without it this says so and is over.
//! In CI (`CI=true`) the folder is a must.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::support::{
    installation::{Installation, Server, both, wait_for},
    interop, registries,
};

/// A name that makes a file a copy of the document that the library asks for.
const COPY: &str = "student-id-card-0000000000001-01.09.2026-10_00_00.pdf";

/// One mail: the files to attach as (file, name in the mail), and what must be found.
struct Case<'a> {
    title: &'a str,
    attachments: &'a [(&'a str, &'a str)],
    verdict: &'static str,
    /// A finding's code, or nothing where any will do, and what its detail must hold.
    finding: Option<(&'static str, &'static str)>,
}

const CONTAINER: &str = "student-id-card-0000000000001-01.09.2026-10_00_00.asics";

const SIGNED: &str = "student-id-card-0000000000001-01.09.2026-10_00_00.pdf.p7s";

/// What most of these files are signed over is no document: that is found once the signature is
/// proved.
const TEXT: Option<(&str, &str)> = Some((NOT_A_DOCUMENT, "text"));
const BYTES: Option<(&str, &str)> = Some((NOT_A_DOCUMENT, "other"));
const NOT_A_DOCUMENT: &str = "not_a_document";

const CASES: &[Case<'_>] = &[
    Case {
        title: "OpenSSL, ECDSA P-256, content inside",
        attachments: &[("ossl/dev-p256-attached.p7s", SIGNED)],
        verdict: "undetermined",
        finding: TEXT,
    },
    Case {
        title: "OpenSSL, ECDSA P-256, detached",
        attachments: &[("uapki-gen/big.bin", COPY), ("ossl/dev-p256-detached.p7s", SIGNED)],
        verdict: "undetermined",
        finding: BYTES,
    },
    Case {
        title: "OpenSSL, RSA-2048, content inside",
        attachments: &[("ossl/dev-rsa-attached.p7s", SIGNED)],
        verdict: "undetermined",
        finding: TEXT,
    },
    Case {
        title: "OpenSSL, RSA-2048, detached",
        attachments: &[("uapki-gen/big.bin", COPY), ("ossl/dev-rsa-detached.p7s", SIGNED)],
        verdict: "undetermined",
        finding: BYTES,
    },
    Case {
        title: "OpenSSL, RSA-PSS, content inside",
        attachments: &[("ossl/dev-rsapss-attached.p7s", SIGNED)],
        verdict: "undetermined",
        finding: TEXT,
    },
    Case {
        title: "BouncyCastle, Ed25519, content inside",
        attachments: &[("bc/dev-ed25519-attached.p7s", SIGNED)],
        verdict: "undetermined",
        finding: TEXT,
    },
    Case {
        title: "BouncyCastle, Ed25519, detached",
        attachments: &[("uapki-gen/big.bin", COPY), ("bc/dev-ed25519-detached.p7s", SIGNED)],
        verdict: "undetermined",
        finding: BYTES,
    },
    Case {
        title: "a detached signature over another file",
        attachments: &[("uapki-gen/fox.txt", COPY), ("ossl/dev-p256-detached.p7s", SIGNED)],
        verdict: "invalid",
        finding: Some(("signature_invalid", "HASH_FAILURE")),
    },
];

/// With certificates that expired in 2024.
const NATIONAL: &[Case<'_>] = &[
    Case {
        title: "Diia's test signer, content inside",
        attachments: &[("diia/attached-bes.p7s", SIGNED)],
        verdict: "undetermined",
        finding: TEXT,
    },
    Case {
        title: "Diia's test signer, detached",
        attachments: &[("diia/content.dat", COPY), ("diia/detached.p7s", SIGNED)],
        verdict: "undetermined",
        finding: TEXT,
    },
    Case {
        title: "UAPKI, Kupyna-256, content inside",
        attachments: &[("uapki-gen/kupyna256-attached-CAdES-BES.p7s", SIGNED)],
        verdict: "undetermined",
        finding: TEXT,
    },
    Case {
        title: "UAPKI, Kupyna-256, detached",
        attachments: &[
            ("uapki-gen/big.bin", COPY),
            ("uapki-gen/kupyna256-detached-CMS.p7s", SIGNED),
        ],
        verdict: "undetermined",
        finding: BYTES,
    },
    Case {
        title: "UAPKI, ASiC-S",
        attachments: &[("uapki-gen/asics-cades-bb-gost34311.asics", CONTAINER)],
        verdict: "undetermined",
        finding: TEXT,
    },
    Case {
        title: "UAPKI, PDF",
        attachments: &[("uapki-gen/pades-bb-gost34311.pdf", COPY)],
        verdict: "verified",
        finding: None,
    },
];

const DIIA: &[&str] = &[
    "diia/certs/CAO-05E19E2CD92EA2990100000001000000C1000000.cer",
    "diia/certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer",
];

#[test]
fn files_of_other_software_end_in_the_right_verdicts() {
    let Some(data) = interop::data() else { return };
    let post = Post::new(&data, &["ossl/dev-ca.pem", "bc/dev-ed25519.cer"]);
    post.expect(&post.installation.start(), &data, CASES);
}

#[test]
fn ukrainian_signatures_are_proved_while_their_certificates_are_valid() {
    let Some(data) = interop::data() else { return };
    let post = Post::new(&data, DIIA);
    let Some(server) = post.installation.start_at("2023-10-01 12:00:00") else { return };
    post.expect(&server, &data, NATIONAL);
}

#[test]
fn an_expired_ukrainian_signature_without_a_time_stamp_is_undetermined() {
    let Some(data) = interop::data() else { return };
    let post = Post::new(&data, DIIA);
    let Some(server) = post.installation.start_at("2026-11-22 12:00:00") else { return };
    let case = Case {
        title: "after the certificates have expired",
        attachments: &[("diia/attached-bes.p7s", SIGNED)],
        verdict: "undetermined",
        finding: Some(("", "OUT_OF_BOUNDS_NO_POE")),
    };
    post.expect(&server, &data, &[case]);
}

#[test]
fn a_ukrainian_signature_with_one_byte_changed_is_not_verified() {
    let Some(data) = interop::data() else { return };
    let right = fs::read(data.join("diia/attached-bes.p7s")).unwrap();
    let certificate = fs::read(data.join("diia/certs/diia-test-sign-7775603.cer")).unwrap();
    let find = |part: &[u8]| right.windows(part.len()).position(|window| window == part).unwrap();
    let signer = find(&certificate);
    // messageDigest, 1.2.840.113549.1.9.4: its value ends 2 + 2 + 32 bytes further on.
    let digest = find(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04") + 11 + 4 + 31;
    let folder = TempDir::new().unwrap();
    let post = Post::new(&data, DIIA);
    let Some(server) = post.installation.start_at("2023-10-01 12:00:00") else { return };
    for (file, place, verdict, reason) in [
        ("content", find(b"quick"), "invalid", "HASH_FAILURE"),
        ("value", right.len() - 1, "invalid", "SIG_CRYPTO_FAILURE"),
        ("attribute", digest, "invalid", "HASH_FAILURE"),
        // The key still fits the signature: undecided by ETSI EN 319 102-1 §5.2.3.4, which waits
        // for the right certificate. The changed one is there in its place.
        ("certificate-end", signer + certificate.len() - 1, "invalid", "NO_SIGNING_CERTIFICATE"),
        ("certificate-key", signer + 680, "invalid", "SIG_CRYPTO_FAILURE"),
        ("certificate-serial-number", signer + 20, "invalid", "NO_SIGNING_CERTIFICATE_FOUND"),
        ("issuer-named", signer + certificate.len() + 100, "invalid", "NO_SIGNING_CERTIFICATE"),
    ] {
        let mut changed = right.clone();
        changed[place] ^= 1;
        fs::write(folder.path().join(file), changed).unwrap();
        let case = Case {
            title: file,
            attachments: &[(file, SIGNED)],
            verdict,
            finding: Some(("", reason)),
        };
        post.expect(&server, folder.path(), &[case]);
    }
}

/// An installation that takes mail for the library and trusts some certificates.
struct Post {
    installation: Installation,
    token: String,
}

impl Post {
    fn new(data: &Path, trusted: &[&str]) -> Self {
        let installation = Installation::new(registries::LIBRARY);
        for anchor in trusted {
            installation.trust(&anchor.replace('/', "-"), fs::read(data.join(anchor)).unwrap());
        }
        let token = installation.token();
        Self { installation, token }
    }

    /// Sends the cases, whose files lie in `folder`, and looks at what became of each.
    fn expect(&self, server: &Server, folder: &Path, cases: &[Case<'_>]) {
        let token = &self.token;
        let mut wrong = Vec::new();
        for (number, case) in cases.iter().enumerate() {
            let file = case.attachments[0].0.replace(['/', '.'], "-");
            let id = format!("{file}-{number}@mail.example.ua");
            send(server, folder, case, &id);
            let share = wait_for("the share is judged", || {
                let page = server.json(&format!("/api/v1/shares?message_id={id}"), token);
                page["items"].get(0).cloned()
            });
            if share["verdict"] != case.verdict || !has_finding(&share, case) {
                wrong.push(format!("{}: {share:#}", case.title));
                continue;
            }
            let share = share["id"].as_str().unwrap();
            let (_, bytes) = server.get(&format!("/api/v1/shares/{share}/documents/1"), token);
            let (first, name) = case.attachments[0];
            if name == COPY && bytes != fs::read(folder.join(first)).unwrap() {
                wrong.push(format!("{}: the document's bytes are not those sent", case.title));
            }
        }
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
    }
}

fn send(server: &Server, data: &Path, case: &Case<'_>, message_id: &str) {
    let mut swaks = Command::new("swaks");
    swaks
        .args(["--server", &server.smtp.ip().to_string()])
        .args(["--port", &server.smtp.port().to_string()])
        .args(["--ehlo", "mail.example.ua"])
        .args(["--from", "testova.osoba@mail.example.ua", "--to", "library@docs.example.ua"])
        .args(["--header", &format!("Message-ID: <{message_id}>")])
        .args(["--header", "Subject: copies"]);
    for (file, name) in case.attachments {
        swaks.args(["--attach-type", "application/octet-stream", "--attach-name", name]);
        swaks.arg("--attach").arg(format!("@{}", data.join(file).display()));
    }
    let sent = swaks.output().expect("swaks is installed (./ci/test does it)");
    assert!(sent.status.success(), "{}: {}", case.title, both(&sent));
}

fn has_finding(share: &serde_json::Value, case: &Case<'_>) -> bool {
    let Some((code, detail)) = case.finding else { return true };
    if code == NOT_A_DOCUMENT && share["documents"][0]["indication"] != "TOTAL_PASSED" {
        return false;
    }
    let findings = share["findings"].as_array().unwrap();
    findings.iter().any(|finding| {
        (code.is_empty() || finding["code"] == code)
            && finding["detail"].as_str().is_some_and(|d| d.contains(detail))
    })
}
