//! `skrynka policy`: which algorithms prove something, and until when.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use super::{output::table, say};
use crate::{
    algorithms::{Accepted, Line, Policy},
    app::read_algorithm_policy,
};

/// Shows which algorithms signatures may rest on, and until when.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    skrynka policy show\n  \
    skrynka policy show --toml > policy.toml\n  \
    skrynka policy show --policy policy.toml")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints the policy as a table: algorithm, last day on which it is accepted, first day on which
    /// it is refused, and who says so.
    #[command(after_help = "Examples:\n  \
        skrynka policy show\n  \
        skrynka policy show --toml > policy.toml\n  \
        skrynka policy show --policy policy.toml")]
    Show {
        /// A policy of one's own, in place of the one that is built in.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// Prints the file that is built in, to begin one's own with.
        #[arg(long, conflicts_with = "policy")]
        toml: bool,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Command::Show { policy, toml } = &arguments.command;
    if *toml {
        say(Policy::BUILT_IN.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let policy = match policy {
        Some(path) => read_algorithm_policy(path)?,
        None => Policy::built_in(),
    };
    let (name, version, issued) = (policy.name(), policy.version(), policy.issued());
    say(&format!("{name}, version {version}, issued on {issued}; days end in UTC\n"));
    let rows: Vec<Vec<String>> = policy.lines().iter().map(row).collect();
    say(&table(&["algorithm", "accepted until", "refused from", "source"], &rows));
    for line in policy.lines() {
        if let Some(note) = &line.note {
            say(&format!("\n{}: {note}", named(line)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(line: &Line) -> Vec<String> {
    let (until, from) = match line.accepted {
        Accepted::Never => ("never".to_owned(), "always".to_owned()),
        Accepted::NoEnd => ("no end".to_owned(), "-".to_owned()),
        Accepted::Until(last) => {
            let next = last.tomorrow().map_or_else(|_| "-".to_owned(), |day| day.to_string());
            (last.to_string(), next)
        }
    };
    vec![named(line), until, from, line.source.clone()]
}

fn named(line: &Line) -> String {
    match line.bits_at_least {
        0 => line.name.clone(),
        bits => format!("{} from {bits} bits", line.name),
    }
}
