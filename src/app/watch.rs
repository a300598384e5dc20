//! What runs beside the work: following the registry and the trust directory, the hourly purge,
//! the gauges.

use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch::{Receiver, Sender};

use crate::{
    app::{
        TrustDirectory, read_trust,
        readiness::{PATIENCE, standing_of_registry},
    },
    clock::Clock,
    config,
    domain::{ClockState, Timestamp},
    metrics::{Metrics, Part},
    registry::{QrTerm, Registry},
    retention::{Purge, PurgeError, TrustedTime},
    spool::Spool,
    store::Store,
    trust::TrustStore,
    web::{Part as ReadyPart, Readiness, Standing},
};

/// How soon a change of the registry or the trust directory is seen.
const REFRESH: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
/// How old a mail is that is moved out of the way of its settled neighbours, in seconds.
const DAY: i64 = 24 * 60 * 60;

/// Waits `pause`; true when the server stops meanwhile.
async fn stopped(stop: &mut Receiver<bool>, pause: Duration) -> bool {
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => true,
        () = tokio::time::sleep(pause) => false,
    }
}

/// Purges at start and every hour, and when the clock is accepted again.
pub(super) async fn purge_hourly(
    purge: Purge,
    mut clock: Receiver<ClockState>,
    mut stop: Receiver<bool>,
) {
    loop {
        let ended = purge.run().await;
        let has_waited = matches!(ended, Err(PurgeError::Clock(_)));
        match ended {
            Ok(report) => tracing::info!(
                considered = report.considered,
                destroyed = report.destroyed,
                failed = report.failed,
                "the purge ran"
            ),
            Err(error) => tracing::error!(%error, "the purge failed; it runs again in an hour"),
        }
        let again = async {
            if !has_waited || clock.wait_for(|state| state.is_accepted()).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = again => {}
            stopped = stopped(&mut stop, HOUR) => if stopped { return },
        }
    }
}

/// Holds the clock against the greatest time seen.
pub(super) async fn follow_clock(
    time: TrustedTime,
    readiness: Readiness,
    mut stop: Receiver<bool>,
) {
    let (mut told, state) = (false, time.watch());
    loop {
        let standing = if state.borrow().is_accepted() { Standing::Works } else { NOT_ACCEPTED };
        readiness.set(ReadyPart::Clock, standing);
        if stopped(&mut stop, REFRESH).await {
            return;
        }
        let taken = time.take().await;
        match &taken {
            Err(error) if !told => {
                tracing::warn!(%error, "the greatest time seen cannot be read or written");
            }
            Ok(_) | Err(_) => {}
        }
        told = taken.is_err();
    }
}

/// Destroys settled mail in the spool at start and every hour, whatever the database does.
pub(super) async fn drain_hourly(spool: Spool, clock: Clock, mut stop: Receiver<bool>) {
    loop {
        if let Err(error) = spool.close_drained().await {
            tracing::error!(%error, "settled mail could not be removed from the spool");
        }
        if let Err(error) = spool.compact(clock.now().plus_seconds(-DAY)).await {
            tracing::error!(%error, "old unsettled mail holds settled mail back in the spool");
        }
        if stopped(&mut stop, HOUR).await {
            return;
        }
    }
}

