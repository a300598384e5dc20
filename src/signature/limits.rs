//! How much work signatures may cost: those of one document, and those of one mail.

/// The limits on one document, and of its mail the [`super::Budget`]. Going over one never
/// passes: it is reported as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Signature files beside one document. Default 16.
    pub files: usize,
    /// The size of one signature file, its content included, in bytes. Default 64 MiB.
    pub file_bytes: usize,
    /// Signatures inside signatures: how many `SignedData` may lie within each other. Default 3.
    pub nesting: usize,
    /// Signers of one document, over all its files and layers; of each, so many counter-signatures,
    /// those on them included. Default 16.
    pub signers: usize,
    /// Certificates in one `SignedData`. Default 64.
    pub certificates: usize,
    /// Signed, or unsigned, attributes of one signer. Default 64.
    pub attributes: usize,
    /// The signed attributes of one signer, in bytes. Default 64 KiB.
    pub attribute_bytes: usize,
    /// Checks of a signature with a key for all documents of one mail, those on certificates and
    /// revocation data included. Default 1280: 50 documents, each with a time-stamp and all that
    /// proves it later.
    pub key_checks: usize,
    /// Bytes hashed, inflated, and read of PDF files for all documents of one mail, those hashed
    /// with GOST 34.311 and Kupyna counted eight times. Default 512 MiB.
    pub hashed_bytes: usize,
    /// Certificates tried as the issuer of another, for all documents of one mail. Default 65 536.
    pub steps: usize,
    /// ASN.1 elements that are rewritten from BER or read in certificates and revocation data,
    /// for all documents of one mail. Default 1 048 576.
    pub elements: usize,
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
            key_checks: 1280,
            hashed_bytes: 512 << 20,
            steps: 1 << 16,
            elements: 1 << 20,
        }
    }
}
