//! Who the client is, and the mail that it is about to send (RFC 5321 §3.3).

use std::collections::HashSet;

use super::Rules;
use crate::{
    domain::{MailAddress, TransmissionType},
    smtp::{
        Intake, Protocol,
        command::{CommandError, Parameters, Recipient},
        reply::Reply,
    },
};

/// A client that has introduced itself.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) hello: Hello,
    pub(super) name: String,
}

/// The command by which a client introduced itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hello {
    Ehlo,
    Helo,
    Lhlo,
}

impl Client {
    pub(super) fn transmission(&self, tls: bool, utf8: bool) -> TransmissionType {
        match (self.hello, tls, utf8) {
            (Hello::Helo, _, false) => TransmissionType::Smtp,
            (Hello::Ehlo, false, false) => TransmissionType::Esmtp,
            (Hello::Ehlo, true, false) => TransmissionType::Esmtps,
            (Hello::Ehlo | Hello::Helo, false, true) => TransmissionType::Utf8Smtp,
            (Hello::Ehlo | Hello::Helo, true, true) => TransmissionType::Utf8Smtps,
            (Hello::Lhlo, false, false) => TransmissionType::Lmtp,
            (Hello::Lhlo, true, false) => TransmissionType::Lmtps,
            (Hello::Lhlo, false, true) => TransmissionType::Utf8Lmtp,
            (Hello::Lhlo, true, true) => TransmissionType::Utf8Lmtps,
        }
    }
}

/// From MAIL to the final dot.
#[derive(Debug)]
pub(super) struct Transaction {
    /// The RCPT commands that were answered with 250; more than recipients, when one is named
    /// twice.
    accepted: usize,
    /// The forms that the recipients are compared by.
    keys: HashSet<String>,
    pub(super) parameters: Parameters,
    pub(super) recipients: Vec<MailAddress>,
    refused: bool,
    pub(super) sender: Option<MailAddress>,
    /// The RCPT commands that named a recipient again or one too many.
    useless: usize,
}

/// RCPT commands that name a recipient again or one too many, from which on each further one counts
/// against the client. A program that splits a long list over mails sends fewer.
const MAX_USELESS: usize = 1000;

impl Transaction {
    pub(super) fn new(sender: Option<MailAddress>, parameters: Parameters) -> Self {
        Self {
            accepted: 0,
            keys: HashSet::new(),
            parameters,
            recipients: Vec::new(),
            refused: false,
            sender,
            useless: 0,
        }
    }

    /// The reply to RCPT. `international` says whether letters beyond ASCII were written.
    pub(super) fn add(
        &mut self,
        recipient: Recipient,
        international: bool,
        rules: &Rules,
        intake: &impl Intake,
    ) -> Reply {
        if international && !self.parameters.utf8 {
            return self.refuse(Reply::Command(CommandError::AddressNeedsUtf8));
        }
        let mailbox = match find(recipient, rules, intake) {
            Ok(mailbox) => mailbox,
            Err(reply) => return self.refuse(reply),
        };
        let key = mailbox.key();
        let named_before = self.keys.contains(&key);
        // RFC 2033 §4.2: a recipient named twice has two replies, so that counts as two.
        let taken = match rules.peer.protocol {
            Protocol::Lmtp => self.accepted,
            Protocol::Smtp if named_before => 0,
            Protocol::Smtp => self.recipients.len(),
        };
        let is_over = taken >= rules.limits().max_recipients;
        if is_over || named_before {
            self.useless = self.useless.saturating_add(1);
        }
        if self.useless > MAX_USELESS && (is_over || named_before) {
            return Reply::FarTooManyRecipients;
        }
        if is_over {
            return Reply::TooManyRecipients;
        }
        self.accepted = self.accepted.saturating_add(1);
        if !named_before {
            self.keys.insert(key);
            self.recipients.push(mailbox);
        }
        Reply::RecipientKnown
    }

    /// Why the message may not be sent now, as the reply to DATA.
    pub(super) fn obstacle(&self, rules: &Rules, intake: &impl Intake) -> Option<Reply> {
        if self.recipients.is_empty() {
            return Some(match rules.peer.protocol {
                Protocol::Smtp if self.refused => Reply::NoValidRecipient,
                // RFC 2033 §4.2 wants 503 whatever became of the recipients.
                Protocol::Lmtp | Protocol::Smtp => Reply::BadSequence,
            });
        }
        (intake.queued() >= rules.limits().max_queued_mails).then_some(Reply::Busy)
    }

    /// How many replies the final dot has: one, or in LMTP one for each accepted RCPT.
    pub(super) fn replies(&self, protocol: Protocol) -> usize {
        match protocol {
            Protocol::Lmtp => self.accepted,
            Protocol::Smtp => 1,
        }
    }

    fn refuse(&mut self, reply: Reply) -> Reply {
        self.refused = true;
        reply
    }
}

/// The mailbox that mail for `recipient` goes to.
fn find(recipient: Recipient, rules: &Rules, intake: &impl Intake) -> Result<MailAddress, Reply> {
    let (mailbox, is_postmaster) = match recipient {
        Recipient::Mailbox(mailbox) => {
            let is_postmaster = is_postmaster(&mailbox, rules, intake);
            (Some(mailbox), is_postmaster)
        }
        Recipient::Postmaster => {
            (format!("postmaster@{}", rules.settings.hostname).parse().ok(), true)
        }
    };
    if let Some(mailbox) = mailbox.filter(|mailbox| intake.knows(mailbox)) {
        return Ok(mailbox);
    }
    // Without any mailbox nothing is known of this one either: its mail would bounce for good.
    let of_postmaster = intake.postmaster().ok_or(Reply::NoMailbox)?;
    if is_postmaster { Ok(of_postmaster) } else { Err(Reply::RecipientUnknown) }
}

/// RFC 5321 §4.5.1: a postmaster of ours, at our own name, at a domain that we take mail for, or at
/// the address that the client has reached us by.
fn is_postmaster(mailbox: &MailAddress, rules: &Rules, intake: &impl Intake) -> bool {
    let domain = mailbox.domain();
    mailbox.local().eq_ignore_ascii_case("postmaster")
        && (domain.eq_ignore_ascii_case(&rules.settings.hostname)
            || intake.serves(domain)
            || mailbox.literal().is_some_and(|address| rules.peer.reached == Some(address)))
}
