//! From an accepted mail to a kept share: claim, open, examine, judge, keep, settle.
//!
//! Each step may be cut off by a crash and is done again from the start: a share's id follows
//! from the mail and the branch, the database takes each id once, and the spool gives the mail
//! out until it is settled. A failure of ours (the database or the disk) never changes a verdict;
//! the mail waits and is tried again.

mod changes;
mod examine;
mod gate;
mod intake;
mod keep;
mod look_up;
mod order;
mod rejudge;
mod remains;
mod workers;

use std::{error::Error, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{
    archive::{Archive, ArchiveError},
    clock::Clock,
    domain::{
        ClockState, Envelope, MailAddress, MailId, RevocationPolicy, ServiceId, ShareId, Timestamp,
    },
    envelope::OrganisationKeys,
    matching,
    metrics::{Metrics, Part},
    registry::{Branch, Registry},
    sender,
    spool::{Pending, Spool, SpoolError, SpooledMail},
    store::StoreError,
    trust::{RevocationStore, TrustStore, Wanted},
    vault::VaultError,
};

use examine::{Material, Sources};
use look_up::LookUp;
use workers::{Admitted, Hold, Workers};

pub use intake::SpoolIntake;

/// How often opening one mail may stop the program before it is kept unopened.
const MAX_ATTEMPTS: u32 = 3;

/// The pause before what failed is tried again: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Everything that judging a mail needs. Cloning is cheap.
#[derive(Clone)]
pub struct Pipeline {
    /// Where accepted mails wait.
    pub spool: Spool,
    /// Where shares are kept.
    pub archive: Archive,
    /// The branches and services of the moment.
    pub registry: watch::Receiver<Arc<Registry>>,
    /// The trusted certificates of the moment.
    pub trust: watch::Receiver<Arc<TrustStore>>,
    /// The revocation data of the moment.
    pub revocation: watch::Receiver<Arc<RevocationStore>>,
    /// What opens encrypted copies.
    pub organisation_keys: Arc<OrganisationKeys>,
    /// What happens to a signature when it does not suffice.
    pub revocation_policy: RevocationPolicy,
    /// Who fetches revocation data that is missing; `None` when nobody does.
    pub wanted: Option<mpsc::Sender<Wanted>>,
    /// Who asks the DNS about senders; `None` when nobody does.
    pub sender: Option<sender::Checks>,
    /// How long what is not verified is kept.
    pub policy: matching::Policy,
    /// Our name, as the `Received:` field of a mail has it.
    pub hostname: String,
    /// The time.
    pub clock: Clock,
    /// How it stands.
    pub standing: watch::Receiver<ClockState>,
    /// The numbers.
    pub metrics: Metrics,
}

/// A failure of ours; the mail stays in the spool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
enum PipelineError {
    /// No branch has one of the mail's recipients any more.
    #[error(
        "a recipient of the mail belongs to no branch any more; put the branch back with \
         `skrynka registry apply` and the mail is judged by itself"
    )]
    NoBranch,
    /// The purge, or another judgement, was there in between.
    #[error("the share has changed while it was judged again")]
    Overtaken,
    /// Opening or examining panicked, which another mail need not do.
    #[error("opening the mail panicked")]
    Panicked,
    /// The program panicked elsewhere, as it does where no thread can be started.
    #[error("the program panicked")]
    Broken,
    /// The spool failed.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The database or the vault failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl From<StoreError> for PipelineError {
    fn from(error: StoreError) -> Self {
        Self::Archive(error.into())
    }
}

impl PipelineError {
    /// Whether other mails will fail for the same reason, as far as can be told.
    fn concerns_all(&self) -> bool {
        match self {
            Self::NoBranch | Self::Overtaken | Self::Panicked => false,
            // What the disk does not give of one mail says nothing of the others.
            Self::Spool(error) => !matches!(
                error,
                SpoolError::Damaged { .. } | SpoolError::Io { .. } | SpoolError::Unknown { .. }
            ),
            Self::Broken | Self::Archive(ArchiveError::Store(_)) => true,
            // An object that is missing or damaged is one share's.
            Self::Archive(ArchiveError::Vault(error)) => {
                !matches!(error, VaultError::Damaged { .. } | VaultError::Missing { .. })
            }
        }
    }

    /// Whether it may be one share's alone, though others fail for the same reason where it is not: a
    /// value or an object that cannot be read.
    fn may_be_one(&self) -> bool {
        match self {
            Self::Broken => true,
            Self::Archive(ArchiveError::Store(error)) => {
                matches!(error, StoreError::Corrupt { .. })
            }
            Self::Archive(ArchiveError::Vault(error)) => {
                !matches!(error, VaultError::NotThere { .. })
            }
            Self::NoBranch | Self::Overtaken | Self::Panicked | Self::Spool(_) => false,
        }
    }
}

