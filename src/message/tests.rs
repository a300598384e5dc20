use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

const PDF: &str = "%PDF-1.4\nsample";
const PDF_BASE64: &str = "JVBERi0xLjQKc2FtcGxl";

fn opened(mail: impl Into<Bytes>) -> Message {
    open(mail.into(), &Limits::default()).unwrap()
}

/// Opens on a stack of 128 KiB, so that recursion by depth cannot pass unnoticed.
fn opened_on_a_small_stack(mail: Vec<u8>) -> Result<Message, MessageError> {
    std::thread::Builder::new()
        .stack_size(128 * 1024)
        .spawn(move || open(mail.into(), &Limits::default()))
        .unwrap()
        .join()
        .unwrap()
}

fn passed_limit(mail: Vec<u8>) -> &'static str {
    match opened_on_a_small_stack(mail) {
        Err(MessageError::LimitExceeded { limit, .. }) => limit,
        other => panic!("opened or refused otherwise: {other:?}"),
    }
}

/// Names and contents of the parts, `-` for no name.
fn listed(message: &Message) -> Vec<(&str, &str)> {
    message
        .parts()
        .iter()
        .map(|part| {
            (part.name.as_deref().unwrap_or("-"), std::str::from_utf8(&part.content).unwrap())
        })
        .collect()
}

fn part_named(field: &str) -> Option<String> {
    opened(format!("{field}\r\n\r\nx")).parts().first().unwrap().name.clone()
}

#[test]
fn lists_every_part_whatever_its_label_and_disposition() {
    let message = opened(format!(
        "Message-ID: <a1@mail.example>\r\nSubject: =?UTF-8?B?0JrQvtC/0ZbRlw==?=\r\n\
         Date: Tue, 1 Sep 2026 13:00:00 +0300\r\n\
         Content-Type: multipart/mixed; boundary=out\r\n\r\nprologue\r\n\
         --out\r\nContent-Type: multipart/alternative; boundary=\"in\"\r\n\r\n\
         --in\r\n\r\nвітаю\r\n--in\r\nContent-Type: text/html\r\n\r\n<p>\r\n--in--\r\n\
         --out\r\nContent-Type: text/plain; name=a.pdf\r\nContent-Disposition: inline\r\n\r\n\
         {PDF}\r\n--out\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: BASE64\r\n\r\n\
         {PDF_BASE64}\r\n--out\r\nContent-Type: nonsense\r\n\r\n\r\n--out--\r\nepilogue"
    ));
    assert_eq!(message.message_id(), Some("a1@mail.example"));
    assert_eq!(message.subject(), Some("Копії"));
    assert_eq!(message.date().unwrap().to_string(), "2026-09-01T10:00:00Z");
    assert_eq!(
        listed(&message),
        [("-", "вітаю"), ("-", "<p>"), ("a.pdf", PDF), ("-", PDF), ("-", "")]
    );
    let types: Vec<_> = message.parts().iter().map(|part| part.media_type.as_str()).collect();
    assert_eq!(
        types,
        ["text/plain", "text/html", "text/plain", "image/png", "application/octet-stream"]
    );
    let texts: Vec<_> = message.parts().iter().map(|part| part.inline_text).collect();
    assert_eq!(texts, [true, true, false, false, false]);
}

#[test]
fn keeps_the_bytes_of_a_part_that_is_labelled_as_text() {
    let mut mail = b"Content-Type: text/plain; charset=koi8-u\r\n\r\n".to_vec();
    let content = b"%PDF-1.4\r\n\xe2\xe3\xcf\xd3\r\n\0\xff";
    mail.extend_from_slice(content);
    let message = opened(mail);
    let part = message.parts().first().unwrap();
    assert_eq!(part.content.as_ref(), content);
    assert!(!part.inline_text);
}

#[test]
fn opens_what_is_built_badly() {
    for (case, mail, expected) in [
        ("no MIME", "Subject: x\r\n\r\nhello", vec![("-", "hello")]),
        ("no header", "hello\nworld", vec![("-", "hello\nworld")]),
        ("no body", "Subject: x", vec![("-", "")]),
        ("only an empty line", "\r\n", vec![("-", "")]),
        (
            "no end boundary",
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo",
            vec![("-", "one"), ("-", "two")],
        ),
        (
            "inner end boundary missing",
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; \
             boundary=i\n\n--i\n\none\n--b\n\ntwo\n--b--\n",
            vec![("-", "one"), ("-", "two")],
        ),
        (
            "a part after the end",
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\njunk\n--b\n\ntwo\n--b--",
            vec![("-", "one"), ("-", "two")],
        ),
        (
            "the same boundary inside",
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; \
             boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n--b--",
            vec![("-", ""), ("-", "one"), ("-", "two")],
        ),
        (
            "two boundaries named",
            "Content-Type: multipart/mixed; boundary=a; boundary=b\nContent-Type: \
             multipart/mixed; boundary=c\n\n--b\n\none\n--c\n\ntwo\n--b--",
            vec![("-", "one"), ("-", "two")],
        ),
        (
            "boundary=\"\"",
            "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\none\n----",
            vec![("-", "--\n\none\n----")],
        ),
        (
            "a boundary that begins as another",
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--bb\none\n--b--",
            vec![("-", "--bb\none")],
        ),
    ] {
        assert_eq!(listed(&opened(mail)), expected, "{case}");
    }
}

