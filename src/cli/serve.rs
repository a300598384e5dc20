//! `skrynka serve`: the server.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{ConfigFile, start_log};
use crate::{app, clock::Clock};

/// Runs the server until SIGTERM or SIGINT.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  skrynka serve -c /srv/skrynka/skrynka.toml")]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.load()?;
    start_log(config.log.format, config.log.level.as_deref())?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let server = app::start(&config, Clock::system()).await.context("the server cannot start")?;
    for address in &server.smtp {
        tracing::info!(smtp.address = %address, "mail is accepted");
    }
    tracing::info!(web.address = %server.web, metrics.address = %server.metrics, "ready");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: mails in hand are finished first");
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}
