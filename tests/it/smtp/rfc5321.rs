//! RFC 5321, section by section.

use skrynka::smtp::{Limits, Protocol};

use super::{
    office::Server,
    simulated::{codes, extensions, last_reply, replies, say, say_with},
};
use crate::support::{installation::Installation, registries, smtp_client::SmtpClient};

#[test]
fn rfc5321_2_3_8_a_line_ends_with_crlf_only() {
    for line in ["NOOP\nNOOP", "NOOP\r\n\nNOOP"] {
        let end = say(&["EHLO a", line, "NOOP"]);
        assert_eq!((codes(&end).last(), end.closed), (Some(&521), true), "{line:?}");
    }
    assert_eq!(codes(&say(&["EHLO a", "NOOP\rNOOP", "NOOP"])), [250, 501, 250]);
}

#[test]
fn rfc5321_2_4_verbs_are_read_in_any_case() {
    let lines = ["eHlO a", "mAiL fRoM:<>", "RcPt To:<BRANCH@X.UA>", "dAtA", ".", "qUiT"];
    assert_eq!(codes(&say(&lines)), [250, 250, 250, 354, 250, 221]);
}

#[test]
fn rfc5321_3_3_commands_are_taken_in_their_order_only() {
    let greeted = ["EHLO a", "RCPT TO:<branch@x.ua>", "DATA", "MAIL FROM:<>", "MAIL FROM:<>"];
    assert_eq!(codes(&say(&greeted)), [250, 503, 503, 250, 503]);
    assert_eq!(codes(&say(&["MAIL FROM:<>", "NOOP"])), [503, 250]);
}

#[test]
fn rfc5321_3_3_data_without_a_valid_recipient_is_refused() {
    let lines = ["EHLO a", "MAIL FROM:<>", "RCPT TO:<nobody@x.ua>", "DATA"];
    assert_eq!(codes(&say(&lines)), [250, 250, 550, 554]);
}

#[tokio::test]
async fn rfc5321_3_8_a_server_that_stops_says_421() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    server.stop();
    assert_eq!(client.codes_to_the_end().await, [421]);
}

#[test]
fn rfc5321_4_1_1_1_the_reply_to_ehlo_begins_with_our_name() {
    let end = say(&["EHLO a"]);
    assert_eq!(extensions(&end).first().map(String::as_str), Some("mx.example.ua"));
    let end = say(&["HELO a"]);
    assert_eq!(extensions(&end), ["mx.example.ua"]);
}

#[test]
fn rfc5321_4_1_1_3_a_source_route_is_taken_and_ignored() {
    let end = say(&[
        "EHLO a",
        "MAIL FROM:<@one.ua,@two.ua:osoba@y.ua>",
        "RCPT TO:<@x.ua:branch@x.ua>",
        "DATA",
        ".",
    ]);
    assert_eq!(codes(&end), [250, 250, 250, 354, 250]);
    assert_eq!(end.mails[0].envelope.sender, "osoba@y.ua".parse().ok());
    assert_eq!(end.mails[0].envelope.recipients, ["branch@x.ua".parse().unwrap()]);
}

#[test]
fn rfc5321_4_1_1_4_a_message_ends_with_crlf_dot_crlf_only() {
    let message = "a\r\n.\r\r\n\r.\r\n";
    let end =
        say(&["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.ua>", "DATA", message, ".", "NOOP"]);
    assert_eq!(codes(&end), [250, 250, 250, 354, 250, 250]);
    assert_eq!(end.mails[0].message, b"a\r\n\r\r\n\r.\r\n\r\n");
}

#[test]
fn rfc5321_4_1_1_5_rset_is_taken_at_any_time() {
    let end = say(&["RSET", "EHLO a", "RSET", "MAIL FROM:<>", "RSET", "RCPT TO:<branch@x.ua>"]);
    assert_eq!(codes(&end), [250, 250, 250, 250, 250, 503]);
}

#[test]
fn rfc5321_4_1_1_6_vrfy_says_neither_yes_nor_no() {
    let end = say(&["VRFY branch@x.ua", "VRFY nobody@x.ua"]);
    assert_eq!(codes(&end), [252, 252]);
}

#[test]
fn rfc5321_4_1_1_7_expn_is_not_offered() {
    assert_eq!(codes(&say(&["EXPN staff"])), [502]);
}

#[test]
fn rfc5321_4_1_1_8_help_is_given_at_any_time() {
    assert_eq!(codes(&say(&["HELP", "HELP MAIL"])), [214, 214]);
}

