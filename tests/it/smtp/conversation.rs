//! What clients say, and what they are told.

use skrynka::domain::MailId;

use super::office::{Server, now};
use crate::support::smtp_client::SmtpClient;

#[tokio::test]
async fn a_mail_is_kept_as_it_was_sent_and_answered_with_its_id() {
    let server = Server::start();
    let mut client = SmtpClient::connect(server.address).await;
    assert_eq!(client.reply().await.text, "220 x.ua ESMTP\r\n");
    let ehlo = client.command("EHLO [192.0.2.1]").await.text;
    assert!(ehlo.starts_with("250-x.ua\r\n") && ehlo.ends_with("250 SIZE 33554432\r\n"), "{ehlo}");
    let lines = [
        "MAIL FROM:<visitor@example.ua> SIZE=20 BODY=8BITMIME",
        "RCPT TO:<branch+vstup@x.ua>",
        "RCPT TO:<postmaster>",
        "DATA",
    ];
    assert_eq!(client.codes(&lines).await, [250, 250, 250, 354]);
    let message = "Subject: Довідка\r\n\r\n.dot\r\n\0\rbare\r\n";
    client.send(message.replace(".dot", "..dot")).await;
    let reply = client.command(".").await;
    assert!(reply.text.starts_with("250 2.0.0 "), "{}", reply.text);
    assert!(reply.words().parse::<MailId>().is_ok(), "{}", reply.words());
    assert_eq!(client.command("QUIT").await.code, 221);
    assert_eq!(client.next_reply().await, None);

    let (envelope, kept) = server.office.mails().remove(0);
    assert_eq!(kept, message.as_bytes());
    assert_eq!(envelope.received_at, now());
    assert_eq!(envelope.peer, Some(server.address.ip()));
    assert_eq!(envelope.helo, "[192.0.2.1]");
    assert!(!envelope.tls);
    assert_eq!(envelope.sender, "visitor@example.ua".parse().ok());
    let recipients: Vec<_> = envelope.recipients.iter().map(ToString::to_string).collect();
    assert_eq!(recipients, ["branch+vstup@x.ua", "postmaster@x.ua"]);
    assert_eq!(server.metric("skrynka_accepted_messages_total"), "1");
    assert_eq!(server.metric("skrynka_accepted_bytes_total"), kept.len().to_string());
    assert_eq!(server.metric("skrynka_accept_duration_seconds_count"), "1");
    assert_eq!(server.metric("skrynka_smtp_in_flight_bytes"), "0");
    assert_eq!(server.metric("skrynka_smtp_replies_total{class=\"3xx\"}"), "1");
}

#[tokio::test]
async fn pipelined_commands_are_answered_one_by_one_in_their_order() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    client.command("HELO a").await;
    let group = "MAIL FROM:<>\r\nRCPT TO:<nobody@x.ua>\r\nRCPT TO:<branch@x.ua>\r\n\
                 NOOP\r\nVRFY a\r\nHELP\r\nMAIL FROM:<>\r\nDATA\r\n";
    client.send(group).await;
    let mut codes = Vec::new();
    for _ in 0..8 {
        codes.push(client.reply().await.code);
    }
    assert_eq!(codes, [250, 550, 250, 250, 252, 214, 503, 354]);
    client.send("Hello\r\n.\r\nRSET\r\nQUIT\r\n").await;
    assert_eq!(client.codes_to_the_end().await, [250, 250, 221]);
    let (envelope, _) = server.office.mails().remove(0);
    assert_eq!(envelope.sender, None, "the null sender is taken and stays null");
}

#[tokio::test]
async fn one_connection_brings_several_mails() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    for _ in 0..3 {
        client.begin_mail("branch@x.ua").await;
        assert_eq!(client.command("Hello\r\n.").await.code, 250);
    }
    assert_eq!(server.office.mails().len(), 3);
}

#[tokio::test]
async fn a_client_that_sends_all_and_hangs_up_is_heard_out() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    client.begin_mail("branch@x.ua").await;
    client.send("Hello\r\n.\r\nMAIL FROM:<>\r\n").await;
    client.finish().await;
    assert_eq!(client.codes_to_the_end().await, [250, 250]);
    assert_eq!(server.office.only_message(), b"Hello\r\n");
}

#[tokio::test]
async fn a_message_that_breaks_off_is_not_kept() {
    let server = Server::start();
    let mut client = SmtpClient::in_data(server.address, "branch@x.ua").await;
    client.send("Hello\r\n.\r").await;
    client.finish().await;
    assert_eq!(client.next_reply().await, None);
    assert_eq!(server.office.mails(), []);
    assert_eq!(server.metric("skrynka_smtp_in_flight_bytes"), "0");
}

#[tokio::test]
async fn malformed_paths_are_refused_and_the_session_goes_on() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    client.command("EHLO a").await;
    for (line, code) in [
        (&b"MAIL FROM:<a\0b@x.ua>\r\n"[..], 501),
        (b"MAIL FROM:<\xff\xfe@x.ua>\r\n", 501),
        (b"MAIL FROM:<a\xc0\xaeb@x.ua>\r\n", 501),
        (b"MAIL FROM:<a\rb@x.ua>\r\n", 501),
        (b"MAIL FROM:<no-at-sign>\r\n", 501),
        (b"MAIL FROM:a@x.ua\r\n", 501),
        ("MAIL FROM:<тест@x.ua>\r\n".as_bytes(), 553),
        (b"MAIL FROM:<a@x.ua> RET=FULL\r\n", 555),
        (b"MAIL FROM:<a@x.ua>\r\n", 250),
        (b"RCPT TO:<>\r\n", 501),
        (b"DATA\r\n", 503),
    ] {
        client.send(line).await;
        let reply = client.reply().await;
        assert_eq!(reply.code, code, "{}", String::from_utf8_lossy(line));
        let enhanced = format!("{code} {}.", code / 100);
        assert!(reply.text.starts_with(&enhanced), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_browser_is_sent_away_before_its_body_is_read() {
    let server = Server::start();
    for line in ["GET / HTTP/1.1", "POST / HTTP/1.1", "CONNECT x.ua:25 HTTP/1.1"] {
        let mut client = SmtpClient::greeted(server.address).await;
        let request = format!(
            "{line}\r\nHost: x.ua\r\n\r\nEHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<branch@x.ua>\r\n"
        );
        client.send(request).await;
        assert_eq!(client.codes_to_the_end().await, [554], "{line}");
    }
}

#[tokio::test]
async fn garbage_ends_the_connection_and_nothing_else() {
    let server = Server::start();
    let hello_of_tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\n";
    let (zeros, returns) = ("\0".repeat(70_000), "\r".repeat(70_000));
    for garbage in [&hello_of_tls[..], zeros.as_bytes(), returns.as_bytes(), b"\xff\n"] {
        let mut client = SmtpClient::greeted(server.address).await;
        client.send(garbage).await;
        let codes = client.codes_to_the_end().await;
        assert!(matches!(codes.last(), Some(421 | 521)), "{codes:?}");
    }
    assert_eq!(server.mail("branch@x.ua").await, 250);
}
