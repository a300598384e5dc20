//! Random secrets and passwords.
//!
//! Tokens are 32 random bytes in hexadecimal; the database holds their SHA-256 alone, so finding
//! one by its digest compares nothing that could leak by timing. Passwords are hashed with
//! Argon2id by `password-auth`, on blocking threads, a few at a time.

use std::{fmt, fmt::Write as _, sync::LazyLock};

use tokio::{sync::Semaphore, task::spawn_blocking};
use zeroize::{Zeroize as _, Zeroizing};

use super::refusal::Refusal;
use crate::domain::Sha256;

/// A random token. Its text is shown once, to the one who holds it; `Debug` keeps it back.
pub struct Token(Zeroizing<String>);

impl Token {
    /// A token made of 32 bytes of the system's randomness.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in bytes.iter() {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text))
    }

    /// The text: 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the database holds.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        token_digest(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The digest that the database holds of a token with this text.
pub(super) fn token_digest(text: &str) -> Sha256 {
    Sha256::of(text.as_bytes())
}

/// One Argon2 check takes 19 MiB; more than these at a time wait.
static CHECKS: Semaphore = Semaphore::const_new(4);
/// What the password of a name that nobody has is compared with, so that it takes as long.
static DECOY: LazyLock<String> =
    LazyLock::new(|| password_auth::generate_hash("a password of nobody"));

/// Whether `password` is the one of `hash`; of nobody when there is none.
pub(super) async fn is_password(
    mut password: String,
    hash: Option<String>,
) -> Result<bool, Refusal> {
    let permit = CHECKS.acquire().await.map_err(|error| Refusal::internal(&error))?;
    spawn_blocking(move || {
        let of_somebody = hash.is_some();
        let hash = hash.as_deref().unwrap_or(&DECOY);
        let right = password_auth::verify_password(&password, hash).is_ok();
        password.zeroize();
        drop(permit);
        right && of_somebody
    })
    .await
    .map_err(|error| Refusal::internal(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_do_not_show_in_logs() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one.as_str(), other.as_str());
        assert_eq!(one.as_str().len(), 64);
        assert!(!format!("{one:?}").contains(one.as_str()));
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        assert!(!is_password("a password of nobody".to_owned(), None).await.unwrap());
        let hash = password_auth::generate_hash("правильний");
        assert!(is_password("правильний".to_owned(), Some(hash.clone())).await.unwrap());
        assert!(!is_password("інший".to_owned(), Some(hash)).await.unwrap());
    }
}
