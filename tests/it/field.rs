//! Mails that failed once, sent to the running server: each has its right verdict beside it.
//!
//! Rows are `file, recipient, verdict, what`; `not VERDICT` is anything else, and `+ finding` asks for
//! a finding that says more than how the mail came. The clock stands at the moment for which the
//! files were made.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;
use skrynka::{
    domain::{MailAddress, MailId, ShareId},
    registry::Registry,
    sample::client::Client,
};

use crate::support::{
    installation::{Installation, Server},
    interop,
};

/// The day after the files were made: names and certificates say 2026-11-29 and -30.
const CLOCK: &str = "2026-11-30 12:00:00";

/// The organisation whose seals are the issuer's among the files.
const ISSUER: &str = "NTRUA-00000001";

struct Row {
    file: String,
    recipient: MailAddress,
    expected: String,
}

fn rows(folder: &Path) -> Vec<Row> {
    let table = fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let row = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        let (file, recipient) = (fields.next()?, fields.next()?.parse().ok()?);
        Some(Row { file, recipient, expected: fields.next()? })
    };
    table.lines().skip(1).map(|line| row(line).unwrap()).collect()
}

/// A folder of mails with its registry and the authorities that it trusts.
fn installation(folder: &Path) -> (Installation, Registry) {
    let text = fs::read_to_string(folder.join("registry.toml")).unwrap();
    let installation = Installation::new(&text);
    for file in fs::read_dir(folder.join("trust")).unwrap() {
        let file = file.unwrap();
        installation.trust(file.file_name().to_str().unwrap(), fs::read(file.path()).unwrap());
    }
    let config = fs::read_to_string(installation.config_file()).unwrap();
    let section = "[signatures]\n";
    assert!(config.contains(section));
    let named = config.replace(section, &format!("{section}issuers = [\"{ISSUER}\"]\n"));
    fs::write(installation.config_file(), named).unwrap();
    (installation, Registry::parse(&text).unwrap())
}

async fn send(server: &Server, row: &Row, mail: &[u8]) -> MailId {
    let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
    client.hello("mail.example.ua").await.unwrap();
    let from: MailAddress = "testova.osoba@mail.example.ua".parse().unwrap();
    let sent = client.send(Some(&from), std::slice::from_ref(&row.recipient), mail).await.unwrap();
    assert!(sent.is_accepted(), "{}: {}", row.file, sent.last());
    let words = sent.last().lines.join(" ");
    words.split_whitespace().find_map(|word| word.parse().ok()).unwrap()
}

/// What is wrong with the share that the row's mail became; `None` when nothing is.
fn problem(row: &Row, share: &Value) -> Option<String> {
    let verdict = share["verdict"].as_str().unwrap();
    let (due, with_finding) = match row.expected.split_once(" + ") {
        Some((due, _)) => (due, true),
        None => (row.expected.as_str(), false),
    };
    let is_right = due.strip_prefix("not ").map_or(verdict == due, |not| verdict != not);
    let findings = share["findings"].as_array().unwrap();
    let is_said = findings.iter().any(|finding| {
        let code = finding["code"].as_str().unwrap();
        let ignored = ["duplicate", "revocation_unchecked", "stale_copy"];
        !code.starts_with("sender_") && !ignored.contains(&code)
    });
    let is_well = is_right && (is_said || !with_finding);
    (!is_well).then(|| format!("{}: {verdict}, due {}: {findings:?}", row.file, row.expected))
}

/// Sends the mails of a folder whose rows are `wanted`, and compares what became of each.
fn check(folder: &str, wanted: impl Fn(&str) -> bool) {
    let Some(data) = interop::data() else { return };
    let folder = data.join("field").join(folder);
    let (installation, registry) = installation(&folder);
    let token = installation.token();
    let Some(server) = installation.start_at(CLOCK) else { return };
    let rows: Vec<Row> = rows(&folder).into_iter().filter(|row| wanted(&row.file)).collect();
    assert!(!rows.is_empty());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mails: Vec<MailId> = rows
        .iter()
        .map(|row| {
            let mail = fs::read(folder.join(&row.file)).unwrap();
            runtime.block_on(send(&server, row, &mail))
        })
        .collect();
    server.wait_until_judged();
    let problems: Vec<String> = rows
        .iter()
        .zip(mails)
        .filter_map(|(row, mail)| {
            let branch = &registry.find(&row.recipient).unwrap().branch.id;
            let path = format!("/api/v1/shares/{}", ShareId::of(mail, branch));
            let (status, body) = server.get(&path, &token);
            assert_eq!(status, 200, "{}", row.file);
            problem(row, &serde_json::from_slice(&body).unwrap())
        })
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn rules_that_choose_service_signer_and_requirement() {
    check("matching", |_| true);
}

#[test]
fn what_stands_beside_a_proof_does_not_spoil_it() {
    let rows = ["k18-sig-of-diia-and-visitor.eml", "x09b-good-sig-and-empty-p7s.eml"];
    check("mail", |file| rows.contains(&file));
}
