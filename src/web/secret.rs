//! Random secrets.
//!
//! Tokens are 32 random bytes in hexadecimal; the database holds their SHA-256 alone, so finding
//! one by its digest compares nothing that could leak by timing.

use std::{fmt, fmt::Write as _};

use zeroize::Zeroizing;

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
}
