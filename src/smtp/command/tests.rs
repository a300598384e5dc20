use proptest::prelude::*;

use super::*;

fn mailbox(text: &str) -> MailAddress {
    text.parse().unwrap()
}

fn mail_from(sender: Option<&str>, parameters: Parameters) -> Command {
    Command::Mail { sender: sender.map(mailbox), parameters }
}

fn sized(size: u64) -> Parameters {
    Parameters { size, ..Parameters::default() }
}

fn utf8() -> Parameters {
    Parameters { utf8: true, ..Parameters::default() }
}

fn rcpt(recipient: &str) -> Command {
    Command::Rcpt {
        recipient: Recipient::Mailbox(mailbox(recipient)),
        international: !recipient.is_ascii(),
    }
}

#[test]
fn reads_what_clients_send() {
    for (line, command) in [
        ("EHLO mail.example.ua", Command::Ehlo { host: "mail.example.ua".into() }),
        ("ehlo [192.0.2.1]", Command::Ehlo { host: "[192.0.2.1]".into() }),
        ("EHLO [IPv6:2001:db8::1]", Command::Ehlo { host: "[IPv6:2001:db8::1]".into() }),
        ("HELO x", Command::Helo { host: "x".into() }),
        ("LHLO x", Command::Lhlo { host: "x".into() }),
        ("MAIL FROM:<>", mail_from(None, sized(0))),
        ("MAIL FROM:<a@b.ua>", mail_from(Some("a@b.ua"), sized(0))),
        ("mail from: <a@b.ua> size=1000 body=8bitmime", mail_from(Some("a@b.ua"), sized(1000))),
        ("MAIL FROM:<a@b.ua> BODY=7BIT ", mail_from(Some("a@b.ua"), sized(0))),
        ("MAIL FROM:<тест@пошта.укр> SMTPUTF8", mail_from(Some("тест@пошта.укр"), utf8())),
        ("MAIL FROM:<@one,@two:a@b.ua>", mail_from(Some("a@b.ua"), sized(0))),
        ("MAIL FROM:<\"a b\"@x>", mail_from(Some("\"a b\"@x"), sized(0))),
        ("MAIL FROM:<\"a>\\\"b\"@x>", mail_from(Some("\"a>\\\"b\"@x"), sized(0))),
        ("RCPT TO:<school5+vstup@docs.example.ua>", rcpt("school5+vstup@docs.example.ua")),
        ("RCPT TO:<тест@x.ua>", rcpt("тест@x.ua")),
        (
            "RCPT TO:<Postmaster>",
            Command::Rcpt { recipient: Recipient::Postmaster, international: false },
        ),
        ("DATA", Command::Data),
        ("data ", Command::Data),
        ("RSET", Command::Rset),
        ("NOOP", Command::Noop),
        ("NOOP <a> b", Command::Noop),
        ("VRFY a", Command::Vrfy),
        ("HELP", Command::Help),
        ("HELP MAIL", Command::Help),
        ("STARTTLS", Command::StartTls),
        ("QUIT", Command::Quit),
    ] {
        assert_eq!(parse(line.as_bytes()), Ok(command), "{line}");
    }
}

