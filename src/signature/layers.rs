//! Signatures inside signatures: a signature file whose content is a signature file, or an
//! encrypted file with one inside.

use bytes::Bytes;

use super::{
    Budget, Encrypted, Form, Limits,
    cms::{CmsError, SignedData},
};

/// A file opened from the outside to the innermost content.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The outermost first.
    pub(super) all: Vec<Layer>,
    /// The content of the innermost layer; `None` when that one is detached or cannot be read.
    pub(super) innermost: Option<Bytes>,
}

/// What a signature file is, seen from outside: does it bring the document or speak of another?
#[derive(Debug)]
pub enum Opened {
    /// It carries this document, inside as many signatures as there are.
    Carries(Bytes),
    /// It is detached, or holds a detached one: its document is elsewhere.
    SpeaksOf(SignedData),
    /// It cannot be read as a signature; [`super::examine()`] says why.
    Unreadable,
}

impl Opened {
    /// Opens a signature file down to its innermost layer, judging nothing. What is in
    /// `encrypted` is looked into.
    #[must_use]
    pub fn read(file: &Bytes, encrypted: &[Encrypted], limits: &Limits) -> Self {
        let opened = Layers::open(file, encrypted, limits, &Budget::new(limits));
        let Layers { all: mut layers, innermost, .. } = opened;
        match (innermost, layers.pop()) {
            (Some(content), _) => Self::Carries(content),
            (None, Some(Layer::Read(signed_data))) => Self::SpeaksOf(signed_data),
            (None, Some(Layer::Unreadable(_)) | None) => Self::Unreadable,
        }
    }
}

/// One `SignedData`, or why there is none where one should be.
#[derive(Debug)]
pub(super) enum Layer {
    Read(SignedData),
    Unreadable(CmsError),
}

impl Layers {
    /// Opens `file`, layer by layer, up to [`Limits::nesting`].
    pub(super) fn open(
        file: &Bytes,
        encrypted: &[Encrypted],
        limits: &Limits,
        budget: &Budget,
    ) -> Self {
        let mut opened = Self::default();
        let mut file = file.clone();
        loop {
            if opened.all.len() == limits.nesting {
                let max = limits.nesting;
                let error = CmsError::TooMany { things: "signatures inside each other", max };
                opened.all.push(Layer::Unreadable(error));
                return opened;
            }
            let signed_data = match SignedData::parse_within(&file, limits, budget) {
                Ok(signed_data) => signed_data,
                Err(error) => {
                    opened.all.push(Layer::Unreadable(error));
                    return opened;
                }
            };
            let content = signed_data.encapsulated().map(|content| decrypted(content, encrypted));
            opened.all.push(Layer::Read(signed_data));
            match content {
                Some(content) if Form::of(&content) == Form::SignedData => file = content,
                content => {
                    opened.innermost = content;
                    return opened;
                }
            }
        }
    }

    /// Whether the file carries a content of its own.
    pub(super) fn is_attached(&self) -> bool {
        matches!(
            self.all.first(),
            Some(Layer::Read(signed_data)) if signed_data.encapsulated().is_some()
        )
    }
}

/// What is in a file that came encrypted, also several times; the file itself when it did not, or
/// stays closed.
pub(super) fn decrypted(file: &Bytes, encrypted: &[Encrypted]) -> Bytes {
    let mut file = file;
    // Each is opened once at most: what is in a file is not the file.
    for _ in encrypted {
        let Some(Encrypted { opened: Ok(content), .. }) =
            encrypted.iter().find(|one| one.file == file)
        else {
            break;
        };
        file = content;
    }
    file.clone()
}
