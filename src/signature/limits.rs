//! How much work one document's signatures may cost.

/// The limits on one document. Going over one never passes: it is reported as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Signature files beside one document. Default 16.
    pub files: usize,
    /// The size of one signature file, its content included, in bytes. Default 64 MiB.
    pub file_bytes: usize,
    /// Signatures inside signatures: how many `SignedData` may lie within each other. Default 3.
    pub nesting: usize,
    /// Signers of one document, over all its files and layers. Default 16.
    pub signers: usize,
    /// Certificates in one `SignedData`. Default 64.
    pub certificates: usize,
    /// Signed, or unsigned, attributes of one signer. Default 64.
    pub attributes: usize,
    /// The signed attributes of one signer, in bytes. Default 64 KiB.
    pub attribute_bytes: usize,
    /// Checks of a signature with a key, those on certificates included, for one document; each
    /// MiB hashed for one counts as one more. Default 128.
    pub key_checks: usize,
}

impl Limits {
    /// The limits on each of `documents` documents that came together and share the work.
    #[must_use]
    pub fn shared_by(self, documents: usize) -> Self {
        /// For all of them together.
        const KEY_CHECKS: usize = 1024;
        /// Enough for several signers with their chains.
        const LEAST: usize = 16;
        let share = KEY_CHECKS.checked_div(documents).unwrap_or(KEY_CHECKS).max(LEAST);
        Self { key_checks: self.key_checks.min(share), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 16,
            file_bytes: 64 << 20,
            nesting: 3,
            signers: 16,
            certificates: 64,
            attributes: 64,
            attribute_bytes: 64 << 10,
            key_checks: 128,
        }
    }
}
