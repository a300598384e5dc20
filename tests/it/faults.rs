//! What is behind a 250 fails for a while: the database or the vault is full, read-only, gone, locked, or
//! its disk fails, at each kind of call. Mail is taken all the time, and once the fault has ended, without a
//! restart and within a minute, everything that was acknowledged is judged: once, byte for byte, and of two
//! mails with the same copy the later one as a duplicate. `SKRYNKA_FAULT_ROUNDS` says how many faults.

mod kinds;
mod shim;

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use skrynka::{
    domain::{MailAddress, MailId, Sha256},
    sample::{
        Seed,
        authority::{Authority, KeyAlgorithm, Signer, Subject, Validity},
        client::Client,
    },
};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use self::{kinds::Kind, shim::Shim};
use crate::support::{
    installation::{Installation, Server, skrynka, wait_for},
    ledger::{
        Counts, Ledger, RECIPIENTS, Random, Sent, compare, letter, registry, sender,
        use_small_segments, with_copy,
    },
};

/// How many faults when nothing else is said: each kind once.
const ROUNDS: usize = Kind::ALL.len();
/// Servers beside each other, which share the faults; the first has one processor.
const LANES: usize = 4;
const CONNECTIONS: usize = 2;
const MAILS_PER_CONNECTION: usize = 6;
/// How soon everything is judged after a fault.
const JUDGED: Duration = Duration::from_mins(1);

#[test]
fn whatever_fails_behind_a_250_everything_is_judged_within_a_minute_after_it() {
    let random = Random::new();
    let rounds = rounds();
    #[expect(clippy::needless_collect, reason = "all are to run before one is waited for")]
    let lanes: Vec<_> = (0..LANES)
        .map(|lane| {
            let random = random.fork(u64::try_from(lane).unwrap());
            thread::spawn(move || Lane::start(lane, random).run(rounds))
        })
        .collect();
    let results = lanes.into_iter().map(|lane| lane.join().unwrap());
    let (counts, hits) = results
        .fold((Counts::default(), 0), |(counts, hits), (more, hit)| (counts.and(more), hits + hit));
    say(&format!("fault rounds: {rounds} faults, {hits} of them met a call, {counts}"));
    assert_eq!(counts, Counts::faultless(counts.acknowledged));
    assert!(counts.acknowledged > 0 && hits > rounds / 2);
}

fn rounds() -> usize {
    #[expect(clippy::disallowed_methods, reason = "the variable says how long to test")]
    let rounds = std::env::var("SKRYNKA_FAULT_ROUNDS");
    rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap())
}

#[expect(clippy::print_stdout, reason = "the counts belong into the test's output")]
fn say(line: &str) {
    println!("{line}");
}

/// A server that lives through its share of the faults.
struct Lane {
    number: usize,
    random: Random,
    installation: Installation,
    shim: Shim,
    server: Server,
    runtime: tokio::runtime::Runtime,
    signer: Arc<Signer>,
    database: SqliteConnection,
    ledger: Ledger,
    /// How many shares there are to be.
    shares: usize,
}

impl Lane {
    fn start(number: usize, random: Random) -> Self {
        let installation = Installation::new(&registry());
        use_small_segments(&installation);
        let shim = Shim::build();
        let mut command = Command::new(if number == 0 { "taskset" } else { "env" });
        if number == 0 {
            command.args(["-c", "0"]);
        }
        command.arg(skrynka().get_program()).args(["serve", "-c"]).arg(installation.config_file());
        command.env("SKRYNKA_SENDER__CHECK", "false");
        shim.load_into(&mut command);
        let server = Server::start_by(command);
        let now = skrynka::clock::Clock::system().now();
        let validity = Validity { from: now.plus_seconds(-900 * 86_400), to: now.plus_days(900) };
        let mut authority = Authority::root(Seed::from([7; 32]), validity).unwrap();
        let signer = authority.signer(Subject::Organisation, KeyAlgorithm::P256, validity).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(installation.path().join("data/skrynka.db"))
            .read_only(true);
        let database = runtime.block_on(SqliteConnection::connect_with(&options)).unwrap();
        Self {
            number,
            random,
            installation,
            shim,
            server,
            runtime,
            signer: Arc::new(signer),
            database,
            ledger: BTreeMap::new(),
            shares: 0,
        }
    }

    /// What became of the mails, and how many faults met a call.
    fn run(mut self, rounds: usize) -> (Counts, usize) {
        let mut hits = 0;
        for round in (self.number..rounds).step_by(LANES) {
            hits += usize::from(self.round(round));
        }
        wait_for("nothing is called impaired that works", || {
            let (status, told) = self.server.readiness();
            let is_well = |part: &str| told["checks"][part] == "ok";
            (status == 200 && is_well("database") && is_well("vault")).then_some(())
        });
        self.runtime.block_on(self.database.close()).unwrap();
        assert!(self.server.stop().success());
        (self.runtime.block_on(compare(&self.installation, &self.ledger)), hits)
    }

