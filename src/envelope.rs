//! Opening encrypted files: CMS `EnvelopedData` (RFC 5652 §6) and `AuthEnvelopedData` (RFC 5083),
//! the `.p7e` that Diia sends when a service asks for encryption.
//!
//! A key is agreed upon between the organisation's key and one of the sender, and a content key is
//! wrapped in it: over ДСТУ 4145 curves with ГОСТ 34.311 and ГОСТ 28147, or «Купина» and «Калина»
//! («Вимоги до форматів криптографічних повідомлень», наказ Адміністрації Держспецзв'язку від
//! 18.12.2012 № 739), or over P-256 with SHA-2 and AES (RFC 5753). Content is encrypted with
//! ГОСТ 28147 or «Калина» in feedback mode or with AES-CBC or AES-GCM.
//!
//! Encryption proves nothing about the sender: neither feedback mode nor CBC notices changed
//! content, and certificates of originators are not judged here. What comes out is as unproven as
//! any mail; the signature inside has to be examined. Key transport (RSA), passwords and
//! pre-shared keys as recipients are named and not opened.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod agreement;
mod armour;
mod content;
mod error;
mod key_file;
mod keys;
mod name;
mod national;
mod open;
mod password;
mod recipient;
mod structure;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

pub use self::{
    error::{EnvelopeError, KeyFileError},
    keys::OrganisationKeys,
    open::{Limits, open, open_sharing, recipients},
    recipient::{Originator, RecipientName},
};