impl Pipeline {
    /// Judges mails as they come, `workers` at once, and shares again when what they were judged
    /// by changes, until `shutdown` turns true; then ends what is in hand and returns. A mail that
    /// cannot be judged now waits and keeps no other waiting. Returns before that only after a fault
    /// of ours: what is in hand then is safe in the spool, and is judged after a start.
    pub async fn run(self, workers: usize, shutdown: watch::Receiver<bool>) {
        let mut stop = shutdown.clone();
        let workers = Arc::new(Workers::new(workers));
        let mut following = JoinSet::new();
        following.spawn(self.clone().follow_changes(Arc::clone(&workers), shutdown.clone()));
        let mut mails = JoinSet::new();
        // Over all turns of the loop: a mail that was claimed is not offered again.
        let mut claiming = std::pin::pin!(self.claim(&workers));
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                _ = following.join_next() => return,
                Some(ended) = mails.join_next(), if !mails.is_empty() => {
                    if ended.is_err() {
                        return;
                    }
                }
                (pending, admitted) = &mut claiming => {
                    let own = Arc::clone(&workers);
                    mails.spawn(self.clone().settle(pending, admitted, own, shutdown.clone()));
                    claiming.set(self.claim(&workers));
                }
            }
        }
        while mails.join_next().await.is_some() {}
        while following.join_next().await.is_some() {}
    }

    /// The next mail, let in. While something of ours fails mails stay in the
    /// spool, which holds any number of them.
    async fn claim(&self, workers: &Workers) -> (Pending, Admitted) {
        let pending = self.spool.next().await;
        let pass = workers.gate.pass().await;
        (pending, workers.admit(pass).await)
    }

    /// Tries one mail until it is settled or the server stops.
    async fn settle(
        self,
        mut pending: Pending,
        mut admitted: Admitted,
        workers: Arc<Workers>,
        mut shutdown: watch::Receiver<bool>,
    ) {
        let mut pause = FIRST_PAUSE;
        loop {
            let Admitted { pass, hold } = admitted;
            let Err(error) = self.try_once(pending, hold, &workers).await else {
                pass.succeeded();
                return;
            };
            self.metrics.failure(Part::Pipeline);
            if error.concerns_all() {
                pass.failed();
            } else {
                drop(pass);
            }
            if let PipelineError::Panicked = error {
                pending.attempts = pending.attempts.saturating_add(1);
            }
            if let PipelineError::Spool(SpoolError::Damaged { .. }) = error {
                // Trying again heals nothing. It stays in the backlog, where the alert on the
                // oldest mail without a verdict calls a person.
                tracing::error!(mail.id = %pending.id, error = chain(&error),
                    "an accepted mail is damaged on the disk; restore the spool's file, or see \
                     OPERATING.md");
                return;
            }
            tracing::error!(mail.id = %pending.id, error = chain(&error), retry_in_seconds = pause.as_secs_f64(),
                "a mail could not be judged; it is safe in the spool");
            admitted = tokio::select! {
                _ = shutdown.wait_for(|stop| *stop) => {
                    self.spool.release(pending.id);
                    return;
                }
                admitted = async {
                    tokio::time::sleep(pause).await;
                    workers.admit(workers.gate.pass_again().await).await
                } => admitted,
            };
            pause = longer(pause);
        }
    }

    /// Judges on a task of its own, so that a panic ends there.
    async fn try_once(
        &self,
        pending: Pending,
        hold: Hold,
        workers: &Arc<Workers>,
    ) -> Result<(), PipelineError> {
        let (pipeline, workers) = (self.clone(), Arc::clone(workers));
        // A set, for it ends its task when it is dropped.
        let mut task = JoinSet::new();
        task.spawn(async move { pipeline.judge(pending, hold, &workers).await });
        match task.join_next().await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) | None => Err(PipelineError::Broken),
        }
    }

    async fn judge(
        &self,
        pending: Pending,
        hold: Hold,
        workers: &Workers,
    ) -> Result<(), PipelineError> {
        let Hold { position, mut permit } = hold;
        let mail = self.spool.read(pending.id).await?;
        let (targets, homeless) = self.targets(&mail.envelope);
        let mut missing = Vec::new();
        for target in targets {
            // Its objects were synced before it was committed, and no later try touches them, so
            // a share that is there needs nothing more.
            let share = ShareId::of(mail.id, &target.branch.id);
            if self.archive.store().has_share(share).await? {
                // What the earlier try judged it by may no longer be in force. A mail whose branch is
                // away is tried for as long as that is.
                if homeless {
                    workers.outdated.add_once(share);
                } else {
                    workers.outdated.add([share]);
                }
            } else {
                missing.push(target);
            }
        }
        if !missing.is_empty() {
            let sources = Sources::of(self);
            let (mut opened, look_up) = self.open(pending, &mail, &sources, workers).await?;
            position.come(opened.fingerprints()).await;
            if let Some(look_up) = look_up {
                // It takes no permit again: a mail with the same copy may hold the last one, waiting
                // for this one.
                if let Some(found) = look_up.end(&position, &mut permit, &workers.waiting).await {
                    opened.signals = found;
                }
                self.spool.end_attempt(mail.id).await?;
            }
            for target in &missing {
                self.keep(&mail, target, &opened, &sources).await?;
            }
            // Only now: what arrives finds the shares that wait for it.
            self.ask_for(opened.wanted());
            if !sources.are_in_force(self) {
                workers
                    .outdated
                    .add(missing.iter().map(|target| ShareId::of(mail.id, &target.branch.id)));
            }
        }
        if homeless {
            return Err(PipelineError::NoBranch);
        }
        // What was committed to a file that is gone is gone with it.
        self.archive.store().check_place().await?;
        self.spool.settle(mail.id).await?;
        Ok(())
    }

    /// Opens and examines a mail, counting attempts that stop the program, and begins to ask the
    /// DNS about its sender. The attempt ends with the look-ups, where there are any.
    async fn open(
        &self,
        pending: Pending,
        mail: &SpooledMail,
        sources: &Sources,
        workers: &Workers,
    ) -> Result<(examine::Opened, Option<LookUp>), PipelineError> {
        let _held = workers.open(pending.attempts).await;
        // Those before this one count that ended in a panic, wherever it was.
        let begun = self.spool.begin_attempt(mail.id).await?.max(pending.attempts + 1);
        if begun > MAX_ATTEMPTS {
            return Ok((examine::Opened::unopened_after_crashes(), None));
        }
        let origin = sender::Origin::from(&mail.envelope);
        let signals = self.sender.as_ref().map(|_| sender::unasked(&origin)).unwrap_or_default();
        // Look-ups go on when the lock is free again: it does not tell what they stop. A mail that
        // may have stopped the program goes without them.
        let checks = self.sender.as_ref().filter(|_| pending.attempts == 0);
        let look_up =
            checks.map(|checks| LookUp::begin(checks.clone(), origin, mail.message.clone()));
        let received_at = mail.envelope.received_at;
        let opened = self.examine(Material::Mail(mail.message.clone()), received_at, sources).await;
        if look_up.is_none() || opened.is_err() {
            self.spool.end_attempt(mail.id).await?;
        }
        Ok((examine::Opened { signals, ..opened? }, look_up))
    }

    /// Opens and examines on a thread of its own: it is all computation, and a panic in it ends
    /// there.
    async fn examine(
        &self,
        material: Material,
        received_at: Timestamp,
        sources: &Sources,
    ) -> Result<examine::Opened, PipelineError> {
        let (pipeline, sources) = (self.clone(), sources.clone());
        tokio::task::spawn_blocking(move || {
            examine::examine(material, &sources, received_at, &pipeline)
        })
        .await
        .map_err(|_| PipelineError::Panicked)
    }

    /// Asks for revocation data, and never waits: what finds no room is asked for again when the
    /// share is next looked at.
    fn ask_for<'a>(&self, wanted: impl Iterator<Item = &'a Wanted>) {
        let Some(sender) = &self.wanted else { return };
        for one in wanted {
            if let Err(mpsc::error::TrySendError::Full(_)) = sender.try_send(one.clone()) {
                self.metrics.revocation_question_dropped();
            }
        }
    }

    /// The branches that the mail came to, each once, with the service its address names; and
    /// whether there are recipients that belong to no branch any more.
    fn targets(&self, envelope: &Envelope) -> (Vec<Target>, bool) {
        let registry = Arc::clone(&self.registry.borrow());
        let mut targets: Vec<Target> = Vec::new();
        let mut homeless = false;
        for (place, recipient) in (0..).zip(&envelope.recipients) {
            let Some(found) = registry.find(recipient) else {
                homeless = true;
                continue;
            };
            let service = found.service.map(|service| service.id.clone());
            match targets.iter_mut().find(|target| target.branch.id == found.branch.id) {
                Some(target) => {
                    target.recipients.push(recipient.clone());
                    target.service = target.service.take().or(service);
                }
                None => targets.push(Target {
                    branch: found.branch.clone(),
                    place,
                    service,
                    recipients: vec![recipient.clone()],
                }),
            }
        }
        (targets, homeless)
    }
}

/// One branch that a mail came to.
struct Target {
    branch: Branch,
    /// The place of its first address among the mail's recipients, from 0.
    place: u32,
    service: Option<ServiceId>,
    recipients: Vec<MailAddress>,
}

/// The form in which `tracing` logs an error together with what it comes from.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    error
}

fn longer(pause: Duration) -> Duration {
    pause.saturating_mul(2).min(LONGEST_PAUSE)
}

/// A fresh id for a mail accepted at `at`.
fn mail_id(at: Timestamp) -> Result<MailId, getrandom::Error> {
    let mut random = [0; 10];
    getrandom::fill(&mut random)?;
    Ok(MailId::new(at, random))
}

#[cfg(test)]
mod tests;
