//! Encrypted copies made by other people's software, from the mail to the verdict, with the
//! organisation's key and without it. `SKRYNKA_INTEROP_DATA` names the folder with the files;
//! without it these tests say that they are skipped.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{
    installation::{Installation, Server, both, skrynka, wait_for},
    interop, registries,
};

const PASSWORD: &str = "testpassword";
const SIGNED: &str = "student-id-card-0000000000001-01.09.2026-10_00_00.pdf.p7s.p7e";
const PLAIN: &str = "student-id-card-0000000000001-01.09.2026-10_00_00.pdf.p7e";

/// The encrypted file, its name in the mail, the verdict with the key, and what is inside.
const CASES: &[(&str, &str, &str, &str)] = &[
    ("ossl/dev-ecdh-aes256gcm-signed.p7e", SIGNED, "undetermined", "uapki-gen/fox.txt"),
    ("ossl/dev-ecdh-aes256cbc.p7e", PLAIN, "unsigned", "uapki-gen/fox.txt"),
    ("uapki-gen/env-gost28147-fox.p7e", PLAIN, "unsigned", "uapki-gen/fox.txt"),
    ("uapki-gen/env-kalyna256-fox.p7e", PLAIN, "unsigned", "uapki-gen/fox.txt"),
    ("uapki-gen/uapki-decrypt-json-0.p7e", PLAIN, "unsigned", "uapki-gen/fox.txt"),
];

/// An installation that trusts the authority of the test files.
fn installation(data: &Path) -> Installation {
    let installation = Installation::new(registries::LIBRARY);
    installation.trust("dev-ca.pem", fs::read(data.join("ossl/dev-ca.pem")).unwrap());
    installation
}

