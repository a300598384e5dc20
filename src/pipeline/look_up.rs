//! What the DNS says of a mail's sender, beside the judging of the mail.
//!
//! Nobody waits for it but the mail itself, and that without a slot: domains that are silent on
//! purpose take no processor's time from other mails. A mail that waits holds its place in the
//! order of the same copies, so it waits no longer once a mail behind it needs that place.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

use crate::{
    domain::Finding,
    sender::{Checks, Origin},
};

use super::turns::Turn;

/// The room for mails that are examined and wait for their look-ups, in units of 1 MiB that a mail
/// begins: so many mails at most.
pub(super) const ROOM: usize = 64;

const UNIT: usize = 1 << 20;

/// The look-ups of one mail. They end when it is dropped.
pub(super) struct LookUp {
    // A set, for it ends its task when it is dropped.
    task: JoinSet<Vec<Finding>>,
    units: u32,
}

impl LookUp {
    /// Begins to ask about `message`.
    pub(super) fn begin(checks: Checks, origin: Origin, message: Bytes) -> Self {
        let units = message.len().div_ceil(UNIT).max(1);
        let mut task = JoinSet::new();
        task.spawn(async move { checks.findings(origin, message).await });
        Self { task, units: u32::try_from(units).unwrap_or(u32::MAX) }
    }

    /// What was found. Unless it is there already, the mail exchanges its `slot` for a place in the
    /// `room`, for good, and waits there; `None` when the room is full, or when a mail with the same
    /// content waits for `turn`.
    pub(super) async fn end(
        mut self,
        turn: &Turn,
        slot: &mut OwnedSemaphorePermit,
        room: &Arc<Semaphore>,
    ) -> Option<Vec<Finding>> {
        if let Some(found) = self.task.try_join_next() {
            return found.ok();
        }
        *slot = Arc::clone(room).try_acquire_many_owned(self.units).ok()?;
        tokio::select! {
            biased;
            found = self.task.join_next() => found?.ok(),
            () = turn.is_wanted() => None,
        }
    }
}
