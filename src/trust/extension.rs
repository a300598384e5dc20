//! The extensions of a certificate that a path is judged by (RFC 5280 §4.2, ETSI EN 319 412-5).

mod directory;
mod statements;

use std::collections::BTreeSet;

use x509_parser::{
    asn1_rs::FromDer,
    error::X509Error,
    extensions::{
        AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyIdentifier, KeyUsage,
        X509Extension,
    },
};

use super::{
    certificate::CertificateError,
    constraints::{GeneralName, NameConstraints, PolicyLimits, general_names},
    points::{self, Points},
    tree,
};

pub use self::statements::{QualifiedStatements, ValueLimit};

/// What the extensions of one certificate say.
#[derive(Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about one extension")]
pub(super) struct Extensions {
    /// `basicConstraints` with `cA`: an authority, and how many authorities may stand below it.
    pub(super) authority: Option<Authority>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    /// `authorityKeyIdentifier` is there and cannot be read.
    pub(super) has_unread_authority_key_id: bool,
    /// `None`: the key may be used for everything.
    pub(super) key_usage: Option<KeyUses>,
    /// `extKeyUsage` in dotted form; `None`: for every purpose.
    pub(super) purposes: Option<Vec<String>>,
    /// Whether `extKeyUsage` is critical.
    pub(super) purposes_are_critical: bool,
    /// `authorityInfoAccess`: where an OCSP responder answers.
    pub(super) ocsp_urls: Vec<String>,
    /// `authorityInfoAccess`: where the issuer's certificate is.
    pub(super) issuer_urls: Vec<String>,
    /// `cRLDistributionPoints`.
    pub(super) crl_points: Points,
    /// `freshestCRL`.
    pub(super) delta_crl_points: Points,
    /// `id-pkix-ocsp-nocheck`.
    pub(super) no_check: bool,
    /// `subjectDirectoryAttributes`: the organisation's code.
    pub(super) national_codes: Vec<String>,
    /// `subjectDirectoryAttributes` is there and cannot be read.
    pub(super) has_unread_codes: bool,
    /// `qcStatements`.
    pub(super) qualified: QualifiedStatements,
    /// `qcStatements` is there and cannot be read, or a `QcType` in it.
    pub(super) has_unread_types: bool,
    /// `nameConstraints`.
    pub(super) name_constraints: Option<NameConstraints>,
    pub(super) policies: PolicyLimits,
    pub(super) alternative_names: Vec<GeneralName>,
    /// `subjectAltName` is there and cannot be read.
    pub(super) has_unread_names: bool,
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
#[expect(clippy::struct_excessive_bools, reason = "the bits that the standard has")]
pub(super) struct KeyUses {
    pub(super) digital_signature: bool,
    pub(super) non_repudiation: bool,
    pub(super) certificate_sign: bool,
    pub(super) crl_sign: bool,
    /// All of them, the first of RFC 5280 §4.2.1.3 lowest.
    bits: u16,
}

impl KeyUses {
    /// Whether the bit with this number is set.
    pub(super) fn has_bit(self, number: u8) -> bool {
        self.bits.checked_shr(number.into()).is_some_and(|rest| rest & 1 == 1)
    }
}

impl Extensions {
    pub(super) fn read(extensions: &[X509Extension<'_>]) -> Result<Self, CertificateError> {
        let mut read = Self::default();
        let mut seen = BTreeSet::new();
        for extension in extensions {
            let oid = extension.oid.to_id_string();
            // RFC 5280 §4.2: of two with different limits, a reader could heed the laxer.
            if !seen.insert(oid.clone()) {
                return Err(CertificateError::DuplicateExtension { name: extension_name(&oid) });
            }
            read.take(&oid, extension)?;
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
                    bits: usage.flags,
                    digital_signature: usage.digital_signature(),
                    non_repudiation: usage.non_repudiation(),
                    certificate_sign: usage.key_cert_sign(),
                    crl_sign: usage.crl_sign(),
                });
            }
            EXTENDED_KEY_USAGE => {
                whole::<ExtendedKeyUsage<'_>>(oid, value)?;
                let purposes = nested_identifiers(value);
                self.purposes = Some(purposes.ok_or_else(|| unreadable(oid))?);
                self.purposes_are_critical = extension.critical;
            }
            SUBJECT_KEY_ID => {
                let KeyIdentifier(id) = whole(oid, value)?;
                self.subject_key_id = Some(id.to_vec());
            }
            AUTHORITY_KEY_ID => {
                match whole::<AuthorityKeyIdentifier<'_>>(oid, value) {
                    Ok(authority) => {
                        self.authority_key_id = authority.key_identifier.map(|id| id.0.to_vec());
                    }
                    // It only helps to find the issuer, whose key proves what it issued, and some
                    // issuers put a bare OCTET STRING here. RFC 5280 §4.2.1.1 has it never critical.
                    Err(_) if !extension.critical => self.has_unread_authority_key_id = true,
                    Err(error) => return Err(error),
                }
            }
            QUALIFIED_STATEMENTS => self.take_statements(value, extension.critical),
            SUBJECT_DIRECTORY_ATTRIBUTES => {
                let codes = directory::national_codes(value);
                self.has_unread_codes = codes.is_none();
                self.national_codes = codes.unwrap_or_default();
                self.pass_over(oid, extension);
            }
            SUBJECT_ALTERNATIVE_NAME => match general_names(value) {
                Some(names) => self.alternative_names = names,
                None => self.has_unread_names = true,
            },
            AUTHORITY_INFO_ACCESS => match points::access(value) {
                Some(access) => (self.ocsp_urls, self.issuer_urls) = access,
                None => self.pass_over(oid, extension),
            },
            CRL_DISTRIBUTION_POINTS => match Points::read(value) {
                Some(points) => self.crl_points = points,
                None => self.pass_over(oid, extension),
            },
            FRESHEST_CRL => match Points::read(value) {
                Some(points) => self.delta_crl_points = points,
                None => self.pass_over(oid, extension),
            },
            NO_CHECK => self.no_check = true,
            // RFC 5280 §6.1.4 (g) heeds them whether they are critical or not, and so with the
            // limits on policies.
            NAME_CONSTRAINTS => {
                self.name_constraints = NameConstraints::read(value);
                self.must(self.name_constraints.is_some(), oid);
            }
            POLICY_MAPPINGS => {
                let read = self.policies.take_mappings(value);
                self.must(read.is_some(), oid);
            }
            POLICY_CONSTRAINTS => {
                let read = self.policies.take_constraints(value);
                self.must(read.is_some(), oid);
            }
            INHIBIT_ANY_POLICY => {
                let read = self.policies.take_inhibit_any(value);
                self.must(read.is_some(), oid);
            }
            CERTIFICATE_POLICIES => {
                let read = self.policies.take_policies(value);
                self.must(read.is_some() || !extension.critical, oid);
            }
            _ => self.pass_over(oid, extension),
        }
        Ok(())
    }

    fn pass_over(&mut self, oid: &str, extension: &X509Extension<'_>) {
        if extension.critical {
            self.unknown_critical.push(extension_name(oid));
        }
    }

    /// RFC 3739 §3.2.6: in a critical extension each statement must be understood.
    fn take_statements(&mut self, value: &[u8], critical: bool) {
        let name = extension_name(QUALIFIED_STATEMENTS);
        let Some(read) = statements::read(value) else {
            self.has_unread_types = true;
            if critical {
                self.unknown_critical.push(format!("{name} that cannot be read"));
            }
            return;
        };
        if critical {
            let strange = read.strange.iter();
            self.unknown_critical.extend(strange.map(|id| format!("{name} with statement {id}")));
        }
        self.has_unread_types = read.strange.iter().any(|id| id == statements::TYPE);
        self.qualified = read.statements;
    }

    fn must(&mut self, was_read: bool, oid: &str) {
        if !was_read {
            self.unknown_critical.push(format!("{} that cannot be read", extension_name(oid)));
        }
    }
}

