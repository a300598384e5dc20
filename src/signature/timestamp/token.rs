//! Reading a time-stamp token (RFC 3161 §2.4.2): a `SignedData` whose content is a `TSTInfo`.
//!
//! The `TSTInfo` is signed, so reading it is strict where two readings were possible and
//! forgiving where authorities in use write otherwise: fractions of a second of any length, a
//! `tsa` in any string type, a default value that is written down.

use bytes::Bytes;
use der::Tag;

use crate::{
    asn1::{Broken, Element, Elements, constructed, primitive},
    domain::{Indication, SubIndication, Timestamp},
    signature::{
        Budget, Limits,
        cms::{CmsError, SignedData},
    },
};

/// `id-ct-TSTInfo` (RFC 3161 §2.4.2): the content is the statement of a time-stamping authority.
pub(in crate::signature) const ID_TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";

/// One token, read and not judged.
#[derive(Clone, Debug)]
pub(in crate::signature) struct Token {
    pub(in crate::signature) signed_data: SignedData,
    pub(in crate::signature) info: Info,
}

/// What the authority states (`TSTInfo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::signature) struct Info {
    /// An object identifier.
    pub(in crate::signature) policy: String,
    /// The object identifier of the digest algorithm of `imprint`.
    pub(in crate::signature) digest_algorithm: String,
    /// The digest of what the time-stamp is over.
    pub(in crate::signature) imprint: Bytes,
    /// `genTime`, to the microsecond.
    pub(in crate::signature) time: Timestamp,
    /// The object identifiers of critical extensions: none is understood here.
    pub(in crate::signature) unknown_critical: Vec<String>,
}

/// Why bytes are no time-stamp token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(in crate::signature) enum TokenError {
    /// The token's `SignedData` cannot be read.
    #[error("of the time-stamp token: {0}")]
    Cms(#[from] CmsError),
    /// The `TSTInfo` is not built as the standard says.
    #[error("the {part} of the time-stamp is not built as RFC 3161 §2.4.2 says")]
    Malformed {
        /// Which part.
        part: &'static str,
    },
    /// The signed content is something else.
    #[error("the token signs a content of type {content_type}, and a TSTInfo is asked for")]
    OtherContent {
        /// The object identifier of what it signs.
        content_type: String,
    },
    /// A `TSTInfo` of another version.
    #[error("the time-stamp has the version {version}; RFC 3161 §2.4.2 knows 1")]
    OtherVersion {
        /// The version in it.
        version: u8,
    },
    /// The `TSTInfo` is over the limit.
    #[error("the time-stamp's statement is over {max} bytes")]
    TooLong {
        /// The limit, in bytes.
        max: usize,
    },
}

impl TokenError {
    /// What ETSI EN 319 102-1 §5.2.2 says of such a token.
    pub(in crate::signature) fn indication(&self) -> (Indication, SubIndication) {
        match self {
            Self::Cms(error) => error.indication(),
            Self::Malformed { .. }
            | Self::OtherContent { .. }
            | Self::OtherVersion { .. }
            | Self::TooLong { .. } => (Indication::TotalFailed, SubIndication::FormatFailure),
        }
    }
}

impl Token {
    /// Reads a token in DER.
    pub(in crate::signature) fn read(
        token: &Bytes,
        limits: &Limits,
        budget: &Budget,
    ) -> Result<Self, TokenError> {
        // As text it would be another spelling of the same token.
        if token.first() != Some(&0x30) {
            return Err(CmsError::NotSignedData.into());
        }
        let signed_data = SignedData::parse_within(token, limits, budget)?;
        if signed_data.content_type != ID_TST_INFO {
            return Err(TokenError::OtherContent { content_type: signed_data.content_type });
        }
        let content =
            signed_data.encapsulated().ok_or(TokenError::Malformed { part: "eContent" })?;
        let info = Info::read(content)?;
        Ok(Self { signed_data, info })
    }
}

