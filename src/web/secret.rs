//! Random secrets.
//!
//! Tokens are 32 random bytes in hexadecimal; the database holds their SHA-256 alone, so finding
//! one by its digest compares nothing that could leak by timing.

use std::{fmt, fmt::Write as _};

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::domain::{Sha256, from_hex, hex};

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

/// The text that stands for a form's token in one answer, and in no other: its mask, and the token
/// under it.
pub(super) fn masked(token: &str) -> Result<String, getrandom::Error> {
    let mut mask = vec![0; token.len()];
    getrandom::fill(&mut mask)?;
    Ok(format!("{}{}", hex(&mask), hex(&under(&mask, token.as_bytes()))))
}

/// Whether `given` is such a text for `token`.
pub(super) fn is_masked(given: &str, token: &str) -> bool {
    let bytes = from_hex(given).unwrap_or_default();
    let (mask, covered) = bytes.split_at(bytes.len() / 2);
    under(mask, covered).ct_eq(token.as_bytes()).into()
}

fn under(mask: &[u8], bytes: &[u8]) -> Vec<u8> {
    mask.iter().zip(bytes).map(|(mask, byte)| mask ^ byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_another_text_in_each_answer_and_is_found_in_all() {
        let token = Token::random().unwrap();
        let texts = [(); 2].map(|()| masked(token.as_str()).unwrap());
        assert_ne!(texts[0], texts[1]);
        for text in &texts {
            assert!(!text.contains(token.as_str()));
            assert!(is_masked(text, token.as_str()));
        }
        let other = masked(Token::random().unwrap().as_str()).unwrap();
        let cut = &texts[0][..texts[0].len() - 2];
        for wrong in ["", "00", "x", token.as_str(), other.as_str(), cut] {
            assert!(!is_masked(wrong, token.as_str()), "{wrong}");
        }
    }

    #[test]
    fn tokens_differ_and_do_not_show_in_logs() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one.as_str(), other.as_str());
        assert_eq!(one.as_str().len(), 64);
        assert!(!format!("{one:?}").contains(one.as_str()));
    }
}