#[test]
fn refuses_what_is_malformed_and_says_why() {
    let long = format!("MAIL FROM:<{}@x.ua>", "a".repeat(65));
    for (line, error) in [
        (&b""[..], CommandError::Verb),
        (b"FOO", CommandError::Verb),
        (b"MAILX FROM:<a@b>", CommandError::Verb),
        (b"MAIL", CommandError::Syntax(Usage::Mail)),
        (b"MAIL a@b.ua", CommandError::Syntax(Usage::Mail)),
        (b"MAIL FROM:a@b.ua", CommandError::Syntax(Usage::Mail)),
        (b"MAIL FROM:<a@b.ua", CommandError::Syntax(Usage::Mail)),
        (b"MAIL FROM:<a@b.ua>SIZE=1", CommandError::Syntax(Usage::Mail)),
        (b"MAIL FROM:x<a@b.ua>", CommandError::Syntax(Usage::Mail)),
        (b"MAIL FROM:<no-at-sign>", CommandError::Sender),
        (b"MAIL FROM:<a b@x>", CommandError::Sender),
        (b"MAIL FROM:<a@b@c>", CommandError::Sender),
        (long.as_bytes(), CommandError::Sender),
        (b"MAIL FROM:<a\0b@x>", CommandError::Octets),
        (b"MAIL FROM:<a\rb@x>", CommandError::Octets),
        (b"MA\rIL FROM:<a@x>", CommandError::Octets),
        (b"NOOP\r", CommandError::Octets),
        (b"RCPT TO:<\xff\xfe@x>", CommandError::Octets),
        (b"RCPT TO:<a\xc0\xaeb@x>", CommandError::Octets),
        ("MAIL FROM:<тест@пошта.укр>".as_bytes(), CommandError::AddressNeedsUtf8),
        ("MAIL FROM:<и\u{306}@пошта.укр> SMTPUTF8".as_bytes(), CommandError::AddressNotNormal),
        ("RCPT TO:<a@пошти\u{306}.укр>".as_bytes(), CommandError::AddressNotNormal),
        ("RCPT TO:<school@doc\u{212a}.ua>".as_bytes(), CommandError::AddressNotNormal),
        ("MAIL FROM:<school@doc\u{212a}.ua>".as_bytes(), CommandError::AddressNotNormal),
        (b"RCPT TO:<a@[192.0.2.256]>", CommandError::Recipient),
        (b"RCPT TO:<@one a@b.ua>", CommandError::Recipient),
        (b"MAIL FROM:<a@b.ua> SIZE=x", CommandError::ParameterValue),
        (b"MAIL FROM:<a@b.ua> SIZE=", CommandError::ParameterValue),
        (b"MAIL FROM:<a@b.ua> size=184467440737095516155", CommandError::ParameterValue),
        (b"MAIL FROM:<a@b.ua> SIZE=1 SIZE=1", CommandError::ParameterValue),
        (b"MAIL FROM:<a@b.ua> SIZE=1 BODY=8BITMIME size=2", CommandError::ParameterValue),
        (b"MAIL FROM:<a@b.ua> SIZE=-1", CommandError::ParameterValue),
        (b"MAIL FROM:<a@b.ua> BODY=BINARYMIME", CommandError::Parameter),
        (b"MAIL FROM:<a@b.ua> AUTH=<>", CommandError::Parameter),
        (b"MAIL FROM:<a@b.ua> RET=HDRS", CommandError::Parameter),
        (b"MAIL FROM:<a@b.ua> FOO=1", CommandError::Parameter),
        (b"RCPT TO:<a@b.ua> NOTIFY=NEVER", CommandError::Parameter),
        (b"RCPT TO:<a@b.ua> FOO", CommandError::Parameter),
        (b"RCPT TO:<>", CommandError::Recipient),
        (b"RCPT TO:a@b.ua", CommandError::Syntax(Usage::Rcpt)),
        (b"EHLO", CommandError::Syntax(Usage::Hello)),
        (b"LHLO", CommandError::Syntax(Usage::Hello)),
        (b"VRFY", CommandError::Syntax(Usage::Other)),
        (b"DATA now", CommandError::Arguments),
        (b"STARTTLS now", CommandError::Arguments),
        (b"EXPN list", CommandError::NotOffered),
        (b"AUTH PLAIN AGEAYg==", CommandError::NotOffered),
        (b"BDAT 10 LAST", CommandError::NotOffered),
        (b"GET / HTTP/1.1", CommandError::Http),
        (b"post /EHLO HTTP/1.1", CommandError::Http),
        (b"CONNECT x:25 HTTP/1.0", CommandError::Http),
    ] {
        assert_eq!(parse(line), Err(error), "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn rfc5321_4_1_4_a_name_in_another_encoding_is_read_as_far_as_it_can_be() {
    for verb in ["EHLO", "helo", "LHLO"] {
        let line = [verb.as_bytes(), b" \xcf\xca-12"].concat();
        let Ok(Command::Ehlo { host } | Command::Helo { host } | Command::Lhlo { host }) =
            parse(&line)
        else {
            panic!("{verb} is refused")
        };
        assert_eq!(host, "\u{fffd}\u{fffd}-12", "{verb}");
    }
    for line in [&b"EHLO \xcf\0"[..], b"NOOP \xcf", b"MAIL FROM:<\xcf@x.ua>", b"EHLO\xcf a"] {
        assert_eq!(parse(line), Err(CommandError::Octets), "{line:?}");
    }
}

proptest! {
    #[test]
    fn no_line_stops_the_parser(line in prop::collection::vec(any::<u8>(), 0..80)) {
        drop(parse(&line));
    }

    #[test]
    fn no_tail_of_a_command_stops_the_parser(
        verb in prop::sample::select(vec![
            "MAIL FROM:<", "RCPT TO:<", "MAIL FROM:<> ", "RCPT TO:<a@b> ", "BDAT ", "AUTH ",
            "MAIL FROM:<> SIZE=", "MAIL FROM:<> BY=", "RCPT TO:<> RRVS=", "ATRN ", "BURL ",
        ]),
        tail in "[ -~é]{0,60}",
    ) {
        drop(parse(format!("{verb}{tail}").as_bytes()));
    }

    #[test]
    fn an_accepted_path_is_the_one_that_was_sent_however_it_is_quoted(path in "[a-z\"\\\\@.>< ]{1,24}") {
        let line = format!("MAIL FROM:<{path}>");
        if let Ok(Command::Mail { sender: Some(sender), .. }) = parse(line.as_bytes()) {
            let sent = path.rsplit_once(':').map_or(path.as_str(), |(_, mailbox)| mailbox);
            prop_assert_eq!(&sender, &sent.parse().unwrap());
            if !sent.contains('"') {
                prop_assert_eq!(sender.to_string(), sent);
            }
            prop_assert_eq!(&sender.to_string().parse::<MailAddress>().unwrap(), &sender);
        }
    }
}