#[test]
fn rfc5321_4_1_1_9_noop_does_nothing_and_takes_a_word() {
    let end = say(&["EHLO a", "MAIL FROM:<>", "NOOP", "NOOP hello", "RCPT TO:<branch@x.ua>"]);
    assert_eq!(codes(&end), [250, 250, 250, 250, 250]);
}

#[test]
fn rfc5321_4_1_1_10_quit_has_a_reply_before_the_end() {
    let end = say(&["EHLO a", "MAIL FROM:<>", "QUIT", "NOOP"]);
    assert_eq!((codes(&end), end.closed), (vec![250, 250, 221], true));
}

#[test]
fn rfc5321_4_1_1_11_an_unknown_parameter_is_refused_with_555() {
    let lines = ["EHLO a", "MAIL FROM:<> X-Y=1", "MAIL FROM:<>", "RCPT TO:<branch@x.ua> X-Y"];
    assert_eq!(codes(&say(&lines)), [250, 555, 250, 555]);
}

#[test]
fn rfc5321_4_1_2_a_quoted_local_part_is_taken() {
    let end = say(&[
        "EHLO a",
        "MAIL FROM:<\"a > \\\"b\\\" @c\"@y.ua>",
        "RCPT TO:<\"branch\"@x.ua>",
        "DATA",
        ".",
    ]);
    assert_eq!(codes(&end), [250, 250, 250, 354, 250]);
    assert_eq!(end.mails[0].envelope.sender.as_ref().unwrap().local(), "\"a > \\\"b\\\" @c\"");
    assert_eq!(end.mails[0].envelope.recipients, ["branch@x.ua".parse().unwrap()]);
}

#[test]
fn rfc5321_4_1_3_address_literals_are_read() {
    for host in ["[192.0.2.1]", "[IPv6:2001:db8::1]"] {
        let (ehlo, mail) = (format!("EHLO {host}"), format!("MAIL FROM:<osoba@{host}>"));
        let rcpt = format!("RCPT TO:<osoba@{host}>");
        assert_eq!(codes(&say(&[&ehlo, &mail, &rcpt])), [250, 250, 550], "{host}");
    }
    let bad = ["EHLO a", "MAIL FROM:<osoba@[192.0.2.256]>", "MAIL FROM:<osoba@[2001:db8::1]>"];
    assert_eq!(codes(&say(&bad)), [250, 501, 501]);
}

#[test]
fn rfc5321_4_1_4_a_second_ehlo_forgets_the_transaction() {
    let end = say(&["EHLO a", "MAIL FROM:<>", "EHLO b", "RCPT TO:<branch@x.ua>", "MAIL FROM:<>"]);
    assert_eq!(codes(&end), [250, 250, 250, 503, 250]);
}

#[test]
fn rfc5321_4_1_4_what_a_client_calls_itself_is_no_reason_to_refuse() {
    for name in ["a", "localhost", "mx.example.ua", "under_score", "[999]", "-", "ПК-12"] {
        assert_eq!(codes(&say(&[&format!("EHLO {name}")])), [250], "{name}");
    }
    assert_eq!(codes(&say(&["EHLO", "HELO", "EHLO "])), [501, 501, 501]);
}

#[tokio::test]
async fn rfc5321_4_1_4_a_name_in_another_encoding_is_no_reason_to_refuse() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    for verb in ["EHLO", "HELO"] {
        client.send([verb.as_bytes(), b" \xcf\xca-12\r\n"].concat()).await;
        assert_eq!(client.reply().await.code, 250, "{verb}");
    }
    let lines = ["MAIL FROM:<>", "RCPT TO:<branch@x.ua>", "DATA", "."];
    assert_eq!(client.codes(&lines).await, [250, 250, 354, 250]);
    let (envelope, _) = server.office.mails().remove(0);
    assert_eq!(envelope.helo, "\u{fffd}\u{fffd}-12");
}

#[test]
fn rfc5321_4_2_4_an_unknown_command_is_refused_with_500() {
    assert_eq!(codes(&say(&["FOO", "", "MAILFROM:<>", "NOOP"])), [500, 500, 500, 250]);
}

