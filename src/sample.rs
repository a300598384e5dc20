//! Makes sample shares: a throw-away authority, signatures, copies, mails, and a client to send
//! them with.
//!
//! For the demo, the `send` command and the tests. Nothing here is trusted by anything unless a
//! test or the demo puts the sample authority's certificate into a trust directory of its own.
//! Persons and organisations are invented. Keys live in memory only and all come from one
//! [`Seed`], so that the same seed makes the same bytes.

pub mod authority;
pub mod client;
pub mod copy;
pub mod mail;
pub mod pdf;
pub mod sign;
pub mod time_stamp;

mod key;

use std::fmt;

use zeroize::Zeroizing;

/// Why a sample cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// A structure does not fit into DER, for example a moment before 1970.
    #[error("the sample does not fit into DER: {0}")]
    Encoding(#[from] der::Error),
    /// The seed gives a number that is not a key or a nonce of the curve; another seed will do.
    #[error("this seed gives no key or nonce of the algorithm's curve; take another seed")]
    Key,
    /// The operating system gave no randomness.
    #[error("the operating system gives no randomness: {0}")]
    Random(getrandom::Error),
}

/// The 32 bytes that all keys and serial numbers of one sample authority are derived from.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// A seed from the operating system's randomness.
    ///
    /// # Errors
    /// [`SampleError::Random`] when there is none.
    pub fn random() -> Result<Self, SampleError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(SampleError::Random)?;
        Ok(Self(bytes))
    }
}

impl From<[u8; 32]> for Seed {
    fn from(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_random_seeds_differ_and_neither_is_shown() {
        let (first, second) = (Seed::random().unwrap(), Seed::random().unwrap());
        assert_ne!(*first.0, *second.0);
        assert_eq!(format!("{first:?}"), "Seed(redacted)");
    }
}
