//! The command line: one file per subcommand.
//!
//! Words go to standard output when they are what was asked for, to standard error when they are
//! about it. What cannot be written fails the command. Exit codes: 0 done, 1 not done or not good, 2 wrong usage, 3 (`verify`) undecided.

mod check;
mod clock;
mod demo;
mod init;
mod log;
mod output;
mod password;
mod policy;
mod purge;
mod registry;
mod send;
mod serve;
mod token;
mod trust;
mod user;
mod verify;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::{
    archive::Archive,
    config::Config,
    domain::{BranchId, BranchScope},
    store::Store,
};

use output::{complain, say};

/// Receives copies of digital documents shared from the Diia app, proves their signatures and
/// keeps them exactly as long as policy allows.
#[derive(Debug, Parser)]
#[command(
    name = "skrynka",
    version,
    after_help = "Example, with nothing prepared:\n  skrynka demo"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Clock(clock::Arguments),
    Demo(demo::Arguments),
    Init(init::Arguments),
    Policy(policy::Arguments),
    Purge(purge::Arguments),
    Registry(registry::Arguments),
    Send(send::Arguments),
    Serve(serve::Arguments),
    Token(token::Arguments),
    Trust(trust::Arguments),
    User(user::Arguments),
    Verify(verify::Arguments),
}

/// Which installation a command works on.
#[derive(Clone, Debug, Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(short = 'c', long = "config", value_name = "FILE", default_value = "skrynka.toml")]
    config: PathBuf,
}

/// Whose shares are seen: said aloud, for every branch too.
#[derive(Debug, Args)]
#[group(id = "whose", required = true, multiple = false)]
struct Branches {
    /// A branch whose shares are seen; may be repeated.
    #[arg(long = "branch", value_name = "ID")]
    branches: Vec<BranchId>,
    /// The shares of every branch are seen, of those to come too.
    #[arg(long)]
    all_branches: bool,
}

impl Branches {
    /// What was named; refuses a branch that the registry does not have.
    async fn scope(self, store: &Store) -> anyhow::Result<BranchScope> {
        if self.all_branches {
            return Ok(BranchScope::All);
        }
        require_branches(store, &self.branches).await?;
        Ok(BranchScope::Only(self.branches))
    }
}

impl ConfigFile {
    fn load(&self) -> anyhow::Result<Config> {
        Ok(Config::load(&self.config, std::env::vars())?)
    }
}

/// Reads the command line of this process, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(help) => return explain(&help),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("the runtime cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(run(arguments.command));
    match done.and_then(|code| output::said_or_left().map(|()| code)) {
        Ok(code) => code,
        Err(error) => {
            complain(&last_words(&error));
            ExitCode::FAILURE
        }
    }
}

/// Prints the help that was asked for, or what is wrong with the arguments.
fn explain(help: &clap::Error) -> ExitCode {
    let code = u8::try_from(help.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
    match help.print() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("skrynka: the help cannot be written: {error}"));
            ExitCode::FAILURE
        }
        _ => code,
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(arguments) => check::run(arguments).await,
        Command::Clock(arguments) => clock::run(arguments).await,
        Command::Demo(arguments) => Box::pin(demo::run(arguments)).await,
        Command::Init(arguments) => init::run(arguments).await,
        Command::Policy(arguments) => policy::run(&arguments),
        Command::Purge(arguments) => purge::run(arguments).await,
        Command::Registry(arguments) => registry::run(arguments).await,
        Command::Send(arguments) => send::run(arguments).await,
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Token(arguments) => Box::pin(token::run(arguments)).await,
        Command::Trust(arguments) => trust::run(arguments).await,
        Command::User(arguments) => user::run(arguments).await,
        Command::Verify(arguments) => verify::run(&arguments),
    }
}

/// Why the program ends without having done what it should.
fn last_words(error: &anyhow::Error) -> String {
    format!("skrynka: {}", sentence(error))
}

/// The error with its causes, without those that the sentence before them names already.
fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if sentence.is_empty() {
            sentence = cause;
        } else if !sentence.contains(&cause) {
            sentence.push_str(": ");
            sentence.push_str(&cause);
        }
    }
    sentence
}

/// Opens the database of an installation with its master key.
async fn open_archive(config: &Config) -> anyhow::Result<Archive> {
    crate::app::open_archive(config).await.context("the installation cannot be opened")
}

/// The database of the installation.
async fn open_store(config: &Config) -> anyhow::Result<Store> {
    Ok(open_archive(config).await?.store().clone())
}

/// Refuses a branch that the registry does not have: a typing mistake would show nothing, for ever.
async fn require_branches(store: &Store, branches: &[BranchId]) -> anyhow::Result<()> {
    let (_, registry) = store.registry().await?;
    for branch in branches {
        let known: Vec<_> = registry.branches.iter().map(|known| known.id.as_str()).collect();
        anyhow::ensure!(
            known.contains(&branch.as_str()),
            "the registry has no branch {branch}; it has: {}",
            known.join(", ")
        );
    }
    Ok(())
}

/// Makes a file that only this user may read.
fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_each_cause_once() {
        let cause = || std::io::Error::other("the disk is gone");
        let inner = anyhow::Error::new(cause()).context("cannot read a.toml: the disk is gone");
        assert_eq!(sentence(&inner), "cannot read a.toml: the disk is gone");
        let outer = anyhow::Error::new(cause()).context("cannot read a.toml");
        assert_eq!(sentence(&outer), "cannot read a.toml: the disk is gone");
    }
}