/// Takes over each new revision of the registry, and says whether the database can be read and, by
/// what `written` says, written.
pub(super) async fn refresh_registry(
    store: Store,
    registry: Sender<Arc<Registry>>,
    mut seen: i64,
    written: Receiver<bool>,
    (readiness, metrics): (Readiness, Metrics),
    mut stop: Receiver<bool>,
) {
    tell_of_codes(&registry.borrow(), &metrics);
    while !stopped(&mut stop, REFRESH).await {
        let asked = Instant::now();
        let mut look = pin!(newer(&store, seen));
        let found = if let Ok(found) = tokio::time::timeout(PATIENCE, &mut look).await {
            found
        } else {
            readiness.set(ReadyPart::Database, UNREACHABLE);
            metrics.database_answered(None);
            look.await
        };
        let standing = match &found {
            Err(_) => UNREACHABLE,
            Ok(_) if !*written.borrow() => UNWRITABLE,
            Ok(_) => Standing::Works,
        };
        metrics.database_answered((standing == Standing::Works).then(|| asked.elapsed()));
        readiness.set(ReadyPart::Database, standing);
        match found {
            Ok(None) => {}
            Ok(Some((revision, new))) => {
                readiness.set(ReadyPart::Registry, standing_of_registry(&new));
                tell_of_codes(&new, &metrics);
                tracing::info!(
                    revision,
                    branches = new.branches.len(),
                    "a new registry is in force"
                );
                registry.send_replace(Arc::new(new));
                seen = revision;
            }
            Err(error) => {
                tracing::warn!(%error, "the registry cannot be read; the one in force stays");
            }
        }
    }
}

/// When the printed QR codes stop working, of the services that are offered.
fn tell_of_codes(registry: &Registry, metrics: &Metrics) {
    let services = registry.branches.iter().flat_map(|branch| {
        branch.services.iter().filter(|service| service.active).map(move |own| (branch, own))
    });
    metrics.qr_expiry(services.filter_map(|(branch, service)| {
        let end = Timestamp::start_of_day_in_kyiv(QrTerm::end(service.qr_issued_on?));
        Some((branch.id.as_str(), service.id.as_str(), end))
    }));
}

const NOT_ACCEPTED: Standing =
    Standing::Impaired("it is not accepted: mail is kept and judged, and nothing is destroyed");

const UNREACHABLE: Standing =
    Standing::Impaired("it cannot be read: mail is kept and judged later");

const UNWRITABLE: Standing =
    Standing::Impaired("it cannot be written: mail is kept and judged later");

async fn newer(
    store: &Store,
    seen: i64,
) -> Result<Option<(i64, Registry)>, crate::store::StoreError> {
    if store.registry_revision().await? == seen {
        return Ok(None);
    }
    store.registry().await.map(Some)
}

/// Reads the trust directory again when a file in it comes, goes or changes. `seen` was taken before
/// the directory was read for what is in force, `held`: what changed since is found by the first look.
/// What is gone by name is not trusted any more, whatever else cannot be read.
pub(super) async fn refresh_trust(
    section: config::Trust,
    (mut seen, mut held): (Listing, TrustDirectory),
    trust: Sender<Arc<TrustStore>>,
    metrics: Metrics,
    clock: Clock,
    readiness: Readiness,
    mut stop: Receiver<bool>,
) {
    metrics.trust_anchors(trust.borrow().len());
    let algorithms = Arc::clone(trust.borrow().policy());
    let mut told_overdue = false;
    let mut told_unread = false;
    loop {
        let overdue = measure_list(&trust.borrow(), &metrics, clock.now());
        if overdue && !told_overdue {
            tracing::warn!(
                "the trust list is past its next update, or missing: fetch the new one with \
                 `skrynka trust update`; after the days of grace it grants nothing any more"
            );
        }
        told_overdue = overdue;
        readiness.set(ReadyPart::Trust, standing_of_trust(&trust.borrow(), overdue, told_unread));
        if stopped(&mut stop, REFRESH).await {
            return;
        }
        let now = listing(&section.directory);
        if now == seen {
            continue;
        }
        match read_trust(&section, &algorithms, Some(&held)) {
            Ok(read) => {
                let is_unread = !read.unread.is_empty();
                if is_unread && !told_unread {
                    metrics.failure(Part::Pipeline);
                    tracing::error!(files = ?read.unread,
                        "files of the trust directory cannot be read; what they held stays in force, \
                         and it is tried again each second");
                }
                // A list that was taken away must not open what it had narrowed.
                let store = read.store.clone().in_place_of(&trust.borrow());
                if !is_unread || store.digest() != trust.borrow().digest() {
                    for problem in &read.problems {
                        tracing::warn!(%problem, "a file in the trust directory is not used");
                    }
                    tracing::info!(certificates = store.len(), "the trust directory changed");
                    metrics.trust_anchors(store.len());
                    trust.send_replace(Arc::new(store));
                }
                if !is_unread {
                    seen = now;
                }
                (held, told_unread) = (read, is_unread);
            }
            Err(_) if told_unread => {}
            Err(error) => {
                metrics.failure(Part::Pipeline);
                tracing::error!(%error, "the trust in force stays; it is tried again each second");
                told_unread = true;
            }
        }
    }
}

