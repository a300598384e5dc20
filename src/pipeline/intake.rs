//! Taking mail from the receiver into the spool.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    domain::{Envelope, MailAddress, MailId},
    metrics::{Metrics, Part},
    registry::Registry,
    smtp::{Intake, IntakeError},
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
}

impl SpoolIntake {
    /// Intake into `spool` for the mailboxes of `registry`, which may change under way.
    #[must_use]
    pub fn new(spool: Spool, registry: watch::Receiver<Arc<Registry>>, metrics: Metrics) -> Self {
        Self { spool, registry, metrics }
    }
}

impl Intake for SpoolIntake {
    fn knows(&self, recipient: &MailAddress) -> bool {
        self.registry.borrow().find(recipient).is_some()
    }

    async fn accept(&self, envelope: Envelope, message: Vec<u8>) -> Result<MailId, IntakeError> {
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
