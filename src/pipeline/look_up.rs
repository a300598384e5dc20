//! What the DNS says of a mail's sender, beside the judging of the mail.
//!
//! Nobody waits for it but the mail itself, and that without a permit: domains that are silent on
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

use super::order::Position;

/// Permits for mails that are examined and wait for their look-ups, in units of 1 MiB that a mail
/// begins: so many mails at most.
pub(super) const WAITING: usize = 64;

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

    /// What was found. Unless it is there already, the mail exchanges its `permit` for some of
    /// `waiting`, for good, and waits; `None` when there are none left, or when a mail with the same
    /// content waits for `position`.
    pub(super) async fn end(
        mut self,
        position: &Position,
        permit: &mut OwnedSemaphorePermit,
        waiting: &Arc<Semaphore>,
    ) -> Option<Vec<Finding>> {
        if let Some(found) = self.task.try_join_next() {
            return found.ok();
        }
        *permit = Arc::clone(waiting).try_acquire_many_owned(self.units).ok()?;
        tokio::select! {
            biased;
            found = self.task.join_next() => found?.ok(),
            () = position.is_wanted() => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::{Duration, timeout};

    use super::*;
    use crate::{
        domain::Fingerprint,
        pipeline::order::{Order, Position},
    };

    /// Look-ups of a mail of `units` that end only when they are dropped.
    fn silent(units: u32) -> LookUp {
        let mut task = JoinSet::new();
        task.spawn(pending());
        LookUp { task, units }
    }

    fn permit(of: &Arc<Semaphore>) -> OwnedSemaphorePermit {
        Arc::clone(of).try_acquire_owned().unwrap()
    }

    async fn position(order: &Arc<Order>, content: u8) -> Position {
        let position = order.take();
        position.come(vec![Fingerprint([content; 32])]).await;
        position
    }

    async fn ends_at_once(
        look_up: LookUp,
        position: &Position,
        permit: &mut OwnedSemaphorePermit,
        waiting: &Arc<Semaphore>,
    ) -> bool {
        timeout(Duration::ZERO, look_up.end(position, permit, waiting)).await.is_ok()
    }

    #[tokio::test]
    async fn a_mail_waits_without_a_permit_of_the_workers_and_where_there_is_none_left_not_at_all()
    {
        let (order, permits) = (Arc::default(), Arc::new(Semaphore::new(2)));
        let waiting = Arc::new(Semaphore::new(3));
        let (one, two) = (position(&order, 1).await, position(&order, 2).await);
        let (mut permit_of_one, mut permit_of_two) = (permit(&permits), permit(&permits));
        assert!(!ends_at_once(silent(2), &one, &mut permit_of_one, &waiting).await);
        assert_eq!((permits.available_permits(), waiting.available_permits()), (1, 1));

        assert!(ends_at_once(silent(2), &two, &mut permit_of_two, &waiting).await, "a long mail");
        assert_eq!((permits.available_permits(), waiting.available_permits()), (1, 1));
        assert!(!ends_at_once(silent(1), &two, &mut permit_of_two, &waiting).await, "a short one");
        assert_eq!((permits.available_permits(), waiting.available_permits()), (2, 0));
        drop(permit_of_one);
        assert_eq!(waiting.available_permits(), 2);
    }

    #[tokio::test]
    async fn a_mail_keeps_none_with_the_same_copy_waiting() {
        let (order, waiting) = (Arc::default(), Arc::new(Semaphore::new(3)));
        let first = position(&order, 1).await;
        let behind = order.take();
        let mut permit = permit(&Arc::new(Semaphore::new(1)));
        let (found, ()) = tokio::join!(silent(1).end(&first, &mut permit, &waiting), async {
            // It says what it holds, and waits.
            let come = behind.come(vec![Fingerprint([1; 32])]);
            assert!(timeout(Duration::ZERO, come).await.is_err());
        });
        assert_eq!(found, None);
    }
}