impl Info {
    /// A statement with a long name and a few extensions is a tenth of it.
    const MAX_LEN: usize = 16 << 10;
    /// The longest digest there is.
    const MAX_IMPRINT: usize = 64;
    const MAX_EXTENSIONS: usize = 16;

    fn read(content: &Bytes) -> Result<Self, TokenError> {
        if content.len() > Self::MAX_LEN {
            return Err(TokenError::TooLong { max: Self::MAX_LEN });
        }
        let broken = in_part("TSTInfo");
        let mut fields = Element::only(content)
            .and_then(|info| info.of(Tag::Sequence)?.inside())
            .map_err(&broken)?;
        let version = fields.next().and_then(|version| version.small_integer()).map_err(&broken)?;
        if version != 1 {
            return Err(TokenError::OtherVersion { version });
        }
        let policy = fields
            .next()
            .and_then(|policy| policy.object_identifier())
            .map_err(in_part("policy"))?;
        let (digest_algorithm, imprint) =
            fields.next().and_then(imprint).map_err(in_part("messageImprint"))?;
        fields.expect(Tag::Integer).and_then(number).map_err(in_part("serialNumber"))?;
        let time = fields
            .expect(Tag::GeneralizedTime)
            .and_then(|time| moment(time.value).ok_or(Broken::Malformed))
            .map_err(in_part("genTime"))?;
        let unknown_critical = optional_fields(fields)?;
        Ok(Self {
            policy,
            digest_algorithm,
            imprint: content.slice_ref(imprint),
            time,
            unknown_critical,
        })
    }
}

/// `accuracy`, `ordering`, `nonce`, `tsa`, `extensions`: looked through, none of them decides
/// anything but a critical extension.
fn optional_fields(mut fields: Elements<'_>) -> Result<Vec<String>, TokenError> {
    if let Some(accuracy) = fields.optional(Tag::Sequence).map_err(in_part("accuracy"))? {
        check_accuracy(accuracy).map_err(in_part("accuracy"))?;
    }
    if let Some(ordering) = fields.optional(Tag::Boolean).map_err(in_part("ordering"))? {
        boolean(ordering).map_err(in_part("ordering"))?;
    }
    if let Some(nonce) = fields.optional(Tag::Integer).map_err(in_part("nonce"))? {
        number(nonce).map_err(in_part("nonce"))?;
    }
    if let Some(name) = fields.optional(constructed(0)).map_err(in_part("tsa"))? {
        Element::only(name.value).map_err(in_part("tsa"))?;
    }
    let extensions = fields.optional(constructed(1)).map_err(in_part("extensions"))?;
    fields.finish().map_err(in_part("TSTInfo"))?;
    match extensions {
        Some(extensions) => critical(extensions).map_err(in_part("extensions")),
        None => Ok(Vec::new()),
    }
}

/// `MessageImprint ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING }`
fn imprint(imprint: Element<'_>) -> Result<(String, &[u8]), Broken> {
    let mut fields = imprint.of(Tag::Sequence)?.inside()?;
    let mut algorithm = fields.expect(Tag::Sequence)?.inside()?;
    let id = algorithm.next()?.object_identifier()?;
    if !algorithm.is_finished() {
        algorithm.next()?;
    }
    algorithm.finish()?;
    let digest = fields.expect(Tag::OctetString)?.value;
    fields.finish()?;
    if digest.len() > Info::MAX_IMPRINT {
        return Err(Broken::Malformed);
    }
    Ok((id, digest))
}

/// `Accuracy ::= SEQUENCE { seconds INTEGER OPTIONAL, millis [0] … , micros [1] … OPTIONAL }`
fn check_accuracy(accuracy: Element<'_>) -> Result<(), Broken> {
    let mut fields = accuracy.inside()?;
    for tag in [Tag::Integer, primitive(0), primitive(1)] {
        if let Some(part) = fields.optional(tag)? {
            number(part)?;
        }
    }
    fields.finish()
}

