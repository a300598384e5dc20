//! What lists and answers have in common: moments, extensions, reasons, signatures.

use der::{DateTime, Tag};
use serde::{Deserialize, Serialize};

use super::RevocationError;
use crate::{
    algorithms::{self, AlgorithmId, Failure, Used},
    asn1::{Broken, Element, Elements, primitive},
    domain::Timestamp,
};

/// An `AlgorithmIdentifier` and the signature that it says how to check.
#[derive(Debug)]
pub(super) struct Signature {
    oid: String,
    parameters: Option<Vec<u8>>,
    value: Vec<u8>,
}

impl Signature {
    /// Reads the two elements.
    pub(super) fn read(algorithm: &Element<'_>, bits: &Element<'_>) -> Result<Self, Broken> {
        let mut parts = algorithm.of(Tag::Sequence)?.inside()?;
        let oid = parts.next()?.object_identifier()?;
        let parameters = if parts.is_finished() { None } else { Some(parts.next()?.raw.to_vec()) };
        parts.finish()?;
        let value = octets(bits)?.to_vec();
        Ok(Self { oid, parameters, value })
    }

    /// Whether `key`, a `SubjectPublicKeyInfo`, made it over `message`.
    pub(super) fn verify(&self, key: &[u8], message: &[u8]) -> Result<Used, Failure> {
        let parameters = self.parameters.as_deref();
        let algorithm = AlgorithmId { oid: self.oid.clone(), parameters };
        algorithms::verify(&algorithm, None, key, message, &self.value)
    }

    /// Whether it is by the algorithm that `other` is by.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.oid == other.oid && self.parameters == other.parameters
    }

    /// What it rests on besides the key, which is not known.
    pub(super) fn named(&self) -> Result<Used, Failure> {
        let parameters = self.parameters.as_deref();
        algorithms::named(&AlgorithmId { oid: self.oid.clone(), parameters })
    }
}

/// The octets of a BIT STRING that fill whole bytes.
pub(super) fn octets<'a>(bits: &Element<'a>) -> Result<&'a [u8], Broken> {
    match bits.of(Tag::BitString)?.value.split_first() {
        Some((0, octets)) => Ok(octets),
        Some(_) | None => Err(Broken::Malformed),
    }
}

/// One extension.
pub(super) struct Extension<'a> {
    pub(super) oid: String,
    pub(super) is_critical: bool,
    /// The DER inside.
    pub(super) value: &'a [u8],
}

/// The extensions in a SEQUENCE OF them; each at most once.
pub(super) fn extensions<'a>(list: &Element<'a>) -> Result<Vec<Extension<'a>>, Broken> {
    const MAX: usize = 64;
    let mut found: Vec<Extension<'a>> = Vec::new();
    let mut all = list.of(Tag::Sequence)?.inside()?;
    while !all.is_finished() {
        let mut parts = all.expect(Tag::Sequence)?.inside()?;
        let oid = parts.next()?.object_identifier()?;
        let is_critical = match parts.optional(Tag::Boolean)? {
            None => false,
            // FALSE is the default, and in use it is written all the same.
            Some(flag) => boolean(&flag)?,
        };
        let value = parts.expect(Tag::OctetString)?.value;
        parts.finish()?;
        // Of two, one reader could heed the one and another the other.
        if found.len() >= MAX || found.iter().any(|known| known.oid == oid) {
            return Err(Broken::Malformed);
        }
        found.push(Extension { oid, is_critical, value });
    }
    Ok(found)
}

/// A BOOLEAN's value, whatever its tag is.
pub(super) fn boolean(flag: &Element<'_>) -> Result<bool, Broken> {
    match flag.value {
        [0] => Ok(false),
        [0xff] => Ok(true),
        _ => Err(Broken::Malformed),
    }
}

