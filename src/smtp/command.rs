//! Reading one command line (RFC 5321 §4.1.1).
//!
//! The only module that names `smtp-proto`, which reads verbs and parameters. Paths are read by
//! [`MailAddress`] instead: `smtp-proto` removes quotes from them, after which `"a b"@x` and other
//! addresses can no longer be told from each other. Lines are checked beforehand for the bytes
//! that `smtp-proto` skips or passes through: controls, CR among them, and broken UTF-8. In the
//! name by which a client greets, broken UTF-8 becomes U+FFFD.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::borrow::Cow;

use smtp_proto::{
    Error, MAIL_BODY_7BIT, MAIL_BODY_8BITMIME, MAIL_SMTPUTF8, MailFrom, RcptTo, Request,
};

use crate::domain::{AddressError, MailAddress};

/// A command that we know, with arguments that are well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Data,
    Ehlo {
        host: String,
    },
    Helo {
        host: String,
    },
    Help,
    Lhlo {
        host: String,
    },
    Mail {
        /// `None` for the null sender `<>`.
        sender: Option<MailAddress>,
        parameters: Parameters,
    },
    Noop,
    Quit,
    Rcpt {
        recipient: Recipient,
        /// Whether the path was written with letters beyond ASCII, which ask for SMTPUTF8.
        international: bool,
    },
    Rset,
    StartTls,
    Vrfy,
}

/// The parameters of MAIL, by the extensions that we offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    /// The size declared with SIZE (RFC 1870); 0 when there is none.
    pub(super) size: u64,
    /// Whether SMTPUTF8 (RFC 6531) was asked for.
    pub(super) utf8: bool,
}

/// The extensions that every reply to EHLO and LHLO names, in its order, each with the flags that
/// `smtp-proto` sets for its parameters of MAIL. STARTTLS and SIZE depend on the settings and are
/// the reply's.
pub(super) const EXTENSIONS: [(&str, u64); 4] = [
    ("PIPELINING", 0),
    ("8BITMIME", MAIL_BODY_7BIT | MAIL_BODY_8BITMIME),
    ("SMTPUTF8", MAIL_SMTPUTF8),
    ("ENHANCEDSTATUSCODES", 0),
];

impl Command {
    /// Whether a client must read the reply before it sends more (RFC 2920 §3.1), and what it sends
    /// all the same could be meant for another server, or be the request of a browser that was made
    /// to speak to us. STARTTLS has an answer of its own, and behind QUIT nothing is read.
    pub(super) fn ends_group(&self) -> bool {
        matches!(self, Self::Data | Self::Ehlo { .. } | Self::Helo { .. } | Self::Lhlo { .. })
    }
}

/// A forward-path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recipient {
    Mailbox(MailAddress),
    /// `<postmaster>` without a domain (RFC 5321 §4.5.1).
    Postmaster,
}

/// Why a line is not a command that we carry out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommandError {
    /// The path of MAIL or RCPT has letters beyond ASCII, and SMTPUTF8 was not asked for.
    AddressNeedsUtf8,
    /// A path that is not in Unicode's normal form C (RFC 6531 §3.3, RFC 5198).
    AddressNotNormal,
    /// Arguments after a command that has none.
    Arguments,
    /// A verb of HTTP: a browser that was made to speak to us.
    Http,
    /// A verb that RFC 5321 or an extension knows and we do not offer.
    NotOffered,
    /// A control byte, or bytes that are not UTF-8.
    Octets,
    /// A parameter of MAIL or RCPT that we do not offer.
    Parameter,
    /// A parameter with a value that it cannot have.
    ParameterValue,
    /// The path of RCPT is not an address.
    Recipient,
    /// The path of MAIL is neither an address nor empty.
    Sender,
    /// Not built as the verb asks.
    Syntax(Usage),
    /// No verb that we know.
    Verb,
}

/// The verbs with a form of their own to remind clients of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    Hello,
    Mail,
    Other,
    Rcpt,
}