/// `Extensions ::= SEQUENCE OF SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue }`:
/// the identifiers of the critical ones.
fn critical(extensions: Element<'_>) -> Result<Vec<String>, Broken> {
    let mut all = extensions.inside()?;
    let mut critical = Vec::new();
    let mut count = 0_usize;
    while !all.is_finished() {
        count = count.saturating_add(1);
        if count > Info::MAX_EXTENSIONS {
            return Err(Broken::Malformed);
        }
        let mut fields = all.expect(Tag::Sequence)?.inside()?;
        let id = fields.next()?.object_identifier()?;
        let is_critical = match fields.optional(Tag::Boolean)? {
            Some(value) => boolean(value)?,
            None => false,
        };
        fields.expect(Tag::OctetString)?;
        fields.finish()?;
        if is_critical {
            critical.push(id);
        }
    }
    Ok(critical)
}

/// An INTEGER of any sign, no longer than any serial number or nonce in use.
fn number(integer: Element<'_>) -> Result<(), Broken> {
    const MAX_OCTETS: usize = 64;
    if (1..=MAX_OCTETS).contains(&integer.value.len()) { Ok(()) } else { Err(Broken::Malformed) }
}

fn boolean(value: Element<'_>) -> Result<bool, Broken> {
    match value.value {
        [0] => Ok(false),
        [0xff] => Ok(true),
        _ => Err(Broken::Malformed),
    }
}

/// `YYYYMMDDhhmmss[.s…]Z` (RFC 3161 §2.4.2). What is finer than a microsecond is cut off.
fn moment(text: &[u8]) -> Option<Timestamp> {
    const MAX_FRACTION: usize = 32;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let is_number = |part: &str| part.bytes().all(|octet| octet.is_ascii_digit());
    if whole.len() != 14 || !is_number(whole) {
        return None;
    }
    let field = |from: usize, to: usize| whole.get(from..to)?.parse::<u8>().ok();
    let date = der::DateTime::new(
        whole.get(..4)?.parse().ok()?,
        field(4, 6)?,
        field(6, 8)?,
        field(8, 10)?,
        field(10, 12)?,
        field(12, 14)?,
    );
    let seconds = i64::try_from(date.ok()?.unix_duration().as_secs()).ok()?;
    let micros = match fraction {
        None => 0,
        Some(digits) if is_number(digits) && (1..=MAX_FRACTION).contains(&digits.len()) => {
            format!("{digits:0<6}").get(..6)?.parse::<i64>().ok()?
        }
        Some(_) => return None,
    };
    Some(Timestamp::from_micros(seconds.checked_mul(1_000_000)?.checked_add(micros)?))
}

fn in_part(part: &'static str) -> impl Fn(Broken) -> TokenError {
    move |broken| match broken {
        Broken::Ber | Broken::Malformed | Broken::Trailing(_) => TokenError::Malformed { part },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_moments_with_fractions_of_any_length() {
        for (text, read) in [
            ("20260901100000Z", Some("2026-09-01T10:00:00Z")),
            ("20260901100000.5Z", Some("2026-09-01T10:00:00.5Z")),
            ("20160720132106.777Z", Some("2016-07-20T13:21:06.777Z")),
            ("20260901100000.1234567890123Z", Some("2026-09-01T10:00:00.123456Z")),
            ("20260901100000.Z", None),
            ("20260901100000.1,2Z", None),
            ("20260901100000", None),
            ("20260901100000+0200", None),
            ("202609011000Z", None),
            ("20260931100000Z", None),
            ("20260901240000Z", None),
            ("+0260901100000Z", None),
            ("20260901100000.000000000000000000000000000000000Z", None),
            ("", None),
        ] {
            let shown = moment(text.as_bytes()).map(|moment| moment.to_string());
            assert_eq!(shown.as_deref(), read, "{text}");
        }
    }
}
