//! What a certificate's `extKeyUsage` lets its key sign (RFC 5280 §4.2.1.12).

/// Whether documents are among the purposes.
///
/// Services sign what others send them: a time-stamp or an OCSP answer must never pass for a
/// document, so a certificate for either is for nothing else. One that is only for connections
/// or program code is not for documents. Purposes that are not known here, such as the national
/// ones, are taken to allow it.
pub(super) fn allow_documents(purposes: &[String]) -> bool {
    let service = purposes.iter().any(|purpose| SERVICES.iter().any(|(oid, _)| oid == purpose));
    let other = |purpose: &String| OTHERS.iter().any(|(oid, _)| oid == purpose);
    !service && !purposes.iter().all(other)
}

/// The purposes for people.
pub(super) fn names(purposes: &[String]) -> String {
    let name = |purpose: &String| {
        let mut known = SERVICES.iter().chain(OTHERS);
        known.find(|(oid, _)| oid == purpose).map_or(purpose.as_str(), |(_, name)| name).to_owned()
    };
    purposes.iter().map(name).collect::<Vec<_>>().join(", ")
}

const SERVICES: &[(&str, &str)] =
    &[("1.3.6.1.5.5.7.3.8", "time-stamping"), ("1.3.6.1.5.5.7.3.9", "OCSP answers")];

const OTHERS: &[(&str, &str)] = &[
    ("1.3.6.1.5.5.7.3.1", "TLS servers"),
    ("1.3.6.1.5.5.7.3.2", "TLS clients"),
    ("1.3.6.1.5.5.7.3.3", "program code"),
    ("1.3.6.1.5.5.7.3.5", "IPsec"),
    ("1.3.6.1.5.5.7.3.6", "IPsec"),
    ("1.3.6.1.5.5.7.3.7", "IPsec"),
    ("1.3.6.1.5.5.7.3.17", "IPsec"),
];
