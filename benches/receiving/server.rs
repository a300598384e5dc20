//! What is measured: a server that takes mail on an address, in processes of its own.

use std::{
    env,
    io::{BufRead, BufReader, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    process::{Processes, to_float},
    role::Role,
};

/// A server under load.
pub(super) trait Server {
    fn name(&self) -> &'static str;

    /// Where it takes mail.
    fn address(&self) -> SocketAddr;

    fn processes(&self) -> Processes;

    /// Waits until it has nothing left to do; what it synced since its start.
    fn rest(&mut self) -> Synced;
}

/// Mails made durable, and the syncs that it took. Nothing where the server does not tell.
#[derive(Clone, Copy, Default)]
pub(super) struct Synced {
    pub(super) mails: u64,
    pub(super) batches: u64,
}

impl Synced {
    /// `None` where nothing was synced.
    pub(super) fn mails_per_batch(self) -> Option<f64> {
        (self.batches > 0).then(|| to_float(self.mails) / to_float(self.batches))
    }
}

/// The environment that the product's own unit sets.
pub(super) fn of_the_unit() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../../deploy/skrynka.service")
        .lines()
        .filter_map(|line| line.strip_prefix("Environment="))
        .flat_map(str::split_whitespace)
        .filter_map(|pair| pair.split_once('='))
}

/// A role of this program, played by a process of its own. Killed when dropped.
pub(super) struct Player {
    role: Role,
    address: SocketAddr,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Player {
    /// Starts the process, which keeps its mails in `directory`.
    pub(super) fn start(role: Role, directory: &Path) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .envs(of_the_unit())
            .args(["role", role.word()])
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let address = line(&mut answers).parse().unwrap();
        Self { role, address, child, questions, answers }
    }
}

impl Server for Player {
    fn name(&self) -> &'static str {
        self.role.name()
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn processes(&self) -> Processes {
        Processes { root: self.child.id() }
    }

    fn rest(&mut self) -> Synced {
        self.questions.write_all(b"\n").unwrap();
        let answer = line(&mut self.answers);
        let (mails, batches) = answer.split_once(' ').unwrap();
        Synced { mails: mails.parse().unwrap(), batches: batches.parse().unwrap() }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Asks `fact` until it is true; stops the measurement after a minute.
pub(super) fn wait_until(what: &str, mut fact: impl FnMut() -> bool) {
    for _ in 0..12_000 {
        if fact() {
            return;
        }
        #[expect(clippy::disallowed_methods, reason = "nothing else is done on this thread")]
        thread::sleep(Duration::from_millis(5));
    }
    panic!("waited in vain until {what}");
}
