//! Opening what came encrypted, before it is known what it is.
//!
//! A file is encrypted as a whole, or stands encrypted inside a signature. Nothing is believed of
//! what comes out: it is paired and judged as if it had come in the clear. What stays closed stays
//! a document, so that nobody takes the mail for an empty one.

use bytes::Bytes;

use crate::{
    content::Form,
    domain::FindingCode,
    envelope::{self, EnvelopeError, OrganisationKeys, Originator},
    signature::{self, Encrypted, Opened},
    trust::Certificate,
};

/// Opens the encrypted files of one mail, which share the work that it may cost.
pub struct Opening<'a> {
    keys: &'a OrganisationKeys,
    /// Certificates of those who may have encrypted a file.
    senders: &'a [Certificate],
    limits: envelope::Limits,
    files_left: usize,
    agreements_left: usize,
}

/// A file without what was encrypted around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decrypted {
    /// The file; as it came when it was not encrypted, or stays closed. A signature file with an
    /// encrypted file inside is left as it is.
    pub content: Bytes,
    /// Each encrypted file that was met, the outermost first.
    pub encrypted: Vec<Encrypted>,
    /// Why the innermost stays closed.
    pub(super) closed: Option<Closed>,
}

/// What is said of a file that stays closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) code: FindingCode,
    pub(super) detail: Option<String>,
}

impl<'a> Opening<'a> {
    /// Encrypted files that may lie inside each other.
    const NESTING: usize = 3;
    /// Encrypted files that are opened in one mail.
    const FILES: usize = 32;
    /// Key agreements for one mail: each is a multiplication on a curve.
    const AGREEMENTS: usize = 256;

    /// With these keys, and what is known of the senders.
    #[must_use]
    pub fn new(keys: &'a OrganisationKeys, senders: &'a [Certificate]) -> Self {
        Self {
            keys,
            senders,
            limits: envelope::Limits::default(),
            files_left: Self::FILES,
            agreements_left: Self::AGREEMENTS,
        }
    }

    /// Opens a file, and what is encrypted inside signatures, as far as the keys reach.
    #[must_use]
    pub fn decrypt(&mut self, file: &Bytes, limits: &signature::Limits) -> Decrypted {
        let mut found = Decrypted { content: file.clone(), encrypted: Vec::new(), closed: None };
        found.content = self.peel(file.clone(), &mut found);
        let mut signed = found.content.clone();
        // Each round meets an encrypted file, so there are as many as may lie inside each other.
        while found.closed.is_none() && Form::of(&signed) == Form::SignedData {
            let inside = match Opened::read(&signed, &found.encrypted, limits) {
                Opened::Carries(inside) if Form::of(&inside) == Form::Envelope => inside,
                Opened::Carries(_) | Opened::SpeaksOf(_) | Opened::Unreadable => break,
            };
            // What is inside what comes out is found by reading the whole anew.
            self.peel(inside, &mut found);
            signed = found.content.clone();
        }
        found
    }

    /// Takes off encryption from the outside, until something else is met or a file stays closed.
    fn peel(&mut self, mut file: Bytes, found: &mut Decrypted) -> Bytes {
        while Form::of(&file) == Form::Envelope {
            let opened = if found.encrypted.len() >= Self::NESTING {
                Err(refusal("too many encrypted files lie inside each other"))
            } else if let Some(left) = self.files_left.checked_sub(1) {
                self.files_left = left;
                self.open(&file).map_err(|error| (closed(&error), error.to_string()))
            } else {
                Err(refusal("the mail has too many encrypted files"))
            };
            match opened {
                Ok(content) => {
                    found.encrypted.push(Encrypted { file, opened: Ok(content.clone()) });
                    file = content;
                }
                Err((closed, reason)) => {
                    found.encrypted.push(Encrypted { file: file.clone(), opened: Err(reason) });
                    found.closed = Some(closed);
                    break;
                }
            }
        }
        file
    }

    fn open(&mut self, file: &Bytes) -> Result<Bytes, EnvelopeError> {
        let bare = signature::unwrap(file);
        let originators = |originator: &Originator<'_>| {
            let mut own = self.keys.certificates().iter().chain(self.senders);
            own.find(|certificate| originator.names(certificate))
                .map(|certificate| certificate.public_key().to_vec())
        };
        let file = bare.as_ref().unwrap_or(file);
        let left = &mut self.agreements_left;
        envelope::open_sharing(file, self.keys, &originators, &self.limits, left)
    }
}

fn refusal(reason: &str) -> (Closed, String) {
    (Closed { code: FindingCode::EncryptedUnopened, detail: None }, reason.to_owned())
}

/// A finding holds no name: the recipients' are in the report, which is sealed.
fn closed(error: &EnvelopeError) -> Closed {
    /// A sender can name as many as the limits allow.
    const MOST: usize = 2;
    if let EnvelopeError::NoKey { recipients } = error {
        let numbers: Vec<&str> =
            recipients.iter().filter_map(|name| name.number()).take(MOST).collect();
        if !numbers.is_empty() {
            let detail = Some(numbers.join(", "));
            return Closed { code: FindingCode::EncryptedForOthers, detail };
        }
    }
    Closed { code: FindingCode::EncryptedUnopened, detail: None }
}
