//! The peers: crates in this process, OpenSSL and BouncyCastle in theirs.

use std::{env, fmt::Write as _, fs, process::Command};

use super::{
    measure::{Figure, Unit},
    subjects::Cases,
};

mod in_rust;

pub(super) use in_rust::crates;

/// `ci/bench proof` compiles the driver and says where it is.
const CLASSES: &str = "SKRYNKA_BENCH_JAVA_CLASSES";

/// Five runs of Debian's BouncyCastle over the same keys and signatures.
pub(super) fn bouncy_castle(cases: &Cases) -> Vec<Figure> {
    #[expect(clippy::disallowed_methods, reason = "the script hands its paths over like this")]
    let Ok(classes) = env::var(CLASSES) else { return Vec::new() };
    let mut lines = String::new();
    for case in cases.m257.iter().chain(&cases.m431) {
        let number = case.curve.oid().rsplit('.').next().unwrap();
        let [key, digest, signature] =
            [&case.key[..], &case.digest, &case.signature].map(hexadecimal);
        writeln!(lines, "{number} {key} {digest} {signature}").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases");
    fs::write(&path, lines).unwrap();
    let mut found: Vec<(String, Vec<f64>)> = Vec::new();
    for _ in 0..3 {
        let ran = Command::new("java").args(["-cp", &classes, "BouncyCastle"]).arg(&path).output();
        let ran = ran.unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        for line in String::from_utf8(ran.stdout).unwrap().lines() {
            let [number, kind, value] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let degree = if number == "6" { "M257" } else { "M431" };
            let name = format!("{degree} BouncyCastle {kind} key");
            let value: f64 = value.parse().unwrap();
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                None => found.push((name, vec![value])),
            }
        }
    }
    found.into_iter().map(|(name, values)| Figure::new(name, Unit::PerSecond, values)).collect()
}

/// `openssl speed`, which counts CPU time as well.
pub(super) fn openssl() -> Vec<Figure> {
    let peers = [
        ("OpenSSL B-283", "ecdsab283"),
        ("OpenSSL P-256", "ecdsap256"),
        ("OpenSSL Ed25519", "ed25519"),
    ];
    let measured = peers.into_iter().filter_map(|(name, algorithm)| {
        let values: Vec<f64> = (0..3).filter_map(|_| openssl_verifications(algorithm)).collect();
        (!values.is_empty()).then(|| Figure::new(name, Unit::PerSecond, values))
    });
    measured.collect()
}

/// The last column of the last line: verifications per second.
fn openssl_verifications(algorithm: &str) -> Option<f64> {
    let ran = Command::new("openssl").args(["speed", "-seconds", "1", algorithm]).output().ok()?;
    let text = String::from_utf8(ran.stdout).ok()?;
    text.lines().last()?.split_whitespace().last()?.parse().ok()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
