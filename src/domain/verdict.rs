//! The verdict on a share.

use super::named;

named! {
    /// What is said of a share: the worst that applies. The worse sorts lower, in the order that
    /// the cases are checked in.
    pub enum Verdict {
        /// It cannot be opened within the limits, or is hostile.
        Malformed = "malformed",
        /// It holds nothing that looks like a copy of a document.
        Unrecognised = "unrecognised",
        /// A signature is broken or forged, or its signer is not one that the service trusts.
        Invalid = "invalid",
        /// It cannot be decided now.
        Undetermined = "undetermined",
        /// A copy has no signature.
        Unsigned = "unsigned",
        /// Every copy is genuine, and a requested one is missing.
        Incomplete = "incomplete",
        /// Every requested copy is there and genuine, and nothing is doubtful.
        Verified = "verified",
    }
}

named! {
    /// What the signatures of a share prove (`SECURITY.md`, "What a signature proves"). What proves
    /// less of a copy sorts lower.
    pub enum Assurance {
        /// A person's signature: the person named in it sent these files.
        PersonSigned = "person-signed",
        /// The seal of an organisation that is not known to issue copies: it vouches for these files
        /// and did not issue them.
        SealedByOther = "sealed-by-other",
        /// The issuer's seal: the organisation named in it issued these copies.
        Sealed = "sealed",
    }
}
