//! Time-stamps among a signer's attributes: which they are and where they stand.

use bytes::Bytes;

/// What a time-stamp is over (ETSI EN 319 122-1 §5.2.8, §5.3 and §5.5, RFC 5126 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::signature) enum TimeStampKind {
    /// Of the first version: over the signature and everything beside it.
    Archive,
    /// Of the second version.
    ArchiveV2,
    /// Of the third version: over an index of digests.
    ArchiveV3,
    /// Over the signature, its time-stamps and the references.
    CadesC,
    /// Over the content, made before the signature: a signed attribute.
    Content,
    /// Over the references alone.
    References,
    /// Over the signature value.
    Signature,
}

/// One time-stamp token in an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::signature) struct TimeStampAttribute {
    pub(in crate::signature) kind: TimeStampKind,
    /// The attribute's value as it stands in the file: the `ContentInfo` of a token, if it is
    /// right.
    pub(in crate::signature) token: Bytes,
    /// The place of its attribute among the signed, or unsigned, attributes of the file.
    pub(in crate::signature) position: usize,
}

impl TimeStampKind {
    const ALL: [Self; 7] = [
        Self::Archive,
        Self::ArchiveV2,
        Self::ArchiveV3,
        Self::CadesC,
        Self::Content,
        Self::References,
        Self::Signature,
    ];

    /// The time-stamp that an unsigned attribute holds.
    pub(in crate::signature) fn of_unsigned(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind != Self::Content && kind.oid() == id)
    }

    /// The dotted object identifier of the attribute.
    pub(in crate::signature) fn oid(self) -> &'static str {
        match self {
            Self::Archive => "1.2.840.113549.1.9.16.2.27",
            Self::ArchiveV2 => "1.2.840.113549.1.9.16.2.48",
            Self::ArchiveV3 => "0.4.0.1733.2.4",
            Self::CadesC => "1.2.840.113549.1.9.16.2.25",
            Self::Content => "1.2.840.113549.1.9.16.2.20",
            Self::References => "1.2.840.113549.1.9.16.2.26",
            Self::Signature => "1.2.840.113549.1.9.16.2.14",
        }
    }

    /// The attribute's name in ETSI EN 319 122-1.
    pub(in crate::signature) fn name(self) -> &'static str {
        match self {
            Self::Archive => "archive-time-stamp",
            Self::ArchiveV2 => "archive-time-stamp-v2",
            Self::ArchiveV3 => "archive-time-stamp-v3",
            Self::CadesC => "CAdES-C-time-stamp",
            Self::Content => "content-time-stamp",
            Self::References => "time-stamped-certs-crls-references",
            Self::Signature => "signature-time-stamp",
        }
    }
}
