//! `skrynka registry`: branches and services.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{ConfigFile, complain, open_store, read_text, say};
use crate::{clock::Clock, domain::Actor, registry::Registry};

/// Checks, applies and exports the registry of branches and services.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  skrynka registry apply -c skrynka.toml registry.toml --yes")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Puts a file's branches and services in force, after showing what changes.
    #[command(
        after_help = "Example:\n  skrynka registry apply -c skrynka.toml registry.toml --yes"
    )]
    Apply {
        #[command(flatten)]
        config: ConfigFile,
        /// The registry file.
        file: PathBuf,
        /// Applies without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Reads a file and says what is wrong with it or could be better.
    #[command(after_help = "Example:\n  skrynka registry check registry.toml")]
    Check {
        /// The registry file.
        file: PathBuf,
    },
    /// Writes what is in force to a file (`-`: to standard output).
    #[command(after_help = "Example:\n  skrynka registry export -c skrynka.toml registry-now.toml")]
    Export {
        #[command(flatten)]
        config: ConfigFile,
        /// The file to make; one that exists is not written over.
        file: PathBuf,
    },
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Apply { config, file, yes } => apply(&config, &file, yes).await,
        Command::Check { file } => {
            let registry = read(&file)?;
            advise(&registry);
            let services: usize = registry.branches.iter().map(|b| b.services.len()).sum();
            say(&format!(
                "{}: no mistake (branches: {}, services: {services})",
                file.display(),
                registry.branches.len()
            ));
            Ok(ExitCode::SUCCESS)
        }
        Command::Export { config, file } => export(&config, &file).await,
    }
}

async fn apply(config: &ConfigFile, file: &Path, yes: bool) -> anyhow::Result<ExitCode> {
    let new = read(file)?;
    let store = open_store(&config.load()?).await?;
    let (_, old) = store.registry().await?;
    let changes = Registry::changes(&old, &new);
    if changes.is_empty() {
        say("nothing changes");
        return Ok(ExitCode::SUCCESS);
    }
    for change in &changes {
        say(&change.to_string());
    }
    advise(&new);
    if !yes && !confirmed()? {
        say("nothing was applied");
        return Ok(ExitCode::FAILURE);
    }
    let revision = store.apply_registry(&new, &Actor::CommandLine, Clock::system().now()).await?;
    say(&format!("applied as revision {revision}; a running server takes it over by itself"));
    Ok(ExitCode::SUCCESS)
}

async fn export(config: &ConfigFile, file: &Path) -> anyhow::Result<ExitCode> {
    let store = open_store(&config.load()?).await?;
    let (_, registry) = store.registry().await?;
    let text = registry.to_toml();
    if file == Path::new("-") {
        say(text.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    let mut made = std::fs::File::create_new(file)
        .with_context(|| format!("cannot make {}", file.display()))?;
    std::io::Write::write_all(&mut made, text.as_bytes())
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> anyhow::Result<Registry> {
    Registry::parse(&read_text(file)?).with_context(|| format!("{} is refused", file.display()))
}

fn advise(registry: &Registry) {
    for advice in registry.advice(Clock::system().now().day_in_kyiv()) {
        say(&format!("advice: {advice}"));
    }
}

fn confirmed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("these changes need a yes: look at them, then run the same with --yes");
    }
    complain("Apply these changes? [y/N]");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "так"))
}
