//! A client of TLS that trusts one certificate.

use std::{io, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Shakes hands with `host`, trusting `root` (DER) and nobody else, and wishing to speak `protocols`.
pub(crate) async fn handshake(
    stream: TcpStream,
    host: &str,
    root: &[u8],
    protocols: &[&str],
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let host = host.to_owned().try_into().unwrap();
    TlsConnector::from(Arc::new(config)).connect(host, stream).await
}
