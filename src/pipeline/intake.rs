//! Taking mail from the receiver into the spool.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    domain::{MailAddress, MailId},
    metrics::{Metrics, Part},
    registry::Registry,
    smtp::{Intake, IntakeError, Mail},
    spool::{Spool, SpoolError},
};

/// Accepts mail for the branches of the registry and returns once it is durable.
///
/// Knows the registry in memory, so that a database that is down refuses no mail.
#[derive(Debug)]
pub struct SpoolIntake {
    spool: Spool,
    registry: watch::Receiver<Arc<Registry>>,
    metrics: Metrics,
    postmaster: Option<MailAddress>,
}

impl SpoolIntake {
    /// Intake into `spool` for the mailboxes of `registry`, which may change under way.
    #[must_use]
    pub fn new(spool: Spool, registry: watch::Receiver<Arc<Registry>>, metrics: Metrics) -> Self {
        Self { spool, registry, metrics, postmaster: None }
    }

    /// The same, with mail for `<postmaster>` going to `mailbox` as long as the registry has it.
    #[must_use]
    pub fn with_postmaster(self, mailbox: Option<MailAddress>) -> Self {
        Self { postmaster: mailbox, ..self }
    }
}

impl Intake for SpoolIntake {
    fn knows(&self, recipient: &MailAddress) -> bool {
        self.registry.borrow().find(recipient).is_some()
    }

    fn serves(&self, domain: &str) -> bool {
        let registry = self.registry.borrow();
        let mut mailboxes = registry.branches.iter().flat_map(|branch| &branch.addresses);
        mailboxes.any(|mailbox| mailbox.domain() == domain)
    }

    fn has_room(&self, bytes: u64) -> bool {
        let wanted = bytes.saturating_add(bytes / 2);
        self.spool.free_bytes_seen().saturating_sub(self.spool.reserve_bytes()) >= wanted
    }

    fn queued(&self) -> usize {
        self.spool.queued()
    }

    /// The mailbox named in the configuration, or else the first of the first branch: somebody is
    /// to read it as long as anybody reads anything.
    fn postmaster(&self) -> Option<MailAddress> {
        let registry = self.registry.borrow();
        let named = self.postmaster.as_ref().filter(|mailbox| registry.find(mailbox).is_some());
        let first = || registry.branches.first().and_then(|branch| branch.addresses.first());
        named.or_else(first).cloned()
    }

    async fn accept(&self, mail: Mail) -> Result<MailId, IntakeError> {
        let Mail { envelope, message } = mail;
        let id = super::mail_id(envelope.received_at).map_err(|error| {
            self.metrics.failure(Part::Smtp);
            tracing::error!(%error, "the system gives no random numbers; mail is put off");
            IntakeError::Failed
        })?;
        self.spool.append(id, envelope, message).await.map_err(|error| {
            self.metrics.failure(Part::Smtp);
            tracing::error!(%error, "a mail could not be made durable; its sender is told to retry");
            if let SpoolError::Full { .. } = error { IntakeError::Full } else { IntakeError::Failed }
        })?;
        Ok(id)
    }
}
