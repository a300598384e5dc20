//! `qcStatements` (RFC 3739 §3.2.6, ETSI EN 319 412-5 §4): what a certificate says of its own
//! quality. Only a trust list makes such words worth something.

use x509_parser::asn1_rs::{Any, Tag};

use super::super::tree;

/// What a certificate says of its own quality. A claim of its issuer's, and no proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QualifiedStatements {
    /// The national mark of a qualified certificate (1.2.804.2.1.1.1.2.1).
    pub national_mark: bool,
    /// `QcCompliance`: issued as a qualified certificate.
    pub compliance: bool,
    /// `QcSSCD`: the key lies in a qualified device.
    pub device: bool,
    /// `QcType`: what the certificate is for, object identifiers in dotted form.
    pub types: Vec<String>,
    /// `QcLimitValue`: the most that one transaction may be worth.
    pub limit: Option<ValueLimit>,
    /// `QcRetentionPeriod`: how many years the issuer keeps its papers after the validity.
    pub retention_years: Option<u32>,
    /// `QcPDS`: where the issuer's terms are read, each URL with its language.
    pub disclosures: Vec<(String, String)>,
}

/// An amount of money: `amount` · 10^`exponent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueLimit {
    /// The letters or digits of ISO 4217.
    pub currency: String,
    /// The amount before the exponent.
    pub amount: u64,
    /// The power of ten.
    pub exponent: i32,
}

/// The statements read, and whether each of them was understood.
pub(in crate::trust) struct Read {
    pub(in crate::trust) statements: QualifiedStatements,
    /// Object identifiers of statements that are not known or have a form that is not.
    pub(in crate::trust) strange: Vec<String>,
}

/// `QCStatements ::= SEQUENCE OF SEQUENCE { statementId, statementInfo OPTIONAL }`; `None` when
/// it is no such thing.
pub(super) fn read(der: &[u8]) -> Option<Read> {
    let [list] = tree::elements(der)?.try_into().ok()?;
    let mut statements = QualifiedStatements::default();
    let mut strange = Vec::new();
    for statement in tree::sequence(&list)? {
        let parts = tree::sequence(&statement)?;
        let (id, information) = parts.split_first()?;
        let id = tree::object_identifier(id)?;
        let is_read = match information {
            [] => take(&mut statements, &id, None),
            [information] => take(&mut statements, &id, Some(information)),
            _ => None,
        };
        if is_read.is_none() {
            strange.push(id);
        }
    }
    Some(Read { statements, strange })
}

const NATIONAL_MARK: &str = "1.2.804.2.1.1.1.2.1";
const COMPLIANCE: &str = "0.4.0.1862.1.1";
const LIMIT: &str = "0.4.0.1862.1.2";
const RETENTION: &str = "0.4.0.1862.1.3";
const DEVICE: &str = "0.4.0.1862.1.4";
const DISCLOSURE: &str = "0.4.0.1862.1.5";
pub(super) const TYPE: &str = "0.4.0.1862.1.6";
const LEGISLATION: &str = "0.4.0.1862.1.7";
const SYNTAX_1: &str = "1.3.6.1.5.5.7.11.1";
const SYNTAX_2: &str = "1.3.6.1.5.5.7.11.2";

fn take(
    statements: &mut QualifiedStatements,
    id: &str,
    information: Option<&Any<'_>>,
) -> Option<()> {
    match id {
        NATIONAL_MARK => statements.national_mark = true,
        COMPLIANCE => statements.compliance = true,
        DEVICE => statements.device = true,
        LIMIT => statements.limit = Some(limit(information?)?),
        RETENTION => statements.retention_years = Some(information?.as_u32().ok()?),
        DISCLOSURE => statements.disclosures = disclosures(information?)?,
        TYPE => {
            let listed = tree::sequence(information?)?;
            let listed = listed.iter().map(tree::object_identifier);
            // In several statements it is for all that any of them says.
            statements.types.extend(listed.collect::<Option<Vec<_>>>()?);
        }
        // How names in the certificate are meant, and which countries' law it is issued under:
        // they restrict nothing that is judged here.
        LEGISLATION | SYNTAX_1 | SYNTAX_2 => {}
        _ => return None,
    }
    Some(())
}

/// `MonetaryValue ::= SEQUENCE { currency, amount INTEGER, exponent INTEGER }`.
fn limit(information: &Any<'_>) -> Option<ValueLimit> {
    let [currency, amount, exponent] = tree::sequence(information)?.try_into().ok()?;
    let currency = match currency.tag() {
        Tag::Integer => currency.as_u32().ok()?.to_string(),
        _ => plain(&currency)?,
    };
    let exponent = exponent.as_i32().ok()?;
    Some(ValueLimit { currency, amount: amount.as_u64().ok()?, exponent })
}

/// `PdsLocations ::= SEQUENCE OF SEQUENCE { url IA5String, language PrintableString }`.
fn disclosures(information: &Any<'_>) -> Option<Vec<(String, String)>> {
    let locations = tree::sequence(information)?;
    let read = locations.iter().map(|location| {
        let [url, language] = tree::sequence(location)?.try_into().ok()?;
        Some((plain(&url)?, plain(&language)?))
    });
    read.collect()
}

/// Printable ASCII alone: the text is shown to people. Spaces around it stand in certificates in
/// use.
fn plain(value: &Any<'_>) -> Option<String> {
    let is_string = matches!(value.tag(), Tag::Ia5String | Tag::PrintableString | Tag::Utf8String);
    let text = std::str::from_utf8(value.data).ok().filter(|_| is_string)?;
    let text = text.trim_matches(' ');
    text.chars().all(|c| c.is_ascii_graphic()).then(|| text.to_owned())
}