#[test]
fn opens_forwarded_messages_however_they_are_sent() {
    let inner = "Subject: in\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF";
    let encoded = "U3ViamVjdDogaW4NCkNvbnRlbnQtRGlzcG9zaXRpb246IGF0dGFjaG1lbnQ7IGZpbGVuYW1lPWEucGRmDQoNCiVQREY=";
    for field in [
        format!("Content-Type: message/rfc822\r\n\r\n{inner}"),
        format!("Content-Type: message /rfc822\r\n\r\n{inner}"),
        format!("Content-Type: message/global; name=x\r\n\r\n{inner}"),
        format!(
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}"
        ),
        format!(
            "Content-Type: application/octet-stream; name=fwd.EML\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{encoded}"
        ),
        format!("Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\n{inner}\r\n--d--"),
    ] {
        let message = opened(format!("Subject: out\r\n{field}"));
        assert_eq!(message.subject(), Some("out"));
        assert_eq!(listed(&message), [("a.pdf", "%PDF")], "{field}");
    }
}

#[test]
fn keeps_a_document_that_is_labelled_as_a_message() {
    let message = opened("Content-Type: message/rfc822; name=a.pdf\r\n\r\n%PDF-1.4\n\nx");
    assert_eq!(listed(&message), [("a.pdf", "%PDF-1.4\n\nx")]);
}

#[test]
fn reads_file_names_in_every_known_form() {
    for (field, name) in [
        ("Content-Type: application/pdf; name=a.pdf", Some("a.pdf")),
        (
            "Content-Type: a/b; name=a.pdf\r\nContent-Disposition: attachment; filename=b.pdf",
            Some("b.pdf"),
        ),
        (
            "Content-Type: a/b; name=a.pdf\r\nContent-Disposition: attachment; filename=\"..\"",
            Some("a.pdf"),
        ),
        (
            "Content-Disposition: attachment; filename*=UTF-8''%D0%BA%D0%BE%D0%BF%D1%96%D1%8F.pdf",
            Some("копія.pdf"),
        ),
        (
            "Content-Disposition: attachment; filename*0=\"internal-\"; filename*1=\"passport.pdf\"",
            Some("internal-passport.pdf"),
        ),
        (
            "Content-Disposition: attachment;\r\n filename*1*=%D1%96%D1%8F.pdf;\r\n filename*0*=UTF-8''%D0%BA%D0%BE%D0%BF",
            Some("копія.pdf"),
        ),
        (
            "Content-Disposition: attachment; filename=\"=?UTF-8?B?0LrQvtC/0ZbRjy5wZGY=?=\"",
            Some("копія.pdf"),
        ),
        (
            "Content-Type: a/b;\r\n\tname=\"=?windows-1251?Q?=EA=EE=EF=B3=FF.pdf?=\"",
            Some("копія.pdf"),
        ),
        (
            "Content-Disposition: attachment; filename=\"../..\\\\x\u{202e}fdp.exe\"",
            Some("xfdp.exe"),
        ),
        ("Content-Disposition: attachment; filename=\"a\0b.pdf\"", Some("ab.pdf")),
        (
            "Content-Disposition: attachment; filename=taxpayer-card-1-01.09.2026-10:00:00.pdf",
            Some("taxpayer-card-1-01.09.2026-10:00:00.pdf"),
        ),
        ("Content-Disposition: attachment", None),
    ] {
        assert_eq!(part_named(field).as_deref(), name, "{field}");
    }
}

#[test]
fn refuses_bombs_of_nested_structure() {
    let mut nested = String::new();
    for level in 0..100_000 {
        write!(nested, "Content-Type: multipart/mixed; boundary={level}\r\n\r\n--{level}\r\n")
            .unwrap();
    }
    assert_eq!(passed_limit(nested.into_bytes()), "multipart_mentions");
    let forwarded = "Content-Type: message/rfc822\r\n\r\n".repeat(33_000);
    assert_eq!(passed_limit(forwarded.into_bytes()), "forwarded_mentions");
    let parts =
        format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\n\n".repeat(1_000_000));
    assert_eq!(passed_limit(parts.into_bytes()), "boundary_lines");
}