/// Reads a line that [`super::framing::LineFramer`] cut, without its CRLF.
pub(super) fn parse(line: &[u8]) -> Result<Command, CommandError> {
    let text = decode(line)?;
    let text = text.as_ref();
    let verb = text.split(' ').next().unwrap_or_default();
    if HTTP_VERBS.iter().any(|http| verb.eq_ignore_ascii_case(http)) {
        return Err(CommandError::Http);
    }
    if text.chars().any(char::is_control) {
        return Err(CommandError::Octets);
    }
    if let Some((head, path, tail)) = cut_path(text) {
        return parse_with_path(head, path, tail);
    }
    let terminated = format!("{text}\r\n");
    match read(&terminated)? {
        Request::Ehlo { host } => Ok(Command::Ehlo { host: host.into_owned() }),
        Request::Helo { host } => Ok(Command::Helo { host: host.into_owned() }),
        Request::Help { .. } => Ok(Command::Help),
        Request::Lhlo { host } => Ok(Command::Lhlo { host: host.into_owned() }),
        Request::Noop { .. } => Ok(Command::Noop),
        Request::Vrfy { .. } => Ok(Command::Vrfy),
        Request::Data => bare(text, Command::Data),
        Request::Quit => bare(text, Command::Quit),
        Request::Rset => bare(text, Command::Rset),
        Request::StartTls => bare(text, Command::StartTls),
        // Without a path of its own the line has no angle brackets, which they must have.
        Request::Mail { .. } => Err(CommandError::Syntax(Usage::Mail)),
        Request::Rcpt { .. } => Err(CommandError::Syntax(Usage::Rcpt)),
        Request::Atrn { .. }
        | Request::Auth { .. }
        | Request::Bdat { .. }
        | Request::Burl { .. }
        | Request::Etrn { .. }
        | Request::Expn { .. } => Err(CommandError::NotOffered),
    }
}

/// A line as text. The name in a greeting is no reason to refuse (RFC 5321 §4.1.4): there are
/// programs that send the computer's name in an encoding of their own, and all is read of it that
/// can be.
fn decode(line: &[u8]) -> Result<Cow<'_, str>, CommandError> {
    let is_greeting = line.split_first_chunk::<5>().is_some_and(|(verb, _)| {
        GREETINGS.iter().any(|greeting| verb.eq_ignore_ascii_case(greeting))
    });
    match str::from_utf8(line) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) if is_greeting => Ok(String::from_utf8_lossy(line)),
        Err(_) => Err(CommandError::Octets),
    }
}

const GREETINGS: [&[u8]; 3] = [b"EHLO ", b"HELO ", b"LHLO "];

const HTTP_VERBS: [&str; 9] =
    ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

type Read<'a> = Request<Cow<'a, str>>;

fn read(terminated: &str) -> Result<Read<'_>, CommandError> {
    Request::parse(&mut terminated.as_bytes().iter()).map_err(|error| match error {
        Error::InvalidParameter { .. } => CommandError::ParameterValue,
        Error::InvalidRecipientAddress => CommandError::Recipient,
        Error::InvalidSenderAddress => CommandError::Sender,
        Error::UnknownCommand => CommandError::Verb,
        Error::UnsupportedParameter { .. } => CommandError::Parameter,
        Error::SyntaxError { syntax } => CommandError::Syntax(usage(syntax)),
        Error::InvalidResponse { .. } | Error::NeedsMoreData { .. } | Error::ResponseTooLong => {
            CommandError::Syntax(Usage::Other)
        }
    })
}

fn usage(syntax: &str) -> Usage {
    match syntax.split(' ').next() {
        Some("EHLO" | "HELO" | "LHLO") => Usage::Hello,
        Some("MAIL") => Usage::Mail,
        Some("RCPT") => Usage::Rcpt,
        _ => Usage::Other,
    }
}

/// A command that takes no arguments, as long as there are none.
fn bare(line: &str, command: Command) -> Result<Command, CommandError> {
    if line.trim().contains(' ') {
        return Err(CommandError::Arguments);
    }
    Ok(command)
}

/// Cuts `MAIL FROM:<path> parameters`, or the same of RCPT, around the path. `None` for other
/// commands, and where there is no path in angle brackets.
fn cut_path(line: &str) -> Option<(&str, &str, &str)> {
    let verb = line.trim_start().get(..4)?;
    if !verb.eq_ignore_ascii_case("MAIL") && !verb.eq_ignore_ascii_case("RCPT") {
        return None;
    }
    let (head, rest) = line.split_once('<')?;
    let end = path_end(rest)?;
    let (path, tail) = rest.split_at_checked(end)?;
    Some((head, path, tail.strip_prefix('>')?))
}

/// Where the `>` stands that no quotes enclose.
fn path_end(rest: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    rest.bytes().position(|byte| {
        let plain = !std::mem::take(&mut escaped);
        match byte {
            b'"' if plain => quoted = !quoted,
            b'\\' if plain && quoted => escaped = true,
            b'>' => return !quoted,
            _ => {}
        }
        false
    })
}