const SUBJECT_DIRECTORY_ATTRIBUTES: &str = "2.5.29.9";
const SUBJECT_KEY_ID: &str = "2.5.29.14";
const KEY_USAGE: &str = "2.5.29.15";
const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const NAME_CONSTRAINTS: &str = "2.5.29.30";
const CERTIFICATE_POLICIES: &str = "2.5.29.32";
const POLICY_MAPPINGS: &str = "2.5.29.33";
const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const POLICY_CONSTRAINTS: &str = "2.5.29.36";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
const FRESHEST_CRL: &str = "2.5.29.46";
const AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
const NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";
const INHIBIT_ANY_POLICY: &str = "2.5.29.54";
const QUALIFIED_STATEMENTS: &str = "1.3.6.1.5.5.7.1.3";

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

/// The name of an extension as its standard gives it, with its identifier.
fn extension_name(oid: &str) -> String {
    let name = match oid {
        SUBJECT_DIRECTORY_ATTRIBUTES => "subjectDirectoryAttributes",
        SUBJECT_KEY_ID => "subjectKeyIdentifier",
        KEY_USAGE => "keyUsage",
        "2.5.29.16" => "privateKeyUsagePeriod",
        SUBJECT_ALTERNATIVE_NAME => "subjectAltName",
        "2.5.29.18" => "issuerAltName",
        BASIC_CONSTRAINTS => "basicConstraints",
        NAME_CONSTRAINTS => "nameConstraints",
        CRL_DISTRIBUTION_POINTS => "cRLDistributionPoints",
        CERTIFICATE_POLICIES => "certificatePolicies",
        POLICY_MAPPINGS => "policyMappings",
        AUTHORITY_KEY_ID => "authorityKeyIdentifier",
        POLICY_CONSTRAINTS => "policyConstraints",
        EXTENDED_KEY_USAGE => "extKeyUsage",
        FRESHEST_CRL => "freshestCRL",
        INHIBIT_ANY_POLICY => "inhibitAnyPolicy",
        AUTHORITY_INFO_ACCESS => "authorityInfoAccess",
        NO_CHECK => "ocsp-nocheck",
        QUALIFIED_STATEMENTS => "qcStatements",
        "1.3.6.1.4.1.11129.2.4.3" => "precertificate poison",
        _ => return oid.to_owned(),
    };
    format!("{name} ({oid})")
}
