//! Clients that must not harm each other, an intake that fails, and the server's end.

use std::time::Duration;

use skrynka::smtp::Limits;
use tokio::time::timeout;

use super::office::Server;
use crate::support::smtp_client::SmtpClient;

#[tokio::test]
async fn rfc5321_6_1_the_final_dot_is_not_answered_before_the_mail_is_kept() {
    let server = Server::start();
    let mut client = SmtpClient::in_data(server.address, "wait@x.ua").await;
    client.send("Hello\r\n.\r\n").await;
    server.office.waiting.notified().await;
    assert!(timeout(Duration::from_millis(50), client.next_reply()).await.is_err());
    assert_eq!(server.office.mails(), []);
    server.office.go_on.notify_one();
    assert_eq!(client.reply().await.code, 250);
    assert_eq!(server.office.only_message(), b"Hello\r\n");
}

#[tokio::test]
async fn failures_of_ours_ask_the_client_to_try_again_and_the_session_goes_on() {
    let server = Server::with_limits(Limits { commit_timeout_seconds: 1, ..Limits::default() });
    let mut client = SmtpClient::greeted(server.address).await;
    for (recipient, reply) in [
        ("failed@x.ua", "451 4.3.0 "),
        ("full@x.ua", "452 4.3.1 "),
        ("never@x.ua", "451 4.3.0 "),
        ("branch@x.ua", "250 2.0.0 "),
    ] {
        client.begin_mail(recipient).await;
        let text = client.command("Hello\r\n.").await.text;
        assert!(text.starts_with(reply), "{recipient}: {text}");
    }
    assert_eq!(server.office.mails().len(), 1);
    assert_eq!(server.metric("skrynka_accepted_messages_total"), "1");
    let failures = server.metric("skrynka_internal_failures_total{part=\"smtp\"}");
    assert_eq!(failures, "1", "the mail that took too long");
}

#[tokio::test]
async fn a_panic_ends_its_own_connection_and_no_other() {
    let server = Server::start();
    let mut bystander = SmtpClient::in_data(server.address, "branch@x.ua").await;
    for _ in 0..20 {
        let mut client = SmtpClient::in_data(server.address, "panic@x.ua").await;
        client.send("Hello\r\n.\r\n").await;
        assert_eq!(client.next_reply().await, None);
    }
    assert_eq!(bystander.command("Hello\r\n.").await.code, 250);
    assert_eq!(server.mail("branch@x.ua").await, 250);
    assert_eq!(server.metric("skrynka_smtp_in_flight_bytes"), "0");
    drop(bystander);
    let metrics = server.metrics.clone();
    server.stop();
    server.ended().await;
    let text = metrics.render();
    assert!(text.contains("skrynka_internal_failures_total{part=\"smtp\"} 20"), "{text}");
    assert!(text.contains("skrynka_smtp_connections_open 0"), "{text}");
}

#[tokio::test]
async fn clients_that_dawdle_keep_nobody_waiting() {
    let server = Server::start();
    let mut idle = Vec::new();
    for _ in 0..100 {
        let mut client = SmtpClient::in_data(server.address, "branch@x.ua").await;
        client.send("Hello").await;
        idle.push(client);
    }
    assert_eq!(server.mail("branch@x.ua").await, 250);
    assert_eq!(server.office.only_message(), b"Hello\r\n");
}

#[tokio::test]
async fn rfc5321_3_8_the_end_of_the_server_is_told_to_idle_clients_and_waits_for_mails_in_transit()
{
    let server = Server::start();
    let mut idle = SmtpClient::greeted(server.address).await;
    let mut sending = SmtpClient::in_data(server.address, "branch@x.ua").await;
    let mut kept = SmtpClient::in_data(server.address, "wait@x.ua").await;
    kept.send("kept\r\n.\r\n").await;
    server.office.waiting.notified().await;

    server.stop();
    let reply = idle.reply().await;
    assert_eq!(reply.text, "421 4.3.2 Shutting down, try again later\r\n");
    sending.send("sent\r\n.\r\n").await;
    assert_eq!(sending.codes_to_the_end().await, [250, 421]);
    server.office.go_on.notify_one();
    assert_eq!(kept.codes_to_the_end().await, [250, 421]);
    let (address, office) = (server.address, std::sync::Arc::clone(&server.office));
    server.ended().await;
    assert_eq!(office.mails().len(), 2);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn the_end_of_the_server_does_not_wait_for_ever() {
    let server = Server::with_limits(Limits { drain_timeout_seconds: 1, ..Limits::default() });
    let mut slow = SmtpClient::in_data(server.address, "branch@x.ua").await;
    let mut never_kept = SmtpClient::in_data(server.address, "wait@x.ua").await;
    never_kept.send("Hello\r\n.\r\n").await;
    server.office.waiting.notified().await;
    server.stop();
    assert_eq!(slow.codes_to_the_end().await, [421]);
    assert_eq!(never_kept.next_reply().await, None, "nothing is said of a mail that may be kept");
    server.ended().await;
}

#[tokio::test]
async fn a_mail_that_is_kept_too_late_holds_its_memory_until_it_is_through() {
    let server = Server::with_limits(Limits { commit_timeout_seconds: 1, ..Limits::default() });
    let mut client = SmtpClient::in_data(server.address, "wait@x.ua").await;
    let reply = client.command("Hello\r\n.").await;
    assert!(reply.text.starts_with("451 4.3.0 "), "{}", reply.text);
    assert_eq!(client.command("QUIT").await.code, 221);
    assert_eq!(client.next_reply().await, None);
    server.metric_becomes("skrynka_smtp_connections_open", "0").await;
    assert_eq!(server.metric("skrynka_smtp_in_flight_bytes"), "65536");
    server.office.go_on.notify_one();
    server.metric_becomes("skrynka_smtp_in_flight_bytes", "0").await;
    assert_eq!(server.office.only_message(), b"Hello\r\n", "the sender will send it once more");
}
