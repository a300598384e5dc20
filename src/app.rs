//! The only place that wires everything: opening an installation, starting and stopping it.

mod acme;
mod error;
mod listeners;
mod opening;
mod organisation_keys;
mod readiness;
mod revocation;
mod server_certificate;
mod supervisor;
mod trust_directory;
mod trust_lists;
mod watch;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch as channel;

use crate::{
    archive::Archive,
    clock::{Clock, Witnesses},
    config::{self, Config},
    envelope::OrganisationKeys,
    matching,
    metrics::{Metrics, Task, TlsListener},
    pipeline::{Pipeline, SpoolIntake},
    registry::{Issuers, Registry},
    retention::{Purge, TrustedTime},
    sealing::MasterKey,
    sender, smtp,
    spool::Spool,
    store::Store,
    tls::TlsConfig,
    vault::Vault,
    web,
};

use acme::Acme;
pub use acme::{AcmeError, certificate_by_acme};
pub use error::AppError;
use listeners::Listeners;
pub use listeners::Sockets;
pub use opening::{check_spool, open_archive};
use opening::{open_with, spool_key};
pub use organisation_keys::{OrganisationKeyError, read_organisation_keys, recipient_certificates};
use revocation::Revocation;
pub use server_certificate::{
    Audience, CertificateProblem, Place, ServerCertificate, examine_certificate,
};
use supervisor::Supervisor;
pub use trust_directory::{
    TrustDirectory, algorithm_policy, read_algorithm_policy, read_trust, read_trust_directory,
};
pub use trust_lists::{
    Accepted, HowVerified, ListNote, ListProof, ListRefusal, ListRules, accept_list, download_list,
    published_digest, read_imported, replace as replace_file, store_list,
};

/// How long a stop waits for what is in hand, beside the time that mails in transit are given.
const CUTTING: Duration = Duration::from_secs(2);

/// How long a stop then waits for the connections to the database to end.
const CLOSING: Duration = Duration::from_secs(10);

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Where mail is accepted by SMTP.
    pub smtp: Vec<SocketAddr>,
    /// Where mail is accepted by SMTP within TLS.
    pub smtps: Vec<SocketAddr>,
    /// Where mail is accepted by LMTP.
    pub lmtp: Vec<PathBuf>,
    /// Where dashboard and API are.
    pub web: SocketAddr,
    /// Where the metrics are.
    pub metrics: SocketAddr,
    /// The database, for those who run the server within their own process.
    pub store: Store,
    /// The vault, likewise.
    pub vault: Vault,
    config: Config,
    certificate: channel::Sender<Option<Arc<TlsConfig>>>,
    /// That of the dashboard, when it is one that the configuration names.
    web_certificate: channel::Sender<Option<Arc<TlsConfig>>>,
    reception: smtp::Reception<SpoolIntake>,
    shutdown: channel::Sender<bool>,
    tasks: Supervisor,
}

impl Server {
    /// Takes over what `config` says about certificates, limits and balancers, for connections from
    /// now on, and reads the certificates' files again. Gives the names of what is different too
    /// and needs a restart.
    ///
    /// # Errors
    /// When a certificate and its key cannot be used; then nothing is changed.
    pub fn reload(&mut self, config: &Config) -> Result<Vec<String>, AppError> {
        let tls = server_certificate::of_mail(&config.smtp, !self.smtps.is_empty())?;
        let of_web = server_certificate::of_web(&config.web)?;
        let needs_restart = self.config.take_over(config);
        self.certificate.send_replace(tls.clone());
        let (web, new) = (&self.config.web, &config.web);
        if (web.listen, &web.acme) == (new.listen, &new.acme) {
            self.web_certificate.send_replace(of_web);
        }
        self.reception.apply(settings(&self.config.smtp, tls));
        Ok(needs_restart)
    }

