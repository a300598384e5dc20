//! Composes a mail as a phone's mail app does: MIME (RFC 2045, 2046) with base64 bodies, RFC 2231
//! file names and an RFC 2047 subject.

use base64ct::{Base64, Encoding as _};

use crate::domain::{Date, MailAddress, Timestamp};

/// The line between the parts. Every body is base64, which has neither `=_` nor `-`, so no body
/// can hold it.
const BOUNDARY: &str = "=_skrynka-sample";

/// The greatest length of a base64 line (RFC 2045 §6.8).
const BASE64_LINE: usize = 76;

/// A file attached to a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The file's name, of any letters.
    pub name: String,
    /// The media type: `application/pdf`.
    pub media_type: String,
    /// The file's bytes.
    pub content: Vec<u8>,
}

/// A mail before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The mail's id, `name@domain`, without angle brackets.
    pub message_id: String,
    /// The author.
    pub from: MailAddress,
    /// The addressee in the header; the envelope is the sender's business.
    pub to: MailAddress,
    /// When it was written.
    pub date: Timestamp,
    /// The subject, of any letters.
    pub subject: String,
    /// The text above the attachments.
    pub text: String,
    /// The attached files, in order.
    pub attachments: Vec<Attachment>,
}

impl Draft {
    /// The mail's bytes, every line ended with CRLF, as they go into SMTP's DATA before
    /// dot-stuffing. The same draft gives the same bytes.
    #[must_use]
    pub fn compose(&self) -> Vec<u8> {
        let header = format!(
            "Message-ID: <{}>\r\n\
             Date: {}\r\n\
             From: {}\r\n\
             To: {}\r\n\
             Subject: {}\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed;\r\n boundary=\"{BOUNDARY}\"\r\n\r\n",
            self.message_id,
            date(self.date),
            self.from,
            self.to,
            encoded_words(&self.subject),
        );
        let text = format!(
            "--{BOUNDARY}\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}",
            base64_lines(self.text.as_bytes()),
        );
        let attachments: String = self.attachments.iter().map(Attachment::part).collect();
        format!("{header}{text}{attachments}--{BOUNDARY}--\r\n").into_bytes()
    }
}

impl Attachment {
    fn part(&self) -> String {
        format!(
            "--{BOUNDARY}\r\n\
             Content-Type: {};\r\n {}\r\n\
             Content-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment;\r\n {}\r\n\r\n{}",
            self.media_type,
            parameter("name", &self.name),
            parameter("filename", &self.name),
            base64_lines(&self.content),
        )
    }
}

/// RFC 5322 §3.3, in UTC: `Tue, 01 Sep 2026 10:00:00 +0000`.
fn date(moment: Timestamp) -> String {
    let shown = Timestamp::from_seconds(moment.as_seconds()).to_string();
    let (day, time) = shown.split_once('T').unwrap_or((&shown, ""));
    let day: Date = day.parse().unwrap_or_default();
    format!("{} {} +0000", day.strftime("%a, %d %b %Y"), time.trim_end_matches('Z'))
}

/// RFC 2047 §2: a line with such a word has at most 76 letters; each word holds whole letters.
fn encoded_words(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in text.chars() {
        // 39 bytes are 52 of base64; with `Subject: `, `=?utf-8?B?` and `?=` that makes 73.
        if word.len() + letter.len_utf8() > 39 {
            words.push(std::mem::take(&mut word));
        }
        word.push(letter);
    }
    words.push(word);
    let encoded: Vec<String> = words
        .iter()
        .map(|word| format!("=?utf-8?B?{}?=", Base64::encode_string(word.as_bytes())))
        .collect();
    encoded.join("\r\n ")
}

/// A parameter as RFC 2231 §4 writes it when quotes alone will not do.
fn parameter(name: &str, value: &str) -> String {
    if value.bytes().all(|byte| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')) {
        return format!("{name}=\"{value}\"");
    }
    let encoded: String = value
        .bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect();
    format!("{name}*=utf-8''{encoded}")
}

fn base64_lines(bytes: &[u8]) -> String {
    let encoded = Base64::encode_string(bytes);
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / BASE64_LINE * 2 + 2);
    for (index, letter) in encoded.chars().enumerate() {
        if index > 0 && index % BASE64_LINE == 0 {
            lines.push_str("\r\n");
        }
        lines.push(letter);
    }
    lines.push_str("\r\n");
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            message_id: "1@phone.example".to_owned(),
            from: "visitor@mail.example".parse().unwrap(),
            to: "school5+enrolment@docs.example.ua".parse().unwrap(),
            date: "2026-09-01T10:00:00.5Z".parse().unwrap(),
            subject: "Копії цифрових документів для вступу до навчального закладу".to_owned(),
            text: "Надіслано з Дії\n".to_owned(),
            attachments: vec![
                Attachment {
                    name: "passport-1.pdf".to_owned(),
                    media_type: "application/pdf".to_owned(),
                    content: vec![0; 300],
                },
                Attachment {
                    name: "довідка \"1\".pdf".to_owned(),
                    media_type: "application/pdf".to_owned(),
                    content: Vec::new(),
                },
            ],
        }
    }

    #[test]
    fn every_line_ends_with_crlf_and_is_short_ascii() {
        let mail = String::from_utf8(draft().compose()).unwrap();
        let (lines, rest) = mail.rsplit_once("\r\n").unwrap();
        assert_eq!(rest, "");
        for line in lines.split("\r\n") {
            assert!(!line.contains(['\r', '\n']), "{line:?}");
            assert!(line.is_ascii() && line.len() <= 78, "{line:?}");
        }
    }

    #[test]
    fn the_header_holds_what_the_draft_says() {
        let mail = String::from_utf8(draft().compose()).unwrap();
        assert!(mail.starts_with("Message-ID: <1@phone.example>\r\n"));
        assert!(mail.contains("\r\nDate: Tue, 01 Sep 2026 10:00:00 +0000\r\n"));
        assert!(mail.contains("filename=\"passport-1.pdf\""));
        assert!(mail.contains("filename*=utf-8''%D0%B4%D0%BE%D0%B2"));
        assert!(mail.ends_with("\r\n--=_skrynka-sample--\r\n"));
    }

    #[test]
    fn bodies_come_back_as_they_were() {
        let mail = draft().compose();
        let message = mail_parser::MessageParser::default().parse(&mail).unwrap();
        assert_eq!(message.subject(), Some(draft().subject.as_str()));
        assert_eq!(message.body_text(0).unwrap(), draft().text);
        for (index, attachment) in draft().attachments.iter().enumerate() {
            let part = message.attachment(u32::try_from(index).unwrap()).unwrap();
            assert_eq!(part.contents(), attachment.content);
        }
    }
}
