//! STARTTLS, and the files it needs.

use std::{path::PathBuf, sync::Arc};

use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};
use skrynka::smtp::{Limits, SmtpError, tls_config};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    certificate::{Certificate, self_signed},
    office::Server,
};
use crate::support::smtp_client::SmtpClient;

/// A server that offers TLS as `mx.x.ua`, and what its clients must trust.
fn server() -> (Server, Certificate) {
    let (files, certificate) = (TempDir::new().unwrap(), self_signed("mx.x.ua", 7));
    let (chain, key) = write(&files, &certificate.chain_pem, &certificate.key_pem);
    let config = tls_config(&chain, &key).unwrap();
    (Server::with_settings(Limits::default(), Some(config)), certificate)
}

fn write(files: &TempDir, certificate: &str, key: &str) -> (PathBuf, PathBuf) {
    let paths = (files.path().join("chain.pem"), files.path().join("key.pem"));
    std::fs::write(&paths.0, certificate).unwrap();
    std::fs::write(&paths.1, key).unwrap();
    paths
}

async fn handshake(stream: TcpStream, trusted: &Certificate) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(trusted.chain_der.clone())).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect("mx.x.ua".try_into().unwrap(), stream).await.unwrap()
}

#[tokio::test]
async fn a_mail_comes_over_tls_after_everything_before_it_is_forgotten() {
    let (server, certificate) = server();
    let mut client = SmtpClient::greeted(server.address).await;
    assert!(client.command("EHLO a").await.text.contains("250-STARTTLS\r\n"));
    assert_eq!(client.codes(&["MAIL FROM:<>", "STARTTLS"]).await, [250, 220]);
    let stream = handshake(client.into_stream(), &certificate).await;

    let mut client = SmtpClient::over(stream);
    assert_eq!(client.codes(&["RCPT TO:<branch@x.ua>", "MAIL FROM:<>"]).await, [503, 503]);
    assert!(!client.command("EHLO a").await.text.contains("STARTTLS"));
    assert_eq!(client.command("STARTTLS").await.code, 503);
    client.begin_mail("branch@x.ua").await;
    assert_eq!(client.codes(&["Hello\r\n.", "QUIT"]).await, [250, 221]);
    let (envelope, message) = server.office.mails().remove(0);
    assert!(envelope.tls);
    assert_eq!(message, b"Hello\r\n");
    assert_eq!(server.metric("skrynka_smtp_tls_sessions_total"), "1");
}

#[tokio::test]
async fn commands_injected_behind_starttls_are_refused_with_it() {
    let (server, _) = server();
    let mut client = SmtpClient::greeted(server.address).await;
    client.command("EHLO a").await;
    client.send("STARTTLS\r\nRSET\r\nMAIL FROM:<x@y.ua>\r\n").await;
    assert_eq!(client.codes_to_the_end().await, [501]);
}

#[tokio::test]
async fn commands_injected_between_starttls_and_the_handshake_are_no_commands() {
    let (server, _) = server();
    let mut client = SmtpClient::greeted(server.address).await;
    assert_eq!(client.codes(&["EHLO a", "STARTTLS"]).await, [250, 220]);
    client.send("RSET\r\nMAIL FROM:<x@y.ua>\r\n").await;
    client.finish().await;
    let mut heard = Vec::new();
    let mut stream = client.into_stream();
    drop(tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut heard).await);
    let text = String::from_utf8_lossy(&heard);
    assert!(!text.contains("250") && !text.contains("503"), "{text}");
}

#[tokio::test]
async fn tls_is_not_offered_without_a_certificate() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    assert!(!client.command("EHLO a").await.text.contains("STARTTLS"));
    assert_eq!(client.command("STARTTLS").await.code, 502);
}

#[test]
fn files_that_do_not_serve_are_named() {
    let files = TempDir::new().unwrap();
    let (one, other) = (self_signed("mx.x.ua", 7), self_signed("mx.x.ua", 8));

    let (chain, key) = write(&files, "not PEM", &one.key_pem);
    let error = tls_config(&chain, &key).unwrap_err();
    assert!(matches!(&error, SmtpError::Certificate { path, .. } if *path == chain), "{error}");
    assert!(error.to_string().contains("chain.pem is not a certificate"), "{error}");

    let (chain, key) = write(&files, &one.chain_pem, &one.chain_pem);
    let error = tls_config(&chain, &key).unwrap_err();
    assert!(matches!(&error, SmtpError::Key { path, .. } if *path == key), "{error}");

    let (chain, key) = write(&files, &one.chain_pem, &other.key_pem);
    let error = tls_config(&chain, &key).unwrap_err();
    assert!(matches!(&error, SmtpError::KeyMismatch { .. }), "{error}");

    let broken = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let (chain, key) = write(&files, broken, &one.key_pem);
    let error = tls_config(&chain, &key).unwrap_err();
    assert!(matches!(&error, SmtpError::Certificate { path, .. } if *path == chain), "{error}");

    let broken = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    let (chain, key) = write(&files, &one.chain_pem, broken);
    let error = tls_config(&chain, &key).unwrap_err();
    assert!(matches!(&error, SmtpError::Key { path, .. } if *path == key), "{error}");

    let missing = files.path().join("missing.pem");
    let error = tls_config(&missing, &key).unwrap_err();
    assert!(error.to_string().contains("missing.pem"), "{error}");
}
