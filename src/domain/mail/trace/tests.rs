#![expect(clippy::indexing_slicing, reason = "a test that panics is a test that fails")]

use proptest::prelude::*;

use super::*;
use crate::domain::{Timestamp, TransmissionType};

fn envelope() -> Envelope {
    let received_at = "2026-09-01T10:00:00Z".parse().unwrap();
    let recipients = vec!["school5+vstup@docs.example.ua".parse().unwrap()];
    Envelope {
        peer: "192.0.2.1".parse().ok(),
        helo: "phone.example.ua".to_owned(),
        protocol: TransmissionType::Esmtps,
        tls: true,
        sender: "osoba@example.ua".parse().ok(),
        ..Envelope::new(received_at, recipients)
    }
}

fn id() -> MailId {
    MailId::new(Timestamp::from_seconds(1_790_000_000), [7; 10])
}

fn stamped(envelope: &Envelope, message: &str) -> String {
    String::from_utf8(envelope.stamp(id(), "mx.example.ua", message.as_bytes())).unwrap()
}

/// The lines of the header, each field unfolded.
fn fields(kept: &str) -> Vec<String> {
    let (header, _) = kept.split_once("\r\n\r\n").unwrap_or((kept, ""));
    let mut fields: Vec<String> = Vec::new();
    for line in header.split("\r\n") {
        match fields.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    fields
}

#[test]
fn rfc5321_4_4_return_path_and_received_stand_before_the_mail() {
    let expected = format!(
        "Return-Path: <osoba@example.ua>\r\n\
         Received: from phone.example.ua ([192.0.2.1])\r\n\
         \tby mx.example.ua with ESMTPS id {}\r\n\
         \tfor <school5+vstup@docs.example.ua>;\r\n\
         \tTue, 01 Sep 2026 10:00:00 +0000\r\n\
         Subject: a\r\n\r\nb\r\n",
        id()
    );
    assert_eq!(stamped(&envelope(), "Subject: a\r\n\r\nb\r\n"), expected);
}

#[test]
fn rfc5321_4_4_the_null_sender_has_an_empty_return_path() {
    let kept = stamped(&Envelope { sender: None, ..envelope() }, "\r\n");
    assert!(kept.starts_with("Return-Path: <>\r\n"), "{kept}");
}

#[test]
fn rfc5321_7_2_no_recipient_is_told_of_another() {
    let recipients = vec!["a@x.ua".parse().unwrap(), "b@x.ua".parse().unwrap()];
    let kept = stamped(&Envelope { recipients, ..envelope() }, "\r\n");
    assert!(!kept.contains("for <") && !kept.contains("@x.ua"), "{kept}");
}

#[test]
fn rfc5321_4_1_3_the_client_is_named_by_its_address() {
    for (peer, shown) in [
        ("192.0.2.1", "([192.0.2.1])"),
        ("::ffff:192.0.2.1", "([192.0.2.1])"),
        ("2001:db8::1", "([IPv6:2001:db8::1])"),
    ] {
        let kept = stamped(&Envelope { peer: peer.parse().ok(), ..envelope() }, "\r\n");
        assert!(kept.contains(&format!("from phone.example.ua {shown}\r\n")), "{kept}");
    }
    let kept = stamped(&Envelope { peer: None, ..envelope() }, "\r\n");
    assert!(kept.contains("from phone.example.ua\r\n"), "{kept}");
}

#[test]
fn rfc3848_every_way_of_handing_over_has_its_keyword() {
    for protocol in TransmissionType::ALL {
        let kept = stamped(&Envelope { protocol, ..envelope() }, "\r\n");
        assert!(kept.contains(&format!(" with {} id ", protocol.as_str())), "{kept}");
        let stored = serde_json::to_string(&protocol).unwrap();
        assert_eq!(stored, format!("{:?}", protocol.as_str()));
        assert_eq!(serde_json::from_str::<TransmissionType>(&stored).unwrap(), protocol);
    }
}

#[test]
fn an_envelope_written_before_it_named_the_protocol_is_read() {
    let mut stored = serde_json::to_value(envelope()).unwrap();
    stored.as_object_mut().unwrap().remove("protocol");
    let read: Envelope = serde_json::from_value(stored).unwrap();
    assert_eq!(read, Envelope { protocol: TransmissionType::Esmtp, ..envelope() });
}

#[test]
fn the_words_of_the_client_cannot_break_out() {
    for said in ["x\r\nBcc: a@b", "x) by evil (", "x; Tue, 1 Jan 2030", "", "тест", "a\0b"] {
        let kept = stamped(&Envelope { helo: said.to_owned(), ..envelope() }, "A: b\r\n\r\n");
        let fields = fields(&kept);
        assert_eq!(fields.len(), 3, "{kept}");
        assert_eq!(fields[1].matches([';', '(', ')', '\0']).count(), 3, "{kept}");
        assert!(kept.is_ascii(), "{kept}");
    }
    let long = stamped(&Envelope { helo: "x".repeat(2000), ..envelope() }, "\r\n");
    assert!(long.split("\r\n").all(|line| line.len() <= 998), "RFC 5322 §2.1.1");
}

#[test]
fn a_mail_that_begins_with_white_space_does_not_lengthen_the_trace() {
    for message in [" by forged\r\nA: b\r\n\r\n", "\t; Tue, 1 Jan 2030\r\n\r\n"] {
        let kept = stamped(&envelope(), message);
        assert!(fields(&kept)[1].ends_with("+0000"), "{kept}");
        assert_eq!(without_trace(kept.as_bytes()), message.as_bytes());
    }
}

#[test]
fn a_mail_without_our_trace_is_left_whole() {
    for kept in ["", "Subject: a\r\n\r\n", "Return-Path: <>\r\nSubject: a\r\n", "Received: x\r\n"] {
        assert_eq!(without_trace(kept.as_bytes()), kept.as_bytes());
    }
}

proptest! {
    #[test]
    fn the_trace_comes_off_again_whatever_was_sent(
        helo in any::<String>(),
        message in prop_oneof![
            "[ \t\r\nA:b]{0,20}",
            Just("Return-Path: <>\r\nReceived: from x\r\n\tby y; z\r\n\r\n".to_owned()),
            Just(FENCE.to_owned()),
        ],
    ) {
        let kept = Envelope { helo, ..envelope() }.stamp(id(), "mx.example.ua", message.as_bytes());
        prop_assert_eq!(without_trace(&kept), message.as_bytes());
    }
}
