//! What SPF, DKIM and DMARC say of a sender.

use super::named;

named! {
    /// A result of SPF, DKIM or DMARC, in the words of RFC 8601 §2.7. DKIM and DMARC know no
    /// [`SenderResult::SoftFail`].
    pub enum SenderResult {
        /// The domain says, or the signature shows, that it is not the domain's mail.
        Fail = "fail",
        /// Nothing is said either way, or a signature cannot be used.
        Neutral = "neutral",
        /// The domain publishes nothing, or there is no signature.
        None = "none",
        /// It is the domain's mail.
        Pass = "pass",
        /// What the domain publishes or the mail says is built wrong; asking again changes nothing.
        PermanentError = "permerror",
        /// The domain says that it is probably not its mail.
        SoftFail = "softfail",
        /// The DNS did not answer.
        TemporaryError = "temperror",
    }
}
