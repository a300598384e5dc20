//! Following what mail needs to be acknowledged, for `/readyz`.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use tokio::sync::watch::{Receiver, Sender};

use crate::{
    registry::Registry,
    spool::{Outcome, Spool, SpoolError},
    store::Store,
    vault::Vault,
    web::{Part, Readiness, Standing},
};

/// How soon a spool that does not work is tried again, and how soon lack of space is seen.
const PAUSE: Duration = Duration::from_secs(1);
/// A write that is older than this proves nothing of the disk now.
const PROOF: Duration = Duration::from_secs(15);
/// How long an answer may take before its part counts as not working.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Says whether the spool keeps mail, by its last commits. When they are too long ago, or the last one
/// failed, the spool is asked to prove it. Ends when the writer of the spool does.
pub(super) async fn follow_spool(spool: Spool, readiness: Readiness, mut stop: Receiver<bool>) {
    let mut commits = spool.commits();
    while spool.is_running() {
        let last = *commits.borrow_and_update();
        let is_kept = last.outcome == Outcome::Kept;
        let is_recent = Instant::now().saturating_duration_since(last.at) < PROOF;
        if is_kept && is_recent && spool.has_room().unwrap_or(false) {
            readiness.set(Part::Spool, Standing::Works);
        } else {
            if !is_kept {
                readiness.set(Part::Spool, standing(last.outcome));
            }
            let Some(outcome) = proved(&spool, &readiness, &mut stop).await else { return };
            readiness.set(Part::Spool, standing(outcome));
            // What the probe itself has changed.
            commits.mark_unchanged();
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            changed = commits.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// What comes of a write now; `None` when the server stops meanwhile.
async fn proved(
    spool: &Spool,
    readiness: &Readiness,
    stop: &mut Receiver<bool>,
) -> Option<Outcome> {
    let mut probe = pin!(spool.probe());
    let mut late = pin!(tokio::time::sleep(PATIENCE));
    let mut is_late = false;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return None,
            proved = &mut probe => return Some(match proved {
                Ok(()) => Outcome::Kept,
                Err(SpoolError::Full { .. }) => Outcome::Full,
                Err(_) => Outcome::Failed,
            }),
            () = &mut late, if !is_late => {
                is_late = true;
                let how = "the disk does not answer: mail is answered with 451";
                readiness.set(Part::Spool, Standing::Refuses(how));
            }
        }
    }
}

/// Ends when the database is no longer where it was opened: what is kept in it would be gone with the
/// server. A start finds the right one, or says what is missing.
pub(super) async fn follow_database(store: Store, mut stop: Receiver<bool>) {
    let mut missed = false;
    loop {
        let is_in_place = store.is_in_place().await;
        if missed && !is_in_place {
            tracing::error!(
                "the file of the database was removed or replaced while it was in use: the server \
                 ends, to be started again with the one that is there"
            );
            return;
        }
        // Seen twice, so that who renames files in its place has a moment.
        missed = !is_in_place;
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Says whether the database can be written, by a small write every 15 seconds, and each second while
/// that fails.
pub(super) async fn follow_writes(store: Store, written: Sender<bool>, mut stop: Receiver<bool>) {
    loop {
        let mut probe = pin!(store.probe());
        let in_time = tokio::time::timeout(PATIENCE, &mut probe).await;
        let proved = if let Ok(proved) = in_time {
            proved
        } else {
            written.send_replace(false);
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                proved = &mut probe => proved,
            }
        };
        let works = proved.is_ok();
        let before = written.send_replace(works);
        if let Err(error) = proved
            && before
        {
            tracing::warn!(%error, "the database cannot be written");
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(if works { PROOF } else { PAUSE }) => {}
        }
    }
}

/// Says whether the vault is there.
pub(super) async fn follow_vault(vault: Vault, readiness: Readiness, mut stop: Receiver<bool>) {
    const ABSENT: Standing = Standing::Impaired("it is not there: mail is kept and judged later");
    const SILENT: Standing =
        Standing::Impaired("it does not answer: mail is kept and judged later");
    loop {
        let standing = match tokio::time::timeout(PATIENCE, vault.check()).await {
            Ok(Ok(())) => Standing::Works,
            Ok(Err(_)) => ABSENT,
            Err(_) => SILENT,
        };
        readiness.set(Part::Vault, standing);
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

pub(super) fn standing(outcome: Outcome) -> Standing {
    match outcome {
        Outcome::Kept => Standing::Works,
        Outcome::Full => Standing::Refuses("there is no room: mail is answered with 452"),
        Outcome::Failed => Standing::Refuses("it cannot be written: mail is answered with 451"),
    }
}

/// An installation without branches takes no mail.
pub(super) fn standing_of_registry(registry: &Registry) -> Standing {
    if registry.branches.is_empty() {
        return Standing::Refuses("no branch is registered: mail is answered with 451");
    }
    Standing::Works
}
