//! `skrynka demo`: the whole product on this machine, with nothing prepared.

mod installation;
mod scenarios;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, anyhow};
use clap::Args;

use super::{
    complain,
    log::Log,
    output::{progress, table},
    say,
};
use crate::{
    app::Sockets,
    clock::Clock,
    config,
    domain::{BranchScope, Finding, MailId, Severity, ShareId, ShareRow},
    metrics::Metrics,
    sample::client::Client,
    store::Store,
};

use installation::Installation;
use scenarios::Scenario;

/// How long one reply or one verdict may take before the demo gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Shows the whole product: sends shares to a throw-away server and prints what was found.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  skrynka demo\n  skrynka demo --once\n  \
                        skrynka demo --keep /tmp/skrynka-demo")]
pub(super) struct Arguments {
    /// Ends after the table; the exit code is 1 when a verdict is not the expected one.
    #[arg(long)]
    once: bool,
    /// Keeps the installation in this directory, which must not hold one yet.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Also shows the server's log.
    #[arg(long)]
    log: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let metrics = Metrics::new();
    let log = || Log::start(&config::Log::default(), metrics.clone());
    let _log = arguments.log.then(log).transpose()?;
    let throw_away = tempfile::Builder::new().prefix("skrynka-demo-").tempdir()?;
    let directory = arguments.keep.as_deref().unwrap_or_else(|| throw_away.path());
    progress("making an authority, an organisation and its staff…");
    let mut installation = Installation::make(directory).await?;
    let (sockets, clock) = (Sockets::default(), Clock::system());
    let server = crate::app::start(&installation.config, sockets, clock, metrics)
        .await
        .context("the demo's server cannot start")?;
    let smtp = *server.smtp.first().context("the server listens nowhere")?;

    let scenarios = scenarios::all(&mut installation.authorities, Clock::system().now())?;
    let mut rows = Vec::new();
    let mut surprises = 0_usize;
    for (number, scenario) in scenarios.iter().enumerate() {
        progress(&format!("{} of {}: {}…", number + 1, scenarios.len(), scenario.title));
        let share = deliver(smtp, scenario, &server.store)
            .await
            .with_context(|| format!("the share «{}» got no verdict", scenario.title))?;
        let expected = scenario.fits(&share);
        surprises += usize::from(!expected);
        rows.push(vec![
            scenario.title.to_owned(),
            scenario.branch.to_string(),
            scenario.expected.to_string(),
            share.verdict.to_string(),
            words(&share.findings),
            if expected { "yes" } else { "NO" }.to_owned(),
        ]);
    }
    progress("");
    say(&table(&["sent", "branch", "expected", "found", "findings", "as expected"], &rows));
    say("");

    if arguments.once {
        server.stop().await;
        if surprises > 0 {
            complain(&format!("{surprises} of {} verdicts are not the expected ones", rows.len()));
            return Ok(ExitCode::FAILURE);
        }
        return Ok(ExitCode::SUCCESS);
    }

    say(&format!("Dashboard  http://{}/", server.web));
    say(&format!("Metrics    http://{}/metrics", server.metrics));
    say(&format!("Mail       smtp://{smtp} for school@, cnap@ and library@docs.example.ua"));
    say(&format!("Files      {}", directory.display()));
    say("");
    let logins: Vec<_> = installation
        .logins
        .iter()
        .map(|login| vec![login.name.clone(), login.password.clone(), login.sees.to_owned()])
        .collect();
    say(&table(&["name", "password", "sees"], &logins));
    say("");
    let end = if arguments.keep.is_some() { "its files stay" } else { "its files go" };
    say(&format!("Ctrl-C ends the demo; {end}."));
    tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")?;
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Sends one share by SMTP and waits for its verdict.
async fn deliver(
    smtp: std::net::SocketAddr,
    scenario: &Scenario,
    store: &Store,
) -> anyhow::Result<ShareRow> {
    let mut client = Client::connect(smtp, PATIENCE).await?;
    client.hello("demo.example.ua").await?;
    let sent = client
        .send(Some(&scenario.from), std::slice::from_ref(&scenario.to), &scenario.message)
        .await?;
    client.quit().await?;
    if !sent.is_accepted() {
        return Err(anyhow!("the mail was refused: {}", sent.last()));
    }
    let mail = sent
        .last()
        .lines
        .iter()
        .flat_map(|line| line.split_whitespace())
        .find_map(|word| word.parse::<MailId>().ok())
        .context("the reply to the mail does not name it")?;
    let id = ShareId::of(mail, &scenario.branch);
    let verdict = async {
        loop {
            if let Some(share) = store.share(id, &BranchScope::All).await? {
                return anyhow::Ok(share);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, verdict).await.context("no verdict in time")?
}

/// Those that are more than good to know, each once however many copies it is about.
fn words(findings: &[Finding]) -> String {
    const SHOWN: usize = 36;
    let word = |finding: &Finding| match &finding.detail {
        Some(detail) if detail.chars().count() <= SHOWN => format!("{} ({detail})", finding.code),
        _ => finding.code.to_string(),
    };
    let noted = findings.iter().filter(|finding| finding.severity != Severity::Info);
    let mut words: Vec<String> = Vec::new();
    for word in noted.map(word) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() { "–".to_owned() } else { words.join(", ") }
}
