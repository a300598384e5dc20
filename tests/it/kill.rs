//! 250 means safe: a server that is killed at any moment has every mail that it acknowledged,
//! byte for byte, once.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use skrynka::{
    domain::{BranchScope, MailAddress, MailId, ShareId, Term},
    sample::client::{Client, ClientError},
    vault::ObjectName,
};
use tokio::sync::Notify;

use crate::support::installation::{Installation, Server};

const ROUNDS: usize = 20;
const CONNECTIONS: usize = 20;
const MAILS_PER_CONNECTION: usize = 10;

const REGISTRY: &str = r#"
[organisation]
name = "Тестова установа"

[[branch]]
id = "school"
name = "Тестовий ліцей"
addresses = ["school@docs.example.ua"]

[[branch.service]]
id = "enrolment"
name = "Вступ до навчального закладу"
legal_basis = "contract"
documents = ["birth-certificate"]
retention_days = 90
"#;

#[test]
fn a_killed_server_has_every_acknowledged_mail_once_and_unchanged() {
    let installation = Installation::new(REGISTRY);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut random = Random::from_the_system();
    let mut acknowledged = BTreeMap::new();
    for round in 0..ROUNDS {
        let server = installation.start();
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
    server.wait_until_judged();
    assert!(server.stop().success());
    runtime.block_on(compare(&installation, &acknowledged));
}

/// Every acknowledged mail is there, unchanged; no two shares are of one mail.
async fn compare(installation: &Installation, acknowledged: &BTreeMap<MailId, Vec<u8>>) {
    let (store, vault) = installation.open().await;
    let branch = "school".parse().unwrap();
    let mut seen = BTreeMap::new();
    let mut cursor = None;
    loop {
        let filter = skrynka::store::ShareFilter::default();
        let page = store.shares(&BranchScope::All, &filter, cursor, 200).await.unwrap();
        for share in page.items {
            *seen.entry(share.id).or_insert(0) += 1;
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    for (mail, sent) in acknowledged {
        let share = ShareId::of(*mail, &branch);
        assert_eq!(seen.get(&share), Some(&1), "mail {mail} was acknowledged");
        let wrapped = store.wrapped_key(share, Term::Share).await.unwrap().unwrap();
        let key = vault.data_key(share, Term::Share, &wrapped).unwrap();
        let kept = vault.read(share, Term::Share, &ObjectName::mail(), &key).await.unwrap();
        assert_eq!(&kept[..], &sent[..], "mail {mail} is kept byte for byte");
    }
    say(&format!(
        "{} mails acknowledged in {ROUNDS} rounds, {} shares",
        acknowledged.len(),
        seen.len()
    ));
}

/// Sends from all connections at once, kills the server as soon as `enough` mails are
/// acknowledged, and gives those that were, by the id in the reply.
async fn send_until_killed(
    server: Server,
    round: usize,
    enough: usize,
    random: &mut Random,
) -> BTreeMap<MailId, Vec<u8>> {
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
            let from: MailAddress = "testova.osoba@mail.example.ua".parse().unwrap();
            let to: MailAddress = "school@docs.example.ua".parse().unwrap();
            for (number, size) in sizes.into_iter().enumerate() {
                let message = message(&format!("{round}-{connection}-{number}"), size);
                let sent = client.send(Some(&from), std::slice::from_ref(&to), &message).await;
                let sent = match sent {
                    Ok(sent) => sent,
                    Err(error) => return broken(error),
                };
                assert!(sent.is_accepted(), "{}", sent.last());
                let words = sent.last().lines.join(" ");
                let id = words.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
                acknowledged.lock().unwrap().insert(id, message);
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

#[expect(clippy::print_stdout, reason = "the seed and the counts belong into the test's output")]
fn say(line: &str) {
    println!("{line}");
}

fn message(name: &str, size: usize) -> Vec<u8> {
    let mut text = format!(
        "Message-ID: <{name}@mail.example.ua>\r\nSubject: {name}\r\n\r\n.a line with a dot\r\n"
    );
    while text.len() < size {
        let _ = write!(text, "{name} {}\r\n", text.len());
    }
    text.into_bytes()
}

/// Numbers that differ from run to run; `SplitMix64`.
struct Random(u64);

impl Random {
    fn from_the_system() -> Self {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).unwrap();
        let seed = u64::from_le_bytes(seed);
        say(&format!("seed {seed}"));
        Self(seed)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(bound).unwrap()).unwrap()
    }
}
