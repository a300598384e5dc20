//! The certificate that this server shows: after STARTTLS (RFC 3207), on listeners of mail that begin
//! with TLS (RFC 8314), and on that of the dashboard. RFC 8997: TLS 1.2 and newer.
//!
//! Says nothing of whether a client will take it; that is looked at in `app`.

mod challenge;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ConfigBuilder, ServerConfig,
    client::verify_server_name,
    crypto::ring as provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem, pem::PemObject as _},
    server::{ParsedCertificate, ResolvesServerCertUsingSni, WantsServerCert},
    version::{TLS12, TLS13},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

pub(crate) use challenge::Challenge;
use challenge::Challenges;

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// No certificate could be made to answer a challenge with.
    #[error("no certificate can be made to show that {domain} is this server: {reason}")]
    Challenge {
        /// The domain.
        domain: String,
        /// What failed.
        reason: String,
    },
    /// The certificate file holds no certificate, or one that cannot be read.
    #[error("{} is not a certificate in PEM form: {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key file holds no private key, or one that cannot be read.
    #[error("{} is not a private key in PEM form: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key are readable and do not belong together.
    #[error(
        "the key in {} does not belong to the certificate in {}: {source}",
        key.display(),
        certificate.display()
    )]
    KeyMismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the TLS library said.
        source: rustls::Error,
    },
}

/// What a TLS listener needs: certificate with its chain, key, versions. Says nothing of whether a
/// client will take the certificate.
#[derive(Debug)]
pub struct TlsConfig {
    path: PathBuf,
    chain: Vec<CertificateDer<'static>>,
    server: Arc<ServerConfig>,
}

impl TlsConfig {
    /// The file that the chain was read from.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The certificates as clients are sent them, in DER, the server's own first.
    pub(crate) fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.chain.iter().map(|certificate| &**certificate)
    }

    /// Whether the server's certificate is one for `host` (RFC 9525 §6): a name in `subjectAltName`
    /// is the same, or has `*` in place of its leftmost label.
    #[must_use]
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let certificate = self.chain.first().and_then(|own| ParsedCertificate::try_from(own).ok());
        certificate
            .zip(ServerName::try_from(host).ok())
            .is_some_and(|(certificate, host)| verify_server_name(&certificate, &host).is_ok())
    }

    /// What ends every handshake, for there is no certificate yet.
    pub(crate) fn without_certificate() -> Arc<Self> {
        let nobody = Arc::new(ResolvesServerCertUsingSni::new());
        let mut server = builder().with_cert_resolver(nobody);
        server.alpn_protocols = vec![HTTP.to_vec()];
        Arc::new(Self { path: PathBuf::new(), chain: Vec::new(), server: Arc::new(server) })
    }

    /// The same, which answers challenges besides: those who ask for that are shown nothing else.
    pub(crate) fn with_challenges(&self, challenges: &[Challenge]) -> Arc<Self> {
        let mut server = ServerConfig::clone(&self.server);
        let own = Arc::clone(&server.cert_resolver);
        server.cert_resolver = Arc::new(Challenges::new(own, challenges));
        server.alpn_protocols.push(challenge::PROTOCOL.to_vec());
        let (path, chain) = (self.path.clone(), self.chain.clone());
        Arc::new(Self { path, chain, server: Arc::new(server) })
    }

    /// The stream within TLS, when a client and not an authority with its challenge has shaken hands.
    pub(crate) async fn accept<S>(&self, stream: S) -> Option<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = self.acceptor().accept(stream).await.ok()?;
        // RFC 8737 §4: nothing is said after the handshake.
        let is_challenge = stream.get_ref().1.alpn_protocol() == Some(challenge::PROTOCOL);
        (!is_challenge).then_some(stream)
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.server))
    }
}

/// Reads a certificate with its chain, own certificate first, and the key that belongs to it; both
/// in PEM form.
///
/// # Errors
/// A sentence that names the file when one of them cannot be read or holds something else, and
/// both files when they do not belong together.
pub fn tls_config(certificate_pem: &Path, key_pem: &Path) -> Result<Arc<TlsConfig>, TlsError> {
    read(certificate_pem, key_pem, &[]).map(Arc::new)
}

/// The same for a listener of HTTP: who wants to speak something else there is refused (RFC 7301 §3.2),
/// so that a connection which was meant for another server ends at once.
///
/// # Errors
/// As [`tls_config`].
pub fn https_config(certificate_pem: &Path, key_pem: &Path) -> Result<Arc<TlsConfig>, TlsError> {
    read(certificate_pem, key_pem, &[HTTP]).map(Arc::new)
}

/// HTTP/1.1 by its name in the handshake.
const HTTP: &[u8] = b"http/1.1";

fn read(
    certificate_pem: &Path,
    key_pem: &Path,
    protocols: &[&[u8]],
) -> Result<TlsConfig, TlsError> {
    let chain = certificates(certificate_pem)
        .map_err(|reason| TlsError::Certificate { path: certificate_pem.to_owned(), reason })?;
    let key = PrivateKeyDer::from_pem_file(key_pem)
        .map_err(|error| TlsError::Key { path: key_pem.to_owned(), reason: reason(&error) })?;
    provider::sign::any_supported_type(&key)
        .map_err(|error| TlsError::Key { path: key_pem.to_owned(), reason: error.to_string() })?;
    let unusable = |source: rustls::Error| {
        if matches!(source, rustls::Error::InvalidCertificate(_)) {
            let (path, reason) = (certificate_pem.to_owned(), source.to_string());
            return TlsError::Certificate { path, reason };
        }
        let (certificate, key) = (certificate_pem.to_owned(), key_pem.to_owned());
        TlsError::KeyMismatch { certificate, key, source }
    };
    let mut server = builder().with_single_cert(chain.clone(), key).map_err(unusable)?;
    server.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let path = certificate_pem.to_owned();
    Ok(TlsConfig { path, chain, server: Arc::new(server) })
}

fn builder() -> ConfigBuilder<ServerConfig, WantsServerCert> {
    // The provider is named, for a program that links two of them has no default one.
    ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("the provider has cipher suites for both versions")
        .with_no_client_auth()
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