fn parse_with_path(head: &str, path: &str, tail: &str) -> Result<Command, CommandError> {
    let spaced = tail.is_empty() || tail.starts_with(' ');
    let mut sizes = tail.split(' ').filter(|parameter| is_size(parameter));
    let size = sizes.next();
    // With more digits `smtp-proto` starts counting anew.
    if size.is_some_and(|size| size.len() > MAX_SIZE_LEN) || sizes.next().is_some() {
        return Err(CommandError::ParameterValue);
    }
    // Twenty digits may be more than it counts, and too much is no mistake in writing.
    let too_great = size.filter(|size| is_beyond(size));
    let greatest = format!("SIZE={GREATEST_SIZE}");
    let tail = too_great.map_or_else(|| tail.to_owned(), |size| tail.replace(size, &greatest));
    let terminated = format!("{head}<>{tail}\r\n");
    match read(&terminated)? {
        Request::Mail { .. } if !spaced => Err(CommandError::Syntax(Usage::Mail)),
        Request::Rcpt { .. } if !spaced => Err(CommandError::Syntax(Usage::Rcpt)),
        Request::Mail { from } => mail(from, path),
        Request::Rcpt { to } if to == RcptTo::default() => Ok(Command::Rcpt {
            recipient: if path.eq_ignore_ascii_case("postmaster") {
                Recipient::Postmaster
            } else {
                Recipient::Mailbox(address(path, CommandError::Recipient)?)
            },
            international: !path.is_ascii(),
        }),
        // Parameters that `smtp-proto` knows; we offer none for RCPT.
        Request::Rcpt { .. } => Err(CommandError::Parameter),
        Request::Atrn { .. }
        | Request::Auth { .. }
        | Request::Bdat { .. }
        | Request::Burl { .. }
        | Request::Data
        | Request::Ehlo { .. }
        | Request::Etrn { .. }
        | Request::Expn { .. }
        | Request::Helo { .. }
        | Request::Help { .. }
        | Request::Lhlo { .. }
        | Request::Noop { .. }
        | Request::Quit
        | Request::Rset
        | Request::StartTls
        | Request::Vrfy { .. } => Err(CommandError::Verb),
    }
}

/// `SIZE=` and twenty digits (RFC 1870 §5).
const MAX_SIZE_LEN: usize = 25;

fn is_size(parameter: &str) -> bool {
    parameter.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("SIZE="))
}

/// Stands for every greater one: more than any limit.
const GREATEST_SIZE: u64 = 999_999_999_999_999_999;

/// Whether a `SIZE` of digits is beyond [`GREATEST_SIZE`].
fn is_beyond(size: &str) -> bool {
    let digits = size.get(5..).unwrap_or_default();
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number && digits.parse().map_or(true, |size: u64| size > GREATEST_SIZE)
}

fn mail(from: MailFrom<Cow<'_, str>>, path: &str) -> Result<Command, CommandError> {
    let parameters = Parameters {
        size: u64::try_from(from.size).unwrap_or(u64::MAX),
        utf8: from.flags & MAIL_SMTPUTF8 != 0,
    };
    let offered = EXTENSIONS.iter().fold(0, |all, (_, flags)| all | flags);
    let others = MailFrom { flags: from.flags & !offered, size: 0, ..from };
    if others != MailFrom::default() {
        return Err(CommandError::Parameter);
    }
    if path.is_empty() {
        return Ok(Command::Mail { sender: None, parameters });
    }
    let sender = address(path, CommandError::Sender)?;
    if !parameters.utf8 && !path.is_ascii() {
        return Err(CommandError::AddressNeedsUtf8);
    }
    Ok(Command::Mail { sender: Some(sender), parameters })
}

/// The mailbox of a path; `otherwise` when it is none.
fn address(path: &str, otherwise: CommandError) -> Result<MailAddress, CommandError> {
    // RFC 5321 §4.1.1.3: a source route is accepted and ignored.
    let mailbox = match path.strip_prefix('@') {
        Some(route) => route.split_once(':').ok_or(otherwise)?.1,
        None => path,
    };
    mailbox.parse().map_err(|error| match error {
        AddressError::NotNormal => CommandError::AddressNotNormal,
        AddressError::Domain
        | AddressError::LocalPart
        | AddressError::NoAtSign
        | AddressError::TooLong { .. } => otherwise,
    })
}

#[cfg(test)]
mod tests;
