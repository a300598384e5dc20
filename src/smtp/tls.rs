//! The certificate that is offered after STARTTLS (RFC 3207) and on listeners that begin with TLS
//! (RFC 8314); RFC 8997: TLS 1.2 and newer.

use std::{path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::ring as provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
    version::{TLS12, TLS13},
};

use super::SmtpError;

/// What a TLS listener needs: certificate, key, versions.
pub type TlsConfig = ServerConfig;

/// Reads a certificate with its chain, own certificate first, and the key that belongs to it; both
/// in PEM form.
///
/// # Errors
/// A sentence that names the file when one of them cannot be read or holds something else, and
/// both files when they do not belong together.
pub fn tls_config(certificate_pem: &Path, key_pem: &Path) -> Result<Arc<TlsConfig>, SmtpError> {
    let chain = certificates(certificate_pem)
        .map_err(|reason| SmtpError::Certificate { path: certificate_pem.to_owned(), reason })?;
    let key = PrivateKeyDer::from_pem_file(key_pem)
        .map_err(|error| SmtpError::Key { path: key_pem.to_owned(), reason: reason(&error) })?;
    provider::sign::any_supported_type(&key)
        .map_err(|error| SmtpError::Key { path: key_pem.to_owned(), reason: error.to_string() })?;
    let unusable = |source: rustls::Error| {
        if matches!(source, rustls::Error::InvalidCertificate(_)) {
            let (path, reason) = (certificate_pem.to_owned(), source.to_string());
            return SmtpError::Certificate { path, reason };
        }
        let (certificate, key) = (certificate_pem.to_owned(), key_pem.to_owned());
        SmtpError::KeyMismatch { certificate, key, source }
    };
    // The provider is named, for a program that links two of them has no default one.
    let config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| reason(&error))?;
    if chain.is_empty() {
        return Err(reason(&pem::Error::NoItemsFound));
    }
    Ok(chain)
}

fn reason(error: &pem::Error) -> String {
    if matches!(error, pem::Error::NoItemsFound) {
        return "there is none in it".to_owned();
    }
    error.to_string()
}
