//! Ukraine's national cryptography: signatures and key agreement (DSTU 4145-2002), the digest
//! GOST 34.311-95 and the ciphers GOST 28147-89 and Kalyna (DSTU 7624:2014). Pure arithmetic over
//! bytes. Kupyna (DSTU 7564:2014) is the one of RustCrypto.
//!
//! Public data (verification) goes through fast code whose time depends on its input; private
//! scalars go through a ladder whose time does not. See the README beside the module's files.

#![expect(
    clippy::inline_always,
    reason = "field operations are inlined into the function that has the processor's features"
)]
#![expect(
    clippy::many_single_char_names,
    reason = "the formulas keep the letters of their sources"
)]

mod cache;
mod curve;
mod field;
mod gost28147;
mod gost34311;
mod kalyna;
mod key;
mod parameters;
mod point;
mod private;
mod quadratic;
mod scalar;
mod substitution;
mod table;
mod verify;

pub use cache::{KeyCache, PreparedKey};
pub use curve::Curve;
pub use gost28147::Gost28147;
pub use gost34311::{Gost34311, gost34311};
pub use kalyna::Kalyna;
pub use key::{KeyError, PublicKey, compressed};
pub use kupyna::{Kupyna256, Kupyna384, Kupyna512};
pub use parameters::{OctetOrder, Parameters, ParametersError};
pub use private::PrivateKey;
pub use substitution::Substitution;
pub use verify::{verify, verify_on};

/// How the field arithmetic is done. All give the same answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Ordinary instructions: every processor.
    Portable,
    /// The carry-less multiplication PCLMULQDQ of x86-64.
    Carryless,
    /// The same for two products at once: VPCLMULQDQ with AVX2.
    Paired,
}

impl Backend {
    /// All of them, from the slowest to the fastest.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Carryless, Self::Paired];

    /// Whether this processor can.
    #[must_use]
    pub fn is_available(self) -> bool {
        field::available(self)
    }

    /// The fastest this processor can.
    #[must_use]
    pub fn best() -> Self {
        let fastest = Self::ALL.into_iter().rev().find(|backend| backend.is_available());
        fastest.unwrap_or(Self::Portable)
    }

    /// Those this processor can.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|backend| backend.is_available())
    }
}

#[cfg(test)]
mod tests;
