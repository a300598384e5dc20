//! The extensions of a certificate that a path is judged by (RFC 5280 §4.2, ETSI EN 319 412-5).

use x509_parser::{
    asn1_rs::FromDer,
    error::X509Error,
    extensions::{
        AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyIdentifier, KeyUsage,
        X509Extension,
    },
};

use super::{certificate::CertificateError, tree};

/// What the extensions of one certificate say.
#[derive(Clone, Default)]
pub(super) struct Extensions {
    /// `basicConstraints` with `cA`: an authority, and how many authorities may stand below it.
    pub(super) authority: Option<Authority>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    /// `None`: the key may be used for everything.
    pub(super) key_usage: Option<KeyUses>,
    /// `extKeyUsage` in dotted form; `None`: for every purpose.
    pub(super) purposes: Option<Vec<String>>,
    /// The `QcType` of ETSI EN 319 412-5 §4.2.3 in dotted form.
    pub(super) qualified_types: Vec<String>,
    /// The names of extensions that may not be passed over and that we do not understand.
    pub(super) unknown_critical: Vec<String>,
}

/// An authority's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authority {
    /// `pathLenConstraint`.
    pub(super) path_length: Option<u32>,
}

/// What `keyUsage` allows, of what is asked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyUses {
    pub(super) digital_signature: bool,
    pub(super) non_repudiation: bool,
    pub(super) certificate_sign: bool,
}

impl Extensions {
    pub(super) fn read(extensions: &[X509Extension<'_>]) -> Result<Self, CertificateError> {
        let mut read = Self::default();
        let mut seen = Vec::with_capacity(extensions.len());
        for extension in extensions {
            let oid = extension.oid.to_id_string();
            // RFC 5280 §4.2: of two with different limits, a reader could heed the laxer.
            if seen.contains(&oid) {
                return Err(CertificateError::DuplicateExtension { name: extension_name(&oid) });
            }
            read.take(&oid, extension)?;
            seen.push(oid);
        }
        Ok(read)
    }

    fn take(&mut self, oid: &str, extension: &X509Extension<'_>) -> Result<(), CertificateError> {
        let value = extension.value;
        match oid {
            BASIC_CONSTRAINTS => {
                let constraints: BasicConstraints = whole(oid, value)?;
                self.authority = constraints
                    .ca
                    .then_some(Authority { path_length: constraints.path_len_constraint });
            }
            KEY_USAGE => {
                let usage: KeyUsage = whole(oid, value)?;
                self.key_usage = Some(KeyUses {
                    digital_signature: usage.digital_signature(),
                    non_repudiation: usage.non_repudiation(),
                    certificate_sign: usage.key_cert_sign(),
                });
            }
            EXTENDED_KEY_USAGE => {
                whole::<ExtendedKeyUsage<'_>>(oid, value)?;
                let purposes = nested_identifiers(value);
                self.purposes = Some(purposes.ok_or_else(|| unreadable(oid))?);
            }
            SUBJECT_KEY_ID => {
                let KeyIdentifier(id) = whole(oid, value)?;
                self.subject_key_id = Some(id.to_vec());
            }
            AUTHORITY_KEY_ID => {
                let authority: AuthorityKeyIdentifier<'_> = whole(oid, value)?;
                self.authority_key_id = authority.key_identifier.map(|id| id.0.to_vec());
            }
            QUALIFIED_STATEMENTS => match qualified_types(value) {
                Some(types) => self.qualified_types = types,
                None if extension.critical => {
                    self.unknown_critical.push("qcStatements that cannot be read".to_owned());
                }
                None => {}
            },
            CERTIFICATE_POLICIES | SUBJECT_ALTERNATIVE_NAME => {}
            // RFC 5280 §6.1.4 (g) heeds them whether they are critical or not.
            NAME_CONSTRAINTS => self.unknown_critical.push(extension_name(oid)),
            _ if extension.critical => self.unknown_critical.push(extension_name(oid)),
            _ => {}
        }
        Ok(())
    }
}

const SUBJECT_KEY_ID: &str = "2.5.29.14";
const KEY_USAGE: &str = "2.5.29.15";
const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const CERTIFICATE_POLICIES: &str = "2.5.29.32";
const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const QUALIFIED_STATEMENTS: &str = "1.3.6.1.5.5.7.1.3";
const QUALIFIED_TYPE: &str = "0.4.0.1862.1.6";

fn whole<'a, T: FromDer<'a, X509Error>>(oid: &str, value: &'a [u8]) -> Result<T, CertificateError> {
    match T::from_der(value) {
        Ok(([], read)) => Ok(read),
        Ok(_) | Err(_) => Err(unreadable(oid)),
    }
}

fn unreadable(oid: &str) -> CertificateError {
    CertificateError::UnreadableExtension { name: extension_name(oid) }
}

/// `SEQUENCE OF OBJECT IDENTIFIER`.
fn nested_identifiers(der: &[u8]) -> Option<Vec<String>> {
    let [list] = tree::elements(der)?.try_into().ok()?;
    tree::sequence(&list)?.iter().map(tree::object_identifier).collect()
}

/// `QCStatements ::= SEQUENCE OF SEQUENCE { statementId, statementInfo OPTIONAL }` (RFC 3739
/// §3.2.6); the `QcType` among them.
fn qualified_types(der: &[u8]) -> Option<Vec<String>> {
    let [list] = tree::elements(der)?.try_into().ok()?;
    let mut types = Vec::new();
    for statement in tree::sequence(&list)? {
        let parts = tree::sequence(&statement)?;
        let (id, information) = parts.split_first()?;
        if tree::object_identifier(id)? == QUALIFIED_TYPE {
            let listed = tree::sequence(information.first()?)?;
            types = listed.iter().map(tree::object_identifier).collect::<Option<_>>()?;
        }
    }
    Some(types)
}

/// The name of an extension as its standard gives it, with its identifier.
fn extension_name(oid: &str) -> String {
    let name = match oid {
        "2.5.29.9" => "subjectDirectoryAttributes",
        SUBJECT_KEY_ID => "subjectKeyIdentifier",
        KEY_USAGE => "keyUsage",
        "2.5.29.16" => "privateKeyUsagePeriod",
        SUBJECT_ALTERNATIVE_NAME => "subjectAltName",
        "2.5.29.18" => "issuerAltName",
        BASIC_CONSTRAINTS => "basicConstraints",
        NAME_CONSTRAINTS => "nameConstraints",
        "2.5.29.31" => "cRLDistributionPoints",
        CERTIFICATE_POLICIES => "certificatePolicies",
        "2.5.29.33" => "policyMappings",
        AUTHORITY_KEY_ID => "authorityKeyIdentifier",
        "2.5.29.36" => "policyConstraints",
        EXTENDED_KEY_USAGE => "extKeyUsage",
        "2.5.29.46" => "freshestCRL",
        "2.5.29.54" => "inhibitAnyPolicy",
        "1.3.6.1.5.5.7.1.1" => "authorityInfoAccess",
        QUALIFIED_STATEMENTS => "qcStatements",
        "1.3.6.1.4.1.11129.2.4.3" => "precertificate poison",
        _ => return oid.to_owned(),
    };
    format!("{name} ({oid})")
}