/// A `UTCTime` or `GeneralizedTime` in UTC. Fractions of a second, which authorities in use write, are
/// passed over.
pub(super) fn moment(time: &Element<'_>) -> Result<Timestamp, Broken> {
    let text = std::str::from_utf8(time.value).map_err(|_| Broken::Malformed)?;
    let (year, rest) = if time.tag == Tag::UtcTime {
        let (year, rest) = text.split_at_checked(2).ok_or(Broken::Malformed)?;
        let year = number(year)?;
        // RFC 5280 §4.1.2.5.1.
        let century = if year >= 50 { 1900_u16 } else { 2000 };
        (century.checked_add(year).ok_or(Broken::Malformed)?, rest)
    } else {
        time.of(Tag::GeneralizedTime)?;
        let (year, rest) = text.split_at_checked(4).ok_or(Broken::Malformed)?;
        (number(year)?, rest)
    };
    let (digits, end) = rest.split_at_checked(10).ok_or(Broken::Malformed)?;
    let fraction = end.strip_suffix('Z').ok_or(Broken::Malformed)?;
    let has_fraction = time.tag == Tag::GeneralizedTime
        && fraction.strip_prefix('.').is_some_and(|f| is_digits(f) && (1..=9).contains(&f.len()));
    if !fraction.is_empty() && !has_fraction {
        return Err(Broken::Malformed);
    }
    let part = |from: usize| {
        let end = from.saturating_add(2);
        let digits = digits.get(from..end).ok_or(Broken::Malformed)?;
        u8::try_from(number(digits)?).map_err(|_| Broken::Malformed)
    };
    let date = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?)
        .map_err(|_| Broken::Malformed)?;
    let seconds = i64::try_from(date.unix_duration().as_secs()).map_err(|_| Broken::Malformed)?;
    Ok(Timestamp::from_seconds(seconds))
}

fn number(digits: &str) -> Result<u16, Broken> {
    if !is_digits(digits) {
        return Err(Broken::Malformed);
    }
    digits.parse().map_err(|_| Broken::Malformed)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A `Time`, if one comes next.
pub(super) fn optional_moment(elements: &mut Elements<'_>) -> Result<Option<Timestamp>, Broken> {
    for tag in [Tag::UtcTime, Tag::GeneralizedTime] {
        if let Some(time) = elements.optional(tag)? {
            return moment(&time).map(Some);
        }
    }
    Ok(None)
}

/// The key identifier in `AuthorityKeyIdentifier`.
pub(super) fn key_id(der: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
    let mut parts = Element::only(der)?.of(Tag::Sequence)?.inside()?;
    Ok(parts.optional(primitive(0))?.map(|id| id.value.to_vec()))
}

/// What an authority says of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    Good,
    Revoked(Revocation),
    /// It does not know the certificate (RFC 6960 §2.2).
    Unknown,
}

impl State {
    /// Whether it revokes, for good or not, at whatever moment.
    pub(super) fn revokes(self) -> bool {
        matches!(self, Self::Revoked(_))
    }
}

/// A certificate's revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Revocation {
    pub(super) at: Timestamp,
    pub(super) reason: Option<Reason>,
    /// Since when the key may have been in other hands, where that is earlier.
    pub(super) invalid_since: Option<Timestamp>,
}

impl Revocation {
    /// A revocation at `at`, of a key that may have been in other hands since `invalid_since`.
    ///
    /// RFC 5280 §5.3.2: `invalidityDate` says when the key was, as far as known, compromised. It
    /// counts where that is the reason; otherwise revoking does not reach back.
    pub(super) fn new(
        at: Timestamp,
        reason: Option<Reason>,
        invalid_since: Option<Timestamp>,
    ) -> Self {
        let compromised = reason.is_some_and(Reason::is_compromise);
        let invalid_since = invalid_since.filter(|since| compromised && *since < at);
        Self { at, reason, invalid_since }
    }

    /// Whether it can be taken back (`certificateHold`).
    pub(super) fn is_suspension(&self) -> bool {
        self.reason == Some(Reason::HOLD)
    }
}

/// `CRLReason` (RFC 5280 §5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reason(u8);

impl Reason {
    const HOLD: Self = Self(6);
    /// Only in delta lists: the certificate is no longer suspended.
    pub(super) const REMOVED: Self = Self(8);

    /// The reason in an ENUMERATED.
    pub(super) fn read(element: &Element<'_>) -> Result<Self, Broken> {
        match (element.tag, element.value) {
            (Tag::Enumerated, [number]) => Ok(Self(*number)),
            _ => Err(Broken::Malformed),
        }
    }

    fn is_compromise(self) -> bool {
        matches!(self.0, 1 | 2 | 10)
    }

    pub(super) fn name(self) -> String {
        let name = match self.0 {
            0 => "unspecified",
            1 => "keyCompromise",
            2 => "cACompromise",
            3 => "affiliationChanged",
            4 => "superseded",
            5 => "cessationOfOperation",
            6 => "certificateHold",
            8 => "removeFromCRL",
            9 => "privilegeWithdrawn",
            10 => "aACompromise",
            other => return other.to_string(),
        };
        name.to_owned()
    }
}