    /// Returns when a task is gone that the server needs: it is to be stopped then, and started again.
    pub async fn missing(&self) -> &'static str {
        let mut missing = self.tasks.missing();
        match missing.wait_for(Option::is_some).await.map(|task| *task) {
            Ok(Some(task)) => task.as_str(),
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Stops accepting, finishes what is in hand within `drain_timeout_seconds`, and ends.
    pub async fn stop(mut self) {
        let _ = self.shutdown.send(true);
        let limit = Duration::from_secs(self.config.smtp.limits.drain_timeout_seconds);
        let limit = limit.saturating_add(CUTTING);
        if tokio::time::timeout(limit, self.tasks.ended()).await.is_err() {
            tracing::warn!("some work did not end in time; what was accepted is safe in the spool");
            self.tasks.cut_off().await;
        }
        // A database that no longer answers is not waited for: what it was told is undone.
        let closed = tokio::time::timeout(CLOSING, self.store.close()).await;
        if closed.is_err() {
            tracing::warn!("the database's connections did not end in time");
        }
    }
}

/// Starts everything that `config` names; mail is accepted on `sockets` when there are any. Returns
/// once mail is accepted and pages are served. What happens is counted in `metrics`.
///
/// # Errors
/// [`AppError`]; nothing is left running.
pub async fn start(
    config: &Config,
    sockets: Sockets,
    clock: Clock,
    metrics: Metrics,
) -> Result<Server, AppError> {
    let master = MasterKey::load(&config.vault.master_key)?;
    let envelope = &config.envelope;
    let organisation_keys =
        read_organisation_keys(&envelope.keys, envelope.password_file.as_deref())?;
    warn_of_expired(&organisation_keys, &clock);
    let within_tls = !config.smtp.listen_tls.is_empty() && sockets.is_empty();
    let tls = server_certificate::of_mail(&config.smtp, within_tls || !sockets.smtps.is_empty())?;
    let of_web = server_certificate::of_web(&config.web)?;
    let (store, vault) = open_with(config, &master).await?;
    if let Err(error) = vault.check().await {
        // Mail is taken all the same: it waits in the spool.
        tracing::error!("{error}");
    }
    let spool = Spool::open(
        &config.spool.directory,
        spool_key(&master),
        config.spool.limits.clone(),
        metrics.clone(),
    )?;
    let trust_files = watch::listing(&config.trust.directory);
    let algorithms = algorithm_policy(&config.signatures)?;
    let held = read_trust(&config.trust, &algorithms, None)?;
    let (revision, registry) = store.registry().await?;
    warn_of_gaps(&held, &registry, &config.trust.directory);
    let readiness = web::Readiness::default();
    let commit = *spool.commits().borrow();
    readiness.set(web::Part::Spool, readiness::standing(commit.outcome));
    readiness.set(web::Part::Registry, readiness::standing_of_registry(&registry));

    let (shutdown, stop) = channel::channel(false);
    let (registry_sender, registry) = channel::channel(Arc::new(registry));
    let (trust_sender, trust) = channel::channel(Arc::new(held.store.clone()));
    let witnesses = Witnesses::new(&config.retention.synchronized_file);
    let time = TrustedTime::new(store.clone(), clock.clone(), witnesses.clone(), metrics.clone());
    // Before the first mail: a share is kept by what the database knows of the time.
    let _standing = time.take().await?;
    let (revocation, fetched) = Revocation::open(
        &config.signatures,
        trust.clone(),
        clock.clone(),
        (time.watch(), witnesses),
        metrics.clone(),
    )?;
    if fetched.is_empty {
        store.owe_look().await?;
    }
    let mut tasks = Supervisor::new(stop.clone(), metrics.clone());

    let web_listener = listen("dashboard", config.web.listen).await?;
    let metrics_listener = listen("metrics page", config.metrics.listen).await?;
    let listeners = Listeners::open(&config.smtp, sockets)?;
    let (smtp, smtps, lmtp) = (listeners.smtp(), listeners.smtps(), listeners.lmtp());

    let archive = Archive::new(store.clone(), vault.clone());
    let pipeline = Pipeline {
        spool: spool.clone(),
        archive: archive.clone(),
        registry: registry.clone(),
        trust: trust.clone(),
        revocation: fetched.snapshot,
        organisation_keys: Arc::new(organisation_keys),
        revocation_policy: config.signatures.revocation,
        wanted: fetched.wanted,
        sender: sender_checks(&config.sender),
        policy: matching::Policy {
            quarantine_days: config.retention.quarantine_days,
            issuers: Arc::new(issuers(&config.signatures)),
        },
        hostname: config.smtp.hostname.clone(),
        clock: clock.clone(),
        standing: time.watch(),
        metrics: metrics.clone(),
    };
    // Before the first mail too: what comes from now on has lost nothing.
    pipeline.look_again_where_owed().await?;
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    tasks.need(Task::Judging, pipeline.run(workers, stop.clone()));
    tasks.need(Task::Revocation, revocation.run(readiness.clone(), stop.clone()));
    tasks.need(Task::Spool, {
        readiness::follow_spool(spool.clone(), readiness.clone(), stop.clone())
    });
    tasks.keep(Task::Purge, {
        let purge = Purge::new(archive.clone(), metrics.clone(), time.clone());
        let (standing, stop) = (time.watch(), stop.clone());
        move || watch::purge_hourly(purge.clone(), standing.clone(), stop.clone())
    });
    tasks.keep(Task::Clock, {
        let (time, readiness, stop) = (time.clone(), readiness.clone(), stop.clone());
        move || watch::follow_clock(time.clone(), readiness.clone(), stop.clone())
    });
    tasks.need(Task::Database, readiness::follow_database(store.clone(), stop.clone()));
    tasks.keep(Task::Vault, {
        let (vault, readiness, stop) = (vault.clone(), readiness.clone(), stop.clone());
        move || readiness::follow_vault(vault.clone(), readiness.clone(), stop.clone())
    });
    tasks.keep(Task::Draining, {
        let (spool, clock, stop) = (spool.clone(), clock.clone(), stop.clone());
        move || watch::drain_hourly(spool.clone(), clock.clone(), stop.clone())
    });
    let (writes, written) = channel::channel(true);
    tasks.keep(Task::Writing, {
        let (store, stop) = (store.clone(), stop.clone());
        move || readiness::follow_writes(store.clone(), writes.clone(), stop.clone())
    });
    tasks.keep(Task::Registry, {
        let (store, stop) = (store.clone(), stop.clone());
        let told = (readiness.clone(), metrics.clone());
        move || {
            let (registry, told) = (registry_sender.clone(), told.clone());
            let (store, written) = (store.clone(), written.clone());
            watch::refresh_registry(store, registry, revision, written, told, stop.clone())
        }
    });
    tasks.keep(Task::Trust, {
        let (section, metrics) = (config.trust.clone(), metrics.clone());
        let (clock, readiness, stop) = (clock.clone(), readiness.clone(), stop.clone());
        move || {
            let (section, seen, trust) =
                (section.clone(), (trust_files.clone(), held.clone()), trust_sender.clone());
            let (metrics, clock, readiness) = (metrics.clone(), clock.clone(), readiness.clone());
            watch::refresh_trust(section, seen, trust, metrics, clock, readiness, stop.clone())
        }
    });
    let (certificate, in_force) = channel::channel(tls.clone());
    let (web_certificate, named) = channel::channel(of_web);
    let (web_in_force, web_shown) = match &config.web.acme {
        Some(section) => {
            let domains = config.acme_domains();
            let acme = Acme::open(section, domains, readiness.clone(), clock.clone())?;
            let own = (acme.in_force(), acme.shown());
            let stop = stop.clone();
            tasks.keep(Task::Acme, move || acme.clone().run(stop.clone()));
            own
        }
        None => (named.clone(), named),
    };
    let shown = [(TlsListener::Smtp, !smtp.is_empty()), (TlsListener::Smtps, !smtps.is_empty())];
    let shown = shown.into_iter().filter_map(|(kind, is_there)| is_there.then_some(kind));
    let of_mail = server_certificate::Watched {
        in_force,
        listeners: shown.collect(),
        whose: Audience::Senders,
        hostname: config.smtp.hostname.clone(),
        clock: clock.clone(),
        metrics: metrics.clone(),
    };
    let of_web = server_certificate::Watched {
        in_force: web_in_force,
        listeners: vec![TlsListener::Web],
        whose: Audience::Browsers,
        hostname: config.web_hostname().to_owned(),
        ..of_mail.clone()
    };
    for watched in [of_mail, of_web] {
        let stop = stop.clone();
        tasks.keep(Task::Certificate, move || {
            server_certificate::follow(watched.clone(), stop.clone())
        });
    }
    tasks.keep(Task::Gauges, {
        let (spool, metrics) = (spool.clone(), metrics.clone());
        let (clock, stop) = (clock.clone(), stop.clone());
        move || watch::refresh_gauges(spool.clone(), metrics.clone(), clock.clone(), stop.clone())
    });

    let intake = SpoolIntake::new(spool, registry.clone(), metrics.clone());
    let intake = Arc::new(intake.with_postmaster(config.smtp.postmaster.clone()));
    let settings = settings(&config.smtp, tls);
    let reception = smtp::Reception::new(intake, settings, clock.clone(), metrics.clone());
    listeners.serve(&reception, &stop, &mut tasks);

    let web_address = local_address("dashboard", &web_listener, config.web.listen)?;
    let metrics_address = local_address("metrics page", &metrics_listener, config.metrics.listen)?;
    let state = web::State {
        store: store.clone(),
        archive,
        registry,
        trust,
        readiness,
        missing: tasks.missing(),
        standing: time.watch(),
        clock,
        metrics: metrics.clone(),
        limits: config.web.limits.clone(),
        sign_ins: web::SignIns::default(),
    };
    tasks.keep(Task::SignIns, {
        let (sign_ins, store) = (state.sign_ins.clone(), state.store.clone());
        let (clock, stop) = (state.clock.clone(), stop.clone());
        move || sign_ins.clone().tell(store.clone(), clock.clone(), stop.clone())
    });
    let terms = web::Terms {
        limits: config.web.limits.clone(),
        proxy_from: config.web.proxy_from.clone(),
        tls: web_shown,
        metrics,
    };
    let pages = web::router(state.clone());
    tasks.need(Task::Web, web::serve(web_listener, pages, terms.clone(), stop.clone()));
    let terms = web::Terms {
        limits: web::Limits::for_metrics(),
        proxy_from: Vec::new(),
        tls: channel::channel(None).1,
        ..terms
    };
    let metrics_page = web::metrics_router(state);
    tasks.need(Task::Metrics, web::serve(metrics_listener, metrics_page, terms, stop));

    Ok(Server {
        smtp,
        smtps,
        lmtp,
        web: web_address,
        metrics: metrics_address,
        store,
        vault,
        config: config.clone(),
        certificate,
        web_certificate,
        reception,
        shutdown,
        tasks,
    })
}

fn settings(section: &config::Smtp, tls: Option<Arc<TlsConfig>>) -> smtp::Settings {
    smtp::Settings {
        hostname: section.hostname.clone(),
        limits: section.limits.clone(),
        proxy_from: section.proxy_from.clone(),
        tls,
    }
}

/// The organisations whose seals count as issuing copies.
pub fn issuers(section: &config::Signatures) -> Issuers {
    section.issuers.clone().map_or_else(Issuers::built_in, Issuers::named)
}

fn sender_checks(section: &config::Sender) -> Option<sender::Checks> {
    section.check.then(|| {
        sender::Checks::new(&sender::Settings {
            server: section.resolver,
            timeout: Duration::from_secs(section.timeout_seconds),
        })
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
            "no branch is registered: all mail is put off with 451; apply a registry with \
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
