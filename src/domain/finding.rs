//! Findings: what was noticed about a share, one code each.

use std::{cmp::Reverse, fmt};

use serde::{Deserialize, Serialize};

use super::{ShareId, named};

named! {
    /// How much a finding matters to the person who decides.
    pub enum Severity {
        /// Good to know.
        Info = "info",
        /// Look at it before relying on the share.
        Warning = "warning",
        /// The reason for a verdict that is not `verified`.
        Error = "error",
    }
}

macro_rules! finding_codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $severity:ident);+ $(;)?) => {
        named! {
            /// What a finding says. Every code has a text in both languages (`web/locales`).
            #[non_exhaustive]
            pub enum FindingCode {
                $($(#[$doc])* $variant = $name),+
            }
        }

        impl FindingCode {
            /// How much it matters.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity),+
                }
            }
        }
    };
}

finding_codes! {
    /// The algorithm is not supported yet; the detail names it.
    AlgorithmUnsupported = "algorithm_unsupported", Error;
    /// The time of a copy is proved for the document and not for its signature, which is judged for
    /// the receipt.
    ContentTimeOnly = "content_time_only", Warning;
    /// Opening the mail stopped the program three times; it is kept unopened.
    CrashedWhileOpening = "crashed_while_opening", Error;
    /// What a signature here covers, or the same content, came before; the detail is where
    /// ([`FirstReceipt`]).
    Duplicate = "duplicate", Warning;
    /// A copy is encrypted, and the organisation has no key for it; the detail is the numbers of
    /// the certificates that it is encrypted for.
    EncryptedForOthers = "encrypted_for_others", Error;
    /// A copy is encrypted and cannot be opened; the report says why.
    EncryptedUnopened = "encrypted_unopened", Error;
    /// A copy that the service did not ask for; the detail is its type.
    ExcessDocument = "excess_document", Warning;
    /// Judged again, the mail is worth less than was said, and gives other documents than are kept:
    /// their reports are those of before.
    JudgedOtherwise = "judged_otherwise", Error;
    /// The signature is proved to be older than the revocation of the signer's key, and not older
    /// than the date since which the authority holds the key to be compromised.
    KeyCompromisedEarlier = "key_compromised_earlier", Error;
    /// A limit on opening a mail was passed; the detail names it.
    LimitExceeded = "limit_exceeded", Error;
    /// A requested document is missing; the detail is its type, or the types that would do.
    MissingDocument = "missing_document", Error;
    /// Nothing in the mail looks like a copy of a document.
    NoDocument = "no_document", Error;
    /// The copy bears the seal of an organisation that is not known to issue copies; the detail is
    /// its public number, when it is a legal entity's.
    OtherIssuer = "other_issuer", Error;
    /// What was signed is no document that people can look at; the detail says what it is, by
    /// [`super::NotADocument`].
    NotADocument = "not_a_document", Error;
    /// The signature of a person, or of an organisation that issues no copies, may have been made over
    /// another file and put into the PDF file.
    PdfUnbound = "pdf_unbound", Error;
    /// The QR code of the service is over its term of six months.
    QrExpired = "qr_expired", Warning;
    /// Nobody has said yet whether the signer's or an authority's certificate was revoked.
    RevocationUnchecked = "revocation_unchecked", Warning;
    /// The same document as another one of the mail, under another name or in another container; the
    /// detail is the number of that one.
    SameDocument = "same_document", Warning;
    /// What a signature of the mail by a domain is worth (DKIM); the detail is the result by RFC 8601
    /// and the domain: `pass (diia.test)`.
    SenderDkim = "sender_dkim", Info;
    /// What the domain of the author says of the mail (DMARC); the detail is as for DKIM.
    SenderDmarc = "sender_dmarc", Info;
    /// Whether the domain of the sender knows the server that the mail came from (SPF); the detail is
    /// as for DKIM.
    SenderSpf = "sender_spf", Info;
    /// Which service it is for cannot be told.
    ServiceAmbiguous = "service_ambiguous", Error;
    /// The sub-address names a service that is not offered any more.
    ServiceRetired = "service_retired", Error;
    /// A further signature on a copy that another one proves; the detail is why it does not pass.
    SignatureBeside = "signature_beside", Warning;
    /// A signature whose content is not in the mail.
    SignatureWithoutContent = "signature_without_content", Error;
    /// A signature failed; the detail is the sub-indication.
    SignatureInvalid = "signature_invalid", Error;
    /// A signature cannot be judged now; the detail is the sub-indication.
    SignatureUndetermined = "signature_undetermined", Error;
    /// The signature is genuine, and the service does not accept this signer; the detail is the
    /// name of the service's policy, after `default-` when the service does not say any.
    SignerNotAccepted = "signer_not_accepted", Error;
    /// The copy is older than the service accepts; the detail is its age in hours.
    StaleCopy = "stale_copy", Warning;
    /// The trust list is past its next update, or missing where one is expected: whether services
    /// are still granted is not known.
    TrustListStale = "trust_list_stale", Warning;
    /// The type of a copy that was asked for is taken from its file name alone: whether the copy is
    /// that, people see when they look at it.
    TypeByName = "type_by_name", Info;
    /// The document's type cannot be told.
    TypeUnknown = "type_unknown", Warning;
    /// The mail is not built as RFC 5322 and MIME say; the detail says where.
    Unreadable = "unreadable", Error;
    /// A copy without any signature.
    UnsignedDocument = "unsigned_document", Error;
}