fn standing_of_trust(trust: &TrustStore, is_overdue: bool, is_unread: bool) -> Standing {
    if trust.is_empty() {
        return Standing::Impaired("no certificate is trusted: mail is kept and not verified");
    }
    if is_unread {
        return Standing::Impaired("it cannot be read whole: what else it held is in force");
    }
    if trust.has_lost_list() {
        return Standing::Impaired("a trust list cannot be used: `skrynka check` says why");
    }
    if is_overdue {
        return Standing::Impaired("the trust list is past its next update, or missing");
    }
    Standing::Works
}

/// Sets the gauges of the newest trust list, and says whether its next issue is overdue.
fn measure_list(trust: &TrustStore, metrics: &Metrics, now: Timestamp) -> bool {
    let overdue = trust.lacks_list_at(now);
    let age = trust.newest_list().map(|list| now.seconds_since(list.issued_at));
    metrics.trust_list(age, overdue);
    overdue
}

/// What the files of a directory are told from changed ones by.
pub(super) type Listing = BTreeMap<PathBuf, [Option<Stat>; 2]>;

/// What tells that a file changed, in its content or in who may read it: one that could not be read
/// is read when it can be. Its file system and its number there, length, mode, owner, and when
/// content and the rest were changed last.
type Stat = (u64, u64, u64, u32, u32, [i64; 2], [i64; 2]);

/// The files of a directory, each as it is and, where it is a link, as what it leads to is.
pub(super) fn listing(directory: &Path) -> Listing {
    let Ok(entries) = std::fs::read_dir(directory) else { return Listing::new() };
    let stat = |of: std::fs::Metadata| {
        let (content, rest) = ([of.mtime(), of.mtime_nsec()], [of.ctime(), of.ctime_nsec()]);
        (of.dev(), of.ino(), of.len(), of.mode(), of.uid(), content, rest)
    };
    let both = |path: PathBuf| {
        let both = [path.symlink_metadata(), path.metadata()].map(|of| of.ok().map(stat));
        (path, both)
    };
    entries.flatten().map(|entry| both(entry.path())).collect()
}

