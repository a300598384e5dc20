//! What the mails in hand share: who is let in, how many are worked on, who opens, in which order.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore};

use super::{
    changes::Outdated,
    gate::{Gate, Pass},
    look_up,
    order::{Order, Position},
};

/// The lock of opening, shared with other mails or held alone.
pub(super) type Held<'a> = (Option<RwLockReadGuard<'a, ()>>, Option<RwLockWriteGuard<'a, ()>>);

/// What the mails in hand share.
pub(super) struct Workers {
    /// Closed while something of ours fails.
    pub(super) gate: Arc<Gate>,
    /// One for each mail that is worked on. A mail that waits to be tried again or for what the
    /// DNS says of its sender holds none.
    permits: Arc<Semaphore>,
    /// For mails that wait for what the DNS says when they are examined, until they are kept.
    pub(super) waiting: Arc<Semaphore>,
    /// Held by every mail while it is opened; by a mail that may have stopped the program, alone.
    pub(super) opening: RwLock<()>,
    /// The order of the mails in hand.
    order: Arc<Order>,
    pub(super) outdated: Outdated,
}

/// A mail that is let in.
pub(super) struct Admitted {
    pub(super) pass: Pass,
    pub(super) hold: Hold,
}

/// What a mail holds while it is judged.
pub(super) struct Hold {
    pub(super) position: Position,
    pub(super) permit: OwnedSemaphorePermit,
}

impl Workers {
    /// So many mails are worked on at once.
    pub(super) fn new(count: usize) -> Self {
        Self {
            gate: Arc::default(),
            permits: Arc::new(Semaphore::new(count)),
            waiting: Arc::new(Semaphore::new(look_up::WAITING)),
            opening: RwLock::default(),
            order: Arc::default(),
            outdated: Outdated::default(),
        }
    }

    /// Lets a mail in. The position comes last: who has one holds a permit, and never waits for the
    /// permit of another that waits behind it.
    pub(super) async fn admit(&self, pass: Pass) -> Admitted {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.expect("the permits are never closed");
        Admitted { pass, hold: Hold { position: self.order.take(), permit } }
    }

    /// Takes the lock of opening for a mail: shared at its first attempt, alone at a later one. When
    /// the program stopped, several mails may have been open at once; opened alone, the one that
    /// stops it is known.
    pub(super) async fn open(&self, attempts: u32) -> Held<'_> {
        if attempts == 0 {
            (Some(self.opening.read().await), None)
        } else {
            (None, Some(self.opening.write().await))
        }
    }
}
