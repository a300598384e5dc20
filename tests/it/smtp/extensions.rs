//! The extensions that we offer, and those that we do not: SIZE (RFC 1870), enhanced codes (2034),
//! PIPELINING (2920), CHUNKING (3030), 8BITMIME (6152), SMTPUTF8 (6531).

use skrynka::smtp::{Limits, Protocol};

use super::{
    office::Server,
    simulated::{codes, extensions, last_reply, replies, say, say_with},
};
use crate::support::smtp_client::SmtpClient;

#[test]
fn rfc1870_4_the_limit_is_named() {
    let offered = extensions(&say(&["EHLO a"]));
    assert!(offered.contains(&"SIZE 33554432".to_owned()), "{offered:?}");
}

#[test]
fn rfc1870_6_1_a_declared_size_over_the_limit_is_refused_at_once() {
    for (size, code) in [
        ("33554432", 250),
        ("33554433", 552),
        ("18446744073709551616", 552),
        ("99999999999999999999", 552),
        ("100000000000000000000", 501),
        ("1 SIZE=1", 501),
    ] {
        let mail = format!("MAIL FROM:<> SIZE={size}");
        assert_eq!(codes(&say(&["EHLO a", &mail])), [250, code], "{size}");
    }
    assert_eq!(last_reply(&["EHLO a", "MAIL FROM:<> SIZE=33554433"]), "552 5.3.4 Message too big");
}

#[test]
fn rfc1870_6_3_a_message_over_the_limit_is_read_to_its_dot_and_refused() {
    let limits = Limits { max_message_bytes: 10, ..Limits::default() };
    let said = "EHLO a\r\nMAIL FROM:<> SIZE=5\r\nRCPT TO:<branch@x.ua>\r\nDATA\r\n\
                more than ten\r\n.\r\nNOOP";
    let end = say_with(Protocol::Smtp, &limits, said);
    assert_eq!(codes(&end), [250, 250, 250, 354, 552, 250]);
}

#[test]
fn rfc2034_4_every_reply_has_an_enhanced_code_but_those_that_must_not() {
    let end = say(&[
        "FOO",
        "NOOP",
        "HELP",
        "VRFY a",
        "EXPN a",
        "MAIL FROM:<>",
        "STARTTLS now",
        "EHLO a",
        "MAIL FROM:<x",
        "MAIL FROM:<> SIZE=x",
        "MAIL FROM:<>",
        "RCPT TO:<nobody@x.ua>",
        "RCPT TO:<branch@x.ua>",
        "DATA",
        ".",
        "RSET",
        "QUIT",
    ]);
    for reply in replies(&end) {
        let (code, rest) = reply.split_once(' ').expect("a code and words");
        let class = rest.split('.').next().filter(|class| class.len() == 1);
        let bare = ["220 mx.example.ua ESMTP", "250 SIZE 33554432"].contains(&reply.as_str());
        let expected = (!bare && code != "354").then(|| &code[..1]);
        assert_eq!(class, expected, "{reply}");
    }
}

#[test]
fn rfc2920_3_1_pipelined_commands_are_answered_in_their_order() {
    let end = say(&[
        "EHLO a",
        "MAIL FROM:<>",
        "RCPT TO:<nobody@x.ua>",
        "RCPT TO:<branch@x.ua>",
        "DATA",
        "a",
        ".",
        "MAIL FROM:<>",
        "RSET",
        "QUIT",
    ]);
    assert_eq!(codes(&end), [250, 250, 550, 250, 354, 250, 250, 250, 221]);
}

#[tokio::test]
async fn rfc2920_3_1_what_comes_with_data_before_its_reply_is_an_attack() {
    let server = Server::start();
    for attack in [
        "DATA\r\nSubject: a\r\n.\r\n",
        "EHLO b\r\nMAIL FROM:<>\r\n",
        "HELO b\r\n\r\n",
        // A form that a browser was made to send, its request line taken for the client's own.
        "EHLO b\r\nContent-Type: text/plain\r\n\r\nMAIL FROM:<>\r\n",
    ] {
        let mut client = SmtpClient::greeted(server.address).await;
        let lines = ["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.ua>"];
        assert_eq!(client.codes(&lines).await, [250, 250, 250]);
        client.send(attack).await;
        assert_eq!(client.codes_to_the_end().await, [554], "{attack:?}");
    }
    assert_eq!(server.office.mails(), []);
}

#[test]
fn rfc2920_3_1_what_follows_quit_is_ignored() {
    let end = say(&["EHLO a", "QUIT", "MAIL FROM:<>"]);
    assert_eq!((codes(&end), end.closed), (vec![250, 221], true));
}

