//! STARTTLS, and the files it needs.

use std::path::PathBuf;

use skrynka::{
    domain::TransmissionType,
    smtp::Limits,
    tls::{TlsError, tls_config},
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::office::{Server, any_port, settings};
use crate::support::{
    certificate::{Certificate, self_signed},
    smtp_client::SmtpClient,
    tls_client,
};

/// A server that offers TLS as `mx.x.ua`, and what its clients must trust.
fn server() -> (Server, Certificate) {
    let (files, certificate) = (TempDir::new().unwrap(), self_signed("mx.x.ua", 7));
    let (chain, key) = write(&files, &certificate.chain_pem, &certificate.key_pem);
    let config = tls_config(&chain, &key).unwrap();
    (Server::with_settings(Limits::default(), Some(config)), certificate)
}

pub(super) fn write(files: &TempDir, certificate: &str, key: &str) -> (PathBuf, PathBuf) {
    let paths = (files.path().join("chain.pem"), files.path().join("key.pem"));
    std::fs::write(&paths.0, certificate).unwrap();
    std::fs::write(&paths.1, key).unwrap();
    paths
}

pub(super) async fn handshake(stream: TcpStream, trusted: &Certificate) -> TlsStream<TcpStream> {
    tls_client::handshake(stream, "mx.x.ua", &trusted.chain_der, &[]).await.unwrap()
}

#[tokio::test]
async fn rfc3207_4_2_a_mail_comes_over_tls_after_everything_before_it_is_forgotten() {
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
async fn rfc3207_6_commands_injected_behind_starttls_are_refused_with_it() {
    let (server, _) = server();
    let mut client = SmtpClient::greeted(server.address).await;
    client.command("EHLO a").await;
    client.send("STARTTLS\r\nRSET\r\nMAIL FROM:<x@y.ua>\r\n").await;
    assert_eq!(client.codes_to_the_end().await, [501]);
}

#[tokio::test]
async fn rfc3207_6_commands_injected_between_starttls_and_the_handshake_are_no_commands() {
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
async fn a_handshake_that_fails_is_counted() {
    let (server, _) = server();
    let mut client = SmtpClient::greeted(server.address).await;
    assert_eq!(client.codes(&["EHLO a", "STARTTLS"]).await, [250, 220]);
    client.send("no record of TLS\r\n").await;
    client.finish().await;
    let mut heard = Vec::new();
    drop(tokio::io::AsyncReadExt::read_to_end(&mut client.into_stream(), &mut heard).await);
    assert_eq!(server.metric("skrynka_smtp_tls_failures_total"), "1");
    assert_eq!(server.metric("skrynka_smtp_tls_sessions_total"), "0");
}

#[tokio::test]
async fn rfc8314_3_a_listener_may_begin_with_tls() {
    let (files, certificate) = (TempDir::new().unwrap(), self_signed("mx.x.ua", 7));
    let (chain, key) = write(&files, &certificate.chain_pem, &certificate.key_pem);
    let config = tls_config(&chain, &key).unwrap();
    let server = Server::serve(any_port().with_tls(), settings(Limits::default(), Some(config)));
    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut client = SmtpClient::over(handshake(stream, &certificate).await);
    assert_eq!(client.reply().await.code, 220);
    assert!(!client.command("EHLO a").await.text.contains("STARTTLS"));
    assert_eq!(client.command("STARTTLS").await.code, 503);
    client.begin_mail("branch@x.ua").await;
    assert_eq!(client.codes(&["Hello\r\n.", "QUIT"]).await, [250, 221]);
    let (envelope, _) = server.office.mails().remove(0);
    assert_eq!((envelope.tls, envelope.protocol), (true, TransmissionType::Esmtps));
    assert_eq!(server.metric("skrynka_smtp_tls_sessions_total"), "1");

    let mut clear = SmtpClient::connect(server.address).await;
    clear.send("EHLO client.example.ua\r\n").await;
    let mut heard = Vec::new();
    drop(tokio::io::AsyncReadExt::read_to_end(&mut clear.into_stream(), &mut heard).await);
    assert!(!heard.starts_with(b"2") && !heard.starts_with(b"5"), "{heard:?}");
}

#[tokio::test]
async fn rfc8997_tls_1_2_is_spoken_and_nothing_older() {
    let (server, _) = server();
    for (version, answer) in
        [(1, &[21, 3, 3, 0, 2, 2, 70][..]), (2, &[21, 3, 3, 0, 2, 2, 70]), (3, &[22])]
    {
        let mut client = SmtpClient::greeted(server.address).await;
        assert_eq!(client.codes(&["EHLO a", "STARTTLS"]).await, [250, 220]);
        client.send(hello_of_tls(version)).await;
        client.finish().await;
        let mut heard = Vec::new();
        drop(tokio::io::AsyncReadExt::read_to_end(&mut client.into_stream(), &mut heard).await);
        assert!(heard.starts_with(answer), "3.{version}: {heard:?}");
    }
}

/// A hello (RFC 5246 §7.4.1.2) that offers the version 3.`minor` and ECDHE with ECDSA on P-256.
fn hello_of_tls(minor: u8) -> Vec<u8> {
    let suites_and_compression = [0, 2, 0xc0, 0x2b, 1, 0];
    let groups = [0, 10, 0, 4, 0, 2, 0, 23];
    let algorithms = [0, 13, 0, 4, 0, 2, 4, 3];
    let extensions = [&[0, 16][..], &groups, &algorithms].concat();
    let version_and_random = [&[3, minor][..], &[7; 32], &[0]].concat();
    let body = [&version_and_random[..], &suites_and_compression, &extensions].concat();
    let len = u8::try_from(body.len()).unwrap();
    [&[22, 3, 1, 0, len + 4, 1, 0, 0, len][..], &body].concat()
}

#[tokio::test]
async fn rfc3207_4_tls_is_not_offered_without_a_certificate() {
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
    assert!(matches!(&error, TlsError::Certificate { path, .. } if *path == chain), "{error}");
    assert!(error.to_string().contains("chain.pem is not a certificate"), "{error}");

    let (chain, key) = write(&files, &one.chain_pem, &one.chain_pem);
    let error = tls_config(&chain, &key).unwrap_err();
    assert!(matches!(&error, TlsError::Key { path, .. } if *path == key), "{error}");

    let (chain, key) = write(&files, &one.chain_pem, &other.key_pem);
    let error = tls_config(&chain, &key).unwrap_err();
    assert!(matches!(&error, TlsError::KeyMismatch { .. }), "{error}");

    let broken = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let (chain, key) = write(&files, broken, &one.key_pem);
    let error = tls_config(&chain, &key).unwrap_err();
    assert!(matches!(&error, TlsError::Certificate { path, .. } if *path == chain), "{error}");

    let broken = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    let (chain, key) = write(&files, &one.chain_pem, broken);
    let error = tls_config(&chain, &key).unwrap_err();
    assert!(matches!(&error, TlsError::Key { path, .. } if *path == key), "{error}");

    let missing = files.path().join("missing.pem");
    let error = tls_config(&missing, &key).unwrap_err();
    assert!(error.to_string().contains("missing.pem"), "{error}");
}
