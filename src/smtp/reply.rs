//! Every reply that we send: its code, its enhanced code, its words (RFC 5321 §4.2, RFC 3463).
//!
//! Words are fixed. Nothing internal and nothing that the client sent is repeated.

use std::{borrow::Cow, fmt};

use super::{
    Protocol,
    command::{CommandError, EXTENSIONS, Usage},
};
use crate::domain::MailId;

/// A reply to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The mail is ours.
    Accepted(MailId),
    /// No mail transaction is open, or not that far.
    BadSequence,
    /// A line feed without a carriage return.
    BareLineFeed,
    /// Too many mails wait for their commit.
    Busy,
    /// The line could not be carried out as a command.
    Command(CommandError),
    /// To NOOP and RSET.
    Done,
    /// To EHLO and LHLO.
    Ehlo { hostname: String, max_message_bytes: u64, offers_tls: bool },
    /// Keeping the mail failed.
    Failed,
    /// More recipients were put off or named again than any mail program would try.
    FarTooManyRecipients,
    /// There is no room for the mail now.
    Full,
    /// To QUIT.
    Goodbye,
    /// The first reply of a connection.
    Greeting { hostname: String, protocol: Protocol },
    /// To HELO.
    Helo { hostname: String },
    /// To HELP.
    Help,
    /// A command line over its limit.
    LineTooLong,
    /// The message goes in circles.
    Loop,
    /// The message is over its limit.
    MessageTooBig,
    /// There is no mailbox at all: not yet, or not any more by a mistake of ours.
    NoMailbox,
    /// To DATA when every recipient was refused.
    NoValidRecipient,
    /// More came right behind a command that ends a group (RFC 2920 §3.1).
    Pipelined,
    /// More came right behind STARTTLS.
    PipelinedStartTls,
    /// A recipient's mailbox is one of ours.
    RecipientKnown,
    /// It is not.
    RecipientUnknown,
    /// To MAIL.
    SenderTaken,
    /// A connection has lasted for as long as it may.
    SessionTooLong,
    /// The server stops.
    ShuttingDown,
    /// Something came before the greeting.
    SpokeTooSoon,
    /// To DATA.
    StartMail,
    /// To STARTTLS.
    StartTls,
    /// A line of the message is over its limit.
    TextLineTooLong,
    /// A command or a message took too long.
    TimedOut,
    /// STARTTLS within TLS.
    TlsActive,
    /// STARTTLS without a certificate to offer.
    TlsNotOffered,
    /// All connections are taken.
    TooManyConnections,
    /// All connections of this client's address are taken.
    TooManyConnectionsFromAddress,
    /// Too much was refused.
    TooManyErrors,
    /// One recipient over the limit.
    TooManyRecipients,
    /// To VRFY.
    Unverified,
}

impl Reply {
    pub(super) fn code(&self) -> u16 {
        self.parts().0
    }

    /// Whether the reply counts against the client.
    pub(super) fn is_refusal(&self) -> bool {
        self.code() >= 500 || *self == Self::FarTooManyRecipients
    }

    /// Appends the reply as it is sent, CRLF and all.
    pub(super) fn write_to(&self, output: &mut Vec<u8>) {
        output.extend_from_slice(self.to_string().as_bytes());
    }

    /// Code, enhanced code or nothing, words.
    ///
    /// RFC 2034 §4 forbids enhanced codes in the greeting and in replies to EHLO and HELO; 354
    /// has no class to bear one.
    fn parts(&self) -> (u16, &'static str, Cow<'_, str>) {
        let (code, enhanced, words) = match self {
            Self::Accepted(id) => return (250, "2.0.0", Cow::Owned(id.to_string())),
            Self::Greeting { hostname, protocol } => {
                let name = match protocol {
                    Protocol::Lmtp => "LMTP",
                    Protocol::Smtp => "ESMTP",
                };
                return (220, "", Cow::Owned(format!("{hostname} {name}")));
            }
            Self::Ehlo { hostname, .. } | Self::Helo { hostname } => {
                return (250, "", Cow::Borrowed(hostname));
            }
            Self::Command(error) => command_parts(*error),
            Self::BadSequence => (503, "5.5.1", "Bad sequence of commands"),
            Self::BareLineFeed => (521, "5.5.2", "Bare LF received, lines end with CRLF"),
            Self::Busy => (451, "4.3.0", "Too busy for the mail, try again later"),
            Self::Done => (250, "2.0.0", "Ok"),
            Self::Failed => (451, "4.3.0", "The mail could not be kept, try again later"),
            Self::FarTooManyRecipients => (452, "4.5.3", "Far too many recipients"),
            Self::Full => (452, "4.3.1", "No room for the mail, try again later"),
            Self::Goodbye => (221, "2.0.0", "Goodbye"),
            Self::Help => (214, "2.0.0", "See RFC 5321"),
            Self::LineTooLong => (500, "5.5.2", "Line too long"),
            Self::Loop => (554, "5.4.6", "Too many hops, the mail goes in circles"),
            Self::MessageTooBig => (552, "5.3.4", "Message too big"),
            Self::NoMailbox => (451, "4.3.0", "Nobody reads mail here yet, try again later"),
            Self::NoValidRecipient => (554, "5.5.1", "No valid recipients"),
            Self::Pipelined => (554, "5.5.0", "More was sent before the reply to this command"),
            Self::PipelinedStartTls => (501, "5.5.1", "Nothing may follow STARTTLS before TLS"),
            Self::RecipientKnown => (250, "2.1.5", "Recipient ok"),
            Self::RecipientUnknown => (550, "5.1.1", "No such mailbox here"),
            Self::SenderTaken => (250, "2.1.0", "Sender ok"),
            Self::SessionTooLong => (421, "4.3.2", "Connection open for too long"),
            Self::ShuttingDown => (421, "4.3.2", "Shutting down, try again later"),
            Self::SpokeTooSoon => (554, "5.5.1", "Wait for the greeting"),
            Self::StartMail => (354, "", "Start mail input, end with <CRLF>.<CRLF>"),
            Self::StartTls => (220, "2.0.0", "Ready to start TLS"),
            Self::TextLineTooLong => (500, "5.5.2", "A line of the message is too long"),
            Self::TimedOut => (421, "4.4.2", "Timed out waiting for the client"),
            Self::TlsActive => (503, "5.5.1", "TLS is already active"),
            Self::TlsNotOffered => (502, "5.5.1", "TLS is not offered"),
            Self::TooManyConnections => (421, "4.3.2", "Too many connections, try again later"),
            Self::TooManyConnectionsFromAddress => {
                (421, "4.7.0", "Too many connections from your address")
            }
            Self::TooManyErrors => (421, "4.7.0", "Too many errors"),
            Self::TooManyRecipients => (452, "4.5.3", "Too many recipients"),
            Self::Unverified => (252, "2.5.2", "Cannot verify, send mail to find out"),
        };
        (code, enhanced, Cow::Borrowed(words))
    }
}

