//! `skrynka purge`: destroys what is due, or lists it.

use std::process::ExitCode;

use clap::Args;

use super::{ConfigFile, open_archive, output::table, say};
use crate::{
    clock::{Clock, Witnesses},
    metrics::Metrics,
    retention::{Purge, TrustedTime},
};

/// Destroys what is due now; the server does the same every hour.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  skrynka purge -c skrynka.toml --dry-run")]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
    /// Only lists what is due, and destroys nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.load()?;
    let archive = open_archive(&config).await?;
    let witnesses = Witnesses::new(&config.retention.synchronized_file);
    let metrics = Metrics::new();
    let time =
        TrustedTime::new(archive.store().clone(), Clock::system(), witnesses, metrics.clone());
    let purge = Purge::new(archive, metrics, time);
    if arguments.dry_run {
        let due = purge.due().await?;
        let rows: Vec<_> = due
            .iter()
            .map(|key| {
                vec![
                    key.share.to_string(),
                    key.branch.to_string(),
                    key.term.as_str().to_owned(),
                    key.reason.as_str().to_owned(),
                    key.destroy_at.to_string(),
                ]
            })
            .collect();
        if !rows.is_empty() {
            say(&table(&["share", "branch", "term", "reason", "due since"], &rows));
        }
        say(&format!("{} due; nothing was destroyed (dry run)", rows.len()));
        return Ok(ExitCode::SUCCESS);
    }
    let report = purge.run().await?;
    say(&format!(
        "{} due, {} destroyed, {} failed, {} fingerprints of former copies forgotten",
        report.considered, report.destroyed, report.failed, report.forgotten
    ));
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
