//! Files in which somebody tries to move the moment that a signature is judged for: time-stamps
//! dated back, content time-stamps, claimed times. Their table says what is right, and why.

#![expect(clippy::panic, clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::support::{
    installation::{both, skrynka},
    interop,
};

/// The files of this subject; the table has others.
const FILES: [&str; 6] = [
    "backdated.p7s",
    "content-expired.p7s",
    "r03-revoked-claimed-later.p7s",
    "r20-invalidity-before-stamp.p7s",
    "x01-content-stamp-after-expiry.p7s",
    "x02-expired-not-revoked.p7s",
];

/// What `skrynka verify` says of the only signature of `file`.
fn judged(folder: &Path, file: &str, trust: &str, at: &str) -> Value {
    let mut command = skrynka();
    command.args(["verify", "--json", "--trust"]).arg(folder.join(trust));
    if !at.is_empty() {
        command.args(["--at", at]);
    }
    // The contents of those are beside them.
    if ["backdated.p7s", "content-expired.p7s"].contains(&file) {
        command.arg("--content").arg(folder.join("time-doc.pdf"));
    }
    let output = command.arg(folder.join(file)).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{file}: {error}: {}", both(&output)));
    report["files"][0]["signatures"][0].clone()
}

#[test]
fn nothing_in_a_file_moves_the_moment_that_it_is_judged_for() {
    let Some(data) = interop::data() else { return };
    let folder = data.join("field/pki");
    let table = fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let mut rows = BTreeMap::new();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [file, trust, at, indication, sub_indication, _why] = fields[..] else {
            panic!("not a row: {line}")
        };
        rows.insert(file, (trust, at, indication, sub_indication));
    }
    for file in FILES {
        let (trust, at, indication, sub_indication) = rows[file];
        let report = judged(&folder, file, trust, at);
        let found = report["indication"].as_str().unwrap();
        let found_sub = report["sub_indication"].as_str().unwrap_or_default();
        // `A|B/SUB`: either will do.
        let is_right = indication.split('|').any(|due| match due.split_once('/') {
            Some((due, sub)) => due == found && sub == found_sub,
            None => due == found && (sub_indication.is_empty() || sub_indication == found_sub),
        });
        assert!(is_right, "{file}: {indication} {sub_indication} is right, found {report:#}");
    }
}

#[test]
fn a_date_of_invalidity_stands_beside_the_date_of_the_revocation() {
    let Some(data) = interop::data() else { return };
    let folder = data.join("field/pki");
    let file = "r20-invalidity-before-stamp.p7s";
    let report = judged(&folder, file, "etsi.trust", "2026-06-01T00:00:00Z");
    let revocation = &report["chain"][0]["revocation"];
    let day = |field: &str| revocation[field].as_str().unwrap_or_default()[..10].to_owned();
    assert_eq!(day("revoked_at"), "2026-05-15", "{report:#}");
    assert_eq!(day("invalid_since"), "2026-04-20");
    let warnings = report["warnings"].as_array().unwrap();
    let told = |warning: &Value| warning.as_str().unwrap().starts_with("key_compromised_earlier: ");
    assert!(warnings.iter().any(told), "{report:#}");
}