#[test]
fn rfc3030_chunking_is_not_offered_and_bdat_is_refused() {
    let end = say(&["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.ua>", "BDAT 3 LAST", "abc"]);
    assert_eq!(codes(&end), [250, 250, 250, 502, 500]);
    let offered = extensions(&end);
    assert!(!offered.iter().any(|line| line == "CHUNKING" || line == "BINARYMIME"), "{offered:?}");
    assert_eq!(end.mails, []);
}

#[test]
fn rfc4954_authentication_is_not_offered() {
    let end = say(&["EHLO a", "AUTH PLAIN AGEAYg=="]);
    assert_eq!(codes(&end), [250, 502]);
    assert!(!extensions(&end).iter().any(|line| line.starts_with("AUTH")));
}

#[test]
fn rfc6152_eight_bit_bytes_come_as_they_were_sent() {
    for body in ["", " BODY=8BITMIME", " BODY=7BIT"] {
        let mail = format!("MAIL FROM:<>{body}");
        let lines = ["EHLO a", &mail, "RCPT TO:<branch@x.ua>", "DATA", "Довідка \0", "."];
        let end = say(&lines);
        assert_eq!(codes(&end), [250, 250, 250, 354, 250], "{body}");
        assert_eq!(end.mails[0].message, "Довідка \0\r\n".as_bytes());
    }
    let offered = extensions(&say(&["EHLO a"]));
    assert!(offered.contains(&"8BITMIME".to_owned()), "{offered:?}");
    assert_eq!(codes(&say(&["EHLO a", "MAIL FROM:<> BODY=BINARYMIME"])), [250, 555]);
}

#[test]
fn rfc6531_3_1_an_address_beyond_ascii_is_taken_with_the_parameter() {
    let end = say(&[
        "EHLO a",
        "MAIL FROM:<особа@пошта.укр> SMTPUTF8 BODY=8BITMIME",
        "RCPT TO:<ТЕСТ@Пошта.укр>",
        "DATA",
        ".",
    ]);
    assert_eq!(codes(&end), [250, 250, 250, 354, 250]);
    assert_eq!(end.mails[0].envelope.sender, "особа@пошта.укр".parse().ok());
}

#[test]
fn rfc6531_3_5_an_address_beyond_ascii_without_the_parameter_is_refused() {
    let lines = ["EHLO a", "MAIL FROM:<особа@пошта.укр>"];
    assert!(last_reply(&lines).starts_with("553 5.6.7 "));
    let lines = ["EHLO a", "MAIL FROM:<>", "RCPT TO:<тест@пошта.укр>"];
    assert!(last_reply(&lines).starts_with("553 5.6.7 "));
}

#[test]
fn rfc6531_3_3_an_address_that_is_not_in_normal_form_is_refused() {
    for line in [
        "MAIL FROM:<и\u{306}@пошта.укр> SMTPUTF8",
        "MAIL FROM:<a@e\u{301}.example> SMTPUTF8",
        "MAIL FROM:<\u{212b}@x.example> SMTPUTF8",
        "MAIL FROM:<\"e\\\u{301}\"@y.ua> SMTPUTF8",
        "MAIL FROM:<\"\u{1100}\\\u{1161}\"@y.ua> SMTPUTF8",
        "MAIL FROM:<school@doc\u{212a}.ua>",
    ] {
        let reply = last_reply(&["EHLO a", line]);
        assert!(reply.starts_with("553 5.6.7 "), "{line}: {reply}");
    }
}

#[test]
fn rfc6531_3_3_a_recipient_that_lower_case_makes_ascii_is_refused() {
    let reply = last_reply(&["EHLO a", "MAIL FROM:<>", "RCPT TO:<branch@x.u\u{212a}>"]);
    assert!(reply.starts_with("553 5.6.7 "), "{reply}");
}

#[test]
fn rfc6531_3_3_pictures_and_marks_are_letters_of_an_address() {
    for sender in ["📄@x.example", "क\u{94d}ष@उदाहरण.भारत", "x\u{331}@📮.example"]
    {
        let mail = format!("MAIL FROM:<{sender}> SMTPUTF8");
        let end = say(&["EHLO a", &mail, "RCPT TO:<branch@x.ua>", "DATA", "."]);
        assert_eq!(codes(&end), [250, 250, 250, 354, 250], "{sender}");
        assert_eq!(end.mails[0].envelope.sender.as_ref().unwrap().to_string(), sender);
    }
}

#[tokio::test]
async fn rfc6531_3_1_broken_utf_8_in_a_path_is_refused() {
    let server = Server::start();
    let mut client = SmtpClient::greeted(server.address).await;
    client.command("EHLO a").await;
    client.command("MAIL FROM:<> SMTPUTF8").await;
    for path in [&b"\xff\xfe"[..], b"a\xc0\xaeb", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"] {
        client.send([&b"RCPT TO:<"[..], path, b"@x.ua> \r\n"].concat()).await;
        let reply = client.reply().await;
        assert!(reply.text.starts_with("501 5.5.2 "), "{path:?}: {}", reply.text);
    }
}
