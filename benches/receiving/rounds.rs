//! Who is measured under which load, in turns.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    alone::{self, Alone},
    disk,
    load::Shape,
    postfix::Postfix,
    process::to_float,
    role::Role,
    server::{Player, Server, Synced},
    whole::Whole,
};

/// How much is measured.
pub(super) struct Plan {
    /// How long each server is under load in one turn, about.
    pub(super) turn_seconds: f64,
    /// The turns that count, beside a first one that does not.
    pub(super) rounds: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self { turn_seconds: 1.5, rounds: 5 }
    }
}

/// What was measured under one load.
pub(super) struct Results {
    pub(super) shape: Shape,
    /// Server by server, a turn for each round.
    pub(super) servers: Vec<(&'static str, Vec<Turn>)>,
    /// Round by round, the mails a second that the disk itself takes in batches as large as ours.
    pub(super) disk: Vec<f64>,
    /// Round by round, the spool without a receiver. Under the greatest load only.
    pub(super) alone: Vec<Alone>,
}

/// One server's turn.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    /// Mails acknowledged a second.
    pub(super) rate: f64,
    /// Mails a second until there is nothing left to do for them.
    pub(super) done_rate: f64,
    /// CPU time for each mail, in milliseconds.
    pub(super) cpu_milliseconds: f64,
    pub(super) peak_bytes: u64,
    /// Mails for each sync, where the server tells.
    pub(super) batch: Option<f64>,
}

const KIB: u64 = 1024;
const MAIL_BYTES: [u64; 3] = [10 * KIB, 200 * KIB, 1024 * KIB];
const SESSIONS: [u64; 3] = [1, 20, 200];

/// The load under which everything is measured that is there for information.
pub(super) const MOST_SESSIONS: u64 = SESSIONS[2];

/// Sent in one turn at most.
const MAX_TURN_BYTES: u64 = 1 << 30;

/// All of it: every server from the beginning to the end, in directories below `directory`. What
/// was measured goes to `tell`, load by load.
pub(super) fn run(plan: &Plan, directory: &Path, mut tell: impl FnMut(Results)) {
    let place = |name: &str| place(directory, name);
    let mut servers: Vec<Box<dyn Server>> = vec![
        Box::new(Player::start(Role::Receiver, &place("receiver"))),
        Box::new(Postfix::start(&place("postfix"))),
        Box::new(Player::start(Role::Mailin, &place("mailin"))),
        Box::new(Player::start(Role::Reader, &place("reader"))),
        Box::new(Player::start(Role::Forgetful, &place("forgetful"))),
        Box::new(Whole::start(&place("whole"))),
    ];
    let shapes = MAIL_BYTES
        .into_iter()
        .flat_map(|mail_bytes| SESSIONS.map(|sessions| Shape { mail_bytes, sessions }));
    for shape in shapes {
        let mut taking_part: Vec<&mut dyn Server> = Vec::new();
        for server in &mut servers {
            if takes_part(server.name(), shape) {
                taking_part.push(server.as_mut());
            }
        }
        tell(measure(plan, shape, &mut taking_part, directory));
    }
}

/// A new directory of this name.
pub(super) fn place(directory: &Path, name: &str) -> PathBuf {
    let place = directory.join(name);
    fs::create_dir(&place).unwrap();
    place
}

/// Those that are there for information have a few loads only.
fn takes_part(name: &str, shape: Shape) -> bool {
    match name {
        "Skrynka, no disk" | "Skrynka, read" => shape.sessions == MOST_SESSIONS,
        "skrynka serve" => shape.sessions == 20 && shape.mail_bytes < 1024 * KIB,
        _ => true,
    }
}

fn measure(
    plan: &Plan,
    shape: Shape,
    servers: &mut [&mut dyn Server],
    directory: &Path,
) -> Results {
    // The first turn fills caches and tells how much a turn is to be.
    let counts: Vec<u64> = servers
        .iter_mut()
        .map(|server| {
            let turn = turn(shape, (2 * shape.sessions).max(60), *server);
            let rate = turn.rate.min(3.0 * turn.done_rate);
            let most = MAX_TURN_BYTES / shape.mail_bytes;
            round(rate * plan.turn_seconds).clamp((2 * shape.sessions).max(20), most)
        })
        .collect();
    let mut results = Results {
        shape,
        servers: servers.iter().map(|server| (server.name(), Vec::new())).collect(),
        disk: Vec::new(),
        alone: Vec::new(),
    };
    for number in 0..plan.rounds {
        for place in 0..servers.len() {
            // Nobody always comes after the same one.
            let index = (place + number) % servers.len();
            let turn = turn(shape, counts[index], &mut *servers[index]);
            results.servers[index].1.push(turn);
        }
        let batch = results.servers[0].1[number].batch.unwrap_or(1.0);
        let time = Duration::from_secs_f64(plan.turn_seconds / 2.0);
        let batch = round(batch).max(1);
        results.disk.push(disk::mails_per_second(directory, shape.mail_bytes, batch, time));
        if shape.sessions == MOST_SESSIONS {
            results.alone.push(alone::measure(directory, shape, time));
        }
    }
    results
}

fn turn(shape: Shape, mails: u64, server: &mut dyn Server) -> Turn {
    let processes = server.processes();
    let synced = server.rest();
    processes.forget_peak();
    let cpu = processes.cpu_seconds();
    let begin = Instant::now();
    let elapsed = shape.send(mails, server.address());
    let peak_bytes = processes.peak_bytes();
    let now_synced = server.rest();
    let done = begin.elapsed();
    let cpu = processes.cpu_seconds() - cpu;
    let count = to_float(mails);
    let new = Synced {
        mails: now_synced.mails - synced.mails,
        batches: now_synced.batches - synced.batches,
    };
    Turn {
        rate: count / elapsed.as_secs_f64(),
        done_rate: count / done.as_secs_f64(),
        cpu_milliseconds: cpu * 1000.0 / count,
        peak_bytes,
        batch: new.mails_per_batch(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::as_conversions,
    reason = "a small positive figure"
)]
pub(super) fn round(figure: f64) -> u64 {
    figure.round() as u64
}
