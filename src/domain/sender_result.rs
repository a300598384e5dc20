//! What SPF, DKIM and DMARC say of a sender.

use std::str::FromStr;

/// A result of SPF, DKIM or DMARC, in the words of RFC 8601 §2.7. DKIM and DMARC know no
/// [`SenderResult::SoftFail`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SenderResult {
    /// The domain says, or the signature shows, that it is not the domain's mail.
    Fail,
    /// Nothing is said either way, or a signature cannot be used.
    Neutral,
    /// The domain publishes nothing, or there is no signature.
    None,
    /// It is the domain's mail.
    Pass,
    /// What the domain publishes or the mail says is built wrong; asking again changes nothing.
    PermanentError,
    /// The domain says that it is probably not its mail.
    SoftFail,
    /// The DNS did not answer.
    TemporaryError,
}

impl SenderResult {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Fail,
        Self::Neutral,
        Self::None,
        Self::Pass,
        Self::PermanentError,
        Self::SoftFail,
        Self::TemporaryError,
    ];

    /// The word of the RFC.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::Pass => "pass",
            Self::PermanentError => "permerror",
            Self::SoftFail => "softfail",
            Self::TemporaryError => "temperror",
        }
    }
}

impl FromStr for SenderResult {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|result| result.as_str() == word).ok_or(())
    }
}
