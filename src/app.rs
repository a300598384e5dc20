//! The only place that wires everything: opening an installation, starting and stopping it.

mod organisation_keys;
mod revocation;
mod trust_directory;
mod trust_lists;
mod watch;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tokio::{sync::watch as channel, task::JoinSet};

use crate::{
    clock::Clock,
    config::{self, Config},
    envelope::OrganisationKeys,
    matching,
    metrics::Metrics,
    pipeline::{Pipeline, SpoolIntake},
    registry::Registry,
    retention::Purge,
    sealing::{MasterKey, SealingError},
    smtp::{self, SmtpError},
    spool::{Spool, SpoolError},
    store::{Store, StoreError},
    vault::{Vault, VaultError},
    web,
};

pub use organisation_keys::{OrganisationKeyError, read_organisation_keys, recipient_certificates};
use revocation::Revocation;
pub use trust_directory::{TrustDirectory, read_trust_directory};
pub use trust_lists::{
    Accepted, HowVerified, ListNote, ListRefusal, ListRules, accept_list, download_list,
    published_digest, read_imported, replace as replace_file, store_list,
};

/// How long a stop waits for what is in hand.
const DRAIN: Duration = Duration::from_secs(30);

/// How long a stop then waits for the connections to the database to end.
const CLOSING: Duration = Duration::from_secs(10);

