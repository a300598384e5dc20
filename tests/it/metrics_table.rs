//! The table of metrics in OPERATING.md says what the program counts.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use skrynka::{
    domain::Timestamp,
    metrics::{Metrics, TlsListener},
};

use crate::support::{
    installation::{Installation, wait_for},
    registries,
};

const HEAD: &str = "| metric | kind | labels | what |\n|---|---|---|---|\n";

#[test]
fn the_manual_has_every_metric_with_its_kind_labels_and_meaning() {
    let metrics = Metrics::new();
    let end = Timestamp::from_seconds(0);
    metrics.tls_expiry(&[TlsListener::Smtp], Some(end));
    metrics.qr_expiry([("school", "enrolment", end)]);
    metrics.database_answered(Some(Duration::ZERO));
    let table = table(&metrics.render());
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/OPERATING.md");
    let manual = fs::read_to_string(manual).unwrap();
    let begin = manual.find(HEAD).expect("OPERATING.md has the table") + HEAD.len();
    let length = manual[begin..].find("\n\n").unwrap() + 1;
    let found = &manual[begin..begin + length];
    assert!(found == table, "the table in deploy/OPERATING.md is to be:\n{HEAD}{table}");
}

#[test]
fn the_process_tells_of_itself() {
    let text = Metrics::new().render();
    for name in ["start_time_seconds", "resident_memory_bytes", "open_fds", "max_fds"] {
        let start = format!("process_{name} ");
        let line = text.lines().find(|line| line.starts_with(&start)).unwrap();
        let value: f64 = line[start.len()..].parse().unwrap();
        assert!(value > 0.0, "{line}");
    }
}

#[test]
fn a_server_tells_of_its_database_and_when_its_codes_end() {
    let registry =
        registries::SCHOOL.replace("retention_days", "qr_issued_on = 2026-09-01\nretention_days");
    let installation = Installation::new(&registry);
    let server = installation.start();
    wait_for("both are told", || {
        let text = server.metrics_text();
        let code = text.lines().find(|line| line.starts_with("skrynka_qr_expiry_timestamp"))?;
        // The first of March 2027 in Kyiv.
        assert!(code.ends_with("} 1803852000"), "{code}");
        text.contains("skrynka_database_up 1\n").then_some(())
    });
}

/// A row for each metric, by name.
fn table(text: &str) -> String {
    let mut rows: BTreeMap<&str, [String; 3]> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, help)) =
            line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' '))
        {
            rows.entry(name).or_default()[2] = help.into();
        } else if let Some((name, kind)) =
            line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            rows.entry(name).or_default()[0] = kind.into();
        } else if let Some((name, labels)) = line.split_once('{') {
            let name = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end).filter(|name| rows.contains_key(name)))
                .unwrap_or(name);
            let labels = labels.split_once('}').unwrap().0.split("\",");
            let mut names: Vec<_> = labels.filter_map(|label| label.split('=').next()).collect();
            names.retain(|label| *label != "le");
            names.sort_unstable();
            let names: Vec<_> = names.iter().map(|label| format!("`{label}`")).collect();
            rows.get_mut(name).unwrap()[1] = names.join(", ");
        }
    }
    let row = |(name, [kind, labels, help]): (&&str, &[String; 3])| {
        format!("| `{name}` | {kind} | {labels} | {help} |\n")
    };
    rows.iter().map(row).collect()
}
