//! What authorities said may be lost: with a database that was put back, or with the cache.
//!
//! The database owes a look at all kept shares then. It is paid at the first accepted time, and each
//! share keeps that moment until an answer of then or later is there.

use super::{Pipeline, Round};
use crate::store::{Look, StoreError};

impl Pipeline {
    /// Lets all kept shares be looked at again where the database owes that, for what authorities said
    /// may be lost. It stays owed while nothing is fetched.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look_again_where_owed(&self) -> Result<(), StoreError> {
        if self.wanted.is_none() {
            return Ok(());
        }
        match self.archive.store().look_again_where_owed(self.clock.now()).await? {
            Some(Look { shares, is_paid: true }) if shares > 0 => tracing::warn!(
                shares,
                "what authorities said may be lost: the revocation cache was empty, or the time has \
                 moved on by more than a restart takes; they are asked anew about all kept shares"
            ),
            Some(Look { shares, is_paid: false }) if shares > 0 => tracing::warn!(
                shares,
                "what authorities said may be lost, and the clock is not accepted: they are asked \
                 anew about all kept shares once it is; see `skrynka clock`"
            ),
            Some(_) | None => {}
        }
        Ok(())
    }

    /// Waits until a look is owed that can be paid: by an accepted clock, which is looked at each second.
    pub(super) async fn look_is_owed(&self) {
        let mut standing = self.standing.clone();
        while self.wanted.is_some() && standing.changed().await.is_ok() {
            let is_accepted = standing.borrow_and_update().is_accepted();
            if is_accepted && self.archive.store().owes_look().await.unwrap_or(false) {
                return;
            }
        }
        std::future::pending::<()>().await;
    }
}

impl Round<'_> {
    /// Lets all be looked at again where that is owed; whether it is written down.
    pub(super) async fn look_for_what_is_lost(&mut self) -> bool {
        if let Err(error) = self.pipeline.look_again_where_owed().await {
            return self.failed(&error, "the shares cannot be looked at again");
        }
        self.todo.lost = false;
        // They are due anew, whenever they were looked at last.
        self.todo.looked_at.clear();
        self.seen.clear();
        true
    }
}
