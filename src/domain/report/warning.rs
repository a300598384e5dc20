//! What is unusual about a signature and does not make it worse: a name and a sentence.

use std::{fmt, str::FromStr};

use crate::domain::named;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

named! {
    /// The name of a warning.
    #[non_exhaustive]
    pub enum WarningCode {
        /// The signature file is written in BER, of which DER is the strict form.
        BerEncoding = "ber_encoding",
        /// The signing-certificate attribute names the certificate by SHA-1, which proves nothing.
        CertificateBoundBySha1 = "certificate_bound_by_sha1",
        /// The certificate that came with the signature is not the one it was made with.
        CertificateContradicted = "certificate_contradicted",
        /// No signing-certificate attribute binds the certificate to the signature.
        CertificateNotBound = "certificate_not_bound",
        /// The claimed signing time is later than the moment judged for, or outside the certificate's
        /// validity.
        ClaimedTimeDoubtful = "claimed_time_doubtful",
        /// The claimed signing time cannot be read.
        ClaimedTimeUnreadable = "claimed_time_unreadable",
        /// The container is put together otherwise than its standard says.
        ContainerUnusual = "container_unusual",
        /// A content time-stamp proves the age of the document, and nothing that of the signature: it is
        /// judged for the moment of receipt.
        ContentTimeOnly = "content_time_only",
        /// The signer's key was revoked as compromised after the moment judged for, and since a date
        /// before that moment (RFC 5280 §5.3.2): who signed is in doubt.
        KeyCompromisedEarlier = "key_compromised_earlier",
        /// The certificate is one for logging in (ETSI EN 319 412-2 §4.3.2).
        KeyUsageUnusual = "key_usage_unusual",
        /// Bytes were added to the file after it was signed; they change nothing that is shown.
        LaterRevisions = "later_revisions",
        /// No signed attributes: the certificate was found by the name that the signature gives.
        NoSignedAttributes = "no_signed_attributes",
        /// An archive time-stamp does not protect something that stands in the signature.
        NotProtected = "not_protected",
        /// A warning of another version of the program.
        Other = "other",
        /// Nothing shows that the signature was made inside the PDF file: it may have been made over another
        /// one and put there.
        PdfUnbound = "pdf_unbound",
        /// Whether the certificate was revoked could not be checked.
        RevocationUnchecked = "revocation_unchecked",
        /// Something was read that the standard writes otherwise, as signers in use do.
        Tolerated = "tolerated",
        /// Certificates in the signature that cannot be read.
        UnreadableCertificates = "unreadable_certificates",
        /// Signed attributes in another order than DER asks for.
        UnsortedAttributes = "unsorted_attributes",
    }
}

/// One warning. In JSON it is one string, `code: sentence`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Warning {
    /// Its name.
    pub code: WarningCode,
    /// The same in one English sentence with the values.
    pub text: String,
}

impl Warning {
    /// A warning that says `text`.
    #[must_use]
    pub fn new(code: WarningCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.text)
    }
}

impl FromStr for Warning {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = text
            .split_once(": ")
            .and_then(|(name, rest)| Some(Self::new(name.parse().ok()?, rest)));
        Ok(known.unwrap_or_else(|| Self::new(WarningCode::Other, text)))
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Warning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let Ok(warning) = text.parse();
        Ok(warning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_string_and_reads_those_of_other_versions() {
        for (text, code) in [
            ("tolerated: a version.", WarningCode::Tolerated),
            ("The signed attributes are unsorted.", WarningCode::Other),
            ("new_thing: something.", WarningCode::Other),
        ] {
            let Ok(warning) = text.parse::<Warning>();
            assert_eq!(warning.code, code, "{text}");
            assert!(warning.to_string().ends_with(text), "{text}");
        }
    }
}