/// Sets the gauges that nothing else sets.
pub(super) async fn refresh_gauges(
    spool: Spool,
    metrics: Metrics,
    clock: Clock,
    mut stop: Receiver<bool>,
) {
    loop {
        let (count, oldest) = spool.backlog();
        let age = oldest.map_or(0, |oldest| clock.now().seconds_since(oldest));
        metrics.pending(count, Duration::from_secs(u64::try_from(age).unwrap_or(0)));
        if let Ok(free) = spool.free_bytes() {
            metrics.disk_free(free);
        }
        if stopped(&mut stop, REFRESH).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use tokio::sync::watch::channel;

    use super::*;
    use crate::{
        algorithms::Policy,
        domain::Sha256,
        sample::{
            Seed,
            authority::{Authority, Validity},
        },
    };

    #[test]
    fn a_file_that_may_be_read_now_has_changed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("root.pem");
        fs::write(&file, "root").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        let before = listing(directory.path());
        assert_eq!(listing(directory.path()), before);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_ne!(listing(directory.path()), before);
    }

    #[test]
    fn what_a_link_leads_to_is_seen_to_change_and_to_go() {
        let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = elsewhere.path().join("root.pem");
        fs::write(&file, "root").unwrap();
        std::os::unix::fs::symlink(&file, directory.path().join("root.pem")).unwrap();
        let first = listing(directory.path());
        assert_eq!(listing(directory.path()), first);
        fs::write(&file, "another root").unwrap();
        let second = listing(directory.path());
        assert_ne!(second, first);
        fs::remove_file(&file).unwrap();
        let third = listing(directory.path());
        assert_ne!(third, second);
        assert_eq!(third.len(), 1);
    }

    #[tokio::test]
    async fn a_root_that_is_taken_away_while_the_server_starts_is_not_trusted() {
        let directory = tempfile::tempdir().unwrap();
        let now = Timestamp::from_seconds(1_800_000_000);
        let root = Authority::root(Seed::from([7; 32]), Validity::days(now, 300)).unwrap();
        let file = directory.path().join("root.der");
        fs::write(&file, root.certificate()).unwrap();
        let section =
            config::Trust { directory: directory.path().to_owned(), ..config::Trust::default() };
        let seen = listing(&section.directory);
        let held = read_trust(&section, &Policy::built_in(), None).unwrap();
        assert_eq!(held.store.len(), 1);
        fs::remove_file(&file).unwrap();
        let (sender, mut receiver) = channel(Arc::new(held.store.clone()));
        let (_stop, stopping) = channel(false);
        let (metrics, clock) = (Metrics::new(), Clock::fixed(now));
        let readiness = Readiness::default();
        let seen = (seen, held);
        tokio::spawn(refresh_trust(section, seen, sender, metrics, clock, readiness, stopping));
        let changed = receiver.wait_for(|trust| trust.is_empty());
        let limit = Duration::from_secs(20);
        assert!(tokio::time::timeout(limit, changed).await.is_ok());
    }

    /// What cannot be read keeps what it held, and nothing else.
    #[tokio::test]
    async fn a_root_that_is_taken_away_is_not_trusted_whatever_else_cannot_be_read() {
        let directory = tempfile::tempdir().unwrap();
        let now = Timestamp::from_seconds(1_800_000_000);
        let [gone, other] = [7, 8].map(|seed| {
            let root = Authority::root(Seed::from([seed; 32]), Validity::days(now, 300)).unwrap();
            let file = directory.path().join(format!("{seed}.der"));
            fs::write(&file, root.certificate()).unwrap();
            file
        });
        let section =
            config::Trust { directory: directory.path().to_owned(), ..config::Trust::default() };
        let seen = listing(&section.directory);
        let held = read_trust(&section, &Policy::built_in(), None).unwrap();
        let stays = Sha256::of(&fs::read(&other).unwrap());
        fs::remove_file(&gone).unwrap();
        // It can be looked at and not be read.
        fs::remove_file(&other).unwrap();
        std::os::unix::fs::symlink("/proc/self/mem", &other).unwrap();
        let (sender, mut receiver) = channel(Arc::new(held.store.clone()));
        let (_stop, stopping) = channel(false);
        let (metrics, clock) = (Metrics::new(), Clock::fixed(now));
        let (readiness, seen) = (Readiness::default(), (seen, held));
        tokio::spawn(refresh_trust(section, seen, sender, metrics, clock, readiness, stopping));
        let changed = receiver.wait_for(|trust| trust.len() == 1);
        let limit = Duration::from_secs(20);
        let trust = Arc::clone(&*tokio::time::timeout(limit, changed).await.unwrap().unwrap());
        assert_eq!(trust.certificates()[0].sha256(), stays);
        fs::remove_file(&other).unwrap();
        let changed = receiver.wait_for(|trust| trust.is_empty());
        assert!(tokio::time::timeout(limit, changed).await.is_ok());
    }
}