fn command_parts(error: CommandError) -> (u16, &'static str, &'static str) {
    match error {
        CommandError::AddressNeedsUtf8 => (553, "5.6.7", "This address needs SMTPUTF8"),
        CommandError::AddressNotNormal => (553, "5.6.7", "This address is not in Unicode's NFC"),
        CommandError::Arguments => (501, "5.5.4", "This command takes no arguments"),
        CommandError::Http => (554, "5.5.1", "This is not a web server"),
        CommandError::NotOffered => (502, "5.5.1", "Command not implemented"),
        CommandError::Octets => (501, "5.5.2", "Control byte or broken UTF-8 in a command"),
        CommandError::Parameter => (555, "5.5.4", "Parameter not recognised"),
        CommandError::ParameterValue => (501, "5.5.4", "Bad value of a parameter"),
        CommandError::Recipient => (501, "5.1.3", "Bad recipient address"),
        CommandError::Sender => (501, "5.1.7", "Bad sender address"),
        CommandError::Syntax(Usage::Hello) => (501, "", "Syntax: EHLO hostname"),
        CommandError::Syntax(Usage::Mail) => (501, "5.5.2", "Syntax: MAIL FROM:<address>"),
        CommandError::Syntax(Usage::Other) => (501, "5.5.2", "Syntax error in arguments"),
        CommandError::Syntax(Usage::Rcpt) => (501, "5.5.2", "Syntax: RCPT TO:<address>"),
        CommandError::Verb => (500, "5.5.1", "Command not recognised"),
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, enhanced, words) = self.parts();
        let Self::Ehlo { max_message_bytes, offers_tls, .. } = self else {
            let space = if enhanced.is_empty() { "" } else { " " };
            return write!(f, "{code} {enhanced}{space}{words}\r\n");
        };
        write!(f, "{code}-{words}\r\n")?;
        for (extension, _) in EXTENSIONS {
            write!(f, "{code}-{extension}\r\n")?;
        }
        if *offers_tls {
            write!(f, "{code}-STARTTLS\r\n")?;
        }
        write!(f, "{code} SIZE {max_message_bytes}\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_are_of_the_class_of_the_reply() {
        for reply in [
            Reply::BadSequence,
            Reply::BareLineFeed,
            Reply::Command(CommandError::Octets),
            Reply::Command(CommandError::Verb),
            Reply::Failed,
            Reply::Full,
            Reply::Goodbye,
            Reply::Help,
            Reply::MessageTooBig,
            Reply::Done,
            Reply::NoValidRecipient,
            Reply::ShuttingDown,
            Reply::TimedOut,
            Reply::TooManyConnectionsFromAddress,
            Reply::Unverified,
        ] {
            let (code, enhanced, _) = reply.parts();
            assert_eq!(Some(code / 100), enhanced[..1].parse().ok(), "{reply}");
        }
    }

    #[test]
    fn ehlo_names_what_is_offered_after_our_own_name() {
        let reply = |offers_tls| {
            Reply::Ehlo { hostname: "mx.ua".into(), max_message_bytes: 9, offers_tls }.to_string()
        };
        assert_eq!(
            reply(true),
            "250-mx.ua\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
             250-ENHANCEDSTATUSCODES\r\n250-STARTTLS\r\n250 SIZE 9\r\n"
        );
        assert!(!reply(false).contains("STARTTLS"));
    }
}
