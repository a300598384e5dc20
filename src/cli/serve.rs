//! `skrynka serve`: the server.

mod activation;
mod files;
mod notify;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{ConfigFile, last_words, log::Log, sentence};
use crate::{
    app::{self, Server},
    clock::Clock,
    config::Config,
    metrics::Metrics,
};

/// `EX_SOFTWARE` of sysexits.h: a fault of ours, and a start makes it good.
const WITHOUT_A_TASK: u8 = 70;

/// The commit that the program was built from, when whoever built it said so in the environment.
const COMMIT: Option<&str> = option_env!("SKRYNKA_COMMIT");

/// Runs the server until SIGTERM or SIGINT; a second one ends it at once. SIGHUP reads limits and
/// certificates again.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  skrynka serve -c /srv/skrynka/skrynka.toml")]
pub(super) struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.config.load()?;
    let metrics = Metrics::new();
    let log = Log::start(&config.log, metrics.clone())?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        commit = COMMIT.filter(|commit| !commit.is_empty()),
        config.path = %arguments.config.config.display(),
        "the server starts"
    );
    serve(&arguments.config, &config, metrics, &log).await.or_else(|error| {
        // As every other line, for a full pipe would keep the program from its end.
        log.complain(&last_words(&error));
        Ok(ExitCode::FAILURE)
    })
}

async fn serve(
    file: &ConfigFile,
    config: &Config,
    metrics: Metrics,
    log: &Log,
) -> anyhow::Result<ExitCode> {
    let mut end = End::listen()?;
    let mut hangup = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    let sockets = activation::sockets()?;
    files::allow_for(config.smtp.limits.max_connections);
    let server = app::start(config, sockets, Clock::system(), metrics)
        .await
        .context("the server cannot start")?;
    for address in &server.smtp {
        tracing::info!(smtp.address = %address, "mail is accepted");
    }
    for address in &server.smtps {
        tracing::info!(smtps.address = %address, "mail is accepted within TLS");
    }
    for path in &server.lmtp {
        tracing::info!(lmtp.path = %path.display(), "mail is accepted by LMTP");
    }
    tracing::info!(web.address = %server.web, metrics.address = %server.metrics, "ready");
    notify::ready();
    tokio::select! {
        code = until_end(server, file, &mut end, &mut hangup, log) => code,
        never = notify::keep_alive() => never,
    }
}

/// Takes signals until one of them, or a task that is gone, ends the server; then stops it.
async fn until_end(
    mut server: Server,
    file: &ConfigFile,
    end: &mut End,
    hangup: &mut Signal,
    log: &Log,
) -> anyhow::Result<ExitCode> {
    let missing = loop {
        tokio::select! {
            () = end.asked() => break None,
            task = server.missing() => break Some(task),
            _ = hangup.recv() => {
                match reload(file, &mut server) {
                    Ok(()) => {
                        notify::reloading();
                        notify::ready();
                    }
                    Err(error) => notify::refused(&sentence(&error)),
                }
            }
        }
    };
    notify::stopping();
    if let Some(task) = missing {
        tracing::error!(task, "the server ends, to be started again, for it is without this task");
    }
    tracing::info!("stopping: mails in hand are finished first");
    let code = if missing.is_some() { ExitCode::from(WITHOUT_A_TASK) } else { ExitCode::SUCCESS };
    tokio::select! {
        () = server.stop() => Ok(code),
        () = end.asked() => {
            tracing::warn!("asked a second time: ending at once; what was accepted is in the spool");
            // Tasks and threads that hang are what the second signal is for: nothing is waited for.
            log.hurry();
            std::process::exit(1)
        }
    }
}

/// Takes over what can change while the server runs. Whatever is wrong with it, mail is accepted
/// as before.
fn reload(file: &ConfigFile, server: &mut Server) -> anyhow::Result<()> {
    let read = file.load().and_then(|config| {
        files::allow_for(config.smtp.limits.max_connections);
        Ok(server.reload(&config)?)
    });
    match &read {
        Ok(needs_restart) => {
            tracing::info!("certificates and limits are read again, for connections from now on");
            if !needs_restart.is_empty() {
                tracing::warn!(
                    keys = needs_restart.join(", "),
                    "what else is different in the configuration needs a restart"
                );
            }
        }
        Err(error) => tracing::error!(
            error = sentence(error),
            "the configuration cannot be taken over; the one in force stays"
        ),
    }
    read.map(drop)
}

/// The signals that ask the server to end.
struct End {
    interrupt: Signal,
    terminate: Signal,
}

impl End {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