#[test]
fn rfc5321_4_3_2_every_command_has_one_reply_in_every_state() {
    let verbs = [
        "EHLO a",
        "HELO a",
        "LHLO a",
        "MAIL FROM:<>",
        "RCPT TO:<branch@x.ua>",
        "DATA",
        "RSET",
        "VRFY a",
        "EXPN a",
        "HELP",
        "NOOP",
        "QUIT",
        "STARTTLS",
        "AUTH PLAIN",
        "BDAT 1",
        "ETRN a",
        "TURN",
        "SEND FROM:<>",
        "SOML FROM:<>",
        "",
    ];
    let transaction = ["MAIL FROM:<>", "RCPT TO:<branch@x.ua>", "DATA", "."];
    for (protocol, hello) in [(Protocol::Smtp, "EHLO a"), (Protocol::Lmtp, "LHLO a")] {
        for verb in verbs {
            assert_eq!(codes(&say_with(protocol, &Limits::default(), verb)).len(), 1, "{verb}");
            for before in
                [&[][..], &transaction[..1], &transaction[..2], &transaction, &["STARTTLS"]]
            {
                let lines = [&[hello], before, &[verb]].concat();
                let end = say_with(protocol, &Limits::default(), &lines.join("\r\n"));
                assert_eq!(codes(&end).len(), lines.len(), "{lines:?}");
            }
        }
    }
}

#[tokio::test]
async fn rfc5321_4_5_1_postmaster_needs_no_domain() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    client.command("EHLO a").await;
    client.command("MAIL FROM:<>").await;
    for (path, code) in [
        ("Postmaster", 250),
        ("postmaster@x.ua", 250),
        ("postmaster@z.ua", 250),
        ("postmaster@[127.0.0.1]", 250),
        ("postmaster@[192.0.2.1]", 550),
        ("postmaster@elsewhere.ua", 550),
    ] {
        assert_eq!(client.command(&format!("RCPT TO:<{path}>")).await.code, code, "{path}");
    }
    assert_eq!(client.command("DATA").await.code, 354);
    assert_eq!(client.command(".").await.code, 250);
    let (envelope, _) = server.office.mails().remove(0);
    let recipients: Vec<_> = envelope.recipients.iter().map(ToString::to_string).collect();
    assert_eq!(recipients, ["postmaster@x.ua", "branch@x.ua"]);
}

#[tokio::test]
async fn rfc5321_4_5_1_every_domain_with_a_mailbox_has_a_postmaster() {
    // Of its mailboxes none is called postmaster.
    let installation = Installation::new(registries::SCHOOL);
    let server = installation.start();
    let mut client = SmtpClient::greeted(server.smtp).await;
    let lines = [
        "EHLO a",
        "MAIL FROM:<>",
        "RCPT TO:<Postmaster@Docs.Example.UA>",
        "RCPT TO:<postmaster@elsewhere.example.ua>",
        "RCPT TO:<nobody@docs.example.ua>",
        "DATA",
        ".",
    ];
    assert_eq!(client.codes(&lines).await, [250, 250, 250, 550, 550, 354, 250]);
}

#[test]
fn rfc5321_4_5_2_the_dot_that_protects_a_line_is_removed() {
    let end =
        say(&["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.ua>", "DATA", "..", "..a\r.b", "."]);
    assert_eq!(end.mails[0].message, b".\r\n.a\r.b\r\n");
}

#[test]
fn rfc5321_4_5_3_1_1_a_local_part_of_64_octets_is_taken() {
    for (len, code) in [(64, 250), (65, 501)] {
        let local = "a".repeat(len);
        assert_eq!(codes(&say(&["EHLO a", &format!("MAIL FROM:<{local}@y.ua>")])), [250, code]);
    }
}

#[test]
fn rfc5321_4_5_3_1_2_a_domain_of_255_octets_is_taken() {
    for (len, code) in [(255, 250), (256, 501)] {
        let domain = format!("{}.ua", "a".repeat(len - 3));
        assert_eq!(codes(&say(&["EHLO a", &format!("MAIL FROM:<a@{domain}>")])), [250, code]);
    }
}

#[test]
fn rfc5321_4_5_3_1_3_a_path_of_256_octets_is_taken() {
    let path = format!("<{}@{}.ua>", "a".repeat(64), "b".repeat(256 - 64 - 6));
    assert_eq!(path.len(), 256);
    let lines = ["EHLO a", &format!("MAIL FROM:{path}"), &format!("RCPT TO:{path}")];
    assert_eq!(codes(&say(&lines)), [250, 250, 550]);
}

#[test]
fn rfc5321_4_5_3_1_4_a_command_line_of_512_octets_is_taken_and_of_2048() {
    for (len, code) in [(512, 250), (2048, 250), (2049, 500)] {
        let noop = format!("NOOP {}", "a".repeat(len - "NOOP \r\n".len()));
        assert_eq!(codes(&say(&[&noop, "NOOP"])), [code, 250], "{len}");
    }
}

#[test]
fn rfc5321_4_5_3_1_5_no_reply_line_is_over_512_octets() {
    let end = say(&["EHLO a", "FOO", "HELP", "VRFY a", "MAIL FROM:<>", "RCPT TO:<a@b>", "QUIT"]);
    let replies = String::from_utf8(end.replies).unwrap();
    assert!(replies.split_inclusive("\r\n").all(|line| line.len() <= 512), "{replies}");
}

