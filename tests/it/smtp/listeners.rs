//! Other ways in: LMTP on a Unix socket, and connections that a balancer hands on.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        net::UnixListener as StdUnixListener,
    },
    path::Path,
};

use skrynka::{
    domain::TransmissionType,
    smtp::{Limits, LmtpListener, Settings, SmtpError},
};
use tokio::net::{TcpStream, UnixStream};

use super::office::{Server, any_port, settings};
use crate::support::smtp_client::SmtpClient;

/// The start of every PROXY header of version 2.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Where its client has connected to.
const REACHED: [u8; 4] = [198, 51, 100, 1];

/// A header that says PROXY, TCP over IPv4, from `client`.
fn proxied(client: [u8; 4]) -> Vec<u8> {
    [SIGNATURE, &[0x21, 0x11, 0, 12], &client, &REACHED, &[0x30, 0x39, 0, 25]].concat()
}

/// A server to which the loopback address is a balancer's.
fn behind_balancer(limits: Limits) -> Server {
    let balancers = vec!["127.0.0.0/8".parse().unwrap()];
    Server::serve(any_port(), Settings { proxy_from: balancers, ..settings(limits, None) })
}

async fn connect(server: &Server, header: &[u8]) -> SmtpClient<TcpStream> {
    let mut client = SmtpClient::connect(server.address).await;
    client.send(header).await;
    client
}

#[tokio::test]
async fn proxy_the_client_is_the_one_whom_the_balancer_names() {
    let server = behind_balancer(Limits::default());
    let local = [SIGNATURE, &[0x20, 0, 0, 0]].concat();
    for (header, peer) in [(proxied([192, 0, 2, 7]), "192.0.2.7"), (local, "127.0.0.1")] {
        let mut client = connect(&server, &header).await;
        assert_eq!(client.reply().await.code, 220);
        client.begin_mail("branch@x.ua").await;
        assert_eq!(client.command("Hello\r\n.").await.code, 250);
        let (envelope, _) = server.office.mails().pop().unwrap();
        assert_eq!(envelope.peer, Some(peer.parse().unwrap()));
    }
}

#[tokio::test]
async fn proxy_the_postmaster_is_at_the_address_that_the_client_has_connected_to() {
    let server = behind_balancer(Limits::default());
    let mut client = connect(&server, &proxied([192, 0, 2, 7])).await;
    assert_eq!(client.reply().await.code, 220);
    client.command("EHLO a").await;
    client.command("MAIL FROM:<>").await;
    for (address, code) in [("198.51.100.1", 250), ("127.0.0.1", 550)] {
        let to = format!("RCPT TO:<postmaster@[{address}]>");
        assert_eq!(client.command(&to).await.code, code, "{address}");
    }
}

#[tokio::test]
async fn proxy_the_limit_of_an_address_holds_for_the_one_that_is_named() {
    let server = behind_balancer(Limits { max_connections_per_address: 1, ..Limits::default() });
    let mut codes = Vec::new();
    let mut clients = Vec::new();
    for client in [7, 7, 8] {
        let mut client = connect(&server, &proxied([192, 0, 2, client])).await;
        codes.push(client.reply().await.code);
        clients.push(client);
    }
    assert_eq!(codes, [220, 421, 220]);
}

#[tokio::test]
async fn proxy_a_balancer_that_sends_something_else_is_hung_up_on_without_a_word() {
    let server = behind_balancer(Limits::default());
    for sent in [
        b"EHLO client.example.ua\r\nQUIT\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.7 198.51.100.1 1 25\r\n".to_vec(),
        [SIGNATURE, &[0x21, 0x12, 0, 12], &[0; 12]].concat(),
        [SIGNATURE, &[0x21, 0x11, 0xff, 0xff], &[0; 12]].concat(),
    ] {
        let mut client = connect(&server, &sent).await;
        assert_eq!(client.next_reply().await, None, "{}", sent.escape_ascii());
    }
    let mut cut = connect(&server, &proxied([192, 0, 2, 7])[..20]).await;
    cut.finish().await;
    assert_eq!(cut.next_reply().await, None);
}

#[tokio::test]
async fn proxy_a_client_behind_a_balancer_waits_for_its_greeting_too() {
    let server = behind_balancer(Limits::default());
    let early = [&proxied([192, 0, 2, 7])[..], b"EHLO client.example.ua\r\n"].concat();
    let mut client = connect(&server, &early).await;
    assert_eq!(client.codes_to_the_end().await, [554]);
}

