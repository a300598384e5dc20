//! What a certificate's `extKeyUsage` lets its key sign (RFC 5280 §4.2.1.12).

/// What the certificate at the beginning of a path is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To sign a document.
    #[default]
    Document,
    /// To answer as an OCSP responder (RFC 6960 §4.2.2.2): the purpose `OCSPSigning` must be there.
    OcspSigning,
    /// To sign a revocation list: `cRLSign` where `keyUsage` is there (RFC 5280 §6.3.3 (f)).
    RevocationList,
    /// To time-stamp (RFC 3161 §2.3): the purpose `timeStamping` must be there.
    TimeStamping,
}

/// Whether a certificate with these purposes (`None`: it names none) may do what is asked.
pub(super) fn allow(purposes: Option<&[String]>, asked: Purpose) -> bool {
    let has = |oid: &str| purposes.is_some_and(|all| all.iter().any(|purpose| purpose == oid));
    match asked {
        Purpose::Document => purposes.is_none_or(allow_documents),
        Purpose::OcspSigning => has(OCSP_SIGNING),
        Purpose::RevocationList => true,
        Purpose::TimeStamping => has(TIME_STAMPING),
    }
}

/// Whether documents are among the purposes.
///
/// Services sign what others send them: a time-stamp or an OCSP answer must never pass for a
/// document, so a certificate for either is for nothing else. One that is only for connections
/// or program code is not for documents. Purposes that are not known here, such as the national
/// ones, are taken to allow it.
fn allow_documents(purposes: &[String]) -> bool {
    let service = purposes.iter().any(|purpose| SERVICES.iter().any(|(oid, _)| oid == purpose));
    let other = |purpose: &String| OTHERS.iter().any(|(oid, _)| oid == purpose);
    !service && !purposes.iter().all(other)
}

/// What is asked for, for people.
pub(super) fn name(asked: Purpose) -> &'static str {
    match asked {
        Purpose::Document => "signing documents",
        Purpose::OcspSigning => "answering about revocation",
        Purpose::RevocationList => "signing revocation lists",
        Purpose::TimeStamping => "time-stamping",
    }
}

/// The purposes for people.
pub(super) fn names(purposes: &[String]) -> String {
    if purposes.is_empty() {
        return "it names none".to_owned();
    }
    let name = |purpose: &String| {
        let mut known = SERVICES.iter().chain(OTHERS);
        known.find(|(oid, _)| oid == purpose).map_or(purpose.as_str(), |(_, name)| name).to_owned()
    };
    purposes.iter().map(name).collect::<Vec<_>>().join(", ")
}

const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";

const SERVICES: &[(&str, &str)] =
    &[(TIME_STAMPING, "time-stamping"), (OCSP_SIGNING, "OCSP answers")];

const OTHERS: &[(&str, &str)] = &[
    ("1.3.6.1.5.5.7.3.1", "TLS servers"),
    ("1.3.6.1.5.5.7.3.2", "TLS clients"),
    ("1.3.6.1.5.5.7.3.3", "program code"),
    ("1.3.6.1.5.5.7.3.5", "IPsec"),
    ("1.3.6.1.5.5.7.3.6", "IPsec"),
    ("1.3.6.1.5.5.7.3.7", "IPsec"),
    ("1.3.6.1.5.5.7.3.17", "IPsec"),
];
