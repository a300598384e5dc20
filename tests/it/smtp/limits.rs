//! Each limit, from both of its sides.

use std::time::Duration;

use skrynka::smtp::Limits;
use tokio::time::timeout;

use super::office::Server;
use crate::support::smtp_client::SmtpClient;

#[tokio::test]
async fn a_message_over_the_limit_is_refused_by_its_declared_size() {
    let server = Server::with_limits(Limits { max_message_bytes: 100, ..Limits::default() });
    let mut client = SmtpClient::greeted(server.address).await;
    let lines = ["EHLO a", "MAIL FROM:<> SIZE=101", "MAIL FROM:<> SIZE=100"];
    assert_eq!(client.codes(&lines).await, [250, 552, 250]);
}

#[tokio::test]
async fn a_message_over_the_limit_that_was_not_declared_is_refused_after_its_dot() {
    let server = Server::with_limits(Limits { max_message_bytes: 100_000, ..Limits::default() });
    let mut client = SmtpClient::in_data(server.address, "branch@x.ua").await;
    for _ in 0..1000 {
        client.send("x".repeat(9_998) + "\r\n").await;
    }
    assert_eq!(client.command(".").await.text, "552 5.3.4 Message too big\r\n");
    assert_eq!(server.metric("skrynka_smtp_in_flight_bytes"), "0");
    client.begin_mail("branch@x.ua").await;
    assert_eq!(client.command("Hello\r\n.").await.code, 250, "the session goes on");
    assert_eq!(server.office.only_message(), b"Hello\r\n");
}

#[tokio::test]
async fn a_hundred_recipients_are_taken_and_no_more() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    client.codes(&["EHLO a", "MAIL FROM:<>"]).await;
    for number in 1..=102 {
        let reply = client.command(&format!("RCPT TO:<branch+{number}@x.ua>")).await;
        let expected = if number <= 100 { "250 2.1.5" } else { "452 4.5.3" };
        assert!(reply.text.starts_with(expected), "{number}: {}", reply.text);
    }
    assert_eq!(client.codes(&["DATA", "Hello\r\n."]).await, [354, 250]);
    let (envelope, _) = server.office.mails().remove(0);
    assert_eq!(envelope.recipients.len(), 100);
}

#[tokio::test]
async fn unknown_recipients_are_refused_and_searching_for_known_ones_ends_the_connection() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    client.codes(&["EHLO a", "MAIL FROM:<>"]).await;
    let reply = client.command("RCPT TO:<branch@elsewhere.ua>").await;
    assert_eq!(reply.text, "550 5.1.1 No such mailbox here\r\n");
    assert_eq!(client.command("DATA").await.code, 554);
    for _ in 2..20 {
        client.send("RCPT TO:<nobody@x.ua>\r\n").await;
    }
    let codes = client.codes_to_the_end().await;
    assert_eq!((codes.len(), codes.last()), (19, Some(&421)), "{codes:?}");
}

#[tokio::test]
async fn an_endless_line_is_not_kept_in_memory() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    let (piece, mut sent) = ("x".repeat(65_536), 0);
    while client.try_send(&piece).await.is_ok() {
        sent += piece.len();
        assert!(sent < 64 << 20, "the server goes on reading");
    }
    let mut client = SmtpClient::greeted(server.address).await;
    client.send("x".repeat(70_000)).await;
    assert_eq!(client.codes_to_the_end().await, [500, 421]);
}

#[tokio::test]
async fn overlong_commands_are_refused_and_a_few_of_them_end_the_connection() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    let fits = format!("NOOP {}\r\n", "x".repeat(2041));
    assert_eq!(fits.len(), 2048);
    client.send(&fits).await;
    assert_eq!(client.reply().await.code, 250);
    client.send(format!("x{fits}").repeat(3)).await;
    assert_eq!(client.codes_to_the_end().await, [500, 500, 500, 421]);
}

