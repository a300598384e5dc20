//! Showing an authority of ACME that a domain is ours: the challenge TLS-ALPN-01 (RFC 8737).

use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::{
    crypto::ring::sign::any_supported_type,
    pki_types::PrivateKeyDer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::TlsError;

/// What the authority asks for in its handshake.
pub(super) const PROTOCOL: &[u8] = b"acme-tls/1";

/// A certificate that answers a challenge, and is shown to nobody else.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    domain: String,
    shown: Arc<CertifiedKey>,
}

impl Challenge {
    /// The answer for `domain`, by the SHA-256 of the key authorization (RFC 8555 §8.1).
    ///
    /// # Errors
    /// When no key or certificate can be made.
    pub(crate) fn new(domain: &str, digest: &[u8]) -> Result<Self, TlsError> {
        let refuse = |reason: String| TlsError::Challenge { domain: domain.to_owned(), reason };
        let params = CertificateParams::new(vec![domain.to_owned()]);
        let mut params = params.map_err(|error| refuse(error.to_string()))?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate().map_err(|error| refuse(error.to_string()))?;
        let certificate = params.self_signed(&key).map_err(|error| refuse(error.to_string()))?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let key = any_supported_type(&key).map_err(|error| refuse(error.to_string()))?;
        let shown = Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key));
        Ok(Self { domain: domain.to_owned(), shown })
    }
}

/// Shows a certificate, and to an authority that looks at a domain the answer to its challenge.
#[derive(Debug)]
pub(super) struct Challenges {
    own: Arc<dyn ResolvesServerCert>,
    challenges: Vec<Challenge>,
}

impl Challenges {
    pub(super) fn new(own: Arc<dyn ResolvesServerCert>, challenges: &[Challenge]) -> Self {
        Self { own, challenges: challenges.to_vec() }
    }
}

impl ResolvesServerCert for Challenges {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_challenge =
            hello.alpn().is_some_and(|mut protocols| protocols.any(|name| name == PROTOCOL));
        if !is_challenge {
            return self.own.resolve(hello);
        }
        let domain = hello.server_name()?;
        let mut challenges = self.challenges.iter();
        let own = challenges.find(|challenge| challenge.domain.eq_ignore_ascii_case(domain))?;
        Some(Arc::clone(&own.shown))
    }
}
