//! 250 means safe: a server that is killed at any moment has every mail that it acknowledged,
//! byte for byte, once for each branch that it came to. `SKRYNKA_KILL_ROUNDS` says how often it is
//! killed.

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
    archive::Archive,
    domain::{BranchId, BranchScope, MailAddress, MailId, ShareId, without_trace},
    metrics::Metrics,
    sample::client::{Client, ClientError},
    sealing::MasterKey,
    spool::{Spool, SpoolSettings},
    store::ShareFilter,
};
use tokio::sync::Notify;

use crate::support::installation::{Installation, Server};

/// How often the server is killed when nothing else is said.
const ROUNDS: usize = 20;
const CONNECTIONS: usize = 20;
const MAILS_PER_CONNECTION: usize = 10;
/// Room for a few mails.
const SEGMENT: u64 = 256 << 10;

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

[[branch]]
id = "library"
name = "Тестова бібліотека"
addresses = ["library@docs.example.ua"]

[[branch.service]]
id = "card"
name = "Запис до бібліотеки"
legal_basis = "consent"
documents = ["student-id-card"]
retention_days = 10
"#;

/// Whom a mail is for, by turns, and the branches that must have it.
const RECIPIENTS: [(&[&str], &[&str]); 3] = [
    (&["school@docs.example.ua"], &["school"]),
    (&["school@docs.example.ua", "library@docs.example.ua"], &["school", "library"]),
    (&["library+card@docs.example.ua", "library@docs.example.ua"], &["library"]),
];

/// An acknowledged mail.
struct Sent {
    message: Vec<u8>,
    branches: &'static [&'static str],
}

/// What the rounds found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    acknowledged: usize,
    lost: usize,
    changed: usize,
    duplicated: usize,
    stuck: usize,
}

#[test]
fn a_killed_server_has_every_acknowledged_mail_once_and_unchanged() {
    let installation = Installation::new(REGISTRY);
    use_small_segments(&installation);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut random = Random::from_the_system();
    let rounds = rounds();
    let mut acknowledged = BTreeMap::new();
    for round in 0..rounds {
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
    let archive = runtime.block_on(installation.open());
    let mut counts = runtime.block_on(compare(&archive, &acknowledged));
    counts.stuck = left_in_the_spool(&installation);
    let Counts { lost, changed, duplicated, stuck, .. } = counts;
    say(&format!(
        "kill rounds: {rounds} kills, {} mails acknowledged, {lost} lost, {changed} changed, \
         {duplicated} duplicated, {stuck} stuck",
        counts.acknowledged
    ));
    assert_eq!(counts, Counts { acknowledged: acknowledged.len(), ..Counts::default() });
}

/// Lets segments be closed, drained and written again in every round.
fn use_small_segments(installation: &Installation) {
    let path = installation.config_file();
    let config = std::fs::read_to_string(&path).unwrap();
    let limits = format!("{config}\n[spool.limits]\nsegment_bytes = {SEGMENT}\n");
    std::fs::write(&path, limits).unwrap();
}

fn rounds() -> usize {
    #[expect(clippy::disallowed_methods, reason = "the variable says how long to test")]
    let rounds = std::env::var("SKRYNKA_KILL_ROUNDS");
    rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap())
}

/// Looks at all that is kept. A mail of one name is sent once, so it is there once for a branch,
/// also when its 250 did not come through.
async fn compare(archive: &Archive, acknowledged: &BTreeMap<MailId, Sent>) -> Counts {
    let kept = everything(archive).await;
    let mut names = BTreeMap::<_, usize>::new();
    for (branch, message) in kept.values() {
        *names.entry((branch, name_in(message))).or_default() += 1;
    }
    let mut counts = Counts { acknowledged: acknowledged.len(), ..Counts::default() };
    counts.duplicated = names.values().map(|times| times - 1).sum();
    for (mail, sent) in acknowledged {
        for branch in sent.branches {
            match kept.get(&ShareId::of(*mail, &branch.parse().unwrap())) {
                None => counts.lost += 1,
                // Before it stands what the receiver wrote (RFC 5321 section 4.4).
                Some((_, message)) if !message.ends_with(&sent.message) => counts.changed += 1,
                Some(_) => {}
            }
        }
    }
    counts
}

/// Every share with its branch and its mail.
async fn everything(archive: &Archive) -> BTreeMap<ShareId, (BranchId, Vec<u8>)> {
    let mut kept = BTreeMap::new();
    let mut cursor = None;
    loop {
        let (store, filter) = (archive.store(), ShareFilter::default());
        let page = store.shares(&BranchScope::All, &filter, cursor, 200).await.unwrap();
        for share in page.items {
            let (id, branch) = (share.id, share.branch.clone());
            let message = archive.open_row(share).await.unwrap().mail().await.unwrap().unwrap();
            let sent = without_trace(&message).to_vec();
            assert!(kept.insert(id, (branch, sent)).is_none());
        }
        cursor = page.next;
        if cursor.is_none() {
            return kept;
        }
    }
}

fn name_in(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let subject = text.lines().find_map(|line| line.strip_prefix("Subject: "));
    subject.unwrap().to_owned()
}

/// How many mails a new start would find.
fn left_in_the_spool(installation: &Installation) -> usize {
    let master = MasterKey::load(&installation.path().join("master.key")).unwrap();
    let directory = installation.path().join("data/spool");
    let settings = SpoolSettings::default();
    Spool::open(&directory, master.key("spool"), settings, Metrics::new()).unwrap().backlog().0
}

/// Sends from all connections at once, kills the server as soon as `enough` mails are
/// acknowledged, and gives those that were, by the id in the reply.
async fn send_until_killed(
    server: Server,
    round: usize,
    enough: usize,
    random: &mut Random,
) -> BTreeMap<MailId, Sent> {
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
            for (number, size) in sizes.into_iter().enumerate() {
                let message = message(&format!("{round}-{connection}-{number}"), size);
                let (to, branches) = RECIPIENTS[number % RECIPIENTS.len()];
                let to: Vec<MailAddress> = to.iter().map(|to| to.parse().unwrap()).collect();
                let sent = client.send(Some(&from), &to, &message).await;
                let sent = match sent {
                    Ok(sent) => sent,
                    Err(error) => return broken(error),
                };
                assert!(sent.is_accepted(), "{}", sent.last());
                let words = sent.last().lines.join(" ");
                let id = words.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
                acknowledged.lock().unwrap().insert(id, Sent { message, branches });
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
