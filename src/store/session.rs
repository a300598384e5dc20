//! Sessions of members of staff: only a digest of the token that their browser holds.

use std::fmt;

use super::{
    Store, StoreError, User, user,
    value::{Record, values},
};
use crate::domain::{Sha256, Timestamp};

/// A session, to be started.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The digest of the token.
    pub token_digest: Sha256,
    /// Whose session it is, by name.
    pub user: String,
    /// What forms must bring along. Worth nothing without the token.
    pub csrf: String,
    /// When it starts.
    pub created_at: Timestamp,
    /// The first moment when it is over.
    pub expires_at: Timestamp,
}

/// A session that is not over.
#[derive(Clone)]
pub struct Session {
    /// Whose it is; never a disabled user.
    pub user: User,
    /// What forms must bring along.
    pub csrf: String,
    /// When it started.
    pub created_at: Timestamp,
    /// The first moment when it is over.
    pub expires_at: Timestamp,
}

impl Store {
    /// Starts a session, and forgets those that are over.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] when there is no such user, or they are disabled; when the
    /// database fails.
    pub async fn start_session(&self, session: &NewSession) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        transaction
            .execute("DELETE FROM sessions WHERE expires_us <= $1", values![session.created_at])
            .await?;
        let started = transaction
            .execute(
                "INSERT INTO sessions (token_digest, user_name, csrf, created_us, expires_us)
                 SELECT $1, name, $3, $4, $5 FROM users WHERE name = $2 AND disabled_us IS NULL",
                values![
                    session.token_digest,
                    session.user,
                    session.csrf,
                    session.created_at,
                    session.expires_at,
                ],
            )
            .await?;
        if started == 0 {
            return Err(StoreError::Unknown { kind: "user", name: session.user.clone() });
        }
        transaction.commit().await
    }

    /// The session of the token with this digest, unless it is over at `now`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(
        &self,
        token_digest: &Sha256,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let mut snapshot = self.engine.snapshot().await?;
        let row = snapshot
            .row(
                "SELECT user_name, csrf, sessions.created_us, expires_us
                 FROM sessions JOIN users ON users.name = sessions.user_name
                 WHERE token_digest = $1 AND expires_us > $2 AND disabled_us IS NULL",
                values![token_digest, now],
            )
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let record = Record::new(&row, "sessions", "user_name");
        let name: String = record.read("user_name")?;
        let Some(user) = user::find(&name, &mut snapshot).await? else {
            return Ok(None);
        };
        Ok(Some(Session {
            user,
            csrf: record.read("csrf")?,
            created_at: record.read("created_us")?,
            expires_at: record.read("expires_us")?,
        }))
    }

    /// Moves the end of a session that is in use; nothing happens when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn extend_session(
        &self,
        token_digest: &Sha256,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        transaction
            .execute(
                "UPDATE sessions SET expires_us = $2 WHERE token_digest = $1",
                values![token_digest, expires_at],
            )
            .await?;
        transaction.commit().await
    }

    /// Ends a session; nothing happens when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, token_digest: &Sha256) -> Result<(), StoreError> {
        let mut transaction = self.engine.begin().await?;
        transaction
            .execute("DELETE FROM sessions WHERE token_digest = $1", values![token_digest])
            .await?;
        transaction.commit().await
    }
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession")
            .field("user", &self.user)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.user)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