#[test]
fn refuses_bombs_that_evade_the_count() {
    let forwarded = "Content-Type: message /rfc822\r\n\r\n".repeat(33_000);
    assert_eq!(passed_limit(forwarded.into_bytes()), "forwarded_depth");
    let mut nested = String::new();
    for level in 0..500 {
        write!(nested, "Content-Type: multipart /mixed; boundary={level}\n\n--{level}\n").unwrap();
    }
    assert_eq!(passed_limit(nested.into_bytes()), "nesting");
    let parts =
        format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\n\n".repeat(1500));
    assert_eq!(passed_limit(parts.into_bytes()), "parts");
}

#[test]
fn refuses_a_bomb_inside_an_encoded_message() {
    let inner = b"Content-Type: message/rfc822\r\n\r\n".repeat(33_000);
    let mut mail = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\
                     \r\n\r\n"
        .to_vec();
    for byte in inner {
        write_escape(&mut mail, byte);
    }
    assert_eq!(passed_limit(mail), "forwarded_mentions");
}

fn write_escape(mail: &mut Vec<u8>, byte: u8) {
    mail.extend_from_slice(format!("={byte:02X}").as_bytes());
}

#[test]
fn refuses_endless_headers() {
    assert_eq!(passed_limit(b"X: a\r\n".repeat(1_000_000)), "header_lines");
    let folded = format!("X: {}\r\n\r\n", "a".repeat(5_000_000));
    assert_eq!(passed_limit(folded.into_bytes()), "header_bytes");
    let in_a_part = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n{}\nx\n--b--",
        "X: a\n".repeat(2000)
    );
    assert_eq!(passed_limit(in_a_part.into_bytes()), "header_lines");
}

#[test]
fn reads_a_field_of_very_many_pieces_in_bounded_time() {
    let mut field = "Content-Disposition: attachment".to_owned();
    for piece in 0..20_000 {
        write!(field, "; f{piece}*1=x").unwrap();
    }
    field.push_str("\r\n\r\nbody");
    assert_eq!(listed(&opened(field)), [("-", "body")]);
}

#[test]
fn refuses_an_empty_mail_and_says_so_in_a_finding() {
    let error = open(Bytes::new(), &Limits::default()).unwrap_err();
    assert_eq!(error.finding().code, FindingCode::Unreadable);
    let error = MessageError::LimitExceeded { limit: "parts", found: 2, max: 1 };
    assert_eq!(
        error.to_string(),
        "the mail passes the limit parts: 2 found, at most 1 are allowed"
    );
    assert_eq!(error.finding().detail.as_deref(), Some("parts"));
}

/// Pieces that mails are made of, so that random mails get past the first line.
fn mail_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"Content-Type: multipart/mixed; boundary=b\r\n".to_vec()),
        Just(b"Content-Type: multipart/digest; boundary=\"b\"\n".to_vec()),
        Just(b"Content-Type: message/rfc822\r\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\r\n".to_vec()),
        Just(b"Content-Transfer-Encoding: quoted-printable\r\n".to_vec()),
        Just(b"Content-Disposition: attachment; filename*0*=utf-8''%D0; filename*1=\"".to_vec()),
        Just(b"Subject: =?utf-8?B?".to_vec()),
        Just(b"Date: 31 Feb 99999 25:61:61 +9999\r\n".to_vec()),
        Just(b"\r\n--b\r\n".to_vec()),
        Just(b"\n--b--".to_vec()),
        Just(b"\r\n\r\n".to_vec()),
        Just(b"=?=".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
        "[ -~]{0,12}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn opens_or_refuses_every_string_of_bytes(mail in mail_like()) {
        let empty = mail.is_empty();
        match open(mail.into(), &Limits::default()) {
            Ok(message) => prop_assert!(!message.parts().is_empty()),
            Err(error) => {
                let limit = matches!(error, MessageError::LimitExceeded { .. });
                prop_assert!(empty || limit, "{}", error);
            }
        }
    }

    #[test]
    fn finds_an_attachment_unchanged_at_any_depth(
        content in proptest::collection::vec(any::<u8>(), 0..200),
        depth in 0_usize..8,
    ) {
        let mut mail = b"Content-Type: application/pdf; name=a.pdf\r\n\
                         Content-Transfer-Encoding: quoted-printable\r\n\r\n".to_vec();
        for byte in &content {
            write_escape(&mut mail, *byte);
        }
        for level in 0..depth {
            let head = format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
            mail = [head.as_bytes(), &mail, format!("\r\n--b{level}--\r\n").as_bytes()].concat();
        }
        let message = open(mail.into(), &Limits::default()).unwrap();
        let part = message.parts().first().unwrap();
        prop_assert_eq!(part.content.as_ref(), content.as_slice());
        prop_assert_eq!(part.name.as_deref(), Some("a.pdf"));
    }
}