/// Why an installation cannot be opened or started. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppError {
    /// A listener of the web or metrics page cannot be had.
    #[error("cannot listen on {address} for the {what}: {source}")]
    Listen {
        /// What for.
        what: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The master key cannot be used.
    #[error(transparent)]
    MasterKey(#[from] SealingError),
    /// The organisation's keys cannot be used.
    #[error(transparent)]
    OrganisationKeys(#[from] OrganisationKeyError),
    /// The directory with fetched revocation data cannot be made or read.
    #[error("cannot use the directory for revocation data {path}: {source}", path = path.display())]
    RevocationCache {
        /// The directory.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The receiver cannot start.
    #[error(transparent)]
    Smtp(#[from] SmtpError),
    /// The spool cannot be opened.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The trust directory cannot be read.
    #[error("cannot read the trust directory {path}: {source}", path = path.display())]
    TrustDirectory {
        /// The directory.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file with the database's URL cannot be read.
    #[error("cannot read the database's URL from {path}: {source}", path = path.display())]
    UrlFile {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The vault cannot be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Opens database and vault of an installation, the database migrated to this version.
///
/// # Errors
/// A wrong master key, a database of a newer version, anything unreadable: nothing is changed.
pub async fn open_keeping(config: &Config) -> Result<(Store, Vault), AppError> {
    let master = MasterKey::load(&config.vault.master_key)?;
    open_with(config, &master).await
}

async fn open_with(config: &Config, master: &MasterKey) -> Result<(Store, Vault), AppError> {
    let url = database_url(&config.store)?;
    // First the database: it knows which master key it was made with.
    let store = Store::open(&url, &master.check_value()).await?;
    let vault = Vault::open(&config.vault.directory, master)?;
    Ok((store, vault))
}

fn database_url(section: &config::Store) -> Result<String, AppError> {
    let Some(path) = &section.url_file else { return Ok(section.url.clone()) };
    let text = std::fs::read_to_string(path)
        .map_err(|source| AppError::UrlFile { path: path.clone(), source })?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Where mail is accepted.
    pub smtp: Vec<SocketAddr>,
    /// Where dashboard and API are.
    pub web: SocketAddr,
    /// Where the metrics are.
    pub metrics: SocketAddr,
    /// The database, for those who run the server within their own process.
    pub store: Store,
    /// The vault, likewise.
    pub vault: Vault,
    shutdown: channel::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Server {
    /// Stops accepting, finishes what is in hand within half a minute, and ends.
    pub async fn stop(mut self) {
        let _ = self.shutdown.send(true);
        let drained =
            tokio::time::timeout(DRAIN, async { while self.tasks.join_next().await.is_some() {} });
        if drained.await.is_err() {
            tracing::warn!("some work did not end in time; what was accepted is safe in the spool");
            self.tasks.shutdown().await;
        }
        // A database that no longer answers is not waited for: what it was told is undone.
        let closed = tokio::time::timeout(CLOSING, self.store.close()).await;
        if closed.is_err() {
            tracing::warn!("the database's connections did not end in time");
        }
    }
}

/// Starts everything that `config` names. Returns once mail is accepted and pages are served.
///
/// # Errors
/// [`AppError`]; nothing is left running.
pub async fn start(config: &Config, clock: Clock) -> Result<Server, AppError> {
    let master = MasterKey::load(&config.vault.master_key)?;
    let envelope = &config.envelope;
    let organisation_keys =
        read_organisation_keys(&envelope.keys, envelope.password_file.as_deref())?;
    warn_of_expired(&organisation_keys, &clock);
    let metrics = Metrics::new();
    let tls = match (&config.smtp.certificate, &config.smtp.private_key) {
        (Some(certificate), Some(key)) => Some(smtp::tls_config(certificate, key)?),
        _ => None,
    };
    let (store, vault) = open_with(config, &master).await?;
    let spool_key = master.key("spool");
    let spool = Spool::open(
        &config.spool.directory,
        spool_key,
        config.spool.limits.clone(),
        metrics.clone(),
    )?;
    let trust = read_trust_directory(&config.trust.directory)?;
    let (revision, registry) = store.registry().await?;
    warn_of_gaps(&trust, &registry, &config.trust.directory);

    let (shutdown, stop) = channel::channel(false);
    let (registry_sender, registry) = channel::channel(Arc::new(registry));
    let (trust_sender, trust) = channel::channel(Arc::new(trust.store));
    let (revocation, fetched) =
        Revocation::open(&config.signatures, trust.clone(), clock.clone(), metrics.clone())?;
    let mut tasks = JoinSet::new();

    let web_listener = listen("dashboard", config.web.listen).await?;
    let metrics_listener = listen("metrics page", config.metrics.listen).await?;
    let listeners = config
        .smtp
        .listen
        .iter()
        .map(|address| smtp::Listener::bind(*address))
        .collect::<Result<Vec<_>, _>>()?;
    let smtp_addresses = listeners.iter().map(smtp::Listener::local_addr).collect();

    let pipeline = Pipeline {
        spool: spool.clone(),
        vault: vault.clone(),
        store: store.clone(),
        registry: registry.clone(),
        trust: trust.clone(),
        revocation: fetched.snapshot,
        organisation_keys: Arc::new(organisation_keys),
        revocation_policy: config.signatures.revocation,
        wanted: fetched.wanted,
        policy: matching::Policy { quarantine_days: config.retention.quarantine_days },
        clock: clock.clone(),
        metrics: metrics.clone(),
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    tasks.spawn(pipeline.run(workers, stop.clone()));

    tasks.spawn(revocation.run(stop.clone()));

    let purge = Purge::new(store.clone(), vault.clone(), metrics.clone(), clock.clone());
    tasks.spawn(watch::purge_hourly(purge, spool.clone(), stop.clone()));
    tasks.spawn(watch::refresh_registry(store.clone(), registry_sender, revision, stop.clone()));
    tasks.spawn(watch::refresh_trust(
        config.trust.directory.clone(),
        trust_sender,
        metrics.clone(),
        clock.clone(),
        stop.clone(),
    ));
    let (ready_sender, ready) = channel::channel(spool.has_room()?);
    tasks.spawn(watch::refresh_gauges(
        spool.clone(),
        ready_sender,
        metrics.clone(),
        clock.clone(),
        stop.clone(),
    ));

    let intake = Arc::new(SpoolIntake::new(spool, registry.clone(), metrics.clone()));
    let settings = smtp::Settings {
        hostname: config.smtp.hostname.clone(),
        limits: config.smtp.limits.clone(),
        tls,
    };
    let reception = smtp::Reception::new(intake, settings, clock.clone(), metrics.clone());
    for listener in listeners {
        tasks.spawn(listener.serve(reception.clone(), stop.clone()));
    }

    let web_address = local_address("dashboard", &web_listener, config.web.listen)?;
    let metrics_address = local_address("metrics page", &metrics_listener, config.metrics.listen)?;
    let state = web::State {
        store: store.clone(),
        vault: vault.clone(),
        registry,
        trust,
        ready,
        clock,
        metrics: metrics.clone(),
    };
    tasks.spawn(web::serve(web_listener, web::router(state), stop.clone()));
    tasks.spawn(web::serve(metrics_listener, web::metrics_router(metrics), stop));

    Ok(Server {
        smtp: smtp_addresses,
        web: web_address,
        metrics: metrics_address,
        store,
        vault,
        shutdown,
        tasks,
    })
}

fn warn_of_gaps(trust: &TrustDirectory, registry: &Registry, directory: &Path) {
    for problem in &trust.problems {
        tracing::warn!(%problem, "a file in the trust directory is not used");
    }
    if trust.store.is_empty() {
        tracing::warn!(directory = %directory.display(),
            "the trust directory holds no certificate: NO signature can be verified; put the \
             authorities' certificates there");
    }
    if registry.branches.is_empty() {
        tracing::warn!(
            "no branch is registered: all mail is refused; apply a registry with \
             `skrynka registry apply`"
        );
    }
}

/// What was encrypted for an expired certificate still opens, but senders take no such one.
fn warn_of_expired(keys: &OrganisationKeys, clock: &Clock) {
    for (certificate, expired) in recipient_certificates(keys, clock.now()) {
        if expired {
            tracing::warn!(serial = certificate.serial(), since = %certificate.not_after(),
                "a certificate of the organisation's keys has expired: nobody will encrypt \
                 copies for it");
        }
    }
}

async fn listen(
    what: &'static str,
    address: SocketAddr,
) -> Result<tokio::net::TcpListener, AppError> {
    tokio::net::TcpListener::bind(address).await.map_err(|source| AppError::Listen {
        what,
        address,
        source,
    })
}

fn local_address(
    what: &'static str,
    listener: &tokio::net::TcpListener,
    address: SocketAddr,
) -> Result<SocketAddr, AppError> {
    listener.local_addr().map_err(|source| AppError::Listen { what, address, source })
}
