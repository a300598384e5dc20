//! LMTP (RFC 2033).

use skrynka::{
    domain::TransmissionType,
    smtp::{Limits, Protocol},
};

use super::simulated::{codes, extensions, replies, say, say_lmtp, say_with};

#[test]
fn rfc2033_4_1_lhlo_takes_the_place_of_ehlo_and_helo() {
    assert_eq!(codes(&say_lmtp(&["EHLO a", "HELO a", "LHLO a"])), [500, 500, 250]);
    assert_eq!(codes(&say(&["LHLO a", "EHLO a"])), [500, 250]);
    assert_eq!(replies(&say_lmtp(&[]))[0], "220 mx.example.ua LMTP");
}

#[test]
fn rfc2033_4_2_the_dot_has_one_reply_for_each_accepted_recipient() {
    let end = say_lmtp(&[
        "LHLO a",
        "MAIL FROM:<osoba@y.ua>",
        "RCPT TO:<branch1@x.ua>",
        "RCPT TO:<nobody@x.ua>",
        "RCPT TO:<branch2@x.ua>",
        "RCPT TO:<branch1@x.ua>",
        "DATA",
        "a",
        ".",
        "NOOP",
    ]);
    assert_eq!(codes(&end), [250, 250, 250, 550, 250, 250, 354, 250, 250, 250, 250]);
    assert_eq!(end.mails.len(), 1, "the message is kept once");
    assert_eq!(end.mails[0].envelope.recipients.len(), 2);
    assert_eq!(end.mails[0].envelope.protocol, TransmissionType::Lmtp);
}

#[test]
fn rfc2033_4_2_a_refused_message_is_refused_for_each_recipient() {
    let limits = Limits { max_message_bytes: 10, ..Limits::default() };
    let said = "LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<branch1@x.ua>\r\nRCPT TO:<branch2@x.ua>\r\n\
                DATA\r\nmore than ten\r\n.\r\nNOOP";
    let end = say_with(Protocol::Lmtp, &limits, said);
    assert_eq!(codes(&end), [250, 250, 250, 250, 354, 552, 552, 250]);
}

#[test]
fn rfc2033_4_2_data_without_an_accepted_recipient_is_refused_with_503() {
    let end = say_lmtp(&["LHLO a", "MAIL FROM:<>", "RCPT TO:<nobody@x.ua>", "DATA", "NOOP"]);
    assert_eq!(codes(&end), [250, 250, 550, 503, 250]);
}

#[test]
fn rfc2033_5_pipelining_and_enhanced_codes_are_offered() {
    let offered = extensions(&say_lmtp(&["LHLO a"]));
    for extension in ["PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"] {
        assert!(offered.iter().any(|line| line == extension), "{extension}: {offered:?}");
    }
}