#[test]
fn rfc5321_4_5_3_1_6_a_text_line_of_1000_octets_is_taken_and_of_8192() {
    let limits = Limits::default();
    for (len, code) in [(1000, 250), (8192, 250), (8193, 500)] {
        let line = "x".repeat(len - 2);
        let said = format!(
            "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<branch@x.ua>\r\nDATA\r\n.{line}\r\n.\r\nNOOP"
        );
        let end = say_with(Protocol::Smtp, &limits, &said.replace(".x", "..x"));
        let dotted = say_with(Protocol::Smtp, &limits, &said.replace(".x", "x"));
        let expected = if len == 8192 { 500 } else { code };
        assert_eq!(codes(&end), [250, 250, 250, 354, expected, 250], "a dot and {len}");
        assert_eq!(codes(&dotted), [250, 250, 250, 354, code, 250], "{len}");
    }
}

#[test]
fn rfc5321_4_5_3_1_7_a_message_of_64_kib_is_taken() {
    let lines = format!("{}\r\n", "x".repeat(998)).repeat(66);
    let lines = lines.trim_end();
    let end = say(&["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.ua>", "DATA", lines, "."]);
    assert_eq!(codes(&end), [250, 250, 250, 354, 250]);
    assert!(end.mails[0].message.len() >= 64 * 1024);
}

#[test]
fn rfc5321_4_5_3_1_8_a_hundred_recipients_are_taken() {
    let recipients: Vec<_> = (0..100).map(|n| format!("RCPT TO:<branch+{n}@x.ua>")).collect();
    let mut lines = vec!["EHLO a", "MAIL FROM:<>"];
    lines.extend(recipients.iter().map(String::as_str));
    lines.extend(["DATA", "."]);
    let end = say(&lines);
    assert!(codes(&end).iter().all(|code| matches!(code, 250 | 354)), "{:?}", codes(&end));
    assert_eq!(end.mails[0].envelope.recipients.len(), 100);
}

#[test]
fn rfc5321_4_5_3_1_10_recipients_beyond_the_limit_are_put_off_with_452() {
    let recipients: Vec<_> = (0..1100).map(|n| format!("RCPT TO:<branch+{n}@x.ua>")).collect();
    let mut lines = vec!["EHLO a", "MAIL FROM:<>"];
    lines.extend(recipients.iter().map(String::as_str));
    lines.extend(["DATA", "."]);
    let end = say(&lines);
    let replies = replies(&end);
    let put_off = replies.iter().filter(|reply| reply.starts_with("452 4.5.3 ")).count();
    assert_eq!((put_off, end.mails[0].envelope.recipients.len()), (1000, 100));
    assert!(replies.last().unwrap().starts_with("250 2.0.0 "), "the others have their mail");
}

#[test]
fn rfc5321_4_5_5_the_null_sender_is_taken() {
    let end = say(&["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.ua>", "DATA", "."]);
    assert_eq!(codes(&end), [250, 250, 250, 354, 250]);
    assert_eq!(end.mails[0].envelope.sender, None);
}

#[tokio::test]
async fn rfc5321_6_1_a_mail_that_is_not_kept_is_not_acknowledged() {
    let server = Server::start();
    assert_eq!(server.mail("failed@x.ua").await, 451);
    assert_eq!(server.mail("full@x.ua").await, 452);
    assert_eq!(server.office.mails(), []);
}

#[test]
fn rfc5321_6_3_a_mail_that_goes_in_circles_is_refused() {
    for (hops, expected) in [(99, "250 2.0.0 "), (100, "554 5.4.6 ")] {
        let header = "Received: from a by b; c\r\n".repeat(hops);
        let message = format!("{header}Subject: a\r\n\r\nReceived: d");
        let lines = ["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.ua>", "DATA", &message, "."];
        let reply = last_reply(&lines);
        assert!(reply.starts_with(expected), "{hops}: {reply}");
    }
}

#[test]
fn rfc5321_7_3_no_reply_tells_who_the_staff_are() {
    let lines = ["EHLO a", "MAIL FROM:<>", "RCPT TO:<nobody@x.ua>"];
    assert_eq!(last_reply(&lines), "550 5.1.1 No such mailbox here");
}

#[test]
fn rfc5233_a_sub_address_reaches_its_mailbox() {
    let end = say(&["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch+vstup@x.ua>", "DATA", "."]);
    assert_eq!(end.mails[0].envelope.recipients, ["branch+vstup@x.ua".parse().unwrap()]);
}