#[tokio::test]
async fn proxy_a_client_whose_header_comes_with_the_end_of_the_server_may_try_again() {
    let server = behind_balancer(Limits::default());
    let mut client = SmtpClient::connect(server.address).await;
    server.metric_becomes("skrynka_smtp_connections_total", "1").await;
    client.send(proxied([192, 0, 2, 7])).await;
    server.stop();
    assert_eq!(client.codes_to_the_end().await, [421]);
}

#[tokio::test]
async fn proxy_from_elsewhere_a_header_is_no_command() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    client.send(proxied([192, 0, 2, 7])).await;
    let codes = client.codes_to_the_end().await;
    assert!(codes.iter().all(|code| *code >= 500), "{codes:?}");
    assert_eq!(codes.last(), Some(&521), "its last line has no carriage return");
}

/// A socket in a directory of its own, and the server behind it.
fn lmtp() -> (tempfile::TempDir, Server) {
    let directory = tempfile::tempdir().unwrap();
    let listener = LmtpListener::bind(&directory.path().join("lmtp")).unwrap();
    let server = Server::start();
    tokio::spawn(listener.serve(server.reception.clone(), server.stopping()));
    (directory, server)
}

async fn enter(directory: &Path) -> SmtpClient<UnixStream> {
    let stream = UnixStream::connect(directory.join("lmtp")).await.unwrap();
    let mut client = SmtpClient::over(stream);
    assert_eq!(client.reply().await.code, 220);
    client
}

#[tokio::test]
async fn rfc2033_4_2_over_a_unix_socket_each_recipient_has_its_reply() {
    let (directory, server) = lmtp();
    let mut client = enter(directory.path()).await;
    assert_eq!(
        client.codes(&["EHLO a", "LHLO mail.example.ua", "STARTTLS"]).await,
        [500, 250, 502]
    );
    let lines = [
        "MAIL FROM:<visitor@example.ua>",
        "RCPT TO:<branch@x.ua>",
        "RCPT TO:<nobody@x.ua>",
        "RCPT TO:<branch+two@x.ua>",
        "DATA",
    ];
    assert_eq!(client.codes(&lines).await, [250, 250, 550, 250, 354]);
    client.send("Hello\r\n.\r\nQUIT\r\n").await;
    assert_eq!(client.codes_to_the_end().await, [250, 250, 221]);
    let (envelope, message) = server.office.mails().remove(0);
    assert_eq!((envelope.peer, envelope.protocol), (None, TransmissionType::Lmtp));
    assert_eq!((envelope.recipients.len(), message), (2, b"Hello\r\n".to_vec()));
}

#[tokio::test]
async fn the_end_of_the_server_is_told_over_a_unix_socket_too() {
    let (directory, server) = lmtp();
    let mut client = enter(directory.path()).await;
    server.stop();
    assert_eq!(client.codes_to_the_end().await, [421]);
}

#[tokio::test]
async fn a_unix_socket_is_for_its_owner_and_group_and_replaces_a_dead_one_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lmtp");
    let dead = StdUnixListener::bind(&path).unwrap();
    // Closing it would not do: a child that another test starts has it for a moment.
    rustix::net::shutdown(&dead, rustix::net::Shutdown::Both).unwrap();
    drop(dead);
    assert!(path.exists(), "a socket leaves its file behind");
    let live = LmtpListener::bind(&path).unwrap();
    assert_eq!(live.path(), path);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    assert!(UnixStream::connect(&path).await.is_ok());

    let error = LmtpListener::bind(&path).unwrap_err();
    assert!(matches!(error, SmtpError::LmtpTaken { .. }), "{error}");
    assert!(UnixStream::connect(&path).await.is_ok(), "the one that listens is not touched");

    let (file, link) = (directory.path().join("file"), directory.path().join("link"));
    fs::write(&file, "kept").unwrap();
    symlink(&file, &link).unwrap();
    for occupied in [&file, &link] {
        let error = LmtpListener::bind(occupied).unwrap_err();
        assert!(matches!(error, SmtpError::LmtpOccupied { .. }), "{error}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
    let error = LmtpListener::bind(&directory.path().join("no/lmtp")).unwrap_err();
    assert!(matches!(error, SmtpError::BindLmtp { .. }), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3, "nothing is left beside them");
}