/// What the extensions of an entry, or of a single answer, add to a revocation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Details {
    pub(super) reason: Option<Reason>,
    pub(super) invalid_since: Option<Timestamp>,
    /// `archiveCutoff` (RFC 6960 §4.4.4).
    pub(super) cutoff: Option<Timestamp>,
}

impl Details {
    /// Reads the extensions that are known. A critical one that is not is refused: RFC 5280 §5.3
    /// lets nobody rely on the list then. So is one that says whose serial numbers follow (§5.3.3),
    /// critical or not: they are those of another issuer.
    pub(super) fn read(list: &Element<'_>) -> Result<Self, DetailsError> {
        let mut details = Self::default();
        for extension in extensions(list)? {
            let value = || Element::only(extension.value);
            match extension.oid.as_str() {
                REASON_CODE => details.reason = Some(Reason::read(&value()?)?),
                INVALIDITY_DATE => details.invalid_since = Some(moment(&value()?)?),
                ARCHIVE_CUTOFF => details.cutoff = Some(moment(&value()?)?),
                CERTIFICATE_ISSUER => return Err(DetailsError::Unknown(extension.oid)),
                _ if extension.is_critical => {
                    return Err(DetailsError::Unknown(extension.oid));
                }
                _ => {}
            }
        }
        Ok(details)
    }
}

const REASON_CODE: &str = "2.5.29.21";
const INVALIDITY_DATE: &str = "2.5.29.24";
const CERTIFICATE_ISSUER: &str = "2.5.29.29";
const ARCHIVE_CUTOFF: &str = "1.3.6.1.5.5.7.48.1.6";

/// Why [`Details`] cannot be read.
pub(super) enum DetailsError {
    Broken(Broken),
    /// An extension that has to be understood, and is not.
    Unknown(String),
}

impl From<Broken> for DetailsError {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl DetailsError {
    pub(super) fn of(self, kind: &'static str) -> RevocationError {
        match self {
            Self::Broken(broken) => malformed(kind, broken),
            Self::Unknown(oid) => {
                RevocationError::Unsupported { name: format!("the extension {oid} of an entry") }
            }
        }
    }
}

/// The error for DER that is not what it should be.
pub(super) fn malformed(kind: &'static str, broken: Broken) -> RevocationError {
    let problem = match broken {
        Broken::Ber => "it is BER where only DER is read",
        Broken::Malformed => "its DER is not what the standard says, or is cut off",
        Broken::Trailing(_) => "bytes follow where nothing should",
    };
    RevocationError::Malformed { kind, problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::sample::tlv;

    #[test]
    fn reads_moments_as_authorities_write_them() {
        for (tag, text, expected) in [
            (0x17, "160909205316Z", Some("2016-09-09T20:53:16Z")),
            (0x17, "700101000000Z", Some("1970-01-01T00:00:00Z")),
            (0x18, "20160720134617.100Z", Some("2016-07-20T13:46:17Z")),
            (0x18, "20160720134617Z", Some("2016-07-20T13:46:17Z")),
            (0x18, "20160720134617.Z", None),
            (0x18, "20160720134617+0200", None),
            (0x18, "201607201346Z", None),
            (0x18, "20160732134617Z", None),
            (0x18, "2016072013461-Z", None),
            (0x17, "+60909205316Z", None),
            (0x17, "160909205316.1Z", None),
            (0x04, "160909205316Z", None),
            (0x18, "дда", None),
        ] {
            let der = tlv(tag, &[text.as_bytes().to_vec()]);
            let read = moment(&Element::only(&der).unwrap()).ok();
            assert_eq!(read.map(|at| at.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_a_compromise_reaches_back() {
        let (early, late) = (Timestamp::from_seconds(1), Timestamp::from_seconds(9));
        for (reason, reaches) in
            [(1, true), (2, true), (10, true), (0, false), (4, false), (6, false)]
        {
            let revocation = Revocation::new(late, Some(Reason(reason)), Some(early));
            assert_eq!(revocation.at, late, "{reason}");
            assert_eq!(revocation.invalid_since, reaches.then_some(early), "{reason}");
        }
        assert_eq!(Revocation::new(early, Some(Reason(1)), Some(late)).invalid_since, None);
    }
}