#[tokio::test]
async fn a_client_that_takes_too_long_for_a_command_is_sent_away_however_it_drips() {
    let server = Server::with_limits(Limits { command_timeout_seconds: 1, ..Limits::default() });
    let mut client = SmtpClient::greeted(server.address).await;
    let reply = loop {
        client.send("N").await;
        if let Ok(reply) = timeout(Duration::from_millis(50), client.reply()).await {
            break reply;
        }
    };
    assert_eq!(reply.text, "421 4.4.2 Timed out waiting for the client\r\n");
}

#[tokio::test]
async fn a_message_that_takes_too_long_is_given_up_however_it_drips() {
    let server = Server::with_limits(Limits { data_timeout_seconds: 1, ..Limits::default() });
    let mut client = SmtpClient::in_data(server.address, "branch@x.ua").await;
    let reply = loop {
        client.send("x").await;
        if let Ok(reply) = timeout(Duration::from_millis(50), client.reply()).await {
            break reply;
        }
    };
    assert_eq!(reply.code, 421);
    assert_eq!(client.next_reply().await, None);
    assert_eq!(server.office.mails(), []);
}

#[tokio::test]
async fn a_connection_does_not_last_for_ever() {
    let server = Server::with_limits(Limits { session_timeout_seconds: 1, ..Limits::default() });
    let mut client = SmtpClient::greeted(server.address).await;
    let last = loop {
        if client.try_send("NOOP\r\n").await.is_err() {
            break client.codes_to_the_end().await.last().copied();
        }
        match client.next_reply().await {
            Some(reply) if reply.code == 250 => {}
            other => break other.map(|reply| reply.code),
        }
    };
    assert_eq!(last, Some(421));
}

#[tokio::test]
async fn connections_over_the_limit_are_told_so() {
    let server = Server::with_limits(Limits { max_connections: 2, ..Limits::default() });
    let _first = SmtpClient::greeted(server.address).await;
    let mut second = SmtpClient::greeted(server.address).await;
    let mut third = SmtpClient::connect(server.address).await;
    let reply = third.reply().await;
    assert!(reply.text.starts_with("421 4.3.2 "), "{}", reply.text);
    assert_eq!(server.metric("skrynka_smtp_connections_refused_total{limit=\"total\"}"), "1");
    assert_eq!(server.metric("skrynka_smtp_connections_open"), "2");
    assert_eq!(second.command("QUIT").await.code, 221);
}

#[tokio::test]
async fn one_address_has_its_own_limit_unless_it_is_exempt() {
    let limits = Limits { max_connections_per_address: 1, ..Limits::default() };
    let strict = Server::with_limits(Limits { exempt_addresses: Vec::new(), ..limits.clone() });
    let _first = SmtpClient::greeted(strict.address).await;
    let mut second = SmtpClient::connect(strict.address).await;
    assert_eq!(second.codes_to_the_end().await, [421]);
    let refused = strict.metric("skrynka_smtp_connections_refused_total{limit=\"per_address\"}");
    assert_eq!(refused, "1");
    let lenient = Server::with_limits(limits);
    let _first = SmtpClient::greeted(lenient.address).await;
    let _second = SmtpClient::greeted(lenient.address).await;
}

#[tokio::test]
async fn mail_is_put_off_while_messages_in_flight_take_all_memory() {
    let server = Server::with_limits(Limits {
        max_bytes_in_flight: 65_536,
        max_message_bytes: 65_536,
        ..Limits::default()
    });
    let mut first = SmtpClient::in_data(server.address, "wait@x.ua").await;
    first.send("Hello\r\n.\r\n").await;
    server.office.waiting.notified().await;
    assert_eq!(server.metric("skrynka_smtp_in_flight_bytes"), "65536");

    let mut second = SmtpClient::greeted(server.address).await;
    second.command("EHLO a").await;
    let reply = second.command("MAIL FROM:<> SIZE=10").await;
    assert_eq!(reply.text, "452 4.3.1 No room for the mail, try again later\r\n");

    server.office.go_on.notify_one();
    assert_eq!(first.reply().await.code, 250);
    assert_eq!(second.command("MAIL FROM:<> SIZE=10").await.code, 250);
}