    /// One fault under a stream of mails; whether a call met it.
    fn round(&mut self, round: usize) -> bool {
        // The whole table of kinds again and again, each time at a later call.
        let (kind, pass) = (Kind::ALL[round % Kind::ALL.len()], round / Kind::ALL.len());
        let all = CONNECTIONS * MAILS_PER_CONNECTION;
        let (from, longer) = (self.random.below(all / 2), self.random.below(300));
        let count = Arc::new(AtomicUsize::new(0));
        let acknowledged = Arc::new(Mutex::new(Ledger::new()));
        let mut connections = tokio::task::JoinSet::new();
        for connection in 0..CONNECTIONS {
            let name = format!("{round}-{connection}");
            let pair = u64::try_from((round * CONNECTIONS + connection) * 2).unwrap();
            let size = self.random.below(20_000);
            let (signer, smtp) = (Arc::clone(&self.signer), self.server.smtp);
            let (acknowledged, count) = (Arc::clone(&acknowledged), Arc::clone(&count));
            connections.spawn_on(
                async move {
                    let client = Client::connect(smtp, Duration::from_secs(30)).await.unwrap();
                    send(client, name, pair, size, &signer, &acknowledged, &count).await;
                },
                self.runtime.handle(),
            );
        }
        let sent = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        wait_for("the fault's moment", || (sent(&count) >= from).then_some(()));
        let fault = kind.begin(&self.installation, &self.shim, pass, &mut self.random);
        let begun = Instant::now();
        let least = Duration::from_millis(u64::try_from(20 + longer).unwrap());
        let is_over = || begun.elapsed() > Duration::from_secs(2) || fault.was_met(&self.shim);
        wait_for("the fault's end", || (begun.elapsed() > least && is_over()).then_some(()));
        let met = fault.was_met(&self.shim);
        fault.end(&self.shim);
        self.runtime.block_on(async {
            while let Some(ended) = connections.join_next().await {
                ended.unwrap();
            }
        });
        self.wait_until_judged(round, kind, std::mem::take(&mut *acknowledged.lock().unwrap()));
        met
    }

    fn wait_until_judged(&mut self, round: usize, kind: Kind, acknowledged: Ledger) {
        self.shares += acknowledged.values().map(|sent| sent.branches.len()).sum::<usize>();
        self.ledger.extend(acknowledged);
        let ended = Instant::now();
        let kept = wait_for(&format!("round {round}, {kind:?}: everything is judged"), || {
            let counted = sqlx::query_as::<_, (i64,)>("SELECT count(*) FROM shares");
            let counted = self.runtime.block_on(counted.fetch_one(&mut self.database));
            let kept = counted.map_or(0, |(kept,)| usize::try_from(kept).unwrap());
            (kept >= self.shares || ended.elapsed() > JUDGED).then_some(kept)
        });
        assert_eq!(
            kept,
            self.shares,
            "round {round}, {kind:?}: lost, doubled or stuck\n{}",
            self.server.log()
        );
    }
}

/// Sends the mails of one connection. Each is answered with 250, whatever fails behind it.
async fn send(
    mut client: Client,
    name: String,
    pair: u64,
    size: usize,
    signer: &Signer,
    acknowledged: &Mutex<Ledger>,
    count: &AtomicUsize,
) {
    client.hello("sender.example.ua").await.unwrap();
    let mut first: [Option<MailId>; 2] = [None; 2];
    for number in 0..MAILS_PER_CONNECTION {
        let name = format!("{name}-{number}");
        // The first four are two copies, one signed and one not, and the same two again.
        let is_copy = number < 4;
        let (to, branches) = if is_copy { RECIPIENTS[0] } else { RECIPIENTS[number % 3] };
        let message = if is_copy {
            let which = number % 2;
            with_copy(&name, pair + u64::try_from(which).unwrap(), (which == 0).then_some(signer))
        } else {
            letter(&name, size)
        };
        let to: Vec<MailAddress> = to.iter().map(|to| to.parse().unwrap()).collect();
        let sent = client.send(Some(&sender()), &to, &message).await.unwrap();
        assert!(sent.is_accepted(), "what fails is behind the 250, and: {}", sent.last());
        let words = sent.last().lines.join(" ");
        let id = words.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
        let mut entry = Sent { message: Sha256::of(&message), branches, first: None };
        if is_copy {
            entry.first = first[number % 2].replace(id);
        }
        acknowledged.lock().unwrap().insert(id, entry);
        count.fetch_add(1, Ordering::SeqCst);
    }
}