/// Places the organisation's keys and their password as an operator does, names them in the
/// configuration, and gives their paths.
fn place_keys(installation: &Installation, data: &Path) -> (Vec<PathBuf>, PathBuf) {
    let private = |name: &str, content: &[u8]| {
        let path = installation.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    let read = |name: &str| fs::read(data.join(name)).unwrap();
    let with_certificate =
        [read("ossl/dev-p256env.key"), b"\n".to_vec(), read("ossl/dev-p256env.pem")].concat();
    let keys = vec![
        private("diia.p12", &read("diia/test-diia.p12")),
        private("dev.pem", &with_certificate),
    ];
    let password = private("keys.password", format!("{PASSWORD}\n").as_bytes());
    let config = installation.config_file();
    let section = "\n[envelope]\nkeys = [\"diia.p12\", \"dev.pem\"]\n\
                   password_file = \"keys.password\"\n";
    fs::write(&config, fs::read_to_string(&config).unwrap() + section).unwrap();
    (keys, password)
}

/// Sends one file by swaks and gives the share that it becomes.
fn share(
    server: &Server,
    token: &str,
    data: &Path,
    number: usize,
    (file, name): (&str, &str),
) -> serde_json::Value {
    let id = format!("encrypted-{number}@mail.example.ua");
    let sent = Command::new("swaks")
        .args(["--server", &server.smtp.ip().to_string()])
        .args(["--port", &server.smtp.port().to_string()])
        .args(["--ehlo", "mail.example.ua"])
        .args(["--from", "testova.osoba@mail.example.ua", "--to", "library@docs.example.ua"])
        .args(["--header", &format!("Message-ID: <{id}>"), "--header", "Subject: copies"])
        .args(["--attach-type", "application/pkcs7-mime", "--attach-name", name])
        .arg("--attach")
        .arg(format!("@{}", data.join(file).display()))
        .output()
        .expect("swaks is installed (./ci/test does it)");
    assert!(sent.status.success(), "{file}: {}", both(&sent));
    wait_for("the share is judged", || {
        let page = server.json(&format!("/api/v1/shares?message_id={id}"), token);
        page["items"].get(0).cloned()
    })
}

fn finding_codes(share: &serde_json::Value) -> Vec<&str> {
    let findings = share["findings"].as_array().unwrap();
    findings.iter().filter_map(|finding| finding["code"].as_str()).collect()
}

#[test]
fn encrypted_copies_end_in_the_verdict_on_what_is_inside() {
    let Some(data) = interop::data() else { return };
    let installation = installation(&data);
    place_keys(&installation, &data);
    let checked = installation.run(&["check"], "");
    assert!(both(&checked).contains("keys that open encrypted copies: 3"), "{}", both(&checked));
    let token = installation.token();
    let server = installation.start();
    for (number, (file, name, verdict, inside)) in CASES.iter().enumerate() {
        let share = share(&server, &token, &data, number, (file, name));
        assert_eq!(share["verdict"], *verdict, "{file}: {share:#}");
        // The signature inside is proved, and what it is over is a text.
        let is_proved = share["documents"][0]["indication"] == "TOTAL_PASSED";
        assert_eq!(finding_codes(&share).contains(&"not_a_document"), is_proved, "{share:#}");
        assert_eq!(is_proved, *verdict == "undetermined", "{file}: {share:#}");
        let id = share["id"].as_str().unwrap();
        let (_, document) = server.get(&format!("/api/v1/shares/{id}/documents/1"), &token);
        assert_eq!(document, fs::read(data.join(inside)).unwrap(), "{file}");
    }
    assert!(!server.log().contains(PASSWORD));
}

#[test]
fn without_the_key_an_encrypted_copy_stays_undetermined() {
    let Some(data) = interop::data() else { return };
    let installation = installation(&data);
    let token = installation.token();
    let server = installation.start();
    for (number, (file, name, ..)) in CASES.iter().enumerate() {
        let share = share(&server, &token, &data, number, (file, name));
        assert_eq!(share["verdict"], "undetermined", "{file}: {share:#}");
        assert!(finding_codes(&share).contains(&"encrypted_for_others"), "{file}: {share:#}");
    }
}

#[test]
fn a_key_that_others_may_read_is_refused_at_start() {
    let Some(data) = interop::data() else { return };
    let installation = installation(&data);
    let (keys, _) = place_keys(&installation, &data);
    fs::set_permissions(&keys[0], fs::Permissions::from_mode(0o640)).unwrap();
    for command in ["check", "serve"] {
        let refused = installation.run(&[command], "");
        assert!(!refused.status.success(), "{command}");
        assert!(both(&refused).contains("chmod 600"), "{command}: {}", both(&refused));
    }
}

#[test]
fn verify_opens_a_file_with_a_key() {
    let Some(data) = interop::data() else { return };
    let installation = installation(&data);
    let (keys, password) = place_keys(&installation, &data);
    let trust = installation.path().join("trust");
    let verify = |key: Option<&Path>, file: &str| {
        let mut command = skrynka();
        command.args(["verify", "--json", "--trust"]).arg(&trust);
        if let Some(key) = key {
            command.arg("--key").arg(key).arg("--password-file").arg(&password);
        }
        let output = command.arg(data.join(file)).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), report["files"][0].clone())
    };
    let signed = "ossl/dev-ecdh-aes256gcm-signed.p7e";
    let (code, report) = verify(Some(&keys[1]), signed);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["encrypted"], true);
    assert_eq!(report["container"], "cms-attached");
    // For another key, and without any.
    for key in [Some(keys[0].as_path()), None] {
        let (code, report) = verify(key, signed);
        assert_eq!(code, Some(3), "{report:#}");
        assert_eq!(report["container"], "envelope");
        let reason = report["signatures"][0]["reason"].as_str().unwrap();
        assert!(reason.contains("issued by Test Root dev"), "{reason}");
    }
    // What is inside bears no signature.
    let (code, report) = verify(Some(&keys[0]), "uapki-gen/env-gost28147-fox.p7e");
    assert_eq!((code, &report["container"]), (Some(1), &"none".into()), "{report:#}");
    // The key itself is no password.
    let mut command = skrynka();
    command.arg("verify").arg("--key").arg(&keys[0]).arg("--password-file").arg(&keys[1]);
    assert_eq!(command.arg(data.join(signed)).output().unwrap().status.code(), Some(2));
}
