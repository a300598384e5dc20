//! The kinds of fault, and how each begins and ends.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::io::Errno;

use super::shim::{Fault, Shim, calls};
use crate::support::{
    installation::{Installation, wait_for},
    ledger::Random,
};

/// The files of the database, and those of the vault.
const DATABASE: &str = "/skrynka.db";
const VAULT: &str = "/objects";

const IO: Errno = Errno::IO;
const FULL: Errno = Errno::NOSPC;
const READ_ONLY: Errno = Errno::ROFS;

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// These calls for these files fail.
    Calls(&'static str, u32, Errno),
    /// The disk of these files fills up in the middle of a write.
    Fills(&'static str),
    /// These calls for these files take long.
    Slow(&'static str, u32),
    /// Somebody else holds the database's lock.
    Locked,
    /// The vault's directory is not there.
    Gone,
    /// In its place is an empty one: a volume that is not mounted.
    Unmounted,
    /// The same, in the middle of calls that take long.
    UnmountedWhileSlow,
}

use Kind::{Calls, Fills, Gone, Locked, Slow, Unmounted, UnmountedWhileSlow};

impl Kind {
    pub(super) const ALL: [Self; 31] = [
        Calls(DATABASE, calls::WRITE, IO),
        Calls(DATABASE, calls::WRITE, FULL),
        Calls(DATABASE, calls::WRITE, READ_ONLY),
        Fills(DATABASE),
        Calls(DATABASE, calls::SYNC, IO),
        Calls(DATABASE, calls::SYNC, FULL),
        Calls(DATABASE, calls::READ, IO),
        Calls(DATABASE, calls::LOCK, IO),
        Calls(DATABASE, calls::LOCK, Errno::AGAIN),
        Calls(DATABASE, calls::RESIZE | calls::WRITE, FULL),
        Calls(DATABASE, ANY, IO),
        Calls(DATABASE, CHANGES, READ_ONLY),
        Slow(DATABASE, calls::SYNC),
        Locked,
        Calls(VAULT, calls::OPEN, IO),
        Calls(VAULT, calls::OPEN, FULL),
        Calls(VAULT, calls::OPEN, READ_ONLY),
        Calls(VAULT, calls::OPEN, Errno::MFILE),
        Calls(VAULT, calls::WRITE, IO),
        Calls(VAULT, calls::WRITE, FULL),
        Fills(VAULT),
        Calls(VAULT, calls::SYNC, IO),
        Calls(VAULT, calls::RENAME, IO),
        Calls(VAULT, calls::RENAME, FULL),
        Calls(VAULT, calls::MKDIR, FULL),
        Calls(VAULT, ANY, IO),
        Calls(VAULT, CHANGES, READ_ONLY),
        Slow(VAULT, calls::SYNC),
        Gone,
        Unmounted,
        UnmountedWhileSlow,
    ];

    /// Begins it. In the first `pass` all calls fail, then one alone, the one after so many others.
    pub(super) fn begin(
        self,
        installation: &Installation,
        shim: &Shim,
        pass: usize,
        random: &mut Random,
    ) -> Begun {
        let objects = installation.path().join("data/objects");
        let away = installation.path().join("data/away");
        match self {
            Calls(word, calls, error) => {
                let skip = u32::try_from(pass / 2 + random.below(2)).unwrap();
                let (skip, count) = if pass.is_multiple_of(2) { (0, 0) } else { (skip, 1) };
                let error = error.raw_os_error();
                shim.begin(Fault { calls, error, delay: 0, skip, count, halved: false, word });
                Begun::Calls
            }
            Fills(word) => {
                let (calls, error) = (calls::WRITE, FULL.raw_os_error());
                let skip = u32::try_from(random.below(4)).unwrap();
                shim.begin(Fault { calls, error, delay: 0, skip, count: 0, halved: true, word });
                Begun::Calls
            }
            Slow(word, calls) => {
                shim.begin(slow(word, calls, random));
                Begun::Calls
            }
            Locked => {
                let (holder, commands) = lock(&installation.path().join("data/skrynka.db"));
                Begun::Locked(holder, commands)
            }
            Gone => {
                fs::rename(&objects, &away).unwrap();
                Begun::Away { objects, away }
            }
            Unmounted | UnmountedWhileSlow => {
                if let UnmountedWhileSlow = self {
                    shim.begin(slow(VAULT, ANY, random));
                    // Between any two of the calls, where there are some.
                    let (calls, begun) = (random.below(16), Instant::now());
                    wait_for("the moment to go", || {
                        let is_now = shim.failed() >= u32::try_from(calls).unwrap();
                        (is_now || begun.elapsed() > Duration::from_millis(500)).then_some(())
                    });
                }
                fs::rename(&objects, &away).unwrap();
                // The server may be about to make it.
                fs::create_dir_all(&objects).unwrap();
                Begun::Away { objects, away }
            }
        }
    }
}

/// Long enough for something else to happen meanwhile.
fn slow(word: &'static str, calls: u32, random: &mut Random) -> Fault {
    let delay = u32::try_from(5 + random.below(40)).unwrap();
    Fault { calls, error: 0, delay, skip: 0, count: 0, halved: false, word }
}

const CHANGES: u32 = calls::WRITE | calls::SYNC | calls::RESIZE | calls::RENAME | calls::MKDIR;
const ANY: u32 = CHANGES | calls::OPEN | calls::READ | calls::LOCK;

/// A fault that has begun.
pub(super) enum Begun {
    Calls,
    Locked(Child, ChildStdin),
    Away { objects: PathBuf, away: PathBuf },
}

impl Begun {
    /// Whether the server has run into it, as far as can be told.
    pub(super) fn was_met(&self, shim: &Shim) -> bool {
        match self {
            Self::Calls => shim.failed() > 0,
            Self::Locked(..) | Self::Away { .. } => true,
        }
    }

    pub(super) fn end(self, shim: &Shim) {
        match self {
            Self::Calls => shim.end(),
            Self::Locked(mut holder, commands) => {
                drop(commands);
                assert!(holder.wait().unwrap().success());
            }
            Self::Away { objects, away } => {
                // What was written meanwhile lies beneath what is mounted.
                let beneath = away.with_extension("beneath");
                while fs::rename(&away, &objects).is_err() {
                    let _ = fs::remove_dir_all(&beneath);
                    fs::rename(&objects, &beneath).unwrap();
                }
                // What was slow is so until the vault is back.
                shim.end();
            }
        }
    }
}

/// Takes the database's lock, as another program does.
fn lock(database: &std::path::Path) -> (Child, ChildStdin) {
    let mut holder = Command::new("sqlite3")
        .args(["-cmd", ".timeout 30000"])
        .arg(database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed (./ci/test does it)");
    let mut commands = holder.stdin.take().unwrap();
    commands.write_all(b"BEGIN EXCLUSIVE;\nSELECT 'held';\n").unwrap();
    let mut answer = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert_eq!(answer, "held\n");
    (holder, commands)
}
