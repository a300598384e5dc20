//! 250 means safe: a server that is killed at any moment has every mail that it acknowledged,
//! byte for byte, once for each branch that it came to. So it has when the disk then loses the first
//! sector of each file of the spool, and it says so. `SKRYNKA_KILL_ROUNDS` says how often it is killed.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::FileExt as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use skrynka::{
    domain::{MailAddress, MailId, Sha256},
    sample::client::{Client, ClientError},
};
use tokio::sync::Notify;

use crate::support::{
    installation::{Installation, Server, wait_for},
    ledger::{
        Counts, Ledger, RECIPIENTS, Random, Sent, compare, letter, registry, sender,
        use_small_segments, with_copy,
    },
};

/// How often the server is killed when nothing else is said.
const ROUNDS: usize = 20;
const CONNECTIONS: usize = 20;
const MAILS_PER_CONNECTION: usize = 10;
/// After so many rounds a server lives until all is judged.
const REST: usize = 25;
/// After so many rounds first sectors are lost.
const SECTORS: usize = 4;

#[test]
fn a_killed_server_has_every_acknowledged_mail_once_and_unchanged() {
    let installation = Installation::new(&registry());
    use_small_segments(&installation);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut random = Random::new();
    let rounds = rounds();
    let mut acknowledged = BTreeMap::new();
    let mut sectors = 0;
    for round in 0..rounds {
        let lost =
            if round % SECTORS == SECTORS - 1 { lose_first_sectors(&installation) } else { 0 };
        let server = installation.start();
        if lost > 0 {
            sectors += lost;
            server.wait_for_log("one of the two headers of a spool segment is damaged", lost);
        }
        if round % REST == REST - 1 {
            wait_until_none_is_pending(&server);
        }
        // Killed once this many mails are acknowledged, while the others are under way. Some
        // rounds end before the first, some after the last.
        let enough = random.below(CONNECTIONS * MAILS_PER_CONNECTION + 1);
        acknowledged.extend(runtime.block_on(send_until_killed(
            server,
            round,
            enough,
            &mut random,
        )));
    }
    assert!(!acknowledged.is_empty(), "no round had a mail acknowledged: nothing was tested");

    let server = installation.start();
    wait_until_none_is_pending(&server);
    assert!(server.stop().success());
    let counts = runtime.block_on(compare(&installation, &acknowledged));
    say(&format!("kill rounds: {rounds} kills, {sectors} headers lost, {counts}"));
    assert_eq!(counts, Counts::faultless(acknowledged.len()));
}

/// Waits as long as there are ever fewer.
fn wait_until_none_is_pending(server: &Server) {
    let pending = || -> u64 {
        let text = server.metrics_text();
        let line = text.lines().find_map(|line| line.strip_prefix("skrynka_pending_messages "));
        line.unwrap().parse().unwrap()
    };
    let mut before = pending();
    while before > 0 {
        before =
            wait_for("fewer mails are pending", || Some(pending()).filter(|now| *now < before));
    }
}

/// Zeroes the first sector of each file of the spool, and tells of how many a header was in it.
fn lose_first_sectors(installation: &Installation) -> usize {
    let mut headers = 0;
    for file in fs::read_dir(installation.path().join("data/spool")).unwrap() {
        let path = file.unwrap().path();
        let length = path.metadata().unwrap().len().min(512);
        let is_segment = path.extension().is_some_and(|extension| extension == "segment");
        let file = fs::File::options().read(true).write(true).open(&path).unwrap();
        let mut start = [0; 8];
        let is_whole = file.read_exact_at(&mut start, 0).is_ok() && start == *b"SKRSPOOL";
        headers += usize::from(is_segment && is_whole);
        file.write_all_at(&vec![0; usize::try_from(length).unwrap()], 0).unwrap();
    }
    headers
}

fn rounds() -> usize {
    #[expect(clippy::disallowed_methods, reason = "the variable says how long to test")]
    let rounds = std::env::var("SKRYNKA_KILL_ROUNDS");
    rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap())
}

/// Sends from all connections at once, kills the server as soon as `enough` mails are
/// acknowledged, and gives those that were, by the id in the reply.
async fn send_until_killed(
    server: Server,
    round: usize,
    enough: usize,
    random: &mut Random,
) -> Ledger {
    let acknowledged = Arc::new(Mutex::new(BTreeMap::new()));
    let count = Arc::new(AtomicUsize::new(0));
    let reached = Arc::new(Notify::new());
    let killed = Arc::new(AtomicBool::new(false));
    let smtp = server.smtp;
    let mut connections = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let (acknowledged, count) = (Arc::clone(&acknowledged), Arc::clone(&count));
        let (reached, killed) = (Arc::clone(&reached), Arc::clone(&killed));
        let sizes: Vec<_> = (0..MAILS_PER_CONNECTION).map(|_| random.below(60_000)).collect();
        connections.spawn(async move {
            let broken = |error: ClientError| {
                assert!(killed.load(Ordering::SeqCst), "the server lives, and: {error}");
            };
            let mut client = match Client::connect(smtp, Duration::from_secs(30)).await {
                Ok(client) => client,
                Err(error) => return broken(error),
            };
            if let Err(error) = client.hello("sender.example.ua").await {
                return broken(error);
            }
            let mut first: Option<MailId> = None;
            for (number, size) in sizes.into_iter().enumerate() {
                let name = format!("{round}-{connection}-{number}");
                let (to, branches) = RECIPIENTS[number % RECIPIENTS.len()];
                // Each mail to the school alone has the copy of the one before it, by twos.
                let is_for_school = number % RECIPIENTS.len() == 0;
                let message = if is_for_school {
                    let pair =
                        (round * CONNECTIONS + connection) * MAILS_PER_CONNECTION + number / 6;
                    with_copy(&name, u64::try_from(pair).unwrap(), None)
                } else {
                    letter(&name, size)
                };
                let to: Vec<MailAddress> = to.iter().map(|to| to.parse().unwrap()).collect();
                let sent = match client.send(Some(&sender()), &to, &message).await {
                    Ok(sent) => sent,
                    Err(error) => return broken(error),
                };
                assert!(sent.is_accepted(), "{}", sent.last());
                let words = sent.last().lines.join(" ");
                let id = words.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
                let mut entry = Sent { message: Sha256::of(&message), branches, first: None };
                if is_for_school {
                    entry.first = first.take();
                    first = entry.first.is_none().then_some(id);
                }
                acknowledged.lock().unwrap().insert(id, entry);
                if count.fetch_add(1, Ordering::SeqCst) + 1 >= enough {
                    reached.notify_one();
                }
            }
        });
    }
    if enough > 0 {
        reached.notified().await;
    }
    killed.store(true, Ordering::SeqCst);
    server.kill();
    while let Some(ended) = connections.join_next().await {
        ended.unwrap();
    }
    std::mem::take(&mut *acknowledged.lock().unwrap())
}

#[expect(clippy::print_stdout, reason = "the counts belong into the test's output")]
fn say(line: &str) {
    println!("{line}");
}