impl FindingCode {
    /// Those that say what SPF, DKIM and DMARC say of the sender. They are about how the mail came
    /// and never about what it holds.
    pub const OF_SENDER: [Self; 3] = [Self::SenderDkim, Self::SenderDmarc, Self::SenderSpf];

    /// Whether it is one of those about the sender.
    #[must_use]
    pub fn is_of_sender(self) -> bool {
        Self::OF_SENDER.contains(&self)
    }
}

/// One thing noticed about a share or one of its documents.
///
/// Kept in the clear and counted. `detail` is a type code, an algorithm, a sub-indication, a policy's
/// or a limit's name, a word for what a file is, a number or a first receipt, by its code: no personal
/// data. That of a code about
/// the sender names a domain, which may be a person's own: such findings go with the share's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub code: FindingCode,
    /// How much it matters.
    pub severity: Severity,
    /// The document's number within the share, from 1; `None` for the share as a whole.
    pub document: Option<u32>,
    /// What the code's text leaves open.
    pub detail: Option<String>,
}

impl Finding {
    /// Whether these findings of a share say that the reports on its documents are older than its
    /// verdict (`judged_otherwise`).
    #[must_use]
    pub fn tell_otherwise(findings: &[Self]) -> bool {
        findings.iter().any(|finding| finding.code == FindingCode::JudgedOtherwise)
    }

    /// A finding about the share as a whole, of the code's own severity.
    #[must_use]
    pub fn of_share(code: FindingCode) -> Self {
        Self { code, severity: code.severity(), document: None, detail: None }
    }

    /// A finding about document `number` (from 1), of the code's own severity.
    #[must_use]
    pub fn of_document(code: FindingCode, number: u32) -> Self {
        Self { document: Some(number), ..Self::of_share(code) }
    }

    /// The same with a detail.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Puts findings into the order to show them: the worst severity first, then by document, each
    /// once.
    pub fn sort(findings: &mut Vec<Self>) {
        findings.sort_by(|one, other| {
            let key = |finding: &Self| (Reverse(finding.severity), finding.document, finding.code);
            key(one).cmp(&key(other)).then_with(|| one.detail.cmp(&other.detail))
        });
        findings.dedup();
    }
}

/// Where the copy of a [`FindingCode::Duplicate`] came first: the finding's detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstReceipt {
    /// In a share that is destroyed; which one is not kept.
    Destroyed,
    /// In a share of a branch that the reader does not see.
    Elsewhere,
    /// In this share.
    Share(ShareId),
}

impl fmt::Display for FirstReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destroyed => f.write_str("destroyed"),
            Self::Elsewhere => f.write_str("other-branch"),
            Self::Share(share) => share.fmt(f),
        }
    }
}
