#![no_main]
//! A conversation over SMTP or LMTP. How the network cuts the bytes of a group must not change
//! what is said or kept, and nothing is kept that breaks a limit.

use libfuzzer_sys::fuzz_target;
use skrynka::{
    domain::MailAddress,
    smtp::{Limits, Protocol, Simulation, groups, simulate},
};

/// What an input is spelled of when its bytes are not sent as they are: every verb, and the bytes
/// that matter inside a message.
const WORDS: [&[u8]; 51] = [
    b"EHLO a\r\n",
    b"HELO a\r\n",
    b"LHLO a\r\n",
    b"MAIL FROM:<>\r\n",
    b"MAIL FROM:<x@y.ua> SIZE=100 BODY=8BITMIME\r\n",
    b"MAIL FROM:<\"a b\"@y.ua> SIZE=300\r\n",
    "MAIL FROM:<особа@y.ua> SMTPUTF8\r\n".as_bytes(),
    "MAIL FROM:<и\u{306}@y.ua> SMTPUTF8\r\n".as_bytes(),
    b"RCPT TO:<branch1@x.ua>\r\n",
    b"RCPT TO:<branch2+sub@x.ua>\r\n",
    b"RCPT TO:<@z.ua:branch3@x.ua>\r\n",
    b"RCPT TO:<\"branch1\"@x.ua>\r\n",
    b"RCPT TO:<nobody@x.ua>\r\n",
    b"RCPT TO:<postmaster>\r\n",
    b"RCPT TO:<branch1@[192.0.2.1]>\r\n",
    b"RCPT TO:<branch1@x.ua> NOTIFY=NEVER\r\n",
    b"DATA\r\n",
    b"DATA now\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"NOOP word\r\n",
    b"HELP\r\n",
    b"VRFY a\r\n",
    b"EXPN a\r\n",
    b"AUTH PLAIN AGEAYg==\r\n",
    b"BDAT 3 LAST\r\n",
    b"ETRN a\r\n",
    b"STARTTLS\r\n",
    b"QUIT\r\n",
    b"GET / HTTP/1.1\r\n",
    b"Subject: a\r\n",
    b"Received: from a by b; c\r\n",
    b"\r\n",
    b".\r\n",
    b"..\r\n",
    b"\r\n.\r\n",
    b"\r\n.\r",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r\n",
    b".",
    b"\r",
    b"\n",
    b"\0",
    b"\xff",
    b"a",
    b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    b"MAIL FROM:<x@y.ua>\r\nRCPT TO:<branch1@x.ua>\r\nDATA\r\n",
    "MAIL FROM:<\"e\\\u{301}\"@y.ua> SMTPUTF8\r\n".as_bytes(),
    "RCPT TO:<branch\u{212a}@x.ua>\r\n".as_bytes(),
    "MAIL FROM:<📄@q\u{323}\u{307}.ua> SMTPUTF8\r\n".as_bytes(),
];

/// Inputs up to this length are also sent byte by byte.
const SHORT: usize = 2048;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (mode, size, bytes) = input;
    let protocol = if mode & 1 == 0 { Protocol::Smtp } else { Protocol::Lmtp };
    let said = if mode & 2 == 0 { bytes.to_vec() } else { spelled(bytes) };
    let whole = converse(protocol, groups(&said));
    let mut steps = vec![usize::from(size).max(1)];
    if said.len() <= SHORT {
        steps.push(1);
    }
    for step in steps {
        let pieces = groups(&said).into_iter().flat_map(|group| group.chunks(step));
        assert_eq!(converse(protocol, pieces), whole, "by {step}");
    }
    // A client that does not wait brings in nothing more.
    let hasty = converse(protocol, [&said[..]]);
    assert!(hasty.mails.len() <= whole.mails.len());
});

fn spelled(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| WORDS[usize::from(*byte) % WORDS.len()]).copied().collect()
}

fn converse<'a>(protocol: Protocol, reads: impl IntoIterator<Item = &'a [u8]>) -> Simulation {
    let limits = Limits {
        max_message_bytes: 256,
        max_received_fields: 3,
        max_recipients: 3,
        max_text_line_bytes: 100,
        ..Limits::default()
    };
    let known = |mailbox: &MailAddress| mailbox.local().starts_with("branch");
    let end = simulate(protocol, &limits, known, reads);
    for mail in &end.mails {
        let envelope = &mail.envelope;
        assert!((1..=3).contains(&envelope.recipients.len()));
        for address in envelope.recipients.iter().chain(&envelope.sender) {
            let json = serde_json::to_string(address).unwrap();
            let again: MailAddress = serde_json::from_str(&json).expect("the spool reads it back");
            assert_eq!(again.to_string(), address.to_string());
        }
        assert!(mail.message.len() <= 256);
        assert!(mail.message.split_inclusive(|byte| *byte == b'\n').all(|line| line.len() <= 100));
        assert!(mail.message.is_empty() || mail.message.ends_with(b"\r\n"));
        let bare = mail.message.windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r');
        assert!(!bare && mail.message.first() != Some(&b'\n'), "a bare line feed is kept");
    }
    end
}
