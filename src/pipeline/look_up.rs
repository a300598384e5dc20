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

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::{Duration, timeout};

    use super::*;
    use crate::{
        domain::Fingerprint,
        pipeline::turns::{Turn, Turns},
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

    async fn turn(turns: &Arc<Turns>, content: u8) -> Turn {
        let turn = turns.take();
        turn.come(vec![Fingerprint([content; 32])]).await;
        turn
    }

    async fn ends_at_once(
        look_up: LookUp,
        turn: &Turn,
        slot: &mut OwnedSemaphorePermit,
        room: &Arc<Semaphore>,
    ) -> bool {
        timeout(Duration::ZERO, look_up.end(turn, slot, room)).await.is_ok()
    }

    #[tokio::test]
    async fn a_mail_waits_in_the_room_without_a_slot_and_where_there_is_none_not_at_all() {
        let (turns, slots) = (Arc::default(), Arc::new(Semaphore::new(2)));
        let room = Arc::new(Semaphore::new(3));
        let (one, two) = (turn(&turns, 1).await, turn(&turns, 2).await);
        let (mut slot_of_one, mut slot_of_two) = (permit(&slots), permit(&slots));
        assert!(!ends_at_once(silent(2), &one, &mut slot_of_one, &room).await);
        assert_eq!((slots.available_permits(), room.available_permits()), (1, 1));

        assert!(ends_at_once(silent(2), &two, &mut slot_of_two, &room).await, "a long mail");
        assert_eq!((slots.available_permits(), room.available_permits()), (1, 1));
        assert!(!ends_at_once(silent(1), &two, &mut slot_of_two, &room).await, "a short one");
        assert_eq!((slots.available_permits(), room.available_permits()), (2, 0));
        drop(slot_of_one);
        assert_eq!(room.available_permits(), 2);
    }

    #[tokio::test]
    async fn a_mail_keeps_none_with_the_same_copy_waiting() {
        let (turns, room) = (Arc::default(), Arc::new(Semaphore::new(3)));
        let first = turn(&turns, 1).await;
        let behind = turns.take();
        let mut slot = permit(&Arc::new(Semaphore::new(1)));
        let (found, ()) = tokio::join!(silent(1).end(&first, &mut slot, &room), async {
            // It says what it holds, and waits.
            let come = behind.come(vec![Fingerprint([1; 32])]);
            assert!(timeout(Duration::ZERO, come).await.is_err());
        });
        assert_eq!(found, None);
    }
}
