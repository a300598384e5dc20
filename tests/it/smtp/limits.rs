//! Each limit, from both of its sides.

use std::{sync::atomic::Ordering, time::Duration};

use skrynka::smtp::Limits;
use tokio::time::timeout;

use super::office::{Server, any_port, settings};
use crate::support::smtp_client::SmtpClient;

#[tokio::test]
async fn rfc1870_6_1_a_message_over_the_limit_is_refused_by_its_declared_size() {
    let server = Server::with_limits(Limits { max_message_bytes: 100, ..Limits::default() });
    let mut client = SmtpClient::greeted(server.address).await;
    let lines = ["EHLO a", "MAIL FROM:<> SIZE=101", "MAIL FROM:<> SIZE=100"];
    assert_eq!(client.codes(&lines).await, [250, 552, 250]);
}

#[tokio::test]
async fn rfc1870_6_3_a_message_over_the_limit_that_was_not_declared_is_refused_after_its_dot() {
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
async fn rfc5321_4_5_3_1_8_a_hundred_recipients_are_taken_and_no_more() {
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
    let limits = Limits { exempt_addresses: Vec::new(), ..Limits::default() };
    let server = Server::with_limits(limits);
    let mut client = SmtpClient::greeted(server.address).await;
    client.codes(&["EHLO a", "MAIL FROM:<>"]).await;
    let reply = client.command("RCPT TO:<branch@elsewhere.ua>").await;
    assert_eq!(reply.text, "550 5.1.1 No such mailbox here\r\n");
    assert_eq!(client.command("DATA").await.code, 554);
    for _ in 2..=10 {
        client.send("RCPT TO:<nobody@x.ua>\r\n").await;
    }
    let codes = client.codes_to_the_end().await;
    assert_eq!((codes.len(), codes.last()), (10, Some(&421)), "{codes:?}");
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
async fn rfc5321_4_5_3_1_4_overlong_commands_are_refused_and_a_few_of_them_end_the_connection() {
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
async fn rfc5321_4_5_3_2_7_a_client_that_takes_too_long_for_a_command_is_sent_away_however_it_drips()
 {
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
async fn rfc5321_4_5_3_2_5_a_message_that_takes_too_long_is_given_up_however_it_drips() {
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
async fn a_message_that_comes_fast_and_then_stops_is_given_up_all_the_same() {
    let server = Server::with_limits(Limits {
        data_bytes_per_second: 1,
        data_timeout_seconds: 1,
        ..Limits::default()
    });
    let mut client = SmtpClient::in_data(server.address, "branch@x.ua").await;
    client.send("Hello\r\n".repeat(10_000)).await;
    assert_eq!(client.codes_to_the_end().await, [421]);
    server.metric_becomes("skrynka_smtp_in_flight_bytes", "0").await;
}

#[tokio::test]
async fn the_time_that_a_message_waits_for_memory_is_not_the_clients() {
    let server = Server::with_limits(Limits {
        data_timeout_seconds: 2,
        max_bytes_in_flight: 65_536,
        max_message_bytes: 65_536,
        pressure_command_timeout_seconds: 300,
        ..Limits::default()
    });
    let mut waiting = SmtpClient::in_data(server.address, "branch@x.ua").await;
    let mut first = SmtpClient::in_data(server.address, "wait@x.ua").await;
    first.send("Hello\r\n.\r\n").await;
    server.office.waiting.notified().await;
    waiting.send("Hello").await;
    let more_than_its_time = Duration::from_millis(2500);
    assert!(timeout(more_than_its_time, waiting.next_reply()).await.is_err());
    server.office.go_on.notify_one();
    assert_eq!(first.reply().await.code, 250);
    waiting.send("\r\n.\r\n").await;
    assert_eq!(waiting.reply().await.code, 250);
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
async fn rfc1870_6_1_mail_is_put_off_while_messages_in_flight_take_all_memory() {
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

#[tokio::test]
async fn rfc5321_4_5_3_2_under_pressure_those_who_only_wait_get_less_time_at_once() {
    let server = Server::with_limits(Limits {
        max_connections: 2,
        pressure_command_timeout_seconds: 1,
        ..Limits::default()
    });
    let mut idle = SmtpClient::greeted(server.address).await;
    assert_eq!(server.metric("skrynka_smtp_pressure"), "0.5");
    let waits = timeout(Duration::from_millis(50), idle.next_reply()).await;
    assert!(waits.is_err(), "it has the five minutes of the standard");
    let last = SmtpClient::greeted(server.address).await;
    assert_eq!(server.metric("skrynka_smtp_pressure"), "1");
    assert_eq!(idle.reply().await.text, "421 4.4.2 Timed out waiting for the client\r\n");
    drop((idle, last));
    server.metric_becomes("skrynka_smtp_pressure", "0").await;
}

#[tokio::test]
async fn under_pressure_a_message_that_comes_is_not_cut_short_by_the_age_of_its_connection() {
    let server = Server::with_limits(Limits {
        max_connections: 1,
        command_timeout_seconds: 100,
        pressure_command_timeout_seconds: 2,
        session_timeout_seconds: 150,
        data_timeout_seconds: 1500,
        ..Limits::default()
    });
    // At full pressure a connection may last three seconds, and a message may take thirty.
    let mut client = SmtpClient::in_data(server.address, "branch@x.ua").await;
    for _ in 0..70 {
        client.send("slowly\r\n").await;
        assert!(timeout(Duration::from_millis(50), client.next_reply()).await.is_err());
    }
    client.send(".\r\n").await;
    assert_eq!(client.codes_to_the_end().await, [250, 421], "now its time is over");
}

#[tokio::test]
async fn a_refusal_after_many_others_is_held_back() {
    let server = Server::with_limits(Limits {
        tarpit_after_errors: 2,
        tarpit_milliseconds: 60_000,
        ..Limits::default()
    });
    let mut client = SmtpClient::greeted(server.address).await;
    assert_eq!(client.codes(&["BAD", "BAD", "NOOP"]).await, [500, 500, 250]);
    client.send("BAD\r\n").await;
    assert!(timeout(Duration::from_millis(50), client.next_reply()).await.is_err());
    assert_eq!(server.mail("branch@x.ua").await, 250, "nobody else waits");
    server.stop();
    assert_eq!(client.codes_to_the_end().await, [500, 421]);
}

#[tokio::test]
async fn a_message_whose_refusal_is_held_back_takes_no_memory() {
    let server = Server::with_limits(Limits {
        max_received_fields: 2,
        tarpit_after_errors: 0,
        tarpit_milliseconds: 60_000,
        ..Limits::default()
    });
    let mut client = SmtpClient::in_data(server.address, "branch@x.ua").await;
    client.send("Received: a\r\n").await;
    server.metric_becomes("skrynka_smtp_in_flight_bytes", "65536").await;
    client.send("Received: b\r\n\r\n.\r\n").await;
    server.metric_becomes("skrynka_smtp_in_flight_bytes", "0").await;
    assert!(timeout(Duration::from_millis(50), client.next_reply()).await.is_err());
}

#[tokio::test]
async fn rfc5321_3_1_whoever_speaks_before_the_greeting_is_sent_away() {
    let listener = any_port();
    // It speaks before we look, as one that does not wait for any server does.
    let mut client = SmtpClient::connect(listener.local_addr()).await;
    client.send("EHLO client.example.ua\r\n").await;
    let server = Server::serve(listener, settings(Limits::default(), None));
    let reply = client.reply().await;
    assert_eq!(reply.text, "554 5.5.1 Wait for the greeting\r\n");
    assert_eq!(client.next_reply().await, None);
    assert_eq!(server.mail("branch@x.ua").await, 250);
}

#[tokio::test]
async fn rfc5321_3_1_a_greeting_that_is_held_back_finds_out_who_does_not_wait_for_it() {
    let delay = |greeting_delay_milliseconds| {
        Server::with_limits(Limits { greeting_delay_milliseconds, ..Limits::default() })
    };
    let server = delay(60_000);
    let mut hasty = SmtpClient::connect(server.address).await;
    assert!(timeout(Duration::from_millis(50), hasty.next_reply()).await.is_err());
    hasty.send("EHLO client.example.ua\r\nMAIL FROM:<>\r\n").await;
    assert_eq!(hasty.codes_to_the_end().await, [554]);
    let mut waiting = SmtpClient::connect(server.address).await;
    server.metric_becomes("skrynka_smtp_connections_total", "2").await;
    server.stop();
    assert_eq!(waiting.codes_to_the_end().await, [421]);
    assert_eq!(delay(50).mail("branch@x.ua").await, 250);
}

#[tokio::test]
async fn rfc1870_6_1_mail_is_put_off_while_the_disk_is_full_and_taken_when_it_is_not() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    client.command("EHLO a").await;
    server.office.is_full.store(true, Ordering::SeqCst);
    for line in ["MAIL FROM:<> SIZE=10", "MAIL FROM:<>"] {
        let reply = client.command(line).await;
        assert_eq!(reply.text, "452 4.3.1 No room for the mail, try again later\r\n", "{line}");
        let asked = server.office.asked.load(Ordering::SeqCst);
        assert_eq!(asked, Limits::default().max_message_bytes, "{line}");
    }
    server.office.is_full.store(false, Ordering::SeqCst);
    client.begin_mail("branch@x.ua").await;
    assert_eq!(client.command("Hello\r\n.").await.code, 250);
}

#[tokio::test]
async fn data_is_put_off_while_too_many_mails_wait_for_their_commit() {
    let server = Server::with_limits(Limits { max_queued_mails: 1, ..Limits::default() });
    let mut first = SmtpClient::in_data(server.address, "wait@x.ua").await;
    first.send("Hello\r\n.\r\n").await;
    server.office.waiting.notified().await;
    assert_eq!(server.metric("skrynka_smtp_pressure"), "1");
    let mut second = SmtpClient::greeted(server.address).await;
    let lines = ["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.ua>"];
    assert_eq!(second.codes(&lines).await, [250, 250, 250]);
    let reply = second.command("DATA").await;
    assert!(reply.text.starts_with("451 4.3.0 "), "{}", reply.text);
    server.office.go_on.notify_one();
    assert_eq!(first.reply().await.code, 250);
    second.begin_mail("branch@x.ua").await;
    assert_eq!(second.command("Hello\r\n.").await.code, 250);
    server.metric_becomes("skrynka_smtp_pressure", "0").await;
}

#[tokio::test]
async fn other_limits_hold_for_those_who_connect_from_then_on() {
    let server = Server::start();
    let mut before = SmtpClient::greeted(server.address).await;
    let limits = Limits { max_message_bytes: 100, max_connections: 2, ..Limits::default() };
    server.reception.apply(settings(limits, None));
    assert!(before.command("EHLO a").await.text.contains("SIZE 33554432"));
    let mut after = SmtpClient::greeted(server.address).await;
    assert!(after.command("EHLO a").await.text.contains("SIZE 100\r\n"));
    let mut third = SmtpClient::connect(server.address).await;
    assert_eq!(third.codes_to_the_end().await, [421]);
    before.begin_mail("branch@x.ua").await;
    assert_eq!(before.command("Hello\r\n.").await.code, 250);
}
