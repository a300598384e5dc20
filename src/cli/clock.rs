//! `skrynka clock`: whether anything is destroyed by the clock, and saying that it is right.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{ConfigFile, open_store, output::table, say};
use crate::{
    clock::{Clock, Witnesses},
    domain::{Actor, ClockState, Date},
};

/// Shows how the clock stands to the greatest time seen; by a clock that does not go on from it
/// nothing is destroyed.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  skrynka clock -c skrynka.toml\n  \
                  skrynka clock accept -c skrynka.toml --today 2026-09-01"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes the time of the clock the greatest time seen, though it be earlier: what is due by it is
    /// destroyed. A running server goes on within seconds.
    #[command(after_help = "Example:\n  skrynka clock accept -c skrynka.toml --today 2026-09-01")]
    Accept {
        #[command(flatten)]
        config: ConfigFile,
        /// The date in Kyiv by your own calendar, which the clock must agree with.
        #[arg(long, value_name = "YYYY-MM-DD")]
        today: Date,
    },
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        None => show(&arguments.config).await,
        Some(Command::Accept { config, today }) => accept(&config, today).await,
    }
}

async fn show(file: &ConfigFile) -> anyhow::Result<ExitCode> {
    let config = file.load()?;
    let store = open_store(&config).await?;
    let state = ClockState { now: Clock::system().now(), greatest: store.greatest_time().await? };
    let witnesses = Witnesses::new(&config.retention.synchronized_file);
    let service = witnesses.synchronized_at().map_or_else(
        |error| format!("unknown: {}: {error}", witnesses.synchronized_file().display()),
        |at| format!("set the clock at {at}"),
    );
    let agreeing = witnesses.agreeing(state.now);
    let verdict = match (state.is_accepted(), agreeing) {
        (true, _) => "accepted".to_owned(),
        (false, Some(witness)) => format!("agreed with by the {}", witness.as_str()),
        (false, None) => "not accepted: nothing is destroyed".to_owned(),
    };
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let greatest =
        state.greatest.map_or_else(|| "none".to_owned(), |greatest| greatest.to_string());
    say(&table(
        &["what", "value"],
        &[
            row("clock", format!("{} ({} in Kyiv)", state.now, state.now.wall_clock_in_kyiv())),
            row("greatest time seen", greatest),
            row("time service", service),
            row("standing", verdict),
        ],
    ));
    if state.is_accepted() || agreeing.is_some() {
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!(
        "{state}. Set the clock right, or let the time service set it. A running server also goes on \
         with a list or an answer that an authority has signed within the day. When the clock is \
         right: skrynka clock accept --today {}",
        state.now.day_in_kyiv()
    ));
    Ok(ExitCode::FAILURE)
}

async fn accept(file: &ConfigFile, today: Date) -> anyhow::Result<ExitCode> {
    let now = Clock::system().now();
    anyhow::ensure!(
        now.day_in_kyiv() == today,
        "the clock says {} in Kyiv, and not {today}: set the clock right first; nothing is changed",
        now.wall_clock_in_kyiv()
    );
    let store = open_store(&file.load()?).await?;
    let before = store.accept_time(now, &Actor::CommandLine).await?;
    let before = before.map_or_else(|| "none".to_owned(), |before| before.to_string());
    say(&format!("The greatest time seen is {now}; it was {before}."));
    Ok(ExitCode::SUCCESS)
}
