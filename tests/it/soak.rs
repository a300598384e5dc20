//! Hours of an ordinary office in one table for docs/benchmarks.md: mails without end, a reader, reloads,
//! a log that is rotated. `ci/soak` runs it with the program as it is shipped.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
    process::Command,
    time::Duration,
};

use skrynka::{
    domain::{MailAddress, MailId, Sha256},
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Signer, Subject, Validity},
        client::Client,
    },
};
use tokio::time::{Instant, interval_at};

use crate::support::{
    installation::{Installation, Server, skrynka, wait_for},
    ledger::{Counts, Ledger, RECIPIENTS, Sent, compare, letter, registry, sender, with_copy},
};

const MAILS_A_SECOND: u32 = 5;
/// After so many minutes memory and descriptors are as they are to stay.
const WARM: usize = 2;
const MEMORY: u64 = 60 << 20;
/// What is still flat.
const MEMORY_SPREAD: u64 = 8 << 20;
const DESCRIPTOR_SPREAD: usize = 16;

struct Minute {
    memory: u64,
    descriptors: usize,
}

#[test]
#[ignore = "takes half an hour; ci/soak runs it"]
fn half_an_hour_of_mail_leaves_memory_and_descriptors_as_they_were() {
    let installation = Installation::new(&registry());
    let token = installation.token();
    let log = File::options()
        .create(true)
        .append(true)
        .read(true)
        .open(installation.path().join("server.log"))
        .unwrap();
    let plain = skrynka();
    let mut command = Command::new(
        variable("SKRYNKA_SOAK_PROGRAM").map_or_else(|| plain.get_program().to_owned(), Into::into),
    );
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.args(["serve", "-c"]).arg(installation.config_file());
    command.stderr(log.try_clone().unwrap());
    let server = Server::start_unheard(command);
    let minutes = variable("SKRYNKA_SOAK_MINUTES").map_or(30, |text| text.parse().unwrap());

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (ledger, table) = runtime.block_on(work(
        &server,
        &token,
        &log,
        &installation.path().join("old.log"),
        minutes,
    ));
    let shares: usize = ledger.values().map(|sent| sent.branches.len()).sum();
    wait_for("all is judged", || (judged(&server) == shares).then_some(()));
    assert!(server.stop().success());
    let counts = runtime.block_on(compare(&installation, &ledger));
    say(&format!("\n{counts}"));
    assert_eq!(counts, Counts::faultless(ledger.len()));
    let (warm, last) = (table.get(WARM..).unwrap_or_default(), table.last().unwrap());
    let Some(first) = warm.first() else { return };
    assert!(warm.iter().all(|minute| minute.memory < MEMORY), "memory is beyond 60 MiB");
    assert!(last.memory < first.memory + MEMORY_SPREAD, "memory grows");
    assert!(last.descriptors < first.descriptors + DESCRIPTOR_SPREAD, "descriptors grow");
}

async fn work(
    server: &Server,
    token: &str,
    log: &File,
    old_log: &Path,
    minutes: usize,
) -> (Ledger, Vec<Minute>) {
    let (mut ledger, mut table) = (Ledger::new(), Vec::new());
    let signer = signer();
    let mut pace = interval_at(Instant::now(), Duration::from_secs(1) / MAILS_A_SECOND);
    let mut first = None;
    let (mut shares, mut number) = (0, 0_u32);
    say("| minute | RSS MiB | descriptors | threads | mails | shares | judged | log MiB |");
    say("|---|---|---|---|---|---|---|---|");
    for minute in 1..=minutes {
        for _ in 0..60 {
            for _ in 0..MAILS_A_SECOND {
                pace.tick().await;
                let (id, sent) = send(server, number, &signer, &mut first).await;
                shares += sent.branches.len();
                ledger.insert(id, sent);
                number += 1;
            }
            read(server, token);
        }
        server.signal("HUP");
        let log_bytes = rotate(log, old_log);
        let (memory, descriptors) = (server.memory("VmRSS"), server.descriptors());
        say(&format!(
            "| {minute} | {:.1} | {descriptors} | {} | {} | {shares} | {} | {:.2} |",
            mebibytes(memory),
            server.threads(),
            ledger.len(),
            judged(server),
            mebibytes(log_bytes),
        ));
        table.push(Minute { memory, descriptors });
    }
    (ledger, table)
}

/// Mails as they come: letters, small and large, copies with and without a signature, the same again.
async fn send(
    server: &Server,
    number: u32,
    signer: &Signer,
    first: &mut Option<MailId>,
) -> (MailId, Sent) {
    let name = format!("soak-{number}");
    let copy = u64::from(number / 10);
    let (message, turn) = match number % 10 {
        // The second of them is the first again.
        0 | 4 => (with_copy(&name, copy, None), 0),
        2 | 6 | 8 => (with_copy(&name, (1 << 32) + u64::from(number), Some(signer)), 0),
        1 => (letter(&name, 1 << 20), 1),
        3 | 7 => (letter(&name, 200 << 10), 2),
        _ => (letter(&name, 10 << 10), 1),
    };
    let (to, branches) = RECIPIENTS[turn];
    let to: Vec<MailAddress> = to.iter().map(|to| to.parse().unwrap()).collect();
    let mut client = Client::connect(server.smtp, Duration::from_secs(30)).await.unwrap();
    client.hello("sender.example.ua").await.unwrap();
    let sent = client.send(Some(&sender()), &to, &message).await.unwrap();
    assert!(sent.is_accepted(), "{}", sent.last());
    client.quit().await.unwrap();
    let words = sent.last().lines.join(" ");
    let id = words.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    let mut entry = Sent { message: Sha256::of(&message), branches, first: None };
    match number % 10 {
        0 => *first = Some(id),
        4 => entry.first = first.take(),
        _ => {}
    }
    (id, entry)
}

/// What a reader looks at: the newest shares, and the newest of them.
fn read(server: &Server, token: &str) {
    let list = server.json("/api/v1/shares", token);
    if let Some(id) = list["items"][0]["id"].as_str() {
        assert_eq!(server.json(&format!("/api/v1/shares/{id}"), token)["id"], id);
    }
}

/// Copies what was logged aside and begins anew, as logrotate's `copytruncate`; how much it was.
fn rotate(mut log: &File, old: &Path) -> u64 {
    log.rewind().unwrap();
    let mut text = Vec::new();
    log.read_to_end(&mut text).unwrap();
    log.set_len(0).unwrap();
    fs::write(old, &text).unwrap();
    u64::try_from(text.len()).unwrap()
}

/// How many verdicts were given.
fn judged(server: &Server) -> usize {
    let text = server.metrics_text();
    let lines = text.lines().filter(|line| line.starts_with("skrynka_shares_total{"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
}

fn signer() -> Signer {
    let now = skrynka::clock::Clock::system().now();
    let validity = Validity { from: now.plus_seconds(-900 * 86_400), to: now.plus_days(900) };
    let mut authority = Authority::root(Seed::from([7; 32]), validity).unwrap();
    authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap()
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a figure in a table")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[expect(clippy::disallowed_methods, reason = "ci/soak says how long, and with which program")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Each line as it comes: it takes long.
fn say(line: &str) {
    let mut output = std::io::stdout();
    writeln!(output, "{line}").unwrap();
    output.flush().unwrap();
}
