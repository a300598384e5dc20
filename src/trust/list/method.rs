//! The algorithms of an XML signature by their URIs (RFC 9231), as this program's algorithms.

use der::{
    Encode as _,
    asn1::{OctetStringRef, UintRef},
};

use super::{ListError, canonical::Method};
use crate::algorithms::{AlgorithmId, DigestAlgorithm, Failure};

/// The algorithm of the signature value.
pub(super) struct SignatureMethod {
    oid: &'static str,
    /// The DER of its parameters.
    parameters: Option<Vec<u8>>,
    form: Form,
}

/// How the signature value is written.
#[derive(Clone, Copy)]
enum Form {
    /// As `algorithms` wants it.
    Same,
    /// r and s one behind the other, of equal length (RFC 9231 §2.3.6).
    Pair,
    /// The octets of an OCTET STRING, which CMS has around them.
    Octets,
}

impl SignatureMethod {
    pub(super) fn find(uri: &str) -> Result<Self, ListError> {
        let (oid, form) = match uri {
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => (RSA_SHA256, Form::Same),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => (RSA_SHA384, Form::Same),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => (RSA_SHA512, Form::Same),
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
            | "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1"
            | "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" => (RSA_PSS, Form::Same),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => (ECDSA_SHA256, Form::Pair),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => (ECDSA_SHA384, Form::Pair),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => (ECDSA_SHA512, Form::Pair),
            "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519" => (ED25519, Form::Same),
            // No standard names the national algorithms; these are the names in containers that
            // the Diia app makes.
            "http://www.w3.org/2001/04/xmldsig-more#dstu4145-gost34311" => {
                (DSTU_GOST34311, Form::Octets)
            }
            "http://www.w3.org/2001/04/xmldsig-more#dstu4145-dstu7564-256" => {
                (DSTU_KUPYNA256, Form::Octets)
            }
            _ => return Err(unsupported(uri)),
        };
        let parameters = match uri {
            _ if oid != RSA_PSS => None,
            _ if uri.contains("#sha256-") => Some(pss_parameters(1, 32)),
            _ if uri.contains("#sha384-") => Some(pss_parameters(2, 48)),
            _ => Some(pss_parameters(3, 64)),
        };
        Ok(Self { oid, parameters, form })
    }

    pub(super) fn id(&self) -> AlgorithmId<'_> {
        AlgorithmId { oid: self.oid.to_owned(), parameters: self.parameters.as_deref() }
    }

    /// The signature value as `algorithms` wants it; `None` when it has no such form.
    pub(super) fn value(&self, given: &[u8]) -> Option<Vec<u8>> {
        match self.form {
            Form::Same => Some(given.to_vec()),
            Form::Octets => OctetStringRef::new(given).ok()?.to_der().ok(),
            Form::Pair => {
                let half = given.len().checked_div(2)?;
                if half == 0 || half > 72 || !given.len().is_multiple_of(2) {
                    return None;
                }
                let (r, s) = given.split_at_checked(half)?;
                let integers =
                    [UintRef::new(r).ok()?.to_der().ok()?, UintRef::new(s).ok()?.to_der().ok()?];
                Some(sequence(0x30, &integers.concat()))
            }
        }
    }
}

/// The digest algorithm of a `DigestMethod`.
pub(super) fn digest_method(uri: &str) -> Result<DigestAlgorithm, ListError> {
    let oid = match uri {
        "http://www.w3.org/2001/04/xmlenc#sha256" => "2.16.840.1.101.3.4.2.1",
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => "2.16.840.1.101.3.4.2.2",
        "http://www.w3.org/2001/04/xmlenc#sha512" => "2.16.840.1.101.3.4.2.3",
        "http://www.w3.org/2001/04/xmlenc#gost34311"
        | "http://www.w3.org/2001/04/xmldsig-more#gost34311" => "1.2.804.2.1.1.1.1.2.1",
        "http://www.w3.org/2001/04/xmlenc#dstu7564-256"
        | "http://www.w3.org/2001/04/xmldsig-more#dstu7564-256" => "1.2.804.2.1.1.1.1.2.2.1",
        _ => return Err(unsupported(uri)),
    };
    Ok(DigestAlgorithm::from_oid(oid)?)
}

/// The canonical form of a `CanonicalizationMethod` or `Transform`. Comments stay unsigned in
/// all of them.
pub(super) fn canonical_method(uri: &str, prefixes: &str) -> Result<Method, ListError> {
    match uri {
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" => Ok(Method::Inclusive),
        "http://www.w3.org/2001/10/xml-exc-c14n#" => {
            // Each is looked for in every element; no list has as many namespaces in force.
            const MAX_PREFIXES: usize = 64;
            if prefixes.split_whitespace().nth(MAX_PREFIXES).is_some() {
                let problem = "it lists more prefixes than a list has namespaces";
                return Err(ListError::WrongSignature { problem });
            }
            let prefixes = prefixes.split_whitespace().map(|prefix| match prefix {
                "#default" => String::new(),
                named => named.to_owned(),
            });
            Ok(Method::Exclusive { prefixes: prefixes.collect() })
        }
        _ => Err(unsupported(uri)),
    }
}

fn unsupported(uri: &str) -> ListError {
    let name = uri.chars().filter(char::is_ascii_graphic).take(128).collect();
    ListError::Unverifiable(Failure::Unsupported { name })
}

const RSA_SHA256: &str = "1.2.840.113549.1.1.11";
const RSA_SHA384: &str = "1.2.840.113549.1.1.12";
const RSA_SHA512: &str = "1.2.840.113549.1.1.13";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
const ECDSA_SHA512: &str = "1.2.840.10045.4.3.4";
const ED25519: &str = "1.3.101.112";
const DSTU_GOST34311: &str = "1.2.804.2.1.1.1.1.3.1.1";
const DSTU_KUPYNA256: &str = "1.2.804.2.1.1.1.1.3.6.1.1";

/// `RSASSA-PSS-params` (RFC 4055 §3.1) with the digest 2.16.840.1.101.3.4.2.`last`, MGF1 with the
/// same, and a salt of `salt` octets, as RFC 9231 §2.3.10 fixes them.
fn pss_parameters(last: u8, salt: u8) -> Vec<u8> {
    let digest = [0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last];
    let mgf1 = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
    let mask = sequence(0x30, &[&mgf1[..], &digest].concat());
    let salt = [0x02, 0x01, salt];
    let parts = [sequence(0xa0, &digest), sequence(0xa1, &mask), sequence(0xa2, &salt)];
    sequence(0x30, &parts.concat())
}

/// An element of at most 255 bytes.
fn sequence(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("two integers or a few identifiers are short");
    let header = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [header, content.to_vec()].concat()
}
