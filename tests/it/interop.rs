//! The main job on files made by other people's software: sent with `swaks` to the running
//! server, each ends in the right verdict.
//!
//! `SKRYNKA_INTEROP_DATA` names the folder with the files; without it this says so and is over.
//! In CI (`CI=true`) the folder is a must.

use std::{fs, path::Path, process::Command};

use crate::support::{
    installation::{Installation, Server, both, wait_for},
    interop,
};

const REGISTRY: &str = r#"
[organisation]
name = "Тестова установа"

[[branch]]
id = "library"
name = "Тестова бібліотека"
addresses = ["library@docs.example.ua"]

[[branch.service]]
id = "card"
name = "Видача читацького квитка"
legal_basis = "consent"
documents = ["student-id-card"]
retention_days = 14
"#;

/// A name that makes a file a copy of the document that the library asks for.
const COPY: &str = "student-id-card-0000000000001-01.09.2026-10_00_00.pdf";

/// One mail: the files to attach as (file, name in the mail), and what must be found.
struct Case {
    title: &'static str,
    attachments: &'static [(&'static str, &'static str)],
    verdict: &'static str,
    /// A finding's code, and what its detail must hold.
    finding: Option<(&'static str, &'static str)>,
}

const SIGNED: &str = "student-id-card-0000000000001-01.09.2026-10_00_00.pdf.p7s";

const CASES: &[Case] = &[
    Case {
        title: "OpenSSL, ECDSA P-256, content inside",
        attachments: &[("ossl/dev-p256-attached.p7s", SIGNED)],
        verdict: "verified",
        finding: None,
    },
    Case {
        title: "OpenSSL, ECDSA P-256, detached",
        attachments: &[("uapki-gen/big.bin", COPY), ("ossl/dev-p256-detached.p7s", SIGNED)],
        verdict: "verified",
        finding: None,
    },
    Case {
        title: "OpenSSL, RSA-2048, content inside",
        attachments: &[("ossl/dev-rsa-attached.p7s", SIGNED)],
        verdict: "verified",
        finding: None,
    },
    Case {
        title: "OpenSSL, RSA-2048, detached",
        attachments: &[("uapki-gen/big.bin", COPY), ("ossl/dev-rsa-detached.p7s", SIGNED)],
        verdict: "verified",
        finding: None,
    },
    Case {
        title: "OpenSSL, RSA-PSS, content inside",
        attachments: &[("ossl/dev-rsapss-attached.p7s", SIGNED)],
        verdict: "verified",
        finding: None,
    },
    Case {
        title: "BouncyCastle, Ed25519, content inside",
        attachments: &[("bc/dev-ed25519-attached.p7s", SIGNED)],
        verdict: "verified",
        finding: None,
    },
    Case {
        title: "BouncyCastle, Ed25519, detached",
        attachments: &[("uapki-gen/big.bin", COPY), ("bc/dev-ed25519-detached.p7s", SIGNED)],
        verdict: "verified",
        finding: None,
    },
    Case {
        title: "a detached signature over another file",
        attachments: &[("uapki-gen/fox.txt", COPY), ("ossl/dev-p256-detached.p7s", SIGNED)],
        verdict: "invalid",
        finding: Some(("signature_invalid", "HASH_FAILURE")),
    },
    Case {
        title: "Diia's test signer, DSTU 4145",
        attachments: &[("diia/attached-bes.p7s", SIGNED)],
        verdict: "undetermined",
        finding: Some(("algorithm_unsupported", "DSTU 4145")),
    },
    Case {
        title: "Diia's test signer, DSTU 4145, detached",
        attachments: &[("diia/content.dat", COPY), ("diia/detached.p7s", SIGNED)],
        verdict: "undetermined",
        finding: Some(("algorithm_unsupported", "DSTU 4145")),
    },
];

#[test]
fn files_of_other_software_end_in_the_right_verdicts() {
    let Some(data) = interop::data() else { return };
    let installation = Installation::new(REGISTRY);
    for anchor in ["ossl/dev-ca.pem", "bc/dev-ed25519.cer"] {
        let name = anchor.replace('/', "-");
        installation.trust(&name, fs::read(data.join(anchor)).unwrap());
    }
    let token = installation.token();
    let server = installation.start();
    let mut wrong = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        let id = format!("interop-{number}@mail.example.ua");
        send(&server, &data, case, &id);
        let share = wait_for("the share is judged", || {
            let page = server.json(&format!("/api/v1/shares?message_id={id}"), &token);
            page["items"].get(0).cloned()
        });
        if share["verdict"] != case.verdict || !has_finding(&share, case) {
            wrong.push(format!("{}: {share:#}", case.title));
            continue;
        }
        let (_, bytes) = server
            .get(&format!("/api/v1/shares/{}/documents/1", share["id"].as_str().unwrap()), &token);
        let (first, name) = case.attachments[0];
        if name == COPY && bytes != fs::read(data.join(first)).unwrap() {
            wrong.push(format!("{}: the document's bytes are not those sent", case.title));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CASES.len(), wrong.join("\n\n"));
}

fn send(server: &Server, data: &Path, case: &Case, message_id: &str) {
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

fn has_finding(share: &serde_json::Value, case: &Case) -> bool {
    let Some((code, detail)) = case.finding else { return true };
    let findings = share["findings"].as_array().unwrap();
    findings.iter().any(|finding| {
        finding["code"] == code && finding["detail"].as_str().is_some_and(|d| d.contains(detail))
    })
}
