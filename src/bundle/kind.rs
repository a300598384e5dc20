//! What a part of a mail is.

use bytes::Bytes;

use super::file_name::{has_signature_ending, read_name};
use crate::{
    content::{self, Form},
    message::Part,
    signature::{Encrypted, Limits, Opened, cms::SignedData},
};

/// What a part is for the pairing.
#[derive(Debug)]
pub(super) enum Kind {
    /// A signature file with the document inside.
    Attached(Bytes),
    /// A container that may hold documents and cannot be opened; its name.
    Container(&'static str),
    /// A file that cannot be read as the signature that it is or claims to be.
    Damaged,
    /// A signature file that speaks of a document elsewhere.
    Detached(SignedData),
    /// A copy of a document.
    Document,
    /// A file that is a document only if a signature says so.
    Other,
    /// A text that the visitor wrote.
    Text,
}

/// Mail programs name the signature on a whole mail so (RFC 8551 §3.2.1).
const SIGNATURE_OF_MAIL: &str = "smime.p7s";

impl Kind {
    /// `encrypted` is what the part came in, or has inside.
    pub(super) fn of(part: &Part, encrypted: &[Encrypted], limits: &Limits) -> Self {
        let form = Form::of(&part.content);
        if let Some(name) = form.unsupported() {
            return Self::Container(name);
        }
        let name = part.name.as_deref().unwrap_or_default();
        match form {
            Form::Asic | Form::Pdf => Self::Document,
            Form::SignedData => signature(part, encrypted, limits),
            Form::Envelope | Form::Other | Form::Zip => {
                let is_named_signature = is_named_signature(part);
                if is_named_signature && content::is_picture(&part.content) {
                    // Names and labels are hints. An unreadable signature beside a complete set does
                    // not change the verdict; an unsigned copy does.
                    Self::Document
                } else if is_named_signature {
                    Self::Damaged
                } else if part.inline_text {
                    Self::Text
                } else if is_named_copy(name, &part.content) || !encrypted.is_empty() {
                    // Nobody encrypts a logo for us.
                    Self::Document
                } else {
                    Self::Other
                }
            }
        }
    }
}

fn signature(part: &Part, encrypted: &[Encrypted], limits: &Limits) -> Kind {
    match Opened::read(&part.content, encrypted, limits) {
        Opened::Carries(content) => Kind::Attached(content),
        // A bag of certificates is built as a signature that nobody made.
        Opened::SpeaksOf(signed_data) if !signed_data.has_signers() => {
            if is_named_signature(part) {
                Kind::Damaged
            } else {
                Kind::Other
            }
        }
        Opened::SpeaksOf(signed_data) => Kind::Detached(signed_data),
        Opened::Unreadable => Kind::Damaged,
    }
}

/// Whether it is called what copies are: a picture needs no more than the type in its name, for logos have none.
fn is_named_copy(name: &str, content: &[u8]) -> bool {
    let hint = read_name(name);
    hint.follows_pattern || !hint.type_code.is_unknown() && content::is_picture(content)
}

fn is_named_signature(part: &Part) -> bool {
    let name = part.name.as_deref().unwrap_or_default();
    let is_labelled = part.media_type.ends_with("pkcs7-signature");
    is_labelled || has_signature_ending(name)
}

/// Whether it is called what a mail program calls the signature on the whole mail.
pub(super) fn is_of_mail(part: &Part) -> bool {
    part.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(SIGNATURE_OF_MAIL))
}
