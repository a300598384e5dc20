//! From BER to DER (X.690 §8 and §10): definite lengths in their shortest form, strings in one
//! piece.
//!
//! Signing programs that write while they read use indefinite lengths and strings in pieces. What
//! is rewritten here says the same in the form that [`super::Elements`] reads; contents of
//! primitive elements, the order of sets and every part that is DER already keep their bytes. A
//! string under a tag of its context cannot be told from a sequence without knowing the type: its
//! pieces stay pieces.

use std::borrow::Cow;

mod plan;
#[cfg(test)]
mod tests;

use self::plan::Plan;

/// The most that one file may ask of [`normalise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BerLimits {
    /// Elements inside each other. Default 64.
    pub depth: usize,
    /// Elements, the pieces of strings included. Default 262 144: a content of 64 MiB in pieces
    /// of 256 bytes.
    pub elements: usize,
    /// The file, in bytes. Default 64 MiB.
    pub bytes: usize,
}

impl Default for BerLimits {
    fn default() -> Self {
        Self { depth: 64, elements: 1 << 18, bytes: 64 << 20 }
    }
}

/// Why bytes cannot be brought into DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BerError {
    /// Not BER, or cut short.
    #[error("the bytes from position {at} are not BER")]
    Malformed {
        /// Where, in bytes from the start.
        at: usize,
    },
    /// Over [`BerLimits::depth`].
    #[error("more than {max} elements lie inside each other")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// Over [`BerLimits::bytes`].
    #[error("there are more than {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// Over [`BerLimits::elements`].
    #[error("there are more than {max} elements")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// Bytes after the end of the element.
    #[error("{bytes} bytes follow the end of the element")]
    Trailing {
        /// How many.
        bytes: usize,
    },
}

/// The one element in `bytes`, in DER; the bytes themselves when they are DER.
///
/// # Errors
/// They are not BER, something follows the element, or it is over a limit.
pub fn normalise<'a>(bytes: &'a [u8], limits: &BerLimits) -> Result<Cow<'a, [u8]>, BerError> {
    normalise_counted(bytes, limits).map(|(der, _)| der)
}

/// The same, with the number of elements that were looked at.
///
/// # Errors
/// As [`normalise`].
pub fn normalise_counted<'a>(
    bytes: &'a [u8],
    limits: &BerLimits,
) -> Result<(Cow<'a, [u8]>, usize), BerError> {
    if bytes.len() > limits.bytes {
        return Err(BerError::TooLong { max: limits.bytes });
    }
    let plan = Plan::of(bytes, limits)?;
    let count = plan.len();
    Ok((if plan.is_der() { Cow::Borrowed(bytes) } else { Cow::Owned(plan.write()) }, count))
}
